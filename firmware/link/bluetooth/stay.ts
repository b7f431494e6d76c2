// How long a connection may last: five seconds until the phone's handshake was answered, as many again until its session speaks, and for ever while it does.
import { isHangingUp } from "./commands";
import { clearDeadline, Deadline, setDeadline } from "./deadlines";
import { HANDSHAKE_MAX_MS } from "../../../wire/bluetooth";
import { MessageType } from "../../../wire/labels";

/** How far the phone of this connection has come: nothing said, its handshake answered, a session that speaks. */
const enum Come {
  Connected = 0,
  Answered = 1,
  InSession = 2,
}
let come: Come = Come.Connected;

/** The connection begins. */
export function stayBegins(): void {
  come = Come.Connected;
  setDeadline(Deadline.Connection, HANDSHAKE_MAX_MS);
}

/** The phone has given its session up: it has as long for the next one. Nobody else gets more time by coming and going, nor whoever is hung up. */
export function stayIsLeft(): void {
  if (come == Come.InSession && !isHangingUp()) stayBegins();
}

export function stayEnds(): void {
  clearDeadline(Deadline.Connection);
}

/** The phone was answered with a message of this type: each step gives it its time once. */
export function stayAnswered(type: i32): void {
  if (type == MessageType.Sealed) come = Come.InSession;
  else if ((type == MessageType.Pair2 || type == MessageType.Open2) && come == Come.Connected) {
    come = Come.Answered;
    setDeadline(Deadline.Connection, HANDSHAKE_MAX_MS);
  }
}

/** May it last, now that its time is over? */
export function staysOn(): bool {
  return come == Come.InSession;
}
