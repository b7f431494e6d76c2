// load: the one way in for a grant. Opens, checks everything, counts the ATC in flash, and only then takes it. Each
// refusal has its own status and changes nothing. Order: cheap before dear, and nothing trusted before its signature.
import * as cbor from "../common/cbor";
import { equal, wipe } from "../common/bytes";
import { sha256 } from "../ports/crypto";
import { read } from "../ports/vault";
import { openBase } from "../crypto/hpke";
import { certificateIssuer, certificateKey, certificateNamed } from "./certificate";
import { challengeFind, challengeSpend } from "./challenge";
import { sign1Parse, sign1Payload, sign1PayloadLength, sign1Verify } from "./cose";
import { evidenceIssuer, evidenceLedger, evidenceRead } from "./evidence";
import * as grant from "./grant";
import { putInfo } from "./info";
import { lifeBusy, lifeLoaded } from "./life";
import { answerBegin, answerEnd, answerStatus, messageWipe } from "./messages";
import { holding } from "./phase";
import { receiptKeep } from "./receipt";
import * as store from "./store";
import { calendar, calendarAfter, setCalendar, timeKnown } from "./time";
import { tracksCheck } from "./tracks";
import { GrantKind, Phase, TokenState } from "../../wire/labels";
import {
  CARD_ID_SIZE, GRANT_LIFE_S, GRANT_MAX, KEY_SIZE, OFFLINE_CAP_MAX, OFFLINE_GRANTS_MAX, OFFLINE_LIFE_MAX_S, TAG_SIZE,
} from "../../wire/limits";
import { VaultItem } from "../../wire/machine";
import { Status } from "../../wire/status";

