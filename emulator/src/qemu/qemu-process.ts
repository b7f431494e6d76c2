// QEMU with an image on one of its Cortex-M boards: started, its two serial lines as frames, ended.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { EmulatorError } from "../errors.js";
import { seedKey, trueRandom } from "../ports/random.js";
import { encodeSerialFrame, type SerialFrame, SerialFrames } from "./serial-frames.js";

/** Where QEMU's boards have the image's flash region (firmware/mcu/board), and their names. */
const BOARDS = {
  an386: { machine: "mps2-an386", flashAt: 0x21000000 },
  an505: { machine: "mps2-an505", flashAt: 0x38200000 },
} as const;
export type QemuBoard = keyof typeof BOARDS;

/** The card's serial line, and the bench's. */
export type Serial = "line" | "bench";

export interface QemuImage {
  /** For which the image was built: Cortex-M4 (an386, unless told) or Cortex-M33 (an505). */
  readonly board?: QemuBoard;
  /** The image, an ELF file. */
  readonly elf: string;
  /** What its flash region holds: a personalised block. */
  readonly flash: Uint8Array;
  /** Makes the run's random octets repeatable: those of an emulated card with this seed. */
  readonly seed?: string;
  /** QEMU's own instruction counter in place of the wall clock: repeatable runs. */
  readonly icount?: boolean;
  /** Waits, halted, for a debugger on this TCP port of 127.0.0.1, and as long as it takes. */
  readonly gdbPort?: number;
  /** Writes a line for each instruction of some of its code that runs. */
  readonly traced?: QemuTraced;
}

export interface QemuTraced {
  readonly file: string;
  /** Addresses of the first octet and of the one behind the last. */
  readonly code: readonly { readonly from: number; readonly to: number }[];
}

const START_MS = 10_000;
const SEED_SIZE = 32;

export class QemuProcess {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #sockets: Partial<Record<Serial, Socket>> = {};
  readonly #until = Date.now() + START_MS;
  readonly #gdb: boolean;
  #said = "";

  constructor({ board = "an386", elf, flash, seed, icount = false, gdbPort, traced }: QemuImage) {
    this.#gdb = gdbPort !== undefined;
    this.#folder = mkdtempSync(join(tmpdir(), "ecard-qemu-"));
    const image = join(this.#folder, "flash.bin");
    const content = new Uint8Array(flash.length + SEED_SIZE);
    content.set(flash);
    content.set(seed === undefined ? trueRandom(SEED_SIZE) : seedKey(seed), flash.length);
    writeFileSync(image, content, { mode: 0o600 });
    const socket = (name: Serial) => [
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
        ...(gdbPort === undefined ? [] : ["-gdb", `tcp:127.0.0.1:${gdbPort}`]),
        ...(traced === undefined ? [] : traceArguments(traced)),
        ...socket("line"),
        ...socket("bench"),
        ...["-serial", "chardev:line", "-serial", "chardev:bench", "-S"],
        ...["-qmp", `unix:${join(this.#folder, "qmp")},server=on,wait=off`],
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    process.once("exit", this.#end);
    this.#process.stderr!.on("data", (text: Buffer) => {
      this.#said = (this.#said + text).slice(-2000);
    });
    this.#process.once("error", () => {
      this.#said += "qemu-system-arm is missing: apt-get install qemu-system-arm";
    });
  }

  /** Lets the image run, or a debugger, its lines heard by `heard`, until `isReady`. @throws {EmulatorError} `QEMU_FAILED` */
  async run(heard: Readonly<Record<Serial, (frame: SerialFrame) => void>>, isReady: () => boolean): Promise<void> {
    for (const name of ["line", "bench"] as const) {
      const frames = new SerialFrames();
      const socket = await this.#dial(name);
      this.#sockets[name] = socket;
      socket.on("data", (bytes) => {
        for (const frame of frames.push(bytes)) heard[name](frame);
      });
    }
    if (!this.#gdb) {
      const monitor = await this.#dial("qmp");
      monitor.write('{"execute":"qmp_capabilities"}\n{"execute":"cont"}\n');
    }
    while (!isReady()) {
      if (this.#isLate()) throw this.#failure();
      await delay(5);
    }
  }

  send(to: Serial, kind: number, octets?: Uint8Array): void {
    this.#sockets[to]?.write(encodeSerialFrame(kind, octets));
  }

  /** Whoever ends takes it along. */
  readonly #end = (): void => {
    this.#process.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  };

  /** Power off. */
  async stop(): Promise<void> {
    process.off("exit", this.#end);
    for (const socket of Object.values(this.#sockets)) socket.destroy();
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGKILL");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #dial(name: Serial | "qmp"): Promise<Socket> {
    for (;;) {
      if (this.#isLate()) throw this.#failure();
      try {
        return await dialled(join(this.#folder, name));
      } catch {
        await delay(20);
      }
    }
  }

  #isLate(): boolean {
    return (!this.#gdb && Date.now() > this.#until) || this.#process.exitCode !== null;
  }

  #failure(): EmulatorError {
    return new EmulatorError("QEMU_FAILED", `The image does not start in QEMU: ${this.#said.trim() || "no word"}`);
  }
}

function traceArguments({ file, code }: QemuTraced): string[] {
  const hex = (at: number): string => `0x${at.toString(16)}`;
  const ranges = code.map(({ from, to }) => `${hex(from)}..${hex(to - 1)}`).join(",");
  return ["-singlestep", "-d", "exec,nochain", "-dfilter", ranges, "-D", file];
}

function dialled(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}
