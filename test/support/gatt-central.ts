// A phone's Bluetooth stack, small: scans, connects, and speaks ATT as a client (Core 6.0, Vol 3 Parts A, F and G), above a controller. Unlike noble and
// ble-host it tells every error and drops nothing, so that a platform can be made of it with the habits of that platform and no others.

import type { HciController } from "@enabling-card/emulator";
import { concat, fromHex } from "@enabling-card/wire";

const COMMAND = 1;
const ACL_DATA = 2;
const EVENT = 4;
const ATT_CHANNEL = 4;
const SIGNALLING_CHANNEL = 5;

export interface Seen {
  /** Six octets in hexadecimal; 0 public, 1 random. */
  readonly address: string;
  readonly addressType: number;
  readonly name?: string;
  /** Complete 128-bit UUIDs, lower case with dashes. */
  readonly services: readonly string[];
  /** Company identifier and data. */
  readonly manufacturerData?: Uint8Array;
  readonly rssi: number;
}

/** An ATT Error Response (Vol 3 Part F 3.4.1.1). */
export class AttRefusal extends Error {
  constructor(readonly code: number) {
    super(`ATT error 0x${code.toString(16)}`);
  }
}

export class GattCentral {
  readonly #controller: HciController;
  readonly #seen = new Map<string, Seen>();
  readonly #ears = new Set<(one: Seen) => void>();
  #commands: Promise<unknown> = Promise.resolve();
  #answered: (parameters: Uint8Array) => void = () => undefined;
  #connecting: { resolve(one: Connection): void; reject(error: Error): void } | undefined;
  readonly #connections = new Map<number, Connection>();
  #ready: Promise<void> | undefined;
  #room = { octets: 27, packets: 1 };

  constructor(controller: HciController) {
    this.#controller = controller;
    // Not inside `send`: a host hears its controller later.
    controller.onPacket((packet) => setImmediate(() => this.#hear(packet)));
  }

  /** Hears advertisements, each again when it comes again, with what its scan response adds. Returns how to stop. */
  async scan(found: (one: Seen) => void): Promise<() => Promise<void>> {
    await this.#setUp();
    this.#ears.add(found);
    if (this.#ears.size === 1) {
      this.#seen.clear();
      await this.#command(0x200b, 1, 0x10, 0, 0x10, 0, 0, 0);
      await this.#command(0x200c, 1, 0);
    }
    return async () => {
      if (this.#ears.delete(found) && this.#ears.size === 0) await this.#command(0x200c, 0, 0);
    };
  }

  /** Looks for the address without end; `cancel` ends it. */
  async connect(address: string, addressType: number): Promise<Connection> {
    await this.#setUp();
    const connected = new Promise<Connection>((resolve, reject) => {
      this.#connecting = { resolve, reject };
    });
    connected.catch(() => undefined);
    const octets = fromHex(address).reverse();
    // Interval 15 ms, no latency, supervision time-out 1 s.
    const times = fromHex("0c000c000000640000000000");
    await this.#command(0x200d, 0x10, 0, 0x10, 0, 0, addressType, ...octets, 0, ...times);
    return connected;
  }

  async cancel(): Promise<void> {
    if (this.#connecting !== undefined) await this.#command(0x200e);
  }

  #setUp(): Promise<void> {
    this.#ready ??= (async () => {
      await this.#command(0x0c03);
      await this.#command(0x0c01, ...new Uint8Array(8).fill(0xff));
      await this.#command(0x2001, ...new Uint8Array(8).fill(0xff));
      const [, low, high, packets] = await this.#command(0x2002);
      this.#room = { octets: low! | (high! << 8), packets: packets! };
      await this.#command(0x2024, 251, 0, 0x48, 0x08); // data length extension for connections to come
    })();
    return this.#ready;
  }

  /** One command at a time; its return parameters, or its status alone. */
  #command(opcode: number, ...parameters: number[]): Promise<Uint8Array> {
    const turn = this.#commands.then(
      () =>
        new Promise<Uint8Array>((resolve) => {
          this.#answered = resolve;
          this.#controller.send(Uint8Array.of(COMMAND, opcode & 255, opcode >> 8, parameters.length, ...parameters));
        }),
    );
    this.#commands = turn;
    return turn;
  }

  #hear(packet: Uint8Array): void {
    if (packet[0] === ACL_DATA) {
      const header = packet[1]! | (packet[2]! << 8);
      this.#connections.get(header & 0xfff)?.fragment(packet.subarray(5), ((header >> 12) & 3) === 2);
    } else if (packet[0] === EVENT) this.#event(packet[1]!, packet.subarray(3));
  }

  #event(code: number, event: Uint8Array): void {
    if (code === 0x0e) this.#answered(event.slice(3));
    else if (code === 0x0f) this.#answered(event.slice(0, 1));
    else if (code === 0x05) {
      const handle = event[1]! | (event[2]! << 8);
      const connection = this.#connections.get(handle);
      this.#connections.delete(handle);
      connection?.gone();
    } else if (code === 0x13) {
      for (let i = 0; i < event[0]!; i++) {
        const at = 1 + 4 * i;
        this.#connections.get(event[at]! | (event[at + 1]! << 8))?.completed(event[at + 2]! | (event[at + 3]! << 8));
      }
    } else if (code === 0x3e && event[0] === 0x01) this.#connected(event);
    else if (code === 0x3e && event[0] === 0x02) this.#report(event);
  }

  #connected(event: Uint8Array): void {
    const waiting = this.#connecting;
    this.#connecting = undefined;
    if (event[1] !== 0) {
      waiting?.reject(new Error("cancelled"));
      return;
    }
    const handle = event[2]! | (event[3]! << 8);
    const connection = new Connection(
      handle,
      this.#room,
      (packet) => this.#controller.send(packet),
      () => void this.#command(0x0406, handle & 255, handle >> 8, 0x13),
    );
    this.#connections.set(handle, connection);
    waiting?.resolve(connection);
  }

  #report(event: Uint8Array): void {
    const address = Buffer.from(event.slice(4, 10)).reverse().toString("hex");
    const data = event.subarray(11, 11 + event[10]!);
    const before = this.#seen.get(address);
    const one: Seen = {
      ...{ services: [], ...before, address, addressType: event[3]! },
      rssi: event[11 + data.length]! - 256,
      ...advertised(data),
    };
    this.#seen.set(address, one);
    if (event[2] === 4) for (const ear of this.#ears) ear(one);
  }
}

