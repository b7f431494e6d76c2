/**
 * The vault: keys and what was fixed at personalisation. A module reaches only the items its row of the table grants
 * (docs/protocol.md, "Vault"); all else is `VaultFailed`. Items written at personalisation are locked.
 *
 * `read` returns the item's length, at most `max` octets of it at `out`; -1 where there is none, -2 where it cannot be
 * read: not the module's, longer than `max`, or damaged. Only -1 may be taken for empty. `write` replaces an item
 * whole: after a power cut it is the old one or the new one. A length of zero erases. Neither keeps pointers.
 */
// @ts-ignore: decorator
@external("vault", "read")
export declare function read(item: i32, out: usize, max: i32): i32;

// @ts-ignore: decorator
@external("vault", "write")
export declare function write(item: i32, data: usize, length: i32): i32;
