// The grant the card holds: read from the issuer's signed bytes, kept in memory alone, overwritten when it ends.
// Fields: docs/protocol.md, "Grant". Whether it may be taken is load.ts's to say.
import * as cbor from "../common/cbor";
import { wipe } from "../common/bytes";
import { sha256 } from "../ports/crypto";
import { CaveatKey, Channel, DomainKey, GrantKey, GrantKind, Method } from "../../wire/labels";
import {
  CARD_ID_SIZE, CHALLENGE_SIZE, CRYPTOGRAM_SIZE, EMISSIONS_MAX, MERCHANT_MAX, REQUESTOR_MAX, TOKEN_REF_SIZE,
} from "../../wire/limits";
import { Status } from "../../wire/status";

export const TRACK2_MAX: i32 = 24; // PAN(16) = YYMM service(3)
export const TRACK1_MAX: i32 = 48; // B PAN(16) ^ name(21) ^ YYMM service(3)

/** What outlives the message: all of it secret, all of it in one place. */
const KEPT: i32 = 320;
const kept: usize = memory.data(KEPT);
const aside: usize = memory.data(KEPT);
export const grantHash: usize = kept;
export const sealedHash: usize = kept + 32;
export const merchant: usize = kept + 64;
export const track2: usize = kept + 104;
export const track1: usize = kept + 128;
export const cryptogram: usize = kept + 176;
export const tokenRef: usize = kept + 184;
/** Who signed it, as ATCs are counted: 8 octets. load.ts puts them here. */
export const issuer: usize = kept + 232;

export function merchantLength(): i32 { return load<u8>(kept + 200); }
export function track2Length(): i32 { return load<u8>(kept + 201); }
export function track1Length(): i32 { return load<u8>(kept + 202); }
export function maxEmissions(): i32 { return load<u8>(kept + 203); }
export function atc(): u32 { return load<u32>(kept + 204); }
export function cap(): u64 { return load<u64>(kept + 208); }
export function expires(): u64 { return load<u64>(kept + 216); }
export function emissions(): i32 { return load<u8>(kept + 224); }
export function countEmission(): void { store<u8>(kept + 224, <u8>(emissions() + 1)); }
/** It pays from afar: the cryptogram is told, and nothing is ever swiped. */
export function remote(): bool { return load<u8>(kept + 225) != 0; }
/** By which its user may show to be there. */
export function methods(): u32 { return load<u8>(kept + 226); }

// What is checked once, at load; pointers into the message.
export let kind: u64 = 0;
export let cardId: usize = 0;
export let challenge: usize = 0;
export let offlineCap: u64 = 0;
export let offlineN: u64 = 0;
export let offlineOf: u64 = 0;
export let issuedAt: u64 = 0;
export let notBefore: u64 = 0;

/** Overwrites the grant. */
export function grantWipe(): void {
  wipe(kept, KEPT);
}

/** Puts the grant aside while another is read: one that is refused must not cost the one that is loaded. */
export function grantAside(): void {
  memory.copy(aside, kept, KEPT);
}

/** Ends what `grantAside` began: the grant that was read stays, or the earlier one comes back. */
export function grantSettle(taken: bool): void {
  if (!taken) memory.copy(kept, aside, KEPT);
  wipe(aside, KEPT);
}

/**
 * Reads a signed grant's payload into the kept fields. Whatever the answer, the caller wipes them unless it takes the
 * grant. `GrantMalformed` for anything but the known keys in their order; `GrantKindUnsupported` for what this firmware
 * cannot check; `GrantDomainMissing` for a grant that may be spent anywhere.
 */
