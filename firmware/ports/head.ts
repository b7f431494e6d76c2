/**
 * Head contact: the sensor that notices a reader's head under the card. Wallet only.
 *
 * `listen(1)` wakes the sensor, `listen(0)` lets it sleep. While awake the machine calls the wallet's `onHeadContact` at
 * each new contact. Motion alone never calls.
 */
// @ts-ignore: decorator
@external("head", "listen")
export declare function listen(on: i32): void;
