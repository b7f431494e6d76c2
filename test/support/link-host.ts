// Link alone, on a controller that a test plays: packets in, packets out. After each call the gaps behind its buffers are looked at, and what left is
// held against the controller's buffers and HCI's lengths.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { concat, fromHex, Status } from "@enabling-card/wire";

type Exports = Record<string, (...args: number[]) => number> & { readonly memory: WebAssembly.Memory };

const MODULES = new Map<string, WebAssembly.Module>();
/** Where the modules are; elsewhere where checks were taken out of them (test/fuzz/run-mutants.ts). */
const BUILDS =
  process.env.ECARD_LINK_BUILDS === undefined
    ? new URL("../../build/firmware/", import.meta.url)
    : pathToFileURL(`${process.env.ECARD_LINK_BUILDS}/`);
const MARK = 0xa5;
/** Disconnect, LE Read Channel Map, LE Long Term Key Request Negative Reply. */
const OF_CONNECTIONS = [0x0406, 0x2015, 0x201b];
const UNKNOWN_CONNECTION = 0x02;
/** The first connection's handle. */
export const HANDLE = 0x40;
export const ATT = 4;

export interface LinkHostOptions {
  /** `guarded` (default) has gaps behind its buffers. */
  readonly build?: "guarded" | "link";
  readonly aclOctets?: number;
  readonly aclBuffers?: number;
  /** Return parameters of a command, status first; undefined for no answer. `[0]` unless told. */
  readonly answer?: (opcode: number) => readonly number[] | undefined;
  /** Hears each packet that link is given. */
  readonly onPacket?: (packet: Uint8Array) => void;
}

export interface Frame {
  readonly channel: number;
  readonly payload: Uint8Array;
}

export class LinkHost {
  readonly exports: Exports;
  /** Packets of the host, and slots it posted, since `clear`. */
  readonly packets: Uint8Array[] = [];
  readonly mail: { readonly to: number; readonly bytes: Uint8Array }[] = [];
  readonly hangUps: number[] = [];
  /** What the port `radio` answers. */
  radio: Status = Status.Ok;
  /** Battery, per cent. */
  battery = 87;
  nowMs = 1000;
  alarmMs = 0;
  /** ACL packets that the controller holds. */
  held = 0;
  /** Gives buffers back by itself after each call. */
  autoComplete = true;
  /** Disconnects what it is told to. */
  endsConnections = false;
  /** False where a test forges completed packets and ends: buffers and frames cannot be counted then. */
  isTrusted = true;
  aclOctets: number;
  aclBuffers: number;
  answer: (opcode: number) => readonly number[] | undefined;
  readonly #gaps: { readonly at: number; readonly size: number }[] = [];
  readonly #answers: Uint8Array[] = [];
  #knowsNobody = false;
  #frame: { readonly channel: number; readonly total: number; have: Uint8Array } | undefined;
  readonly #frames: Frame[] = [];

  readonly #onPacket: (packet: Uint8Array) => void;

