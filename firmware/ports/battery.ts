/** Charge left, 0 to 100. */
// @ts-ignore: decorator
@external("battery", "percent")
export declare function percent(): i32;

/** 1 where the charge left drives the coil for `ms` milliseconds and keeps the card alive, else 0; always 0 for a negative `ms`. */
// @ts-ignore: decorator
@external("battery", "sustains")
export declare function sustains(ms: i32): i32;
