// QEMU with a loader and an image on one of its Cortex-M boards: started, its serial lines, ended. Flash is a file, which outlives resets.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { encodeLineFrame } from "@enabling-card/wire";
import { EmulatorError } from "../errors.js";
import { seedKey, trueRandom } from "../ports/random.js";
import { QemuDebugger, type QemuHalt } from "./qemu-debugger.js";
import { makeQemuFolder } from "./qemu-folder.js";
import { MEMORY_SIZE, QEMU_FLASH, writeQemuMemory } from "./qemu-memory.js";
import { QemuMonitor } from "./qemu-monitor.js";

export type QemuBoard = "an386" | "an505";

/** The card's serial line, the one to its Bluetooth controller, and the bench's: firmware/mcu/include/board.h. */
const SERIALS = ["line", "radio", "bench"] as const;
export type Serial = (typeof SERIALS)[number];

export interface QemuImage {
  /** For which the image was built: Cortex-M4 (an386, unless told) or Cortex-M33 (an505). */
  readonly board?: QemuBoard;
  /** The loader, an ELF file. */
  readonly loader: string;
  /** What slot 0 holds, as an image; nothing without. */
  readonly image?: Uint8Array;
  /** What the store holds: a personalised block. */
  readonly flash?: Uint8Array;
  /** In place of both, which are not looked at: all flash of a run before, as `memory` gave it. */
  readonly memory?: Uint8Array;
  /** A Bluetooth controller is wired to the board. */
  readonly wired?: boolean;
  /** The button is held at the first start: the loader listens. */
  readonly held?: boolean;
  /** Makes the run's random octets repeatable: those of an emulated card with this seed. */
  readonly seed?: string;
  /** 32 octets in place of a chip's generator, for a production image, which looks at no seed: drawn anew unless told. */
  readonly entropy?: Uint8Array;
  /** QEMU's own instruction counter in place of the wall clock: repeatable runs. */
  readonly icount?: boolean;
  /** Waits, halted, for a debugger on this TCP port of 127.0.0.1, and as long as it takes. */
  readonly gdbPort?: number;
  /** Halts where it says, and looks at the machine before it goes on. */
  readonly halts?: QemuHalts;
  /** What `trace` writes down, while it does. */
  readonly traced?: QemuTraced;
}

export interface QemuHalts {
  /** Addresses of instructions. */
  readonly at: readonly number[];
  /** The machine stands still until this resolves; more may be watched from then on. */
  onHalt(halt: QemuHalt, machine: QemuDebugger): Promise<void>;
}

/** A line for each instruction of some of its code that runs. */
export interface QemuTraced {
  readonly file: string;
  /** Addresses of the first octet and of the one behind the last. */
  readonly code: readonly { readonly from: number; readonly to: number }[];
}

const START_MS = 30_000;
const SEED_SIZE = 32;

export class QemuProcess {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #sockets: Partial<Record<Serial, Socket>> = {};
  #monitor: QemuMonitor | undefined;
  readonly #until = Date.now() + START_MS;
  readonly #gdb: boolean;
  readonly #isTraced: boolean;
  readonly #halts: QemuHalts | undefined;
  #said = "";
  #left: Uint8Array | undefined;
  /** It has ended, or has never begun; all that it said is there. */
  #isGone = false;
  #isStopped = false;