  constructor(options: LinkHostOptions = {}) {
    const { build = "guarded", aclOctets = 251, aclBuffers = 8, answer = () => [0] } = options;
    this.#onPacket = options.onPacket ?? (() => undefined);
    this.aclOctets = aclOctets;
    this.aclBuffers = aclBuffers;
    this.answer = answer;
    let module = MODULES.get(build);
    if (module === undefined) {
      module = new WebAssembly.Module(readFileSync(new URL(`${build}.wasm`, BUILDS)));
      MODULES.set(build, module);
    }
    this.exports = new WebAssembly.Instance(module, {
      radio: { send: (at: number, length: number) => this.#sent(this.read(at, length)) },
      line: {
        maxWrite: () => 0,
        write: () => Status.Absent,
        hangUp: () => void this.hangUps.push(1),
        advertise: () => 0,
      },
      clock: { now: () => BigInt(this.nowMs), wakeAt: (ms: bigint) => this.#wakeAt(ms) },
      battery: { percent: () => this.battery, sustains: () => 1 },
      indicators: { show: () => undefined },
      mailbox: {
        send: (to: number, at: number, length: number) => {
          const bytes = this.read(at, length);
          if (isMarked(bytes)) throw new Error("octets from behind a buffer were posted");
          this.mail.push({ to, bytes });
          return 0;
        },
      },
    }).exports as unknown as Exports;
    for (let i = 0; this.exports.gap !== undefined && this.exports.gap(i) !== 0; i++) {
      const gap = { at: this.exports.gap(i), size: this.exports.gapSize!() };
      this.#gaps.push(gap);
      this.#memory.fill(MARK, gap.at, gap.at + gap.size);
    }
    this.#memory.fill(MARK, this.exports.heapBase!());
  }

  get #memory(): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer);
  }

  read(at: number, length: number): Uint8Array {
    return this.#memory.slice(at, at + length);
  }

  /** Link starts, and its controller is brought up and answers. */
  start(): this {
    return this.run(() => this.exports.start!());
  }

  /** One call into link, and all that its controller answers by itself. */
  run(call: () => void): this {
    call();
    for (;;) {
      if (this.autoComplete && this.held > 0) {
        const count = this.held;
        this.held = 0;
        this.#give(this.#completed(count));
        continue;
      }
      const answer = this.#answers.shift();
      if (answer === undefined) break;
      this.#give(answer);
    }
    this.check();
    return this;
  }

  /** A packet of the controller. */
  packet(packet: Uint8Array): this {
    return this.run(() => this.#give(packet));
  }

  /** An event, as `code parameters` in hexadecimal, its length put in. */
  event(code: number, ...parameters: (Uint8Array | number)[]): this {
    const body = concat(...parameters.map((part) => (typeof part === "number" ? Uint8Array.of(part) : part)));
    return this.packet(concat(Uint8Array.of(4, code, body.length), body));
  }

  /** A phone connects, as a central. */
  connect({ handle = HANDLE, interval = 24, role = 1, status = 0 } = {}): this {
    const peer = fromHex("00010203040506");
    this.#knowsNobody = false;
    return this.event(0x3e, 1, status, le(handle), role, peer, le(interval), le(0), le(42), 0);
  }

  disconnect(handle = HANDLE): this {
    this.held = 0;
    this.#frame = undefined;
    return this.event(0x05, 0, le(handle), 0x13);
  }

  /** The controller starts again, without a word: it knows no connection, and nothing that it was told. */
  forget(): this {
    this.clear();
    this.#knowsNobody = true;
    this.held = 0;
    return this;
  }

  /** The controller has sent so many packets. */
  complete(count: number): this {
    this.held -= count;
    return this.packet(this.#completed(count));
  }

  /** ACL data of the phone: one fragment, the start of a frame or more of it. */
  fragment(data: Uint8Array, start = true, handle = HANDLE): this {
    return this.packet(concat(Uint8Array.of(2), le(handle | (start ? 0x2000 : 0x1000)), le(data.length), data));
  }

  /** A whole frame; what link says to it, as frames. */
  frame(channel: number, payload: Uint8Array): Frame[] {
    this.#frames.length = 0;
    this.fragment(concat(le(payload.length), le(channel), payload));
    return this.#frames.slice();
  }

  /** A PDU of the ATT client in hexadecimal; the PDUs in answer. */
  att(pdu: string | Uint8Array): string[] {
    return this.frame(ATT, typeof pdu === "string" ? fromHex(pdu.replaceAll(" ", "")) : pdu).map(({ payload }) =>
      Buffer.from(payload).toString("hex"),
    );
  }

  /** Frames since the last `frame` or `att`, or `clear`. */
  get frames(): readonly Frame[] {
    return this.#frames;
  }

  /** What was half sent is forgotten. */
  forgetFrames(): void {
    this.#frame = undefined;
    this.#frames.length = 0;
    this.held = 0;
    this.isTrusted = true;
  }

  /** Opcodes of the commands since `clear`. */
  get commands(): number[] {
    return this.packets.filter(([type]) => type === 1).map((packet) => packet[1]! | (packet[2]! << 8));
  }

  clear(): void {
    this.packets.length = 0;
    this.mail.length = 0;
    this.#frames.length = 0;
  }

  /** Time goes on; what is due by then happens. */
  advance(ms: number): this {
    const until = this.nowMs + ms;
    while (this.alarmMs > 0 && this.alarmMs <= until) {
      this.nowMs = Math.max(this.nowMs, this.alarmMs);
      this.alarmMs = 0;
      this.run(() => this.exports.onAlarm!());
    }
    this.nowMs = until;
    return this;
  }

  /** A slot for link, as the machine delivers it. */
  post(sender: number, bytes: Uint8Array): this {
    return this.run(() => {
      this.#memory.set(bytes, this.exports.mailSlot!());
      this.exports.onMail!(sender, bytes.length);
    });
  }

  /** @throws {Error} where a buffer was overrun, or memory above the module's was written. */
  check(): void {
    const memory = this.#memory;
    for (const [i, { at, size }] of this.#gaps.entries())
      if (!all(memory, at, at + size)) throw new Error(`the gap behind buffer ${i} was written`);
    const end = this.exports.heapBase!();
    if (!all(memory, end, end + 1024)) throw new Error("memory above the module's own was written");
  }

  #completed(count: number): Uint8Array {
    return concat(Uint8Array.of(4, 0x13, 5, 1), le(HANDLE), le(count));
  }

  #wakeAt(ms: bigint): void {
    this.alarmMs = Number(ms);
  }

  #give(packet: Uint8Array): void {
    this.#onPacket(packet.subarray(0, 258));
    const slot = this.exports.packetSlot!();
    // What lies behind a packet is marked, so that an octet read from there shows.
    this.#memory.fill(MARK, slot, slot + 258);
    this.#memory.set(packet.subarray(0, 258), slot);
    this.exports.onPacket!(packet.length);
  }

  #sent(packet: Uint8Array): Status {
    if (this.radio !== Status.Ok) return this.radio;
    if (isMarked(packet)) throw new Error("octets from behind a buffer were sent");
    this.packets.push(packet);
    if (packet[0] === 1) this.#command(packet);
    else this.#data(packet);
    return Status.Ok;
  }

