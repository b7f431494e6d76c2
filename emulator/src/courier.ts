// The courier's faults: what a hostile link could do to the sealed mail between wallet and authenticator.
// Applied to what link sends; what the wallet and the authenticator send to link is link's to read anyway.

import { Mail, ModuleId } from "@enabling-card/wire";
import { EmulatorError } from "./errors.js";
import { NS_PER_MS } from "./ports/clock.js";

/** A sealed letter under way from link. `bytes` begin with the kind. */
export interface SealedMail {
  readonly to: ModuleId.Wallet | ModuleId.Authenticator;
  readonly bytes: Uint8Array;
  /** Delivered this much later; 0 unless told. */
  readonly delayNs?: number;
}

/** Gets each sealed letter; returns what is delivered instead. */
export type Courier = (mail: SealedMail) => readonly SealedMail[];

export function isSealed(kind: number | undefined): boolean {
  return kind !== undefined && kind >= Mail.V1 && kind <= Mail.Cancel;
}

export interface FaultOptions {
  /** Only these kinds; all unless told. */
  readonly kinds?: readonly Mail[];
  /** tamper: which bit of the letter, from its first octet's lowest; the last bit of the tag unless told. */
  readonly bit?: number;
  /** delay: milliseconds. */
  readonly ms?: number;
}

/** `honest`, or what goes wrong. */
export const FAULT_NAMES = ["honest", "tamper", "replay", "stale", "swap", "reorder", "delay", "drop"] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

/** Question and answer kinds that a swap exchanges: V1 comes back to the wallet as if it were V2. */
const COUNTERPART: Readonly<Partial<Record<number, Mail>>> = {
  [Mail.V1]: Mail.V2,
  [Mail.V2]: Mail.V1,
  [Mail.P1]: Mail.P2,
  [Mail.P2]: Mail.P1,
  [Mail.Q1]: Mail.Q2,
  [Mail.Q2]: Mail.Q1,
};

/**
 * A courier with one fault.
 *
 * - tamper: one bit is flipped. replay: everything arrives twice. stale: an earlier letter of that kind arrives instead.
 * - swap: a question goes back to the asker as its answer. reorder: letters arrive in pairs, the later one first.
 * - delay: everything arrives `ms` later (40 s unless told). drop: nothing arrives.
 *
 * @throws {EmulatorError} `COURIER_UNKNOWN`
 */
export function courierFault(name: FaultName, options: FaultOptions = {}): Courier {
  const fault = faultOf(name, options);
  return (mail) => {
    const kind = mail.bytes[0] as Mail;
    return options.kinds !== undefined && !options.kinds.includes(kind) ? [mail] : fault(mail, kind);
  };
}

function faultOf(name: FaultName, options: FaultOptions): (mail: SealedMail, kind: Mail) => readonly SealedMail[] {
  switch (name) {
    case "honest":
      return (mail) => [mail];
    case "drop":
      return () => [];
    case "tamper":
      return (mail) => [{ ...mail, bytes: flipped(mail.bytes, options.bit ?? mail.bytes.length * 8 - 1) }];
    case "replay":
      return (mail) => [mail, { ...mail, bytes: mail.bytes.slice() }];
    case "stale":
      return stale();
    case "swap":
      return (mail, kind) => [swapped(mail, kind)];
    case "reorder":
      return reorder();
    case "delay":
      return (mail) => [{ ...mail, delayNs: (options.ms ?? 40_000) * NS_PER_MS }];
    default:
      throw new EmulatorError("COURIER_UNKNOWN", `A courier is one of ${FAULT_NAMES.join(", ")}`);
  }
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const out = bytes.slice();
  const at = Math.floor(bit / 8) % out.length;
  out[at]! ^= 1 << (bit & 7);
  return out;
}

function swapped(mail: SealedMail, kind: Mail): SealedMail {
  const other = COUNTERPART[kind];
  const bytes = mail.bytes.slice();
  if (other !== undefined) bytes[0] = other;
  return { to: mail.to === ModuleId.Wallet ? ModuleId.Authenticator : ModuleId.Wallet, bytes };
}

function stale(): (mail: SealedMail, kind: Mail) => readonly SealedMail[] {
  const first = new Map<Mail, SealedMail>();
  return (mail, kind) => {
    const earlier = first.get(kind);
    if (earlier === undefined) first.set(kind, { ...mail, bytes: mail.bytes.slice() });
    return [earlier === undefined ? mail : { ...earlier, bytes: earlier.bytes.slice() }];
  };
}

function reorder(): (mail: SealedMail) => readonly SealedMail[] {
  let held: SealedMail | undefined;
  return (mail) => {
    if (held === undefined) {
      held = { ...mail, bytes: mail.bytes.slice() };
      return [];
    }
    const earlier = held;
    held = undefined;
    return [mail, earlier];
  };
}
