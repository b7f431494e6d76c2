// How long the card's phone may be away before the card drops a grant that waits for its user: off unless the owner chose a time, and held by the card's
// own timer. Only a proven message says that the phone is near; that a link is up says nothing, as link is not believed. What is armed goes on: its user
// has said yes, for this grant and its time.
import * as cbor from "../common/cbor";
import { clearDeadline, Deadline, deadlineSet, setDeadline } from "./deadlines";
import { putInfo } from "./info";
import { answerBegin, answerEnd, answerStatus } from "./messages";
import { nearS, setNearS, storeCommit } from "./store";
import { NEAR_MAX_S, NEAR_MIN_S } from "../../wire/limits";
import { Status } from "../../wire/status";

/** The phone was heard: by a message that only it can have sealed. */
export function nearHeard(): void {
  if (nearS() == 0) clearDeadline(Deadline.Away);
  else setDeadline(Deadline.Away, <u64>nearS() * 1000);
}

/** True where it was not heard for longer than the owner chose, or not at all since the card started. */
export function nearAway(): bool {
  return nearS() != 0 && !deadlineSet(Deadline.Away);
}

/** The next owner chooses for himself. */
export function nearForget(): void {
  if (nearS() == 0) return;
  setNearS(0);
  storeCommit();
  clearDeadline(Deadline.Away);
}

/** Answers how long that is, after it was changed where a number is given; 0 is off. */
export function nearRequest(id: u32): void {
  const asks = cbor.nil();
  const seconds = asks ? nearS() : <u32>cbor.uint(NEAR_MAX_S);
  let status = cbor.done() ? Status.Ok : Status.MessageMalformed;
  if (status == Status.Ok && !asks && seconds != 0 && seconds < <u32>NEAR_MIN_S) status = Status.BadArgument;
  if (status == Status.Ok && seconds != nearS()) {
    setNearS(seconds);
    status = storeCommit();
    nearHeard();
  }
  if (status != Status.Ok) {
    answerStatus(id, status);
    return;
  }
  answerBegin(id, Status.Ok);
  cbor.putArray(2);
  cbor.putUint(nearS());
  putInfo();
  answerEnd();
}
