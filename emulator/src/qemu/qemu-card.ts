// The card's image on a Cortex-M in QEMU: its line, its button, its lights and its coil, as the emulated card has them.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ATT_HEADER, Indicator, MTU_MAX, MTU_MIN } from "@enabling-card/wire";
import { EmulatorError } from "../errors.js";
import { Battery } from "../ports/battery.js";
import { GESTURES } from "../ports/button.js";
import { EMISSION_GAP_NS, type Emission, type Pass } from "../ports/coil.js";
import type { LineEnd } from "../ports/line.js";
import { seedKey, trueRandom } from "../ports/random.js";
import { encodeSerialFrame, type SerialFrame, SerialFrames } from "./serial-frames.js";

export interface QemuCardOptions {
  /** For which the image was built: Cortex-M4 (an386, unless told) or Cortex-M33 (an505). */
  readonly board?: QemuBoard;
  /** The image, an ELF file. */
  readonly elf: string;
  /** What its flash region holds: a personalised block. */
  readonly flash: Uint8Array;
  /** Makes the run's random octets repeatable: those of an emulated card with this seed. */
  readonly seed?: string;
  readonly id?: string;
  /** QEMU's own instruction counter in place of the wall clock: repeatable runs. */
  readonly icount?: boolean;
  /** Presses the button whenever the card asks for it. */
  readonly autoPress?: boolean;
}

/** One pass as the coil's pins showed it. */
export interface QemuPass {
  /** On the board's timer, nanoseconds from the first pass since power-on; the timer comes round after 171 s, and the next pass must be nearer. */
  readonly startNs: number;
  /** Reversals, nanoseconds from the first one. */
  readonly edgesNs: Float64Array;
}

/** What came of a call of the crypto port. */
export interface QemuTrial {
  readonly trapped: boolean;
  readonly status: number;
  /** Of the board's timer, 25 MHz; with `icount` 40 instructions each. */
  readonly ticks: number;
  readonly memory: Uint8Array;
}

const CRYPTO_ARGUMENTS = 6;
/** Where QEMU's boards have the image's flash region (firmware/mcu/board), and their names. */
const BOARDS = {
  an386: { machine: "mps2-an386", flashAt: 0x21000000 },
  an505: { machine: "mps2-an505", flashAt: 0x38200000 },
} as const;
export type QemuBoard = keyof typeof BOARDS;
const START_MS = 10_000;
const SEED_SIZE = 32;
const enum Line {
  Chunk = 0,
  Taken = 1,
  Up = 2,
  Down = 3,
  Advertised = 4,
}
const enum Order {
  Button = 1,
  Head = 2,
  Crypto = 3,
}
const enum Report {
  Ready = 1,
  Indicator = 2,
  Trap = 3,
  Pass = 4,
  Crypto = 5,
}

interface Phone {
  readonly chunks: Set<(chunk: Uint8Array) => void>;
  readonly closed: Set<() => void>;
  readonly early: Uint8Array[];
  readonly taken: (() => void)[];
}

export class QemuCard {
  readonly id: string;
  readonly passes: QemuPass[] = [];
  readonly traps: number[] = [];
  #process: ChildProcess;
  #folder: string;
  #line!: Socket;
  #bench!: Socket;
  #phone: Phone | undefined;
  #advertised: Uint8Array | undefined;
  #indicator: Indicator = Indicator.Off;
  #ticksPerUs = 1;
  #said = "";
  readonly #autoPress: boolean;
  #lastTick: number | undefined;
  #sinceFirstNs = 0;
  readonly #trials: QemuTrial[] = [];
  readonly #watchers = new Set<() => void>();

  /** Starts the image. @throws {EmulatorError} `QEMU_FAILED` where it does not come up. */
  static async start(options: QemuCardOptions): Promise<QemuCard> {
    const card = new QemuCard(options);
    try {
      await card.#connect();
    } catch (error) {
      await card.stop();
      throw error;
    }
    return card;
  }

  private constructor(options: QemuCardOptions) {
    const { board = "an386", elf, flash, seed, id = "qemu-card", icount = false, autoPress = false } = options;
    this.id = id;
    this.#autoPress = autoPress;
    this.#folder = mkdtempSync(join(tmpdir(), "ecard-qemu-"));
    const image = join(this.#folder, "flash.bin");
    const content = new Uint8Array(flash.length + SEED_SIZE);
    content.set(flash);
    content.set(seed === undefined ? trueRandom(SEED_SIZE) : seedKey(seed), flash.length);
    writeFileSync(image, content, { mode: 0o600 });
    const socket = (name: string) => [
      "-chardev",
      `socket,id=${name},path=${join(this.#folder, name)},server=on,wait=off`,
    ];
    this.#process = spawn(
      "qemu-system-arm",
      [
        ...["-M", BOARDS[board].machine, "-display", "none", "-monitor", "none", "-kernel", elf],
        ...["-device", `loader,file=${image},addr=${BOARDS[board].flashAt},force-raw=on`],
        ...["-semihosting-config", "enable=on,target=native"],
        ...(icount ? ["-icount", "shift=0,align=off,sleep=on"] : []),
        ...socket("line"),
        ...socket("bench"),
        ...["-serial", "chardev:line", "-serial", "chardev:bench", "-S"],
        ...["-qmp", `unix:${join(this.#folder, "qmp")},server=on,wait=off`],
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    this.#process.stderr!.on("data", (text: Buffer) => {
      this.#said = (this.#said + text).slice(-2000);
    });
  }

