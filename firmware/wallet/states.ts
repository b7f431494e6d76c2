// Token states: what the issuer says a token may do, signed and versioned, so that a suspended card is silent even off-line.
import * as cbor from "../common/cbor";
import { equal, wipe } from "../common/bytes";
import { read } from "../ports/vault";
import { certificateIssuer, certificateKey, certificateNamed } from "./certificate";
import { sign1Parse, sign1Payload, sign1PayloadLength, sign1Verify } from "./cose";
import { evidenceIssuer, evidenceLedger, evidenceRead } from "./evidence";
import * as grant from "./grant";
import { putInfo } from "./info";
import { lifeEnd } from "./life";
import { answerBegin, answerEnd, answerStatus } from "./messages";
import { holding } from "./phase";
import { receiptKeep } from "./receipt";
import * as store from "./store";
import { calendar } from "./time";
import { StateKey, TokenState } from "../../wire/labels";
import { CARD_ID_SIZE, MESSAGE_MAX, TOKENS_MAX, TOKEN_REF_SIZE } from "../../wire/limits";
import { VaultItem } from "../../wire/machine";
import { Status } from "../../wire/status";

const PAYLOAD_MAX: i32 = 96;
/** "ecard/1 state" */
const AAD: usize = memory.data<u8>([0x65, 0x63, 0x61, 0x72, 0x64, 0x2f, 0x31, 0x20, 0x73, 0x74, 0x61, 0x74, 0x65]);
const AAD_SIZE: i32 = 13;
const cardId: usize = memory.data(CARD_ID_SIZE);

/** Handles the rest of a state request: null asks, an array brings a signed state object first. */
export function stateRequest(id: u32): void {
  let status = Status.Ok;
  if (!cbor.nil()) {
    cbor.array(4);
    const signed = cbor.bytes(1, MESSAGE_MAX);
    const length = cbor.length();
    evidenceRead();
    status = cbor.done() ? take(signed, length) : Status.MessageMalformed;
  } else if (!cbor.done()) {
    status = Status.MessageMalformed;
  }
  if (status != Status.Ok) answerStatus(id, status);
  else answerStates(id);
}

function take(signed: usize, length: i32): Status {
  let status = evidenceIssuer();
  if (status != Status.Ok) return status;
  if (!sign1Parse(signed, length, PAYLOAD_MAX)) return Status.StateMalformed;
  if (!certificateNamed()) return Status.CertificateMismatch;
  if (sign1Verify(AAD, AAD_SIZE, certificateKey()) != Status.Ok) return Status.StateSignatureInvalid;

  cbor.open(sign1Payload(), sign1PayloadLength());
  const entries = cbor.map(5);
  cbor.need(StateKey.CardId);
  const card = cbor.bytes(CARD_ID_SIZE, CARD_ID_SIZE);
  cbor.need(StateKey.TokenRef);
  const tokenRef = cbor.bytes(TOKEN_REF_SIZE, TOKEN_REF_SIZE);
  cbor.need(StateKey.Version);
  const version = <u32>cbor.uint(u32.MAX_VALUE);
  cbor.need(StateKey.State);
  const state = <i32>cbor.uint(TokenState.Deactivated);
  const ends = cbor.key(StateKey.Until);
  const until = ends ? cbor.uint(u32.MAX_VALUE) : 0;
  if (!cbor.done() || entries != (ends ? 5 : 4) || ends != (state == TokenState.Deactivated)) return Status.StateMalformed;
  if (read(VaultItem.CardId, cardId, CARD_ID_SIZE) != CARD_ID_SIZE) return Status.VaultFailed;
  if (!equal(card, cardId, CARD_ID_SIZE)) return Status.StateOtherCard;
  status = evidenceLedger(calendar());
  return status == Status.Ok ? commit(tokenRef, version, state, until) : status;
}

/** Any state but active ends the token's grant, whether flash takes the state or not: what cannot be written down is silent all the same. */
function commit(tokenRef: usize, version: u32, state: i32, until: u64): Status {
  const issuer = certificateIssuer();
  const place = store.tokenPlace(issuer, tokenRef);
  if (place < 0) return Status.TokenTableFull;
  const known = store.tokenFind(issuer, tokenRef) == place;
  if (known && version <= store.tokenVersion(place)) return Status.StateVersionOld;
  let why = Status.Ok;
  if (state == TokenState.Inactive) why = Status.TokenInactive;
  else if (state == TokenState.Suspended) why = Status.TokenSuspended;
  else if (state == TokenState.Deactivated) why = Status.TokenDeactivated;
  const held =
    holding() && equal(grant.issuer, issuer, store.ISSUER_SIZE) && equal(grant.tokenRef, tokenRef, TOKEN_REF_SIZE);

  if (!known) store.tokenTake(place, issuer, tokenRef);
  store.setTokenVersion(place, version);
  store.setTokenState(place, state);
  store.setTokenUntil(place, until);
  receiptKeep();
  if (why != Status.Ok && held) lifeEnd(why);
  return store.storeCommit();
}

function answerStates(id: u32): void {
  let count = 0;
  for (let i = 0; i < TOKENS_MAX; i++) count += i32(store.tokenUsed(i));
  answerBegin(id, Status.Ok);
  cbor.putArray(2);
  cbor.putArray(count);
  for (let i = 0; i < TOKENS_MAX; i++) {
    if (!store.tokenUsed(i)) continue;
    cbor.putArray(4);
    cbor.putBytes(store.tokenRefAt(i), TOKEN_REF_SIZE);
    cbor.putUint(store.tokenState(i));
    cbor.putUint(store.tokenVersion(i));
    cbor.putUint(store.tokenAtc(i));
  }
  putInfo();
  answerEnd();
  wipe(cardId, CARD_ID_SIZE);
}
