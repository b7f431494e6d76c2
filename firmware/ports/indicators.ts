/** What the card's lights show, an `Indicator` of wire/machine.ts. Link only: what it shows is no proof of anything. */
// @ts-ignore: decorator
@external("indicators", "show")
export declare function show(pattern: i32): void;
