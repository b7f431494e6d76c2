// noble (2.8) keeps each address that it has ever seen, some 8 kB with what it read there, and has no call that forgets one. Cards change theirs every
// few minutes. So it is taken out where that version keeps it; of a noble that keeps it elsewhere nothing is touched.

import type { Noble, NoblePeripheral } from "./noble.js";

interface Kept {
  readonly [key: string]: unknown;
}

interface Insides {
  /** Noble's own spelling. */
  _cleanupPeriperals?(id: string): void;
  readonly _bindings?: {
    readonly _addresses?: Kept;
    readonly _addresseTypes?: Kept;
    readonly _connectable?: Kept;
    readonly scannable?: Kept;
    readonly _gap?: { readonly _discoveries?: Kept };
  };
}

/** Noble knows nothing of it any more, as if it had never been seen. Not for one that is connected, or that somebody connects to. */
export function forget(noble: Noble, { id, address }: NoblePeripheral): void {
  const { _bindings: bindings } = noble as Noble & Insides;
  (noble as Noble & Insides)._cleanupPeriperals?.(id);
  const { _addresses, _addresseTypes, _connectable, scannable, _gap: gap } = bindings ?? {};
  for (const kept of [_addresses, _addresseTypes, _connectable, scannable]) remove(kept, id);
  if (address !== undefined) remove(gap?._discoveries, address);
}

function remove(kept: Kept | undefined, key: string): void {
  if (kept !== undefined) Reflect.deleteProperty(kept, key);
}