  #command(packet: Uint8Array): void {
    if (packet.length !== 4 + packet[3]!) throw new Error(`a command of ${packet.length} octets says ${packet[3]}`);
    const opcode = packet[1]! | (packet[2]! << 8);
    let returned = this.answer(opcode);
    if (returned === undefined) return;
    if (opcode === 0x0c03) {
      this.held = 0;
      this.#frame = undefined;
    }
    if (returned.length === 1 && returned[0] === 0) {
      if (opcode === 0x2002) returned = [0, this.aclOctets & 255, this.aclOctets >> 8, this.aclBuffers];
      if (opcode === 0x2018) returned = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    }
    if (this.#knowsNobody && OF_CONNECTIONS.includes(opcode)) returned = [UNKNOWN_CONNECTION];
    if (opcode === 0x0406) {
      this.#answers.push(Uint8Array.of(4, 0x0f, 4, returned[0]!, 1, packet[1]!, packet[2]!));
      if (this.endsConnections && !this.#knowsNobody)
        this.#answers.push(Uint8Array.of(4, 0x05, 4, 0, packet[4]!, packet[5]!, 0x16));
    } else this.#answers.push(Uint8Array.of(4, 0x0e, 3 + returned.length, 1, packet[1]!, packet[2]!, ...returned));
  }

  #data(packet: Uint8Array): void {
    const size = packet.length - 5;
    if (size !== (packet[3]! | (packet[4]! << 8))) throw new Error("ACL data whose length is not its header's");
    if (size > this.aclOctets) throw new Error(`${size} octets for a buffer of ${this.aclOctets}`);
    if (++this.held > this.aclBuffers && this.isTrusted)
      throw new Error(`${this.held} packets for ${this.aclBuffers} buffers`);
    const starts = (packet[2]! & 0x30) === 0;
    const data = packet.slice(5);
    if (starts) {
      if (this.#frame !== undefined && this.isTrusted) throw new Error("a frame was cut short");
      this.#frame = { channel: data[2]! | (data[3]! << 8), total: data[0]! | (data[1]! << 8), have: data.slice(4) };
    } else if (this.#frame === undefined) throw new Error("a fragment without a start");
    else this.#frame.have = concat(this.#frame.have, data);
    const { channel, total, have } = this.#frame;
    const longest = this.exports.mtu?.() ?? 247;
    if (starts && channel === ATT && total > Math.max(longest, 23))
      throw new Error(`${total} octets at MTU ${longest}`);
    if (have.length > total) throw new Error("a frame longer than it says");
    if (have.length < total) return;
    this.#frames.push({ channel, payload: have });
    this.#frame = undefined;
  }
}

/** Four octets as gaps have them are not said by chance. */
function isMarked(octets: Uint8Array): boolean {
  for (let at = 0, run = 0; at < octets.length; at++) {
    run = octets[at] === MARK ? run + 1 : 0;
    if (run === 4) return true;
  }
  return false;
}

/** 16 bits, the lower octet first. */
export function le(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >> 8) & 0xff);
}

function all(memory: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (memory[i] !== MARK) return false;
  return true;
}