/** Advertising data structures: length, type, data (Supplement to the Core Specification, Part A). */
function advertised(data: Uint8Array): Partial<Seen> {
  const found: { name?: string; services?: string[]; manufacturerData?: Uint8Array } = {};
  for (let at = 0; at < data.length && data[at] !== 0; at += 1 + data[at]!) {
    const value = data.slice(at + 2, at + 1 + data[at]!);
    if (data[at + 1] === 0x07) found.services = [uuidOf(value)];
    if (data[at + 1] === 0x09) found.name = Buffer.from(value).toString();
    if (data[at + 1] === 0xff) found.manufacturerData = value;
  }
  return found;
}

function uuidOf(octets: Uint8Array): string {
  const hex = Buffer.from(octets).reverse().toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const u16 = (value: number) => [value & 255, value >> 8] as const;

export interface Characteristic {
  readonly uuid: string;
  readonly handle: number;
}

/** One connection: ATT requests one after another, commands as the controller has room, notifications by handle. */
export class Connection {
  /** Smaller of both sides' (Vol 3 Part F 3.4.2.2). */
  mtu = 23;
  isUp = true;
  readonly #handle: number;
  readonly #room: { readonly octets: number };
  readonly #send: (packet: Uint8Array) => void;
  readonly #end: () => void;
  #free: number;
  readonly #waiting: { readonly packet: Uint8Array; sent?: () => void }[] = [];
  readonly #underWay: ((() => void) | undefined)[] = [];
  #requests: Promise<unknown> = Promise.resolve();
  #response: ((pdu: Uint8Array) => void) | undefined;
  #frame: Uint8Array = new Uint8Array(0);
  readonly #ears = new Map<number, (value: Uint8Array) => void>();
  readonly #goneEars = new Set<() => void>();

  constructor(
    handle: number,
    room: { readonly octets: number; readonly packets: number },
    send: (packet: Uint8Array) => void,
    end: () => void,
  ) {
    this.#handle = handle;
    this.#room = room;
    this.#free = room.packets;
    this.#send = send;
    this.#end = end;
  }

  /** Packets that the air has not taken. */
  get backlog(): number {
    return this.#waiting.length + this.#underWay.length;
  }

  disconnect(): void {
    if (this.isUp) this.#end();
  }

  onGone(listener: () => void): void {
    this.#goneEars.add(listener);
  }

  async exchangeMtu(asked: number): Promise<void> {
    const [, low, high] = await this.request(Uint8Array.of(0x02, ...u16(asked)));
    this.mtu = Math.max(23, Math.min(asked, low! | (high! << 8)));
  }

  /** Characteristics of a primary service, undefined where there is none. */
  async find(service: string): Promise<Characteristic[] | undefined> {
    const uuid = Buffer.from(service.replaceAll("-", ""), "hex").reverse();
    const found = await this.request(Uint8Array.of(0x06, 1, 0, 0xff, 0xff, 0x00, 0x28, ...uuid)).catch(notThere);
    if (found === undefined) return undefined;
    const end = found[3]! | (found[4]! << 8);
    const characteristics: Characteristic[] = [];
    for (let from = found[1]! | (found[2]! << 8); from <= end; ) {
      const answer = await this.request(Uint8Array.of(0x08, ...u16(from), ...u16(end), 0x03, 0x28)).catch(notThere);
      if (answer === undefined) break;
      for (let at = 2; at < answer.length; at += answer[1]!) {
        characteristics.push({
          uuid: uuidOf(answer.slice(at + 5, at + answer[1]!)),
          handle: answer[at + 3]! | (answer[at + 4]! << 8),
        });
        from = (answer[at]! | (answer[at + 1]! << 8)) + 1;
      }
    }
    return characteristics;
  }

  /** Its client characteristic configuration is the next attribute, with this card. */
  async notify({ handle }: Characteristic, hear: (value: Uint8Array) => void): Promise<void> {
    this.#ears.set(handle, hear);
    await this.request(Uint8Array.of(0x12, ...u16(handle + 1), 1, 0));
  }

  write({ handle }: Characteristic, value: Uint8Array): Promise<unknown> {
    return this.request(concat(Uint8Array.of(0x12, ...u16(handle)), value));
  }

  /** Resolves when the air has taken it. */
  command({ handle }: Characteristic, value: Uint8Array): Promise<void> {
    return new Promise((resolve) =>
      this.#frameOut(ATT_CHANNEL, concat(Uint8Array.of(0x52, ...u16(handle)), value), resolve),
    );
  }

  /** @throws {AttRefusal}; pending for ever where the card does not answer, or is gone */
  request(pdu: Uint8Array): Promise<Uint8Array> {
    const turn = this.#requests.then(
      () =>
        new Promise<Uint8Array>((resolve, reject) => {
          this.#response = (answer) => {
            this.#response = undefined;
            if (answer[0] === 0x01) reject(new AttRefusal(answer[4]!));
            else resolve(answer);
          };
          this.#frameOut(ATT_CHANNEL, pdu);
        }),
    );
    this.#requests = turn.catch(() => undefined);
    return turn;
  }

  fragment(data: Uint8Array, starts: boolean): void {
    this.#frame = starts ? data.slice() : concat(this.#frame, data);
    const length = this.#frame[0]! | (this.#frame[1]! << 8);
    if (this.#frame.length < 4 + length) return;
    const channel = this.#frame[2]! | (this.#frame[3]! << 8);
    const pdu = this.#frame.slice(4, 4 + length);
    if (channel === SIGNALLING_CHANNEL && pdu[0] === 0x12) {
      this.#frameOut(SIGNALLING_CHANNEL, Uint8Array.of(0x13, pdu[1]!, 2, 0, 1, 0)); // other parameters are refused
    } else if (channel !== ATT_CHANNEL) return;
    else if (pdu[0] === 0x1b) this.#ears.get(pdu[1]! | (pdu[2]! << 8))?.(pdu.slice(3));
    else this.#response?.(pdu);
  }

  completed(packets: number): void {
    this.#free += packets;
    for (let i = 0; i < packets; i++) this.#underWay.shift()?.();
    this.#pump();
  }

  gone(): void {
    this.isUp = false;
    for (const ear of this.#goneEars) ear();
  }

  #frameOut(channel: number, pdu: Uint8Array, sent?: () => void): void {
    const frame = concat(Uint8Array.of(...u16(pdu.length), ...u16(channel)), pdu);
    for (let at = 0; at < frame.length; at += this.#room.octets) {
      const piece = frame.subarray(at, at + this.#room.octets);
      const header = this.#handle | (at === 0 ? 0 : 0x1000);
      const last = at + this.#room.octets >= frame.length;
      this.#waiting.push({
        packet: concat(Uint8Array.of(ACL_DATA, ...u16(header), ...u16(piece.length)), piece),
        ...(last && sent && { sent }),
      });
    }
    this.#pump();
  }

  #pump(): void {
    while (this.#free > 0 && this.isUp) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#free--;
      this.#underWay.push(next.sent);
      this.#send(next.packet);
    }
  }
}

/** Attribute Not Found ends a search. */
function notThere(error: unknown): undefined {
  if (!(error instanceof AttRefusal) || error.code !== 0x0a) throw error;
}