export function grantRead(payload: usize, length: i32): Status {
  grantWipe();
  cbor.open(payload, length);
  const entries = cbor.map(16);
  cbor.need(GrantKey.Kind);
  kind = cbor.uint(GrantKind.Code);
  cbor.need(GrantKey.CardId);
  cardId = cbor.bytes(CARD_ID_SIZE, CARD_ID_SIZE);
  challenge = 0;
  let optional = 0;
  if (cbor.key(GrantKey.Challenge)) {
    challenge = cbor.bytes(CHALLENGE_SIZE, CHALLENGE_SIZE);
    optional++;
  }
  const offline = cbor.key(GrantKey.Offline);
  if (offline) {
    cbor.array(3);
    offlineCap = cbor.uint(u64.MAX_VALUE);
    offlineN = cbor.uint(u32.MAX_VALUE);
    offlineOf = cbor.uint(u32.MAX_VALUE);
    optional++;
  }
  cbor.need(GrantKey.IssuedAt);
  issuedAt = cbor.uint(u32.MAX_VALUE);
  cbor.need(GrantKey.NotBefore);
  notBefore = cbor.uint(u32.MAX_VALUE);
  cbor.need(GrantKey.Expires);
  store<u64>(kept + 216, cbor.uint(u32.MAX_VALUE));
  cbor.need(GrantKey.TokenRef);
  keep(tokenRef, cbor.bytes(TOKEN_REF_SIZE, TOKEN_REF_SIZE));
  cbor.need(GrantKey.Track2);
  store<u8>(kept + 201, <u8>keep(track2, cbor.ascii(1, TRACK2_MAX)));
  if (cbor.key(GrantKey.Track1)) {
    store<u8>(kept + 202, <u8>keep(track1, cbor.ascii(1, TRACK1_MAX)));
    optional++;
  }
  cbor.need(GrantKey.Atc);
  store<u32>(kept + 204, <u32>cbor.uint(u32.MAX_VALUE));
  cbor.need(GrantKey.Cryptogram);
  keep(cryptogram, cbor.bytes(CRYPTOGRAM_SIZE, CRYPTOGRAM_SIZE));
  if (!cbor.fine()) return Status.GrantMalformed;
  if (!cbor.key(GrantKey.Domain)) return Status.GrantDomainMissing;
  if (!readDomain()) return Status.GrantMalformed;
  cbor.need(GrantKey.MaxEmissions);
  store<u8>(kept + 203, <u8>cbor.uint(EMISSIONS_MAX));
  if (!cbor.fine() || maxEmissions() == 0) return Status.GrantMalformed;
  const delegated = kind == <u64>GrantKind.Delegated;
  store<u8>(kept + 226, <u8>(Method.Button | Method.Pin));
  if (delegated && cbor.key(GrantKey.Caveats)) {
    cbor.map(1);
    cbor.need(CaveatKey.Methods);
    store<u8>(kept + 226, <u8>cbor.uint(Method.Button | Method.Pin));
    optional++;
    // A restriction that is not understood must not be passed over.
    if (!cbor.fine()) return Status.GrantKindUnsupported;
  }
  const code = cbor.key(GrantKey.CodeRef);
  if (code) {
    cbor.bytes(TOKEN_REF_SIZE, TOKEN_REF_SIZE);
    optional++;
  }
  if (!cbor.done() || entries != 11 + optional) return Status.GrantMalformed;
  // A transaction code (system 5) is for one swipe of track 2, and for now.
  if (code != (kind == <u64>GrantKind.Code)) return Status.GrantMalformed;
  if (code && (remote() || track1Length() > 0 || maxEmissions() != 1)) return Status.GrantMalformed;
  // A remote grant is for now, for once and for its owner: an off-line one would be a number that the phone may keep for a week.
  if (remote() && kind != <u64>GrantKind.Online) return Status.GrantKindUnsupported;
  if (remote() && maxEmissions() != 1) return Status.GrantMalformed;
  if ((kind == <u64>GrantKind.Offline) != offline || offline == (challenge != 0)) return Status.GrantMalformed;
  sha256(payload, length, grantHash);
  return Status.Ok;
}

function readDomain(): bool {
  const entries = cbor.map(6);
  cbor.need(DomainKey.Requestor);
  const requestor = cbor.ascii(1, REQUESTOR_MAX);
  let length = cbor.length();
  let name = requestor;
  let optional = 0;
  if (cbor.key(DomainKey.Merchant)) {
    name = cbor.ascii(1, MERCHANT_MAX);
    length = cbor.length();
    optional++;
  }
  if (cbor.key(DomainKey.Mcc)) {
    cbor.uint(9999);
    optional++;
  }
  cbor.need(DomainKey.Channel);
  store<u8>(kept + 225, <u8>cbor.uint(Channel.Remote));
  cbor.need(DomainKey.Country);
  cbor.uint(999);
  cbor.need(DomainKey.MaxAmount);
  store<u64>(kept + 208, cbor.uint(999_999_999_999)); // DE 4 has 12 digits
  if (!cbor.fine() || entries != 4 + optional) return false;
  memory.copy(merchant, name, length);
  store<u8>(kept + 200, <u8>length);
  return true;
}

function keep(to: usize, from: usize): i32 {
  const length = cbor.length();
  memory.copy(to, from, length);
  return length;
}

