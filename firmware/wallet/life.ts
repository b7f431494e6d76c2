// The life of the grant in the card: loaded, asked about, armed, sent, gone (docs/protocol.md, "Life of a grant").
// Loading it is the only way to the coil. Whatever ends it, it is overwritten first and talked about afterwards.
import { sustains } from "../ports/battery";
import { stop } from "../ports/coil";
import { listen } from "../ports/head";
import { postShort } from "../common/mailbox";
import * as cbor from "../common/cbor";
import { askPresence, confirmForget, confirmWaiting } from "./confirm";
import { clearDeadline, Deadline, remaining, setDeadline } from "./deadlines";
import { f2fClear, f2fMs, f2fPlay, f2fPut, f2fZeros } from "./f2f";
import * as grant from "./grant";
import { putInfo } from "./info";
import { answerBegin, answerEnd, answerStatus, messageWipe } from "./messages";
import { nearAway } from "./nearness";
import { holding, phase, setPhase } from "./phase";
import * as plan from "./plan";
import { sessionLive } from "./session";
import { passesSent, setPassesSent, setStoredPhase, storeCommit } from "./store";
import { track1Frame, track2Frame } from "./tracks";
import { calendar } from "./time";
import { CardEvent, Phase, When } from "../../wire/labels";
import { ARMED_MAX_MS, CRYPTOGRAM_SIZE } from "../../wire/limits";
import { Indicator, Mail, ModuleId } from "../../wire/machine";
import { Status } from "../../wire/status";

/** Why there is no grant: what `present` answers then. */
let gone: Status = Status.NoGrant;
/** The request that `present` will answer, 0 where nobody waits. */
let request: u32 = 0;
let when: When = When.Now;
let pass: i32 = 0;
/** How long emission number `judged` of this grant takes, ms; -1 where it may not be. */
let needsMs: i32 = -1;
let judged: i32 = -1;
/** The grant ended while the coil was on: zeroised when this pass is over. */
let ending: Status = Status.Ok;

/** True while another grant must wait. */
export function lifeBusy(): bool {
  return phase() == Phase.Asking || phase() == Phase.Armed || phase() == Phase.Sending;
}

/** The kept grant passed every check, and its ATC is in flash. */
export function lifeLoaded(): void {
  setPhase(Phase.Loaded);
  gone = Status.NoGrant;
  ending = Status.Ok;
  judged = -1;
  setDeadline(Deadline.Grant, msUntilExpiry());
}

/** Asks the authenticator for its user, for this grant and its cap. Answers `id` at once only where it refuses: also where the grant pays another way. */
export function lifePresent(id: u32, at: When, sealedPin: usize, pinLength: i32): void {
  let status = holding() ? Status.Ok : gone;
  if (lifeBusy() || confirmWaiting() != 0) status = Status.Busy;
  if (status == Status.Ok && grant.remote() != (at == When.Confirm)) status = grant.remote() ? Status.GrantRemote : Status.GrantSwipe;
  if (status == Status.Ok && !grant.remote() && !enoughCharge()) status = Status.BatteryLow;
  if (status == Status.Ok) status = askPresence(sealedPin, pinLength);
  if (status != Status.Ok) {
    answerStatus(id, status);
    return;
  }
  request = id;
  when = at;
  setPhase(Phase.Asking);
  indicate(Indicator.Ask);
}

/** The authenticator answered, or did not in time. */
export function lifeConfirmed(status: Status): void {
  if (phase() != Phase.Asking) return;
  setPhase(Phase.Loaded);
  if (status != Status.Ok) {
    indicate(Indicator.Refused);
    refuse(status);
    return;
  }
  // What the grant is decides, not what was asked for: no way leads from a remote one to the coil.
  if (grant.remote()) {
    tellCryptogram();
    return;
  }
  if (when == When.Now) {
    beginEmission();
    return;
  }
  setPhase(Phase.Armed);
  setDeadline(Deadline.Grant, min<u64>(ARMED_MAX_MS, msUntilExpiry()));
  listen(1);
  indicate(Indicator.Armed);
  answerPresent();
  tellArmed();
}

/** Its phone is away for longer than the owner chose. An armed grant outlives that; one that waits for its user does not. */
export function lifeAway(): void {
  if (phase() == Phase.Loaded || phase() == Phase.Asking) lifeEnd(Status.PhoneAway);
}

