// Who stands between a phone's stack and the card, and sees each chunk: counts them, cuts the link at one, puts others in their place, keeps answers back.

import type { Controller, HciController } from "@enabling-card/emulator";
import { concat } from "@enabling-card/wire";

export type Change = (chunk: Uint8Array) => readonly Uint8Array[];

const unchanged: Change = (chunk) => [chunk];

export class ChunkWatch {
  /** Chunks that came by, both ways, since the last `reset`. */
  chunks = 0;
  /** Octets of the chunks to the card. */
  sizes: number[] = [];
  /** What goes on in a chunk's place. */
  toCard: Change = unchanged;
  toPhone: Change = unchanged;
  /** What becomes of the next chunk that asks for the card's word: it is taken, refused, or taken without a word. */
  answers: "given" | "refused" | "never" = "given";
  /** Takes the link away. */
  onCut: () => void = () => undefined;
  #cutAt = Number.POSITIVE_INFINITY;
  #isCut = false;

  reset(): void {
    this.chunks = 0;
    this.sizes = [];
    this.toCard = this.toPhone = unchanged;
    this.answers = "given";
    this.#cutAt = Number.POSITIVE_INFINITY;
    this.#isCut = false;
  }

  /** After so many more chunks the link goes; the next one is lost, and what comes behind it, until `mend`. */
  cutAfter(chunks: number): void {
    this.#cutAt = this.chunks + chunks;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  mend(): void {
    this.#isCut = false;
  }

  /** A chunk of the phone's is on its way. */
  down(chunk: Uint8Array): readonly Uint8Array[] {
    if (this.#isLost()) return [];
    this.sizes.push(chunk.length);
    return this.toCard(chunk);
  }

  /** `answers`, for this chunk alone. */
  answer(): "given" | "refused" | "never" {
    const { answers } = this;
    this.answers = "given";
    return answers;
  }

  /** A chunk of the card's. */
  up(chunk: Uint8Array): readonly Uint8Array[] {
    return this.#isLost() ? [] : this.toPhone(chunk);
  }

  #isLost(): boolean {
    if (this.#isCut) return true;
    if (this.chunks++ < this.#cutAt) return false;
    this.#isCut = true;
    this.#cutAt = Number.POSITIVE_INFINITY;
    this.onCut();
    return true;
  }
}

const ACL_DATA = 2;
const ATT_CHANNEL = 4;
const [WRITE, WRITE_RESPONSE, WRITE_COMMAND, NOTIFICATION] = [0x12, 0x13, 0x52, 0x1b];
const REFUSED = Uint8Array.of(0x01, WRITE, 0, 0, 0x0e); // Unlikely Error
/** A configuration is as long as this; a chunk is longer. */
const CONFIGURATION = 2;

/** The phone's controller, with the watch on what is written and notified. Above it may be any host. */
export class WatchedController implements HciController {
  readonly #controller: Controller;
  readonly #watch: ChunkWatch;
  #listener: (packet: Uint8Array) => void = () => undefined;
  #isSilent = false;
  /** Connection and TX of the last notification. */
  #heard = { header: 0, handle: 0 };

  constructor(controller: Controller, watch: ChunkWatch) {
    this.#controller = controller;
    this.#watch = watch;
  }

  send(packet: Uint8Array): void {
    const pdu = attOf(packet);
    if (pdu === undefined || (pdu[0] !== WRITE && pdu[0] !== WRITE_COMMAND) || pdu.length <= 3 + CONFIGURATION) {
      this.#controller.send(packet);
      return;
    }
    const header = packet[1]! | (packet[2]! << 8);
    const answer = pdu[0] === WRITE ? this.#watch.answer() : "given";
    if (answer === "never") this.#isSilent = true;
    if (answer === "refused") {
      const taken = Uint8Array.of(4, 0x13, 5, 1, packet[1]!, packet[2]! & 15, 1, 0); // by the controller
      setImmediate(() => {
        this.#listener(taken);
        this.#listener(packetOf(header | 0x2000, REFUSED));
      });
      return;
    }
    for (const chunk of this.#watch.down(pdu.slice(3)))
      this.#controller.send(packetOf(header, concat(pdu.slice(0, 3), chunk)));
  }

  onPacket(listener: (packet: Uint8Array) => void): void {
    this.#listener = listener;
    this.#controller.onPacket((packet) => {
      const pdu = attOf(packet);
      const header = packet[1]! | (packet[2]! << 8);
      if (pdu?.[0] === NOTIFICATION) {
        this.#heard = { header, handle: pdu[1]! | (pdu[2]! << 8) };
        for (const chunk of this.#watch.up(pdu.slice(3))) this.say(chunk);
      } else if (pdu?.[0] === WRITE_RESPONSE && this.#isSilent) this.#isSilent = false;
      else listener(packet);
    });
  }

  /** As if the card had said it, however long. */
  say(chunk: Uint8Array): void {
    const { header, handle } = this.#heard;
    this.#listener(packetOf(header, concat(Uint8Array.of(NOTIFICATION, handle & 255, handle >> 8), chunk)));
  }

  powerOff(): void {
    this.#controller.powerOff();
  }
}

/** The ATT PDU of a packet that holds one whole. */
function attOf(packet: Uint8Array): Uint8Array | undefined {
  if (packet[0] !== ACL_DATA || packet.length < 10) return undefined;
  const [length, channel] = [packet[5]! | (packet[6]! << 8), packet[7]! | (packet[8]! << 8)];
  return channel === ATT_CHANNEL && packet.length === 9 + length ? packet.slice(9) : undefined;
}

function packetOf(header: number, pdu: Uint8Array): Uint8Array {
  const u16 = (value: number) => [value & 255, value >> 8];
  const head = [ACL_DATA, ...u16(header), ...u16(pdu.length + 4), ...u16(pdu.length), ...u16(ATT_CHANNEL)];
  return concat(Uint8Array.from(head), pdu);
}
