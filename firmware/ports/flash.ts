/**
 * The flash log: one small record a number, each module its own. `read` as in the vault; `write` replaces a record whole:
 * after a power cut it is the old one or the new one, never a mixture. `FlashFailed` where the region is full or worn.
 */
// @ts-ignore: decorator
@external("flash", "read")
export declare function read(record: i32, out: usize, max: i32): i32;

// @ts-ignore: decorator
@external("flash", "write")
export declare function write(record: i32, data: usize, length: i32): i32;