/** Shows again how the grant stands, behind what was shown for a moment. */
export function lifeShow(): void {
  if (!lifeBusy()) indicate(Indicator.Off);
}

/** A reader's head came under an armed card. */
export function lifeHeadContact(): void {
  if (phase() == Phase.Armed) beginEmission();
}

/** The coil has played a pass. */
export function lifePassDone(): void {
  if (phase() != Phase.Sending) return;
  f2fClear();
  tellPassSent();
  if (ending != Status.Ok) {
    lifeEnd(ending);
    return;
  }
  pass++;
  if (pass < plan.passes()) setDeadline(Deadline.NextPass, plan.PASS_GAP_MS);
  else endEmission();
}

export function lifeNextPass(): void {
  if (phase() != Phase.Sending) return;
  if (ending != Status.Ok) lifeEnd(ending);
  else beginPass();
}

/** The grant's time is over: 120 s of being armed, or its `expires`. */
export function lifeExpired(): void {
  if (phase() == Phase.Sending) ending = Status.GrantExpired;
  else if (holding()) lifeEnd(Status.GrantExpired);
}

/** Ends the grant, whatever its phase: overwrites it, then says so. A pass that is running is cut off. */
export function lifeEnd(why: Status): void {
  const had = holding();
  const asked = phase() == Phase.Asking || (phase() == Phase.Sending && when == When.Now);
  zeroise();
  if (!had) return;
  setPhase(Phase.Empty);
  gone = why;
  setStoredPhase(phase());
  indicate(Indicator.Off);
  if (asked) refuse(why);
  tellDisarmed(why);
}

/** Overwrites all that a grant left in memory, and silences the coil. */
export function zeroise(): void {
  stop();
  listen(0);
  f2fClear();
  grant.grantWipe();
  messageWipe();
  if (phase() == Phase.Asking) confirmForget(true);
  clearDeadline(Deadline.Grant);
  clearDeadline(Deadline.NextPass);
  ending = Status.Ok;
}

function beginEmission(): void {
  plan.planUse(grant.emissions());
  pass = 0;
  listen(0);
  if (!enoughCharge()) {
    giveUp(Status.BatteryLow);
    return;
  }
  indicate(Indicator.Sending);
  setPhase(Phase.Sending);
  beginPass();
}

/** Phase and passes are in flash before the first edge: a power cut can cost a pass, never give one. */
function beginPass(): void {
  let status = compose(pass % 2 == 1);
  if (status == Status.Ok) {
    setPassesSent(passesSent() + 1);
    setStoredPhase(phase());
    status = storeCommit();
  }
  if (status == Status.Ok) status = f2fPlay();
  if (status != Status.Ok) giveUp(status);
  else if (pass == 0) grant.countEmission(); // with its first edge, whatever becomes of the rest
}

function endEmission(): void {
  if (grant.emissions() < grant.maxEmissions()) {
    const armed = when == When.AtSwipe && remaining(Deadline.Grant) > 0;
    setPhase(armed ? Phase.Armed : Phase.Loaded);
    if (armed) listen(1);
    indicate(armed ? Indicator.Armed : Indicator.Done);
    if (when == When.Now) answerPresent();
    if (armed) tellArmed();
    else if (nearAway()) lifeAway();
    return;
  }
  useUp();
  indicate(Indicator.Done);
  if (when == When.Now) answerPresent();
  tellDone();
}

/**
 * A remote grant and its user's yes: spent in flash, overwritten, then told, so that a power cut can cost the answer and never
 * give two. Where nobody waits for it any more, the grant is kept, and its user is asked again.
 */
function tellCryptogram(): void {
  if (request == 0) {
    indicate(Indicator.Refused);
    return;
  }
  setStoredPhase(Phase.Done);
  const status = storeCommit();
  if (status != Status.Ok) {
    giveUp(status);
    return;
  }
  answerBegin(request, Status.Ok);
  request = 0;
  cbor.putArray(2);
  cbor.putBytes(grant.cryptogram, CRYPTOGRAM_SIZE);
  end();
  putInfo();
  answerEnd();
  indicate(Indicator.Done);
  tellDone();
}

