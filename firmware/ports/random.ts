/** `length` octets from the machine's true random source, at `out`. Never fails; a machine without entropy does not start. */
// @ts-ignore: decorator
@external("random", "fill")
export declare function fill(out: usize, length: i32): void;
