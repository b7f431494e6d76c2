// The card's image on a Cortex-M in QEMU: its line, its button, its lights and its coil, as the emulated card has them.

import { setTimeout as delay } from "node:timers/promises";
import { Indicator, type LineFrame, LineFrames, LineKind, type ModuleId } from "@enabling-card/wire";
import { EmulatorError } from "../errors.js";
import { GESTURES } from "../ports/button.js";
import type { Emission } from "../ports/coil.js";
import type { LineEnd } from "../ports/line.js";
import type { HciController } from "../ports/radio.js";
import { H4Packets } from "../radio/h4.js";
import { OctetEars, type OctetLine } from "./octet-line.js";
import { lastEmission, PassClock, type QemuPass } from "./qemu-emission.js";
import { TRIAL_AT } from "./qemu-memory.js";
import { QemuPhone } from "./qemu-phone.js";
import { type QemuImage, QemuProcess } from "./qemu-process.js";
import {
  countsOf,
  cryptoOrder,
  Order,
  type QemuCounts,
  type QemuRampStep,
  type QemuTrial,
  Report,
  rampOf,
  trialOf,
} from "./qemu-reports.js";
import { Watchers } from "./watchers.js";

export interface QemuCardOptions extends Omit<QemuImage, "wired"> {
  readonly id?: string;
  /** The card's Bluetooth controller, on a serial line of its own; without one its radio is absent. */
  readonly radio?: HciController;
  /** Nobody waits for the bench to say that an image has come up: who has the line until it does. A production image has no bench: it is there when it gives its log. */
  readonly unheard?: "loader" | "card";
  /** Presses the button whenever the card asks for it. */
  readonly autoPress?: boolean;
}

const REACH_MS = 1000;
const REACH_ROUNDS = 10;

export class QemuCard {
  readonly id: string;
  readonly passes: QemuPass[] = [];
  readonly traps: number[] = [];
  readonly #process: QemuProcess;
  readonly #phone = new QemuPhone((kind, octets) => this.#process.send("line", kind, octets));
  #advertised: Uint8Array | undefined;
  #indicator: Indicator = Indicator.Off;
  readonly #clock = new PassClock();
  readonly #autoPress: boolean;
  #debugged: Promise<void> | undefined;
  #on = true;
  readonly #trials: Omit<QemuTrial, "memory">[] = [];
  readonly #counts: QemuCounts[] = [];
  readonly #ramps: (readonly QemuRampStep[])[] = [];
  readonly #logs: Uint8Array[] = [];
  readonly #watch = new Watchers();
  /** Times that an image has come up. */
  #starts = 0;
  readonly #ears = new OctetEars();
  readonly #radio: HciController | undefined;
  /** The loader has the line, or whoever speaks in octets. */
  #loading: boolean;
  readonly #unheard: boolean;
  #bare = false;
  #failure: EmulatorError | undefined;
  #frames = new LineFrames();

  /** Starts the image; with a debugger, resolves at once. @throws {EmulatorError} `QEMU_FAILED` where it does not come up. */
  static async start(options: QemuCardOptions): Promise<QemuCard> {
    const card = new QemuCard(options);
    try {
      const connected = card.#connect();
      if (options.gdbPort === undefined) await connected;
      else {
        card.#debugged = connected;
        connected.catch(() => undefined); // `started` tells it
      }
    } catch (error) {
      await card.stop();
      throw error;
    }
    return card;
  }

  private constructor(options: QemuCardOptions) {
    this.id = options.id ?? "qemu-card";
    this.#autoPress = options.autoPress ?? false;
    this.#loading = (options.held ?? false) || options.unheard === "loader";
    this.#unheard = options.unheard === "card";
    this.#radio = options.radio;
    this.#process = new QemuProcess({ ...options, wired: options.radio !== undefined }, (why) => this.#lost(why));
    this.#radio?.onPacket((packet) => void this.#process.write("radio", packet));
  }

  /** Resolves when a debugger has let the image come up; rejects where it ends before. */
  async started(): Promise<void> {
    await this.#debugged;
  }

  get on(): boolean {
    return this.#on;
  }

  /** Is a phone connected? */
  get lineUp(): boolean {
    return this.#phone.connected;
  }

  /** What a scanner sees: 16 octets once paired. */
  advertised(): Uint8Array | undefined {
    return this.#advertised?.slice();
  }

