// A port of the Web Serial API with a card at its end: an emulated card's line, spoken to in the frames of firmware/mcu/ports/line.c. Octets come in the
// portions that they like.

import type { EmulatedCard, LineEnd } from "@enabling-card/emulator";
import { encodeLineFrame, LineKind } from "@enabling-card/wire";
import type { ChunkWatch } from "../chunk-watch.js";

/** A frame of more octets is none: the card looks at what comes next anew. */
const CHUNK_MAX = 514;

export class FakeSerialPort {
  readable: ReadableStream<Uint8Array> | null = null;
  writable: WritableStream<Uint8Array> | null = null;
  readonly #card: EmulatedCard;
  readonly #watch: ChunkWatch;
  #say: ReadableStreamDefaultController<Uint8Array> | undefined;
  #line: LineEnd | undefined;
  /** How long its card thinks over its log, the next time, ms. */
  logDelayMs = 0;
  /** Of a frame, so far. */
  #have: number[] = [];
  #heard: Promise<unknown> = Promise.resolve();
  /** The cable is out: neither side's octets arrive, and the port says so once. */
  #isPulled = false;

  constructor(card: EmulatedCard, watch: ChunkWatch) {
    this.#card = card;
    this.#watch = watch;
  }

  async open({ baudRate }: { readonly baudRate: number }): Promise<void> {
    if (this.readable !== null) throw new DOMException("The port is already open.", "InvalidStateError");
    if (this.#isPulled || baudRate !== 115_200) throw new DOMException("Failed to open serial port.", "NetworkError");
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#say = controller;
      },
      cancel: () => {
        this.#say = undefined;
      },
    });
    this.writable = new WritableStream<Uint8Array>({
      write: (octets) => {
        if (this.#isPulled) throw new DOMException("The device has been lost.", "NetworkError");
        for (const octet of octets) this.#take(octet);
      },
    });
  }

  async close(): Promise<void> {
    if (this.readable?.locked || this.writable?.locked) throw new TypeError("Cannot close a port with a locked stream");
    this.readable = this.writable = null;
  }

  /** The card goes on; its line, as it hears nothing more, is taken for gone. */
  pull(): void {
    if (this.readable === null) return;
    this.#isPulled = true;
    const say = this.#say;
    this.#say = undefined;
    this.readable = this.writable = null;
    say?.error(new DOMException("The device has been lost.", "NetworkError"));
    void this.#line?.close();
    this.#line = undefined;
  }

  plug(): void {
    this.#isPulled = false;
  }

  /** As if the card had said it. */
  say(chunk: Uint8Array): void {
    this.#send(LineKind.Chunk, chunk);
  }

  /** As `line_poll` has it. */
  #take(octet: number): void {
    this.#have.push(octet);
    if (this.#have.length < 3) return;
    const [low, high, kind] = this.#have;
    const length = low! | (high! << 8);
    if (length > CHUNK_MAX) this.#have = [];
    if (this.#have.length < 3 + length) return;
    const frame = Uint8Array.from(this.#have.slice(3));
    this.#have = [];
    this.#heard = this.#heard.then(() => this.#hear(kind!, frame));
  }

  async #hear(kind: number, octets: Uint8Array): Promise<void> {
    if (kind === LineKind.Log && octets.length === 0) this.#giveLog();
    else if (kind === LineKind.Down) {
      await this.#line?.close();
      this.#line = undefined;
    } else if (kind === LineKind.Up && octets.length === 2 && this.#line === undefined && this.#card.on) {
      const line = this.#card.connectLine({ mtu: (octets[0]! | (octets[1]! << 8)) + 3 });
      this.#line = line;
      line.onChunk((chunk) => {
        for (const one of this.#watch.up(chunk)) this.say(one);
      });
      line.onClose(() => {
        if (this.#line !== line) return;
        this.#line = undefined;
        this.#send(LineKind.Down);
      });
    } else if (kind === LineKind.Chunk && octets.length > 0) await this.#chunk(octets);
  }

  #giveLog(): void {
    const give = () => this.#send(LineKind.Log, new Uint8Array(24));
    const ms = this.logDelayMs;
    this.logDelayMs = 0;
    if (ms === 0) give();
    else setTimeout(give, ms);
  }

  async #chunk(octets: Uint8Array): Promise<void> {
    const line = this.#line;
    if (line === undefined || octets.length > line.maxWrite) return;
    const answer = this.#watch.answer();
    if (answer === "refused") return void this.#send(LineKind.Down); // a line knows no other refusal
    for (const chunk of this.#watch.down(octets)) {
      if (answer === "given") this.#send(LineKind.Taken);
      await line.write(chunk).catch(() => undefined); // it may have gone
    }
  }

  #send(kind: LineKind, octets?: Uint8Array): void {
    const frame = encodeLineFrame(kind, octets);
    const cut = frame.length >> 1;
    // In two portions.
    this.#say?.enqueue(frame.slice(0, cut));
    this.#say?.enqueue(frame.slice(cut));
  }
}
