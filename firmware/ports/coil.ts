/**
 * The coil, as a machine gives it to the wallet and to nobody else.
 *
 * `play` starts one pass and returns at once: `count` intervals of 16 bits, in microseconds, from each flux reversal to the
 * next; the first reversal comes at the start. The machine reads them until it has called the wallet's `onCoilDone`; until
 * then they belong to the machine and must not change. `Busy` while a pass runs, `BadArgument` for a count of zero or
 * memory that is not the wallet's. `stop` ends a pass early, current back to zero; no `onCoilDone` follows.
 */
// @ts-ignore: decorator
@external("coil", "play")
export declare function play(intervals: usize, count: i32): i32;

// @ts-ignore: decorator
@external("coil", "stop")
export declare function stop(): void;