  /** @param onLost - It has ended, and nobody had stopped it. */
  constructor(options: QemuImage, onLost: (why: EmulatorError) => void = () => undefined) {
    const { board = "an386", loader, seed, icount = false, gdbPort, traced, halts } = options;
    this.#gdb = gdbPort !== undefined;
    this.#isTraced = traced !== undefined;
    this.#halts = halts;
    this.#folder = makeQemuFolder();
    const entropy = options.entropy ?? trueRandom(SEED_SIZE);
    writeQemuMemory(this.#file, options, seed === undefined ? trueRandom(SEED_SIZE) : seedKey(seed), entropy);
    const socket = (name: Serial) => [
      "-chardev",
      `socket,id=${name},path=${join(this.#folder, name)},server=on,wait=off`,
    ];
    this.#process = spawn(
      ...withUs("qemu-system-arm", [
        ...["-object", `memory-backend-file,id=flash,size=${MEMORY_SIZE},mem-path=${this.#file},share=on`],
        ...["-M", `mps2-${board},memory-backend=flash`, "-display", "none", "-monitor", "none", "-kernel", loader],
        ...["-semihosting-config", "enable=on,target=native"],
        ...(icount ? ["-icount", "shift=0,align=off,sleep=on"] : []),
        ...(gdbPort === undefined ? [] : ["-gdb", `tcp:127.0.0.1:${gdbPort}`]),
        ...(halts === undefined ? [] : ["-gdb", `unix:${join(this.#folder, "gdb")},server=on,wait=off`]),
        ...(traced === undefined ? [] : traceArguments(traced)),
        ...SERIALS.flatMap(socket),
        ...SERIALS.flatMap((name) => ["-serial", `chardev:${name}`]),
        "-S",
        ...["-qmp", `unix:${join(this.#folder, "qmp")},server=on,wait=off`],
      ]),
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    process.once("exit", this.#end);
    this.#process.stderr!.on("data", (text: Buffer) => {
      this.#said = (this.#said + text).slice(-2000);
    });
    const missing = (): void => {
      // In place of what setpriv says of it.
      this.#said = "qemu-system-arm is missing: apt-get install qemu-system-arm";
    };
    this.#process.once("error", missing);
    this.#process.once("exit", (code) => code === NOT_FOUND && missing());
    this.#process.once("close", () => {
      this.#isGone = true;
      if (!this.#isStopped) onLost(this.#failure());
    });
  }

  /** Lets the image run, or a debugger, its lines heard by `heard`, until `isReady`. @throws {EmulatorError} `QEMU_FAILED` */
  async run(heard: Readonly<Record<Serial, (octets: Uint8Array) => void>>, isReady: () => boolean): Promise<void> {
    for (const name of SERIALS) {
      const socket = await this.#dial(name);
      this.#sockets[name] = socket;
      socket.on("data", heard[name]);
    }
    if (!this.#gdb) {
      this.#monitor = new QemuMonitor(await this.#dial("qmp"));
      if (this.#halts === undefined) await this.#monitor.ask("cont");
      else void this.#halting(this.#halts, new QemuDebugger(await this.#dial("gdb")));
    }
    while (!isReady()) {
      if (this.#isLate()) throw this.#failure();
      await delay(5);
    }
  }

  send(to: Serial, kind: number, octets?: Uint8Array): void {
    this.#sockets[to]?.write(encodeLineFrame(kind, octets));
  }

  /** Octets as they are. */
  write(to: Serial, octets: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const socket = this.#sockets[to];
      if (socket === undefined || socket.destroyed) resolve();
      else socket.write(octets, () => resolve());
    });
  }

  /** All flash, as it is now; of a write at this moment a part may be there. */
  memory(): Uint8Array {
    return this.peek(0, QEMU_FLASH.size);
  }

  /** Octets into the file of its memory, where nothing of the card's uses them. */
  poke(at: number, octets: Uint8Array): void {
    withFile(this.#file, "r+", (file) => writeSync(file, octets, 0, octets.length, at));
  }

  peek(at: number, size: number): Uint8Array {
    const octets = new Uint8Array(size);
    withFile(this.#file, "r", (file) => readSync(file, octets, 0, size, at));
    return octets;
  }

  /** `size` octets of what the processor sees at `address`, as they are at this moment. */
  async look(address: number, size: number): Promise<Uint8Array> {
    const file = join(this.#folder, "look.bin");
    await this.#monitor!.ask("pmemsave", { val: address, size, filename: file });
    return Uint8Array.from(readFileSync(file));
  }

  /** Begins or ends to write down what `traced` says; without it, nothing. All that runs meanwhile runs an instruction at a time, some fifty times slower. */
  async trace(on: boolean): Promise<void> {
    if (!this.#isTraced) return;
    for (const order of on ? ["singlestep on", "log exec,nochain,int"] : ["log none", "singlestep off"])
      await this.#monitor!.ask("human-monitor-command", { "command-line": order });
  }

  get #file(): string {
    return join(this.#folder, "flash.bin");
  }

  /** Whoever ends takes it along. */
  readonly #end = (): void => {
    this.#process.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  };

  /** Resolves when it has ended, with what it said last. */
  async ended(): Promise<string> {
    if (!this.#isGone) await new Promise((resolve) => this.#process.once("close", resolve));
    return this.#said.trim();
  }

  /** Power off. Resolves with all flash, as it was at that moment. */
  async stop(): Promise<Uint8Array> {
    if (this.#left !== undefined) return this.#left;
    this.#isStopped = true;
    process.off("exit", this.#end);
    for (const socket of Object.values(this.#sockets)) socket.destroy();
    this.#monitor?.close();
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGKILL");
      await ended;
    }
    this.#left = this.memory();
    rmSync(this.#folder, { recursive: true, force: true });
    return this.#left;
  }

  async #halting({ at, onHalt }: QemuHalts, machine: QemuDebugger): Promise<void> {
    try {
      for (const address of at) await machine.breakAt(address);
      for (;;) await onHalt(await machine.run(), machine);
    } catch (error) {
      // A machine whose power is gone has nothing more to halt.
      if (!(error instanceof EmulatorError)) throw error;
    }
  }

  async #dial(name: Serial | "qmp" | "gdb"): Promise<Socket> {
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
    return (!this.#gdb && Date.now() > this.#until) || this.#isGone;
  }

  /** What the image or QEMU said last says most; a panic's word is the image's. */
  #failure(): EmulatorError {
    const { signalCode } = this.#process;
    const what = !this.#isGone
      ? "The image does not start in QEMU"
      : signalCode
        ? `${signalCode} has ended QEMU`
        : "QEMU has ended";
    const said = this.#said.trim();
    return new EmulatorError(
      "QEMU_FAILED",
      said === "" && signalCode ? `${what}: start it again` : `${what}: ${said || "no word"}`,
    );
  }
}

/** Of util-linux: has the system kill what it starts when we are gone, however that came about. Where it is not there, only an orderly end takes QEMU along. */
const SETPRIV = "/usr/bin/setpriv";
/** The exit code of who starts a program that is not there. */
const NOT_FOUND = 127;

function withUs(program: string, args: readonly string[]): [string, string[]] {
  return existsSync(SETPRIV) ? [SETPRIV, ["--pdeathsig", "KILL", program, ...args]] : [program, [...args]];
}

function withFile(path: string, flags: "r" | "r+", work: (file: number) => void): void {
  const file = openSync(path, flags);
  try {
    work(file);
  } finally {
    closeSync(file);
  }
}

function traceArguments({ file, code }: QemuTraced): string[] {
  const hex = (at: number): string => `0x${at.toString(16)}`;
  const ranges = code.map(({ from, to }) => `${hex(from)}..${hex(to - 1)}`).join(",");
  return ["-dfilter", ranges, "-D", file];
}

function dialled(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    // Later ones are its end, which `close` tells: QEMU may go while somebody writes.
    socket.on("error", reject);
  });
}
