// What the wallet must not forget: one flash record, written whole, so that each step is before or after a power cut, never half.
// Version, checkpoint of the ledger, the last grant and its passes, for each token its ATC and state, and how long its phone may be away.
import { read, write } from "../ports/flash";
import * as vault from "../ports/vault";
import { equal } from "../common/bytes";
import { KEY_SIZE, TOKENS_MAX, TOKEN_REF_SIZE } from "../../wire/limits";
import { TokenState } from "../../wire/labels";
import { CHECKPOINT_ITEM_SIZE, FlashRecord, VaultItem } from "../../wire/machine";
import { Status } from "../../wire/status";
import { calendar, timeKnown } from "./time";

/** Of format 1 all but the last four octets are the same. */
const FORMAT: u8 = 2;
const FORMAT_1_SHORT: i32 = 4;
const HEAD: i32 = 116;
// One token: used u8, state u8, 2 spare | atc u32 | state version u32 | until u64 | issuer(8) | tokenRef(16)
const TOKEN: i32 = 44;
const NEAR: i32 = HEAD + TOKENS_MAX * TOKEN;
const SIZE: i32 = NEAR + 4;
export const ISSUER_SIZE: i32 = 8;

/** What flash and vault answer where there is nothing; -2 is what cannot be read. */
const ABSENT: i32 = -1;

const record: usize = memory.data(SIZE);
/** The record as it was read or written last. */
const written: usize = memory.data(SIZE);

export const lastGrant: usize = record + 84;
export const treeRoot: usize = record + 20;
export const revokedRoot: usize = record + 52;

export function lastGrantKnown(): bool { return load<u8>(record + 1) != 0; }
export function setLastGrantKnown(known: bool): void { store<u8>(record + 1, <u8>known); }
export function passesSent(): i32 { return load<u8>(record + 2); }
export function setPassesSent(count: i32): void { store<u8>(record + 2, <u8>count); }
export function setStoredPhase(phase: i32): void { store<u8>(record + 3, <u8>phase); }
export function treeSize(): u32 { return load<u32>(record + 4); }
export function setTreeSize(size: u32): void { store<u32>(record + 4, size); }
export function revokedSize(): u32 { return load<u32>(record + 8); }
export function setRevokedSize(size: u32): void { store<u32>(record + 8, size); }
/** Seconds; 0 where it may be away for good. */
export function nearS(): u32 { return load<u32>(record + NEAR); }
export function setNearS(seconds: u32): void { store<u32>(record + NEAR, seconds); }
export function checkpointTime(): u64 { return load<u64>(record + 12); }
export function setCheckpointTime(time: u64): void { store<u64>(record + 12, time); }

/**
 * Reads the record. A card that never wrote one begins at the checkpoint of its maker; one that cannot be read, or has another
 * format, is not empty: it is refused.
 */
export function storeLoad(): Status {
  memory.fill(record, 0, SIZE);
  const length = read(FlashRecord.Wallet, record, SIZE);
  if (length == ABSENT) {
    store<u8>(record, FORMAT);
    const checkpoint = vault.read(VaultItem.Checkpoint, record + 4, CHECKPOINT_ITEM_SIZE);
    if (checkpoint != CHECKPOINT_ITEM_SIZE && checkpoint != ABSENT) return Status.VaultFailed;
  } else if (length == SIZE - FORMAT_1_SHORT && load<u8>(record) == 1) {
    store<u8>(record, FORMAT);
  } else if (length != SIZE || load<u8>(record) != FORMAT) {
    return Status.FlashFailed;
  }
  memory.copy(written, record, SIZE);
  return Status.Ok;
}

/** Writes the record; where that fails, forgets what was changed since the last time, whatever the flash can still be read for. */
export function storeCommit(): Status {
  if (write(FlashRecord.Wallet, record, SIZE) == 0) {
    memory.copy(written, record, SIZE);
    return Status.Ok;
  }
  memory.copy(record, written, SIZE);
  return Status.FlashFailed;
}

/** The place of a token, by issuer and reference; -1 where the card does not count it. */
export function tokenFind(issuer: usize, tokenRef: usize): i32 {
  for (let i = 0; i < TOKENS_MAX; i++) {
    const at = tokenAt(i);
    if (load<u8>(at) != 0 && equal(at + 20, issuer, ISSUER_SIZE) && equal(at + 28, tokenRef, TOKEN_REF_SIZE)) return i;
  }
  return -1;
}

/** A place for a new token, -1 where all are taken. A deactivated one whose last grant has expired makes way. */
export function tokenPlace(issuer: usize, tokenRef: usize): i32 {
  const found = tokenFind(issuer, tokenRef);
  if (found >= 0) return found;
  for (let i = 0; i < TOKENS_MAX; i++) {
    const gone = timeKnown() && tokenState(i) == TokenState.Deactivated && calendar() > tokenUntil(i);
    if (load<u8>(tokenAt(i)) == 0 || gone) return i;
  }
  return -1;
}

/** Takes the place for a token that begins active, with no grant and no state object seen. */
export function tokenTake(place: i32, issuer: usize, tokenRef: usize): void {
  const at = tokenAt(place);
  memory.fill(at, 0, TOKEN);
  store<u8>(at, 1);
  store<u8>(at + 1, <u8>TokenState.Active);
  memory.copy(at + 20, issuer, ISSUER_SIZE);
  memory.copy(at + 28, tokenRef, TOKEN_REF_SIZE);
}

export function tokenUsed(place: i32): bool { return load<u8>(tokenAt(place)) != 0; }
export function tokenRefAt(place: i32): usize { return tokenAt(place) + 28; }
export function tokenState(place: i32): i32 { return load<u8>(tokenAt(place) + 1); }
export function setTokenState(place: i32, state: i32): void { store<u8>(tokenAt(place) + 1, <u8>state); }
export function tokenAtc(place: i32): u32 { return load<u32>(tokenAt(place) + 4); }
export function setTokenAtc(place: i32, atc: u32): void { store<u32>(tokenAt(place) + 4, atc); }
export function tokenVersion(place: i32): u32 { return load<u32>(tokenAt(place) + 8); }
export function setTokenVersion(place: i32, version: u32): void { store<u32>(tokenAt(place) + 8, version); }
export function tokenUntil(place: i32): u64 { return load<u64>(tokenAt(place) + 12); }
export function setTokenUntil(place: i32, until: u64): void { store<u64>(tokenAt(place) + 12, until); }

/** Marks the last grant; both are in flash before its first edge. */
export function setLastGrant(hash: usize): void {
  memory.copy(lastGrant, hash, KEY_SIZE);
  setLastGrantKnown(true);
}

function tokenAt(place: i32): usize {
  return record + HEAD + place * TOKEN;
}
