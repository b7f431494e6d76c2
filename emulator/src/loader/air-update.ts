// Updates over the air: SMP that link brings is answered by the loader's module while wallet and authenticator stand still, for a minute of silence at
// most. Who is let in, and for how long: docs/protocol.md, "Updates over the air". Twin: firmware/mcu/runtime/update.c.

import {
  concat,
  Indicator,
  LoaderVerdict,
  MAIL_SIZE,
  Mail,
  ModuleId,
  PIECE_FIRST,
  PIECE_LAST,
  SMP_HEADER_SIZE,
  SmpStatus,
  UPDATE_LEAVE_MS,
  UPDATE_MAX_MS,
  UPDATE_SILENCE_MS,
  utf8,
} from "@enabling-card/wire";
import { NS_PER_MS, type Timeline } from "../ports/clock.js";
import type { Letter } from "../ports/mailbox.js";
import type { EmulatedLoader } from "./emulated-loader.js";

/** What the machine does for an update. */
export interface UpdateMachine {
  readonly timeline: Timeline;
  /** Puts a letter of the loader's, or of the machine's own, into link's box; what has no room is lost. */
  post(letter: Letter): void;
  /** Wallet and authenticator stop, and what they held is gone. */
  stopModules(): void;
  /** A loader that has begun to listen; undefined on a card that has none. */
  loader(): EmulatedLoader | undefined;
  /** The card starts again. */
  reset(): void;
}

export class AirUpdate {
  readonly #machine: UpdateMachine;
  #isPairing = false;
  #trialUntilNs = 0;
  #loader: EmulatedLoader | undefined;
  #isLeaving = false;
  #endsNs = 0;
  #due: ReturnType<Timeline["schedule"]> | undefined;
  /** Octets still to come of a packet that was refused. */
  #toSkip = 0;

  constructor(machine: UpdateMachine) {
    this.#machine = machine;
  }

  /** The card starts. One whose image is on trial may have it confirmed over the air for a minute. */
  start(onTrial: boolean): void {
    this.#isPairing = this.#isLeaving = false;
    this.#loader = this.#due = undefined;
    this.#toSkip = 0;
    this.#trialUntilNs = onTrial ? UPDATE_SILENCE_MS * NS_PER_MS : 0;
  }

  /** Wallet and authenticator have stopped: only the next start brings them back. */
  get isOn(): boolean {
    return this.#loader !== undefined;
  }

  /** What passes from the wallet to link: whether the card lets somebody in. */
  watch({ from, bytes }: Letter): void {
    if (from === ModuleId.Wallet && bytes.length === 2 && bytes[0] === Mail.Indicate)
      this.#isPairing = bytes[1] === Indicator.Pairing;
  }

  /** What link says to the loader. */
  take({ bytes }: Letter): void {
    const octets = bytes.subarray(1);
    if (bytes[0] === Mail.LineUp || bytes[0] === Mail.LineDown) {
      this.#toSkip = 0;
      this.#loader?.hearRaw(new Uint8Array(0));
      if (this.#isLeaving) this.#endIn(0);
      return;
    }
    if (bytes[0] !== Mail.Smp || octets.length === 0 || this.#isLeaving) return;
    if (this.#loader === undefined) {
      const isOpen = this.#isPairing || this.#machine.timeline.nowNs < this.#trialUntilNs;
      const loader = isOpen && this.#toSkip === 0 ? this.#machine.loader() : undefined;
      if (loader === undefined) {
        this.#refuse(octets);
        return;
      }
      this.#machine.stopModules();
      this.#loader = loader;
      this.#endsNs = this.#machine.timeline.nowNs + UPDATE_MAX_MS * NS_PER_MS;
    }
    this.#endIn(UPDATE_SILENCE_MS);
    const { said, verdict } = this.#loader.hearRaw(octets);
    for (const one of said) this.#answer(ModuleId.Loader, one);
    if (verdict !== LoaderVerdict.Reset) return;
    this.#isLeaving = true;
    this.#endIn(UPDATE_LEAVE_MS);
    this.#machine.post({ from: ModuleId.Loader, to: ModuleId.Link, bytes: Uint8Array.of(Mail.Hangup) });
  }

  /** The card starts again after so long, and in no case later than an update may take. */
  #endIn(ms: number): void {
    const { timeline } = this.#machine;
    timeline.cancel(this.#due);
    const atNs = Math.min(timeline.nowNs + ms * NS_PER_MS, this.#endsNs);
    this.#due = timeline.schedule(atNs, () => this.#machine.reset());
  }

  /** No, with the header of what was asked. */
  #refuse(octets: Uint8Array): void {
    if (this.#toSkip > 0) {
      this.#toSkip = Math.max(0, this.#toSkip - octets.length);
      return;
    }
    if (octets.length < SMP_HEADER_SIZE) return;
    const whole = SMP_HEADER_SIZE + ((octets[2]! << 8) | octets[3]!);
    this.#toSkip = Math.max(0, whole - octets.length);
    if (octets[0]! & 1) return;
    const body = concat(Uint8Array.of(0xa1, 0x62), utf8("rc"), Uint8Array.of(SmpStatus.Denied));
    this.#answer(
      ModuleId.Machine,
      concat(Uint8Array.of((octets[0]! & 2) | 1, 0, 0, body.length), octets.subarray(4, 8), body),
    );
  }

  #answer(from: ModuleId, octets: Uint8Array): void {
    for (let at = 0; at < octets.length; ) {
      const first = at === 0;
      const part = octets.subarray(at, at + MAIL_SIZE - (first ? 4 : 2));
      at += part.length;
      const flags = (first ? PIECE_FIRST : 0) | (at === octets.length ? PIECE_LAST : 0);
      const length = first ? [octets.length & 255, octets.length >> 8] : [];
      this.#machine.post({ from, to: ModuleId.Link, bytes: concat(Uint8Array.of(Mail.Piece, flags, ...length), part) });
    }
  }
}
