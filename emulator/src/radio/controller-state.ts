// The state of a Bluetooth LE controller: what its host has set, its connections, what it tells its host of them and of the air (Core 6.0, Vol 4
// Part E 7.7). What its host tells it is commands.ts's and controller.ts's.

import { concat, equalBytes } from "@enabling-card/wire";
import type { Air } from "./air.js";
import { addressOctets, dataLength, EVENT, event, HCI_ERROR, LE_EVENT, PACKET, u16 } from "./hci.js";
import type { Advertiser, ConnectionParameters, DataPdu, Link, Listener } from "./link-layer.js";

export interface ControllerOptions {
  /** Public address, such as `c0:ff:ee:00:00:0a`. */
  readonly address?: string;
  /** Octets of each of its buffers for data of the host, and how many there are. */
  readonly aclOctets?: number;
  readonly aclBuffers?: number;
  /** Longest data PDU, octets: 27 without data length extension. */
  readonly dataOctets?: number;
  /** Commands that it takes at a time. */
  readonly commandRoom?: number;
}

export type Traffic = (direction: "to-controller" | "to-host", packet: Uint8Array, atUs: number) => void;

/** Whoever has an address: type 0 public, 1 random. */
export interface Peer {
  readonly type: number;
  readonly address: Uint8Array;
}

/** A connection of this controller, as its host knows it. */
export interface Held {
  readonly handle: number;
  readonly connection: Link;
  readonly role: 0 | 1;
  /** Whom it is with: the address that was used as it began. */
  readonly peer: Peer;
  /** Data packets of the host that have not arrived. */
  underWay: number;
  /** Longest data PDU that its host asked for, to send. */
  askedOctets: number;
}

/** A controller's public address, unless told, and one for the other end of an air. */
const CARD_ADDRESS = "c0:ff:ee:00:00:01";
export const PHONE_ADDRESS = "c0:ff:ee:00:00:0a";
/** PDUs that every controller takes (Vol 6 Part B 4.5.10). */
export const PDU_OCTETS_MIN = 27;
const NOTHING_ADVERTISED = {
  type: 0,
  intervalUs: 1_280_000,
  data: new Uint8Array(0),
  scanResponse: new Uint8Array(0),
};
const NO_SCAN = { active: false, enabled: false, filter: false, own: 0, byList: false };
const FIRST_HANDLE = 0x40;
const LE_META = 0x3e;
/** Kinds of advertising, and of what a scanner is told of it (7.8.5, 7.7.65.2). */
const CONNECTABLE = 0;
const NOT_SCANNABLE = 3;
const SCAN_RESPONSE = 4;

export class ControllerState implements Advertiser, Listener {
  readonly air: Air;
  readonly options: Required<ControllerOptions>;
  /** What hosts did against the contract: too much data, packets that are none. */
  readonly violations: string[] = [];
  /** Set by commands. */
  randomAddress: Uint8Array = new Uint8Array(6);
  eventMask = 0x00001fffffffffffn;
  leEventMask = 0x1fn;
  suggestedOctets = PDU_OCTETS_MIN;
  advertisingOwn: 0 | 1 = 0;
  advertising = NOTHING_ADVERTISED;
  isAdvertising = false;
  scan = NO_SCAN;
  /** Whom it connects to, as soon as one of them is heard. */
  initiating: (ConnectionParameters & { readonly peers: readonly Peer[] }) | undefined;
  /** The kind of address under which it connects. */
  initiatingOwn: 0 | 1 = 0;
  readonly filterList: Peer[] = [];
  readonly held = new Map<number, Held>();

  #listener: (packet: Uint8Array) => void = () => undefined;
  protected readonly taps = new Set<Traffic>();
  readonly #reported = new Set<string>();
  #nextHandle = FIRST_HANDLE;

  constructor(air: Air, options: ControllerOptions = {}) {
    this.air = air;
    this.options = {
      address: CARD_ADDRESS,
      aclOctets: 251,
      aclBuffers: 8,
      dataOctets: 251,
      commandRoom: 1,
      ...options,
    };
  }

  /** Hears all packets between host and controller. Returns how to stop. */
  tap(traffic: Traffic): () => void {
    this.taps.add(traffic);
    return () => this.taps.delete(traffic);
  }

  onPacket(listener: (packet: Uint8Array) => void): void {
    this.#listener = listener;
  }