  /** What a scanner sees: 16 octets once paired. */
  advertised(): Uint8Array | undefined {
    return this.#advertised?.slice();
  }

  get indicator(): Indicator {
    return this.#indicator;
  }

  /** @throws {EmulatorError} `LINE_BUSY`, `LINE_MTU_INVALID` */
  connectLine({ mtu = 247 }: { readonly mtu?: number } = {}): LineEnd {
    if (this.#phone) throw new EmulatorError("LINE_BUSY", "Another phone is connected to this card");
    if (!Number.isInteger(mtu) || mtu < MTU_MIN || mtu > MTU_MAX)
      throw new EmulatorError("LINE_MTU_INVALID", `An MTU has ${MTU_MIN} to ${MTU_MAX} octets`);
    const maxWrite = mtu - ATT_HEADER;
    const phone: Phone = { chunks: new Set(), closed: new Set(), early: [], taken: [] };
    this.#phone = phone;
    this.#line.write(encodeSerialFrame(Line.Up, Uint8Array.of(maxWrite & 0xff, maxWrite >> 8)));
    const live = () => this.#phone === phone;
    return {
      maxWrite,
      write: (chunk) => {
        if (!live()) throw new EmulatorError("LINE_CLOSED", "The line to the card is closed: connect again");
        return new Promise((resolve) => {
          phone.taken.push(resolve);
          this.#line.write(encodeSerialFrame(Line.Chunk, chunk));
        });
      },
      onChunk: (listener) => {
        phone.chunks.add(listener);
        for (const chunk of phone.early.splice(0)) this.#give(phone, chunk);
        return () => phone.chunks.delete(listener);
      },
      onClose: (listener) => {
        phone.closed.add(listener);
        return () => phone.closed.delete(listener);
      },
      close: async () => {
        if (!live()) return;
        this.#line.write(encodeSerialFrame(Line.Down));
        this.#hangUp();
      },
    };
  }

  async pressTwice(): Promise<void> {
    let at = 0;
    for (const [i, ms] of GESTURES.twice.entries()) {
      await delay(ms - at);
      at = ms;
      this.#bench.write(encodeSerialFrame(Order.Button, Uint8Array.of(i % 2 === 0 ? 1 : 0)));
    }
  }

  touchHead(): void {
    this.#bench.write(encodeSerialFrame(Order.Head));
  }

  /** Resolves when the lights show `indicator`. */
  async shows(indicator: Indicator): Promise<void> {
    await this.#until(() => this.#indicator === indicator);
  }

  /** Resolves when the coil has played `count` passes. */
  async played(count: number): Promise<void> {
    await this.#until(() => this.passes.length >= count);
  }

  /**
   * The crypto port on `memory`, as a module would call it.
   *
   * @param operation - 0 SHA-256, 1 X25519, 2 seal, 3 open, 4 verify (firmware/ports/crypto.ts).
   */
  async crypto(operation: number, args: readonly number[], memory: Uint8Array): Promise<QemuTrial> {
    const order = new Uint8Array(1 + 4 * CRYPTO_ARGUMENTS + memory.length);
    order[0] = operation;
    const view = new DataView(order.buffer);
    for (const [i, value] of args.entries()) view.setUint32(1 + 4 * i, value, true);
    order.set(memory, 1 + 4 * CRYPTO_ARGUMENTS);
    const before = this.#trials.length;
    this.#bench.write(encodeSerialFrame(Order.Crypto, order));
    await this.#until(() => this.#trials.length > before);
    return this.#trials[before]!;
  }

  /** The last passes, no more than a second apart, as one swipe; undefined where there are none. Energy is the emulated card's for as long. */
  emission(): Emission | undefined {
    const { passes } = this;
    if (passes.length === 0) return undefined;
    const lengthOf = ({ edgesNs }: QemuPass): number => edgesNs[edgesNs.length - 1]!;
    let first = passes.length - 1;
    while (first > 0) {
      const before = passes[first - 1]!;
      if (passes[first]!.startNs - before.startNs - lengthOf(before) > EMISSION_GAP_NS) break;
      first--;
    }
    const battery = new Battery();
    const { startNs } = passes[first]!;
    const swipe = passes.slice(first).map((pass): Pass => {
      const from = pass.startNs - startNs;
      return {
        startNs: from,
        endNs: from + lengthOf(pass),
        edgesNs: pass.edgesNs.map((at) => from + at),
        complete: true,
        energyMj: battery.emissionMj(lengthOf(pass)),
      };
    });
    return {
      startNs,
      passes: swipe,
      edgesNs: swipe.map(({ edgesNs }) => edgesNs),
      energyMj: swipe.reduce((sum, { energyMj }) => sum + energyMj, 0),
      durationNs: swipe[swipe.length - 1]!.endNs,
    };
  }

  /** Forgets what the coil has played. */
  clear(): void {
    this.passes.length = 0;
  }

  /** Power off. */
  async stop(): Promise<void> {
    this.#hangUp();
    this.#line?.destroy();
    this.#bench?.destroy();
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGKILL");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #connect(): Promise<void> {
    const failed = (cause?: unknown) =>
      new EmulatorError("QEMU_FAILED", `The image does not start in QEMU: ${this.#said.trim() || "no word"}`, {
        cause,
      });
    this.#process.once("error", () => {
      this.#said += "qemu-system-arm is missing: apt-get install qemu-system-arm";
    });
    const until = Date.now() + START_MS;
    const socket = async (name: string): Promise<Socket> => {
      for (;;) {
        if (Date.now() > until || this.#process.exitCode !== null) throw failed();
        try {
          return await dialled(join(this.#folder, name));
        } catch {
          await delay(20);
        }
      }
    };
    this.#line = await socket("line");
    this.#bench = await socket("bench");
    const lineFrames = new SerialFrames();
    this.#line.on("data", (bytes) => {
      for (const frame of lineFrames.push(bytes)) this.#heardLine(frame);
    });
    const benchFrames = new SerialFrames();
    let ready = false;
    this.#bench.on("data", (bytes) => {
      for (const frame of benchFrames.push(bytes)) {
        if (frame.kind === Report.Ready) ready = true;
        this.#heardBench(frame);
      }
    });
    const monitor = await socket("qmp");
    monitor.write('{"execute":"qmp_capabilities"}\n{"execute":"cont"}\n');
    while (!ready) {
      if (Date.now() > until || this.#process.exitCode !== null) throw failed();
      await delay(5);
    }
  }

  #heardLine({ kind, octets }: SerialFrame): void {
    const phone = this.#phone;
    switch (kind) {
      case Line.Advertised:
        this.#advertised = octets.length > 0 ? octets : undefined;
        break;
      case Line.Taken:
        phone?.taken.shift()?.();
        break;
      case Line.Chunk:
        if (phone === undefined) break;
        if (phone.chunks.size === 0) phone.early.push(octets);
        else this.#give(phone, octets);
        break;
      case Line.Down:
        this.#hangUp();
        break;
    }
    this.#changed();
  }

  #give(phone: Phone, chunk: Uint8Array): void {
    this.#line.write(encodeSerialFrame(Line.Taken));
    for (const listener of phone.chunks) listener(chunk.slice());
  }

  #heardBench({ kind, octets }: SerialFrame): void {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    switch (kind) {
      case Report.Ready:
        this.#ticksPerUs = view.getUint32(0, true);
        break;
      case Report.Indicator:
        this.#indicator = octets[0]!;
        if (this.#autoPress && this.#indicator === Indicator.Ask) void this.pressTwice();
        break;
      case Report.Trap:
        this.traps.push(octets[0]!);
        break;
      case Report.Crypto:
        this.#trials.push({
          trapped: octets[0] === 1,
          status: view.getUint32(1, true),
          ticks: view.getUint32(5, true),
          memory: octets.slice(9),
        });
        break;
      case Report.Pass: {
        const first = view.getUint32(0, true);
        const ns = 1000 / this.#ticksPerUs;
        if (this.#lastTick !== undefined) this.#sinceFirstNs += ((first - this.#lastTick) >>> 0) * ns;
        this.#lastTick = first;
        const edgesNs = Float64Array.from(
          { length: octets.length / 4 },
          (_, i) => ((view.getUint32(4 * i, true) - first) >>> 0) * ns,
        );
        this.passes.push({ startNs: this.#sinceFirstNs, edgesNs });
        break;
      }
    }
    this.#changed();
  }

  #hangUp(): void {
    const phone = this.#phone;
    this.#phone = undefined;
    for (const taken of phone?.taken.splice(0) ?? []) taken();
    for (const listener of phone?.closed ?? []) listener();
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }

  #until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!isSo()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }
}

function dialled(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}
