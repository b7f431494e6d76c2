// Who carries the phone's one session: the line or the radio, whichever came up first, until it goes. The other is sent away meanwhile: a line
// that comes up is hung up, and a card on a line does not advertise, ends a connection, and takes no subscription. Of the radio it is the wallet's
// session, or the loader's SMP, and never both.
import * as line from "../ports/line";
import { hangUpRadio } from "./bluetooth/commands";
import { notify, notifyMax } from "./bluetooth/notify";

export const enum Carrier {
  None = 0,
  Line = 1,
  Radio = 2,
  /** The radio, with SMP: the loader is spoken to, and not the wallet. */
  Smp = 3,
}

let current: Carrier = Carrier.None;

export function carrying(): Carrier {
  return current;
}

export function carry(by: Carrier): void {
  current = by;
}

/** Longest chunk, octets; 0 where nobody is there. */
export function carrierMax(): i32 {
  return current == Carrier.Line ? line.maxWrite() : notifyMax();
}

/** Sends one chunk: `Busy` where it cannot be taken now, `Absent` where nobody is there. */
export function carrierWrite(data: usize, length: i32): i32 {
  return current == Carrier.Line ? line.write(data, length) : notify(data, length);
}

/** Closes it after what was written. */
export function carrierHangUp(): void {
  if (current == Carrier.Line) line.hangUp();
  else hangUpRadio();
}