  powerOff(): void {
    this.reset();
  }

  /** As after HCI's Reset: nobody is connected, nothing is on the air. Peers are told nothing, and hear their supervision time-outs (Vol 4 Part E 7.3.2). */
  reset(): void {
    for (const { connection } of this.held.values()) connection.die(this);
    this.held.clear();
    this.air.stopAdvertising(this);
    this.air.stopListening(this);
    this.isAdvertising = false;
    this.initiating = undefined;
    this.initiatingOwn = 0;
    this.scan = NO_SCAN;
    this.advertising = NOTHING_ADVERTISED;
    this.advertisingOwn = 0;
    this.randomAddress = new Uint8Array(6);
    this.filterList.length = 0;
    this.eventMask = 0x00001fffffffffffn;
    this.leEventMask = 0x1fn;
    this.suggestedOctets = PDU_OCTETS_MIN;
  }

  /** Gives the host a packet. */
  tell(packet: Uint8Array): void {
    for (const tap of this.taps) tap("to-host", packet, this.air.nowUs);
    this.#listener(packet);
  }

  tellEvent(code: number, ...parameters: Uint8Array[]): void {
    const always = code === EVENT.commandComplete || code === EVENT.commandStatus || code === EVENT.completedPackets;
    if (always || (this.eventMask >> BigInt(code - 1)) & 1n) this.tell(event(code, ...parameters));
  }

  tellLe(code: number, ...parameters: Uint8Array[]): void {
    const unmasked = (this.eventMask >> BigInt(LE_META - 1)) & (this.leEventMask >> BigInt(code - 1)) & 1n;
    if (unmasked) this.tell(event(EVENT.leMeta, Uint8Array.of(code), ...parameters));
  }

  complete(opcode: number, returned: Uint8Array = Uint8Array.of(HCI_ERROR.ok)): void {
    this.tellEvent(EVENT.commandComplete, Uint8Array.of(this.options.commandRoom), u16(opcode), returned);
  }

  status(opcode: number, status: number = HCI_ERROR.ok): void {
    this.tellEvent(EVENT.commandStatus, Uint8Array.of(status, this.options.commandRoom), u16(opcode));
  }

  /** A controller that fails tells so, and expects a reset (Vol 4 Part E 7.7.16). */
  fail(): void {
    this.tellEvent(EVENT.hardwareError, Uint8Array.of(1));
  }

  /** Scans, or looks for whom to connect to; or neither. */
  listenOrNot(): void {
    if (this.scan.enabled || this.initiating !== undefined) this.air.listen(this);
    else this.air.stopListening(this);
  }

  startScan(filter: boolean): void {
    this.#reported.clear();
    this.scan = { ...this.scan, enabled: true, filter };
    this.listenOrNot();
  }

  stopScan(): void {
    this.scan = { ...this.scan, enabled: false };
    this.listenOrNot();
  }

  /** Type, 0 public or 1 random, and octets of the address that it advertises under. */
  ownAddress(): Peer {
    return this.#address(this.advertisingOwn);
  }

