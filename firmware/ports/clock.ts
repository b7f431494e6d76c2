/**
 * Milliseconds since the machine started, the same for every module; rises, survives nothing. One alarm a module: `wakeAt` replaces it, and the machine
 * calls the module's `onAlarm` once `now` has reached it; 0 cancels. There is no calendar here: see wallet/time.ts.
 */
// @ts-ignore: decorator
@external("clock", "now")
export declare function now(): u64;

// @ts-ignore: decorator
@external("clock", "wakeAt")
export declare function wakeAt(ms: u64): void;
