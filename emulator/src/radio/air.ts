// The air that controllers share: who hears whose advertising, who connects to whom, what is lost. A model of the link layer's times (Core 6.0,
// Vol 6 Part B 4), not of waves: no channels, no interference but two advertisers at one time.

import { type RandomSource, seededRandom, trueRandom } from "../ports/random.js";
import { AirClock, type AirTime } from "./air-clock.js";
import { Connection } from "./connection.js";
import type { Advertiser, ConnectionParameters, Link, LinkEnd, Listener, Medium } from "./link-layer.js";

export interface AirOptions {
  readonly time?: AirTime;
  /** Of the packets on the air, how many are lost, 0 to 1; connections send them again. */
  readonly loss?: number;
  /** Pairs of data packets in one connection event. */
  readonly packetsPerEvent?: number;
  /** What is lost, when who advertises, and what controllers give as random repeats for one seed; without, in virtual and free time, too. */
  readonly seed?: string;
}

/** One advertising event on three channels, and the random delay before the next (Vol 6 Part B 4.4.2.2). */
const ADVERTISING_US = 1_200;
const ADVERTISING_DELAY_US = 10_000;
/** From the request to connect to the first connection event (Vol 6 Part B 4.5.3). */
const TRANSMIT_WINDOW_US = 1_250;

export class Air implements Medium {
  readonly clock: AirClock;
  /** May be changed at any time. */
  loss: number;
  readonly packetsPerEvent: number;
  readonly #random: RandomSource;
  readonly #advertisers = new Map<Advertiser, number>();
  readonly #listeners = new Set<Listener>();
  readonly #connections = new Set<Connection>();
  readonly #apart: [LinkEnd, LinkEnd][] = [];
  #lastAdvertisedUs = Number.NEGATIVE_INFINITY;
  #advertisingRun = 0;
  #advertisingEvents = 0;

  constructor({ time = "real", loss = 0, packetsPerEvent = 6, seed }: AirOptions = {}) {
    this.clock = new AirClock(time);
    this.loss = loss;
    this.packetsPerEvent = packetsPerEvent;
    // In real time nothing repeats by itself: two cards that are emulated would begin with one private address.
    this.#random = time === "real" && seed === undefined ? trueRandom : seededRandom(seed ?? "air");
  }

  get nowUs(): number {
    return this.clock.nowUs;
  }

  /** Virtual time moves on. */
  advance(ms: number): void {
    this.clock.advance(ms);
  }

  /** Nothing happens any more. */
  close(): void {
    this.clock.close();
  }

  /** A number from 0 to 1, without 1. */
  random(): number {
    const [a, b, c] = this.#random(3);
    return (a! | (b! << 8) | (c! << 16)) / 2 ** 24;
  }

  bytes(length: number): Uint8Array {
    return this.#random(length);
  }

  /** Puts two controllers out of each other's reach, or back into it. */
  setReach(one: LinkEnd, other: LinkEnd, inReach: boolean): void {
    for (const connection of this.#connections) connection.settle();
    const at = this.#apart.findIndex(([a, b]) => (a === one && b === other) || (a === other && b === one));
    if (inReach && at >= 0) this.#apart.splice(at, 1);
    else if (!inReach && at < 0) this.#apart.push([one, other]);
    for (const connection of this.#connections) connection.wake();
  }

  reaches(one: LinkEnd, other: LinkEnd): boolean {
    return !this.#apart.some(([a, b]) => (a === one && b === other) || (a === other && b === one));
  }

  advertise(advertiser: Advertiser): void {
    if (this.#advertisers.has(advertiser)) return;
    const run = ++this.#advertisingRun;
    this.#advertisers.set(advertiser, run);
    this.#plan(advertiser, run, this.random() * ADVERTISING_DELAY_US);
  }

  stopAdvertising(advertiser: Advertiser): void {
    this.#advertisers.delete(advertiser);
  }

  listen(listener: Listener): void {
    const wasQuiet = this.#listeners.size === 0;
    this.#listeners.add(listener);
    if (!wasQuiet) return;
    // Nobody heard: the events in between were not counted.
    for (const [advertiser, run] of this.#advertisers)
      this.#plan(advertiser, run, this.random() * advertiser.advertising.intervalUs);
  }

  stopListening(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  forget(link: Link): void {
    this.#connections.delete(link as Connection);
  }

  #plan(advertiser: Advertiser, run: number, inUs: number): void {
    this.clock.schedule(this.nowUs + inUs, () => this.#event(advertiser, run));
  }

  #event(advertiser: Advertiser, run: number): void {
    if (this.#advertisers.get(advertiser) !== run || this.#listeners.size === 0) return;
    const collides = this.nowUs - this.#lastAdvertisedUs < ADVERTISING_US;
    const count = ++this.#advertisingEvents;
    this.#lastAdvertisedUs = this.nowUs;
    this.clock.schedule(this.nowUs + ADVERTISING_US, () =>
      this.#heard(advertiser, run, collides || this.#advertisingEvents !== count),
    );
  }

  /** The end of an advertising event: of two that overlap neither is heard. */
  #heard(advertiser: Advertiser, run: number, collided: boolean): void {
    if (this.#advertisers.get(advertiser) !== run) return;
    for (const listener of collided ? [] : [...this.#listeners]) {
      if (listener === (advertiser as LinkEnd) || !this.reaches(listener, advertiser)) continue;
      if (this.random() < this.loss) continue;
      const parameters = listener.heard(advertiser);
      if (parameters === undefined) continue;
      this.#advertisers.delete(advertiser);
      this.#listeners.delete(listener);
      this.#connect(listener, advertiser, parameters);
      return;
    }
    // A new run, so that a second plan of the same advertiser ends here.
    const next = ++this.#advertisingRun;
    if (!this.#advertisers.has(advertiser)) return;
    this.#advertisers.set(advertiser, next);
    const { intervalUs } = advertiser.advertising;
    this.#plan(advertiser, next, intervalUs - ADVERTISING_US + this.random() * ADVERTISING_DELAY_US);
  }

  #connect(central: Listener, peripheral: Advertiser, parameters: ConnectionParameters): void {
    const connection = new Connection(this, central, peripheral, parameters, this.nowUs + TRANSMIT_WINDOW_US);
    this.#connections.add(connection);
    peripheral.connected(connection, 1);
    central.connected(connection, 0);
  }
}
