// The secure session: transport keys of the last handshake, counted nonces (Noise 5.1). A new session is pending until
// its first valid message proves that the phone made it now; until then a live one stays.
import { open, seal } from "../ports/crypto";
import { wipe } from "../common/bytes";
import { noiseSplit } from "./noise";
import { KEY_SIZE, TAG_SIZE } from "../../wire/limits";
import { Status } from "../../wire/status";

/** Noise: 2^64 - 1 is reserved; ours stops far earlier, and long after any battery. */
const LAST_NONCE: u64 = 0xffff_ffff;
// key from phone(32) | key to phone(32), live and pending
const live: usize = memory.data(2 * KEY_SIZE);
const pending: usize = memory.data(2 * KEY_SIZE);
const nonce: usize = memory.data(12);
let isLive: bool = false;
let isPending: bool = false;
let received: u64 = 0;
let sent: u64 = 0;

export function sessionLive(): bool {
  return isLive;
}

export function sessionPending(): bool {
  return isPending;
}

/** Takes the keys of the finished handshake; proven at once where the handshake itself proved the phone. */
export function sessionBegin(proven: bool): void {
  noiseSplit(pending, pending + KEY_SIZE);
  isPending = true;
  if (proven) promote();
}

export function sessionDropPending(): void {
  wipe(pending, 2 * KEY_SIZE);
  isPending = false;
}

export function sessionEnd(): void {
  sessionDropPending();
  wipe(live, 2 * KEY_SIZE);
  isLive = false;
  received = 0;
  sent = 0;
}

/** Opens a sealed message in place. A message that does not open changes nothing: garbage must not end a session. */
export function sessionOpen(data: usize, length: i32): Status {
  if (!isLive && !isPending) return Status.NoSession;
  if (length < TAG_SIZE) return Status.MessageMalformed;
  if (isPending) {
    nonceOf(0);
    if (open(pending, nonce, 0, 0, data, length) == 0) {
      promote();
      received = 1;
      return Status.Ok;
    }
  }
  if (!isLive) return Status.SessionAuthFailed;
  if (received >= LAST_NONCE) return Status.SessionExhausted;
  nonceOf(received);
  if (open(live, nonce, 0, 0, data, length) != 0) return Status.SessionAuthFailed;
  received++;
  return Status.Ok;
}

/** Seals `length` octets in place, the tag behind them. */
export function sessionSeal(data: usize, length: i32): Status {
  if (!isLive) return Status.NoSession;
  if (sent >= LAST_NONCE) return Status.SessionExhausted;
  nonceOf(sent);
  sent++;
  seal(live + KEY_SIZE, nonce, 0, 0, data, length);
  return Status.Ok;
}

function promote(): void {
  memory.copy(live, pending, 2 * KEY_SIZE);
  sessionDropPending();
  isLive = true;
  received = 0;
  sent = 0;
}

function nonceOf(count: u64): void {
  store<u32>(nonce, 0);
  store<u64>(nonce + 4, count);
}
