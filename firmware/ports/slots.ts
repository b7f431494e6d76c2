/**
 * Raw flash of images, for the loader and nobody else: areas and sectors by wire/loader.ts. As NOR flash, programming clears bits and an erase
 * sets a sector's; power may go in either, and leaves any part of it done. Whoever writes over octets that are not erased gets both ANDed.
 *
 * Pointers are the caller's memory. What does not lie in its area traps: the loader checks before it asks.
 */
// @ts-ignore: decorator
@external("slots", "read")
export declare function read(area: i32, at: i32, out: usize, length: i32): void;

// @ts-ignore: decorator
@external("slots", "program")
export declare function program(area: i32, at: i32, data: usize, length: i32): void;

/** Erases the sector that begins at `at`. */
// @ts-ignore: decorator
@external("slots", "erase")
export declare function erase(area: i32, at: i32): void;

/** SHA-256 (FIPS 180-4) of the first `length` octets of an area, to 32 octets at `out`. */
// @ts-ignore: decorator
@external("slots", "digest")
export declare function digest(area: i32, length: i32, out: usize): void;
