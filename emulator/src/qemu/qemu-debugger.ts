// QEMU's stub for debuggers: GDB's remote serial protocol (GDB's manual, appendix E), as much of it as halts a machine, looks at it and lets it go on.

import type { Socket } from "node:net";
import { EmulatorError } from "../errors.js";

/** Why it stands still: an instruction that it has come to, or octets that it has just written. */
export interface QemuHalt {
  readonly registers: Uint32Array;
  readonly watched: boolean;
}

const REGISTERS = 16;
/** Kinds of stops: a breakpoint in hardware, a watch on writes. */
const [BREAK, WATCH] = [1, 2];
const THUMB = 2;

export class QemuDebugger {
  readonly #socket: Socket;
  #heard = "";
  #waiting: { resolve(answer: string): void; reject(reason: EmulatorError): void } | undefined;

  /** @param socket - Connected, and nothing read from it yet: the machine halts when it is. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#hear(text));
    socket.once("close", () => this.#waiting?.reject(new EmulatorError("QEMU_FAILED", "QEMU has ended")));
  }

  /** Halts before the instruction at `address`, whenever it gets there. */
  async breakAt(address: number): Promise<void> {
    await this.#ask(`Z${BREAK},${hex(address)},${THUMB}`);
  }

  async unbreak(address: number): Promise<void> {
    await this.#ask(`z${BREAK},${hex(address)},${THUMB}`);
  }

  /** Of the machine that stands still: one of its registers 0 to 15 has `value`, 32 bits, when it goes on. */
  async setRegister(register: number, value: number): Promise<void> {
    const all = Buffer.from(await this.#ask("g"), "hex").subarray(0, 4 * REGISTERS);
    all.writeUInt32LE(value, 4 * register);
    await this.#ask(`G${all.toString("hex")}`);
  }

  /** Halts when the octet at `address` is written. */
  async watch(address: number): Promise<void> {
    await this.#ask(`Z${WATCH},${hex(address)},1`);
  }

  async unwatch(address: number): Promise<void> {
    await this.#ask(`z${WATCH},${hex(address)},1`);
  }

  /** Lets it run until it halts. @throws {EmulatorError} `QEMU_FAILED` where it ends before */
  async run(): Promise<QemuHalt> {
    // What halts at an instruction would halt there again: that one is done alone.
    await this.#ask("s");
    const why = await this.#ask("c");
    const said = Buffer.from(await this.#ask("g"), "hex");
    const registers = Uint32Array.from({ length: REGISTERS }, (_, i) => said.readUInt32LE(4 * i));
    return { registers, watched: why.includes("watch:") };
  }

  /** One packet and its answer. The stub sends nothing unasked. */
  #ask(packet: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#socket.destroyed) reject(new EmulatorError("QEMU_FAILED", "QEMU has ended"));
      else this.#socket.write(framed(packet));
    });
  }

  #hear(text: string): void {
    this.#heard += text;
    const whole = /\$([^#]*)#[0-9a-f]{2}/.exec(this.#heard);
    if (whole === null) return;
    this.#heard = this.#heard.slice(whole.index + whole[0].length);
    this.#socket.write("+");
    this.#waiting?.resolve(whole[1]!);
  }
}

const hex = (value: number): string => value.toString(16);

function framed(packet: string): string {
  const sum = [...packet].reduce((total, char) => (total + char.charCodeAt(0)) & 0xff, 0);
  return `$${packet}#${hex(sum).padStart(2, "0")}`;
}