/** Tag, array, protected header, heads and signature add 97 octets to a payload of over 255. */
const SIGNED_MAX: i32 = GRANT_MAX + 97;
/** "ecard/1 grant", and then the cardId where it is HPKE's info */
const CONTEXT: usize = memory.data<u8>([
  0x65, 0x63, 0x61, 0x72, 0x64, 0x2f, 0x31, 0x20, 0x67, 0x72, 0x61, 0x6e, 0x74, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);
const CONTEXT_SIZE: i32 = 13;
const pair: usize = memory.data(2 * KEY_SIZE);
const hash: usize = memory.data(KEY_SIZE);

/** Handles the rest of a load request; the reader stands at its body. */
export function loadGrant(id: u32): void {
  cbor.array(4);
  const sealed = cbor.bytes(1, KEY_SIZE + TAG_SIZE + SIGNED_MAX);
  const length = cbor.length();
  evidenceRead();
  if (!cbor.done()) {
    answerStatus(id, Status.MessageMalformed);
    return;
  }
  sha256(sealed, length, hash);
  // The same bytes again get the same answer: the phone may have lost ours.
  if (holding() && equal(hash, grant.sealedHash, KEY_SIZE)) {
    answerLoaded(id);
    return;
  }
  if (lifeBusy()) {
    answerStatus(id, Status.Busy);
    return;
  }
  grant.grantAside();
  const status = take(sealed, length);
  grant.grantSettle(status == Status.Ok);
  if (status == Status.Ok) answerLoaded(id);
  else answerStatus(id, status);
  messageWipe(); // the plaintext grant lies in it
}

/** Checks the sealed grant against all of it, then commits. */
function take(sealed: usize, length: i32): Status {
  let status = openSeal(sealed, length);
  if (status != Status.Ok) return status;
  const signed = sealed + KEY_SIZE;
  const signedLength = length - KEY_SIZE - TAG_SIZE;
  if (!sign1Parse(signed, signedLength, GRANT_MAX)) return Status.GrantMalformed;
  status = evidenceIssuer();
  if (status != Status.Ok) return status;
  sign1Parse(signed, signedLength, GRANT_MAX);
  if (!certificateNamed()) return Status.CertificateMismatch;
  if (sign1Verify(CONTEXT, CONTEXT_SIZE, certificateKey()) != Status.Ok) return Status.GrantSignatureInvalid;

  status = grant.grantRead(sign1Payload(), sign1PayloadLength());
  if (status != Status.Ok) return status;
  if (memory.compare(grant.cardId, CONTEXT + CONTEXT_SIZE, CARD_ID_SIZE) != 0) return Status.GrantOtherCard;
  const online = grant.kind != <u64>GrantKind.Offline;
  const slot = online ? challengeFind(grant.challenge) : -1;
  if (online && slot < 0) return Status.ChallengeUnknown;
  if (!online && !timeKnown()) return Status.TimeUnknown;
  const time = online ? calendarAfter(grant.issuedAt, store.checkpointTime()) : calendar();
  status = online ? checkOnline(time) : checkOffline(time);
  if (status != Status.Ok) return status;
  status = evidenceLedger(time);
  if (status != Status.Ok) return status;
  status = tracksCheck();
  if (status != Status.Ok) return status;
  return commit(slot, time);
}

/** HPKE with the card's grant key. A grant that was sealed to another card ends here. */
function openSeal(sealed: usize, length: i32): Status {
  if (read(VaultItem.GrantKey, pair, 2 * KEY_SIZE) != 2 * KEY_SIZE) return Status.VaultFailed;
  if (read(VaultItem.CardId, CONTEXT + CONTEXT_SIZE, CARD_ID_SIZE) != CARD_ID_SIZE) return Status.VaultFailed;
  const status = openBase(pair, sealed, length, CONTEXT, CONTEXT_SIZE + CARD_ID_SIZE, 0, 0);
  wipe(pair, 2 * KEY_SIZE);
  return status;
}

function checkOnline(time: u64): Status {
  if (grant.expires() > grant.issuedAt + GRANT_LIFE_S) return Status.GrantLifetimeTooLong;
  return checkTimes(time);
}

/** Off-line grants are few, capped, marked and single-use (rule 7). */
function checkOffline(time: u64): Status {
  const few = grant.offlineN > 0 && grant.offlineN <= grant.offlineOf && grant.offlineOf <= <u64>OFFLINE_GRANTS_MAX;
  if (!few || grant.offlineCap > <u64>OFFLINE_CAP_MAX || grant.cap() > grant.offlineCap || grant.maxEmissions() != 1) {
    return Status.OfflineLimit;
  }
  if (grant.expires() > grant.issuedAt + OFFLINE_LIFE_MAX_S) return Status.GrantLifetimeTooLong;
  return checkTimes(time);
}

function checkTimes(time: u64): Status {
  if (time < grant.notBefore) return Status.GrantNotYetValid;
  return time < grant.expires() ? Status.Ok : Status.GrantExpired;
}

/** Token state, ATC, checkpoint and last grant go into one record; one write, and the grant is taken. */
function commit(slot: i32, time: u64): Status {
  const issuer = certificateIssuer();
  const place = store.tokenPlace(issuer, grant.tokenRef);
  if (place < 0) return Status.TokenTableFull;
  if (store.tokenFind(issuer, grant.tokenRef) == place) {
    const state = store.tokenState(place);
    if (state == TokenState.Suspended) return Status.TokenSuspended;
    if (state == TokenState.Deactivated) return Status.TokenDeactivated;
    if (state == TokenState.Inactive) return Status.TokenInactive;
    if (grant.atc() <= store.tokenAtc(place)) return Status.AtcNotRising;
  } else {
    if (grant.atc() == 0) return Status.AtcNotRising;
    store.tokenTake(place, issuer, grant.tokenRef);
  }
  store.setTokenAtc(place, grant.atc());
  store.setLastGrant(grant.grantHash);
  store.setPassesSent(0);
  store.setStoredPhase(Phase.Loaded);
  receiptKeep();
  const status = store.storeCommit();
  if (status != Status.Ok) return status;
  if (slot >= 0) {
    challengeSpend(slot);
    setCalendar(time);
  }
  memory.copy(grant.sealedHash, hash, KEY_SIZE);
  memory.copy(grant.issuer, issuer, store.ISSUER_SIZE);
  lifeLoaded();
  return Status.Ok;
}

function answerLoaded(id: u32): void {
  answerBegin(id, Status.Ok);
  cbor.putArray(3);
  cbor.putBytes(grant.grantHash, KEY_SIZE);
  cbor.putArray(2);
  cbor.putText(grant.merchant, grant.merchantLength());
  cbor.putUint(grant.cap());
  putInfo();
  answerEnd();
}