  get indicator(): Indicator {
    return this.#indicator;
  }

  /** Rejects with `QEMU_FAILED` when QEMU ends of itself, as a panic ends it, or somebody who kills it; else never comes to anything. */
  lost(): Promise<never> {
    return this.#watch.until(() => false) as Promise<never>;
  }

  /** @throws {EmulatorError} `LINE_BUSY`, `LINE_MTU_INVALID`; `QEMU_FAILED` where QEMU has ended */
  connectLine({ mtu = 247 }: { readonly mtu?: number } = {}): LineEnd {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#phone.connect(mtu);
  }

  async pressTwice(): Promise<void> {
    let at = 0;
    for (const [i, ms] of GESTURES.twice.entries()) {
      await delay(ms - at);
      at = ms;
      this.#process.send("bench", Order.Button, Uint8Array.of(i % 2 === 0 ? 1 : 0));
    }
  }

  /** Holds the button for `ms` milliseconds. */
  async hold(ms: number): Promise<void> {
    this.#process.send("bench", Order.Button, Uint8Array.of(1));
    await delay(ms);
    this.#process.send("bench", Order.Button, Uint8Array.of(0));
  }

  /** How often an image has come up since power-on. */
  get starts(): number {
    return this.#starts;
  }

  /** Resolves when an image comes up, for the `count`th time. */
  async imageStarted(count: number): Promise<void> {
    await this.#watch.until(() => this.#starts >= count);
  }

  /** Has the running image hand over to the loader, which then has the line until an image comes up. */
  enterLoader(): void {
    this.#process.send("line", LineKind.Loader);
    this.#loading = true;
    this.#phone.hangUp();
  }

  /** The loader's console. What is said while an image runs is not the loader's, and not heard. */
  loaderLine(): OctetLine {
    return this.#ears.line((octets) => this.#process.write("line", octets));
  }

  /** The serial line itself, in octets both ways, whoever speaks on it: for a flasher, that knows no bench. */
  octetLine(): OctetLine {
    this.#bare = true;
    return this.loaderLine();
  }

  /** All flash, as it is now; of a write at this moment a part may be there. */
  memory(): Uint8Array {
    return this.#process.memory();
  }

  /** `size` octets of RAM, or of whatever the processor sees at `address`, as they are at this moment. */
  look(address: number, size: number): Promise<Uint8Array> {
    return this.#process.look(address, size);
  }

  /** Begins or ends to write down what `traced` says; without it, nothing. */
  trace(on: boolean): Promise<void> {
    return this.#process.trace(on);
  }

  touchHead(): void {
    this.#process.send("bench", Order.Head);
  }

  /** Resolves when the lights show `indicator`. */
  async shows(indicator: Indicator): Promise<void> {
    await this.#watch.until(() => this.#indicator === indicator);
  }

  /** Resolves when the coil has played `count` passes. */
  async played(count: number): Promise<void> {
    await this.#watch.until(() => this.passes.length >= count);
  }

  /**
   * The crypto port on `memory`, as a module would call it.
   *
   * @param memory - 8,192 octets at most.
   * @param operation - 0 SHA-256, 1 X25519, 2 seal, 3 open, 4 verify (firmware/ports/crypto.ts).
   */
  async crypto(operation: number, args: readonly number[], memory: Uint8Array): Promise<QemuTrial> {
    const before = this.#trials.length;
    this.#process.poke(TRIAL_AT, memory);
    this.#process.send("bench", Order.Crypto, cryptoOrder(operation, args, memory.length));
    await this.#watch.until(() => this.#trials.length > before);
    return { ...this.#trials[before]!, memory: this.#process.peek(TRIAL_AT, memory.length) };
  }

  /** The last swipe; undefined where the coil has played nothing. */
  emission(): Emission | undefined {
    return lastEmission(this.passes);
  }

  /** Forgets what the coil has played. */
  clear(): void {
    this.passes.length = 0;
  }

  /** Has a module reach outside of its memory; resolves when it was caught. */
  async trap(module: ModuleId): Promise<void> {
    const before = this.traps.length;
    this.#process.send("bench", Order.Trap, Uint8Array.of(module));
    await this.#watch.until(() => this.traps.length > before);
  }

  /** The records of its log, as its line gives them (wire/card-log.ts). */
  async log(): Promise<Uint8Array> {
    const before = this.#logs.length;
    this.#process.send("line", LineKind.Log);
    await this.#watch.until(() => this.#logs.length > before);
    return this.#logs[before]!;
  }

  async counts(): Promise<QemuCounts> {
    const before = this.#counts.length;
    this.#process.send("bench", Order.Counts);
    await this.#watch.until(() => this.#counts.length > before);
    return this.#counts[before]!;
  }

  /** How the coil's current went back after the last pass, as far as it has. */
  async ramp(): Promise<readonly QemuRampStep[]> {
    const before = this.#ramps.length;
    this.#process.send("bench", Order.Ramp);
    await this.#watch.until(() => this.#ramps.length > before);
    return this.#ramps[before]!;
  }

  /** Has the program go deeper than its stack is: it panics. */
  overflowStack(): void {
    this.#process.send("bench", Order.Deep);
  }

  /** Resolves when QEMU has ended of itself, as a panic ends it, with what it said last. */
  ended(): Promise<string> {
    return this.#process.ended();
  }

  /** Why QEMU has ended, where nobody had stopped it. */
  get failure(): EmulatorError | undefined {
    return this.#failure;
  }

  /** Power off. Resolves with all flash, as it was at that moment: what a card keeps without power. */
  async stop(): Promise<Uint8Array> {
    this.#powerOff();
    return await this.#process.stop();
  }

  #powerOff(): void {
    this.#on = false;
    this.#phone.hangUp();
    this.#ears.end();
    this.#radio?.powerOff();
  }

