/**
 * The line: framed chunks to and from the phone, one at a time. Link only. Memory adapter and UART now; above Bluetooth,
 * one write or notification is one chunk.
 *
 * `maxWrite` is the longest chunk the other side takes (MTU - 3), 0 while the line is down. `write` sends one chunk;
 * `Busy` where the line cannot take it now (try again at `onLineReady`), `Absent` while it is down. `hangUp` closes the
 * line after what was written. `advertise` sets what a scanner sees before the line is up (16 octets, or none). The machine
 * calls link's `onLineUp`, `onLineDown`, `onLineReady` and `onChunk(length)`, the chunk copied to where `chunkSlot()` says.
 */
// @ts-ignore: decorator
@external("line", "maxWrite")
export declare function maxWrite(): i32;

// @ts-ignore: decorator
@external("line", "write")
export declare function write(data: usize, length: i32): i32;

// @ts-ignore: decorator
@external("line", "hangUp")
export declare function hangUp(): void;

// @ts-ignore: decorator
@external("line", "advertise")
export declare function advertise(data: usize, length: i32): void;
