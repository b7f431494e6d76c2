// A store and the keys that it is under. It is tied to them when it is made, goes on to the next ones in one transaction, when it is opened with both, and
// never back. The key of its names goes with it, sealed: what a name was made of is kept nowhere, so names are not made anew.

import { type NumberedMaster, SealRing } from "./key-ring.js";
import { derivedKey } from "./sealed.js";

/** The table of settings that each service has. */
export interface Settings {
  setting(name: string): Promise<Uint8Array | undefined>;
  /** In the place of what was there. */
  keepSetting(name: string, value: Uint8Array): Promise<void>;
}

export interface KeptKeys {
  readonly master: NumberedMaster;
  /** What shows of a master whether the store is under it; nothing else. */
  readonly checkOf: (of: { readonly number: number; readonly master: Uint8Array }) => Uint8Array;
  /** What the keys of names are derived for, from the master of when the store was made. */
  readonly names: readonly string[];
  /** What the key is derived for that they are sealed by. */
  readonly sealInfo: string;
  /** Why these keys are refused, in the service's words. */
  readonly refuse: (code: "KEYS_MISMATCH" | "KEYS_RETIRED" | "KEYS_NOT_YET") => Error;
}

export interface Tied {
  /** Keys of names, 32 octets each, in the order in which they were asked for. */
  readonly names: readonly Uint8Array[];
  /** Whether all that is kept for long is sealed by the newest key. */
  readonly isRenewed: boolean;
}

const [CHECK, NUMBER, NAMES, RENEWED] = ["key check", "key number", "key of names", "key renewed"] as const;
const NAME_KEY_SIZE = 32;

/** To be called in a transaction, before anything else of the store is used. */
export async function tie(
  kept: Settings,
  { master, checkOf, names: infos, sealInfo, refuse }: KeptKeys,
): Promise<Tied> {
  const known = await kept.setting(CHECK);
  const number = numberIn(await kept.setting(NUMBER));
  const ring = new SealRing(master, sealInfo);
  const namesOf = (of: Uint8Array) => infos.map((info) => derivedKey(of, info, NAME_KEY_SIZE));
  const keepNames = (names: readonly Uint8Array[]) =>
    kept.keepSetting(NAMES, ring.seal(JSON.stringify(names.map((key) => Buffer.from(key).toString("hex")))));
  if (known === undefined) {
    await kept.keepSetting(CHECK, checkOf(master));
    const names = namesOf(master.master);
    if (master.number === 0) return { names, isRenewed: true };
    await kept.keepSetting(NUMBER, octetsOf(master.number));
    await kept.keepSetting(RENEWED, octetsOf(master.number));
    await keepNames(names);
    return { names, isRenewed: true };
  }
  if (number > master.number) throw refuse("KEYS_RETIRED");
  const isHere = number === master.number;
  const under = isHere ? master : master.before;
  const isRenewed = numberIn(await kept.setting(RENEWED)) === master.number;
  // Of keys that were taken out before this store had gone on to the next ones.
  if (under === undefined || under.number !== number)
    throw refuse(number > 0 || master.number > 0 ? "KEYS_NOT_YET" : "KEYS_MISMATCH");
  if (Buffer.compare(known, checkOf(under)) !== 0) throw refuse("KEYS_MISMATCH");
  if (isHere && !isRenewed && master.before === undefined) throw refuse("KEYS_NOT_YET");
  const sealed = await kept.setting(NAMES);
  const names = sealed === undefined ? namesOf(under.master) : namesIn(ring.open(sealed));
  if (isHere) return { names, isRenewed };
  await keepNames(names);
  await kept.keepSetting(CHECK, checkOf(master));
  await kept.keepSetting(NUMBER, octetsOf(master.number));
  return { names, isRenewed: false };
}

/** All that is kept for long is sealed by the newest key now: the one before may be taken out. */
export function tellRenewed(kept: Settings, { number }: NumberedMaster): Promise<void> {
  return kept.keepSetting(RENEWED, octetsOf(number));
}

function namesIn(text: string): readonly Uint8Array[] {
  return (JSON.parse(text) as string[]).map((hex) => Uint8Array.from(Buffer.from(hex, "hex")));
}

function numberIn(octets: Uint8Array | undefined): number {
  return octets === undefined ? 0 : Buffer.from(octets).readUInt32BE(0);
}

function octetsOf(number: number): Uint8Array {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(number);
  return Uint8Array.from(octets);
}