/** The last emission was made: the grant is gone. */
function useUp(): void {
  end();
  setStoredPhase(phase());
  storeCommit();
}

function end(): void {
  zeroise();
  setPhase(Phase.Done);
  gone = Status.GrantUsed;
}

/** Nothing was sent, or not all, and the phone hears why. The grant stays loaded where an emission is left of it. */
function giveUp(status: Status): void {
  f2fClear();
  if (grant.emissions() < grant.maxEmissions()) setPhase(Phase.Loaded);
  else useUp();
  indicate(Indicator.Refused);
  if (when == When.AtSwipe) tellDisarmed(status);
  else refuse(status);
  if (nearAway()) lifeAway(); // what is left of it waits for its user again
}

/** Zeros, track 1, zeros, track 2, zeros; all of it backwards in a reversed pass. */
function compose(reversed: bool): Status {
  f2fClear();
  const both = grant.track1Length() > 0;
  const lead = reversed ? plan.trailingZeros() : plan.leadingZeros();
  const trail = reversed ? plan.leadingZeros() : plan.trailingZeros();
  let status = f2fZeros(lead, both && !reversed ? plan.cell1Us() : plan.cell2Us());
  if (both && !reversed) status = putTrack1(status, false);
  if (both && !reversed && status == Status.Ok) status = f2fZeros(plan.betweenZeros(), plan.cell2Us());
  if (status == Status.Ok) status = track2Frame() ? f2fPut(plan.cell2Us(), reversed) : Status.Full;
  if (both && reversed && status == Status.Ok) status = f2fZeros(plan.betweenZeros(), plan.cell1Us());
  if (both && reversed) status = putTrack1(status, true);
  if (status == Status.Ok) status = f2fZeros(trail, both && reversed ? plan.cell1Us() : plan.cell2Us());
  return status;
}

function putTrack1(before: Status, reversed: bool): Status {
  if (before != Status.Ok) return before;
  return track1Frame() ? f2fPut(plan.cell1Us(), reversed) : Status.Full;
}

/** Does the battery carry every pass of the next emission? Judged once on its real intervals, then they are overwritten. */
function enoughCharge(): bool {
  if (judged != grant.emissions()) {
    judged = grant.emissions();
    plan.planUse(judged);
    needsMs = compose(false) == Status.Ok ? plan.emissionMs(f2fMs(), plan.passes()) : -1;
    f2fClear();
  }
  return sustains(needsMs) != 0;
}

function msUntilExpiry(): u64 {
  const time = calendar();
  return grant.expires() > time ? (grant.expires() - time) * 1000 : 1;
}

function answerPresent(): void {
  if (request == 0) return;
  answerBegin(request, Status.Ok);
  request = 0;
  cbor.putArray(3);
  cbor.putUint(passesSent());
  if (phase() == Phase.Armed) cbor.putUint(remaining(Deadline.Grant) / 1000);
  else cbor.putNull();
  putInfo();
  answerEnd();
}

function refuse(status: Status): void {
  if (request != 0) answerStatus(request, status);
  request = 0;
}

/** Seconds left, so that the phone can count them down. */
function tellArmed(): void {
  if (!sessionLive()) return;
  answerBegin(0, CardEvent.Armed);
  cbor.putArray(2);
  cbor.putUint(remaining(Deadline.Grant) / 1000);
  putInfo();
  answerEnd();
}

function tellDisarmed(why: Status): void {
  if (!sessionLive()) return;
  answerBegin(0, CardEvent.Disarmed);
  cbor.putArray(2);
  cbor.putUint(why);
  putInfo();
  answerEnd();
}

function tellDone(): void {
  if (!sessionLive()) return;
  answerBegin(0, CardEvent.Done);
  putInfo();
  answerEnd();
}

function tellPassSent(): void {
  if (!sessionLive()) return;
  answerBegin(0, CardEvent.PassSent);
  cbor.putArray(3);
  cbor.putUint(plan.planIndex());
  cbor.putUint(passesSent());
  putInfo();
  answerEnd();
}

/** A session that died cannot be answered; the grant lives on. */
export function lifeForgetRequest(): void {
  request = 0;
}

function indicate(pattern: Indicator): void {
  postShort(ModuleId.Link, Mail.Indicate, pattern);
}