  #address(type: 0 | 1): Peer {
    return { type, address: type === 1 ? this.randomAddress : addressOctets(this.options.address) };
  }

  // Link layer

  get pduOctets(): number {
    return this.options.dataOctets;
  }

  heard(advertiser: Advertiser): ConnectionParameters | undefined {
    if (!(advertiser instanceof ControllerState)) return undefined;
    const { type, address } = advertiser.ownAddress();
    const isAmong = (peers: readonly Peer[]) =>
      peers.some((peer) => peer.type === type && equalBytes(peer.address, address));
    const { type: kind, data, scanResponse } = advertiser.advertising;
    const wanted = this.initiating;
    if (kind === CONNECTABLE && wanted !== undefined && isAmong(wanted.peers)) return wanted;
    if (!this.scan.enabled || (this.scan.byList && !isAmong(this.filterList))) return undefined;
    this.#report(kind, type, address, data);
    if (this.scan.active && kind !== NOT_SCANNABLE) this.#report(SCAN_RESPONSE, type, address, scanResponse);
    return undefined;
  }

  connected(connection: Link, role: 0 | 1): void {
    const handle = this.#nextHandle;
    this.#nextHandle = handle === 0xeff ? FIRST_HANDLE : handle + 1;
    const other = connection.peerOf(this) as ControllerState;
    const peer = role === 0 ? other.ownAddress() : other.#address(other.initiatingOwn);
    const held = { handle, connection, role, peer, underWay: 0, askedOctets: this.suggestedOctets };
    this.held.set(handle, held);
    if (role === 1) this.isAdvertising = false;
    else {
      this.initiating = undefined;
      this.listenOrNot();
    }
    const head = concat(Uint8Array.of(HCI_ERROR.ok), u16(handle), Uint8Array.of(role, peer.type), peer.address);
    this.tellLe(LE_EVENT.connectionComplete, head, timesOf(connection), Uint8Array.of(0));
    if (Math.max(...this.#dataOctets(held)) > PDU_OCTETS_MIN) this.#tellDataLength(held);
  }

  received(connection: Link, { start, data }: DataPdu): void {
    const held = this.heldOf(connection);
    if (held === undefined) return;
    const header = held.handle | (start ? 0x2000 : 0x1000);
    this.tell(concat(Uint8Array.of(PACKET.aclData), u16(header), u16(data.length), data));
  }

  sent(connection: Link): void {
    const held = this.heldOf(connection);
    if (held === undefined) return;
    held.underWay--;
    this.tellEvent(EVENT.completedPackets, Uint8Array.of(1), u16(held.handle), u16(1));
  }

  updated(connection: Link): void {
    const held = this.heldOf(connection);
    if (held === undefined) return;
    this.tellLe(LE_EVENT.connectionUpdate, Uint8Array.of(HCI_ERROR.ok), u16(held.handle), timesOf(connection));
  }

  disconnected(connection: Link, reason: number): void {
    const held = this.heldOf(connection);
    if (held === undefined) return;
    this.held.delete(held.handle);
    this.tellEvent(EVENT.disconnectionComplete, Uint8Array.of(HCI_ERROR.ok), u16(held.handle), Uint8Array.of(reason));
  }

  /** Longest data PDU that it sends over a connection: as its host asked, and both controllers take. */
  pduOctetsOf({ connection, askedOctets }: Held): number {
    return Math.min(askedOctets, this.pduOctets, connection.peerOf(this).pduOctets);
  }

  /** Its host asks for PDUs of so many octets; both hosts hear what that changes (Vol 4 Part E 7.7.65.7). */
  setDataLength(held: Held, octets: number): void {
    const before = this.pduOctetsOf(held);
    held.askedOctets = octets;
    if (this.pduOctetsOf(held) === before) return;
    this.#tellDataLength(held);
    const peer = held.connection.peerOf(this) as ControllerState;
    const theirs = peer.heldOf(held.connection);
    if (theirs !== undefined) peer.#tellDataLength(theirs);
  }

  /** Longest data PDUs out and in. */
  #dataOctets(held: Held): readonly [number, number] {
    const peer = held.connection.peerOf(this) as ControllerState;
    const theirs = peer.heldOf(held.connection) ?? { ...held, askedOctets: peer.suggestedOctets };
    return [this.pduOctetsOf(held), Math.min(theirs.askedOctets, this.pduOctets, peer.pduOctets)];
  }

  #tellDataLength(held: Held): void {
    const lengths = this.#dataOctets(held).map(dataLength);
    this.tellLe(LE_EVENT.dataLengthChange, u16(held.handle), ...lengths);
  }

  /** What its host knows a connection as. */
  heldOf(connection: Link): Held | undefined {
    for (const held of this.held.values()) if (held.connection === connection) return held;
    return undefined;
  }

  #report(type: number, addressType: number, address: Uint8Array, data: Uint8Array): void {
    const key = `${type} ${addressType} ${address}`;
    if (this.scan.filter && this.#reported.has(key)) return;
    this.#reported.add(key);
    const rssi = 0x100 - 52;
    const head = Uint8Array.of(1, type, addressType);
    this.tellLe(LE_EVENT.advertisingReport, head, address, Uint8Array.of(data.length), data, Uint8Array.of(rssi));
  }
}

/** Interval, latency and supervision time-out, as events tell them (7.7.65.1, 7.7.65.3). */
function timesOf({ parameters: { intervalUs, latency, supervisionUs } }: Link): Uint8Array {
  return concat(u16(intervalUs / 1250), u16(latency), u16(supervisionUs / 10_000));
}
