// The module's side of the mailbox: one slot in, one slot out. The port is ports/mailbox.ts.
import { send } from "../ports/mailbox";
import { MAIL_SIZE, PIECE_FIRST, PIECE_LAST, Mail } from "../../wire/machine";

const incoming: usize = memory.data(MAIL_SIZE);
const outgoing: usize = memory.data(MAIL_SIZE);

/** Where the machine puts a slot before `onMail`. */
export function mailSlot(): usize {
  return incoming;
}

/** Where a slot is made ready before `post`. */
export function draft(): usize {
  return outgoing;
}

/** Sends the first `length` octets of the draft. */
export function post(to: i32, length: i32): i32 {
  return send(to, outgoing, length);
}

/** Sends a slot of the kind alone, or of kind and one octet where `octet` is not negative. */
export function postShort(to: i32, kind: Mail, octet: i32 = -1): i32 {
  store<u8>(outgoing, <u8>kind);
  store<u8>(outgoing + 1, <u8>octet);
  return post(to, octet < 0 ? 1 : 2);
}

/**
 * Sends a message in as many pieces as it takes: kind, flags, [total u16 LE if first], data. Stops at the first slot that
 * is refused: the receiver sees a message without an end, and drops it at the next first piece.
 */
export function postMessage(to: i32, message: usize, length: i32): i32 {
  let sent = 0;
  while (sent < length) {
    const header = sent == 0 ? 4 : 2;
    const part = min(length - sent, MAIL_SIZE - header);
    const flags = (sent == 0 ? PIECE_FIRST : 0) | (sent + part == length ? PIECE_LAST : 0);
    store<u8>(outgoing, <u8>Mail.Piece);
    store<u8>(outgoing + 1, <u8>flags);
    if (sent == 0) store<u16>(outgoing + 2, <u16>length);
    memory.copy(outgoing + header, message + sent, part);
    const status = post(to, header + part);
    if (status != 0) return status;
    sent += part;
  }
  return 0;
}
