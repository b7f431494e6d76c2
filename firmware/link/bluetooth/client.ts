// The one GATT client of the connection: what it has agreed with the card and asked of it. Nothing outlives the connection (Core 6.0, Vol 3 Part G
// 3.3.3.3: a client that is not bonded finds its configurations cleared).
import { MTU_MIN } from "../../../wire/limits";
import { LE_MTU_MAX } from "../../../wire/bluetooth";

/** Kinds of attributes, as the table has them. */
export const enum Kind {
  /** Client Characteristic Configuration, of Tx and Smp (notification, 1) and of Changed (indication, 2). */
  TxClient = 0,
  SmpClient = 1,
  ChangedClient = 2,
  Service = 3,
  Characteristic = 4,
  Battery = 5,
  /** Chunks to the card: written, never read. */
  Rx = 6,
  /** Chunks of the card: notified, never read. */
  Tx = 7,
  /** Service Changed: indicated, never read. */
  Changed = 8,
  /** SMP both ways: written without response, notified, never read. */
  Smp = 9,
  /** A value that never changes, and whatever is above: by how much, is its place (gatt.ts). */
  Fixed = 16,
}

let mtu: i32 = MTU_MIN;
/** Two bits of each kind that is one. */
let configured: i32 = 0;

export function clientForget(): void {
  mtu = MTU_MIN;
  configured = 0;
}

/** ATT_MTU, octets. */
export function clientMtu(): i32 {
  return mtu;
}

/**
 * The smaller of both sides', and never below the least (Vol 3 Part F 3.4.2.2). A client asks once (3.4.2.1): where it asks again, for less, what
 * was agreed stays, as a longer notification may wait.
 */
export function clientAgree(theirs: i32): void {
  mtu = max(mtu, min(theirs, LE_MTU_MAX));
}

/** Does the client hear the card's chunks, or SMP's answers? */
export function notifies(): bool {
  return (clientConfiguration(Kind.TxClient) | clientConfiguration(Kind.SmpClient)) != 0;
}

export function clientConfiguration(kind: Kind): i32 {
  return (configured >> (kind << 1)) & 3;
}

export function clientConfigure(kind: Kind, value: i32): void {
  configured ^= (clientConfiguration(kind) ^ value) << (kind << 1);
}

/** What a configuration may be set to besides 0. */
export function clientMay(kind: Kind): i32 {
  return kind == Kind.ChangedClient ? 2 : 1;
}