  #lost(why: EmulatorError): void {
    this.#failure = why;
    this.#powerOff();
    this.#watch.fail(why);
  }

  async #connect(): Promise<void> {
    const frames = new LineFrames();
    const bench = (octets: Uint8Array): void => {
      for (const frame of frames.push(octets)) this.#heardBench(frame);
    };
    const line = (octets: Uint8Array): void => {
      if (this.#loading || this.#bare) this.#ears.hear(octets);
      else for (const frame of this.#frames.push(octets)) this.#heardLine(frame);
    };
    const packets = new H4Packets();
    const radio = (octets: Uint8Array): void => {
      for (const packet of packets.push(octets)) this.#radio?.send(packet);
    };
    await this.#process.run({ line, radio, bench }, () => this.#loading || this.#unheard || this.#starts > 0);
    if (this.#unheard) await this.#reach();
  }

  /** An image without a bench has come up where it gives its log. What is said before is the loader's, and a frame may be cut by the start. */
  async #reach(): Promise<void> {
    for (let round = 0; this.#logs.length === 0; round++) {
      if (round === REACH_ROUNDS) throw new EmulatorError("QEMU_FAILED", "The image does not give its log");
      // Zeros end any frame; one more than a multiple of three moves the next frame on by an octet.
      await this.#process.write("line", new Uint8Array(520));
      this.#process.send("line", LineKind.Log);
      await Promise.race([delay(REACH_MS), this.#watch.until(() => this.#logs.length > 0)]);
    }
  }

  #heardLine({ kind, octets }: LineFrame): void {
    switch (kind) {
      case LineKind.Advertised:
        this.#advertised = octets.length > 0 ? octets : undefined;
        break;
      case LineKind.Taken:
        this.#phone.taken();
        break;
      case LineKind.Chunk:
        this.#phone.heard(octets);
        break;
      case LineKind.Down:
        this.#phone.hangUp();
        break;
      case LineKind.Log:
        this.#logs.push(octets);
        break;
    }
    this.#watch.changed();
  }

  #heardBench({ kind, octets }: LineFrame): void {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    switch (kind) {
      case Report.Ready:
        this.#clock.ticksPerUs = view.getUint32(0, true);
        this.#starts++;
        this.#loading = false;
        this.#frames = new LineFrames();
        this.#phone.hangUp();
        break;
      case Report.Indicator:
        this.#indicator = octets[0]!;
        if (this.#autoPress && this.#indicator === Indicator.Ask) void this.pressTwice();
        break;
      case Report.Trap:
        this.traps.push(octets[0]!);
        break;
      case Report.Crypto:
        this.#trials.push(trialOf(octets));
        break;
      case Report.Counts:
        this.#counts.push(countsOf(octets));
        break;
      case Report.Ramp:
        this.#ramps.push(rampOf(octets));
        break;
      case Report.Pass:
        this.passes.push(this.#clock.pass(octets));
        break;
    }
    this.#watch.changed();
  }
}
