// One connection of two controllers (Core 6.0, Vol 6 Part B 4.5): data at connection events alone, so many packets each, lost ones again at the
// next; a side that is not heard for the supervision time-out takes the other for gone. Events without anything to say are not played.

import type { ConnectionParameters, DataPdu, Link, LinkEnd, Medium } from "./link-layer.js";

const SUPERVISION_TIMEOUT = 0x08;
const ENDED_HERE = 0x16;
/** A change of parameters takes effect so many events later (Vol 6 Part B 5.1.1). */
const INSTANT_EVENTS = 6;
/** The shortest interval there is (Vol 6 Part B 4.5.1): whatever a connection is told, time goes on from event to event. */
const INTERVAL_MIN_US = 7_500;

export class Connection implements Link {
  parameters: ConnectionParameters;
  readonly #air: Medium;
  readonly #ends: readonly [LinkEnd, LinkEnd];
  readonly #queues: readonly [DataPdu[], DataPdu[]] = [[], []];
  readonly #dead = new Set<LinkEnd>();
  #anchorUs: number;
  #heardUs: number;
  #planned = false;
  #open = true;
  #ending: { readonly by: LinkEnd; readonly reason: number } | undefined;
  #update: { readonly parameters: ConnectionParameters; readonly atUs: number } | undefined;
  /** Connection events in which something was said, and data packets that had to be said again. */
  readonly counts = { events: 0, lost: 0 };

  constructor(air: Medium, central: LinkEnd, peripheral: LinkEnd, parameters: ConnectionParameters, firstUs: number) {
    this.#air = air;
    this.#ends = [central, peripheral];
    this.parameters = parameters;
    this.#anchorUs = firstUs;
    this.#heardUs = air.nowUs;
  }

  peerOf(end: LinkEnd): LinkEnd {
    return this.#ends[this.#other(end)];
  }

  send(from: LinkEnd, pdu: DataPdu): void {
    if (!this.#open || this.#ending !== undefined) return;
    this.#queues[this.#index(from)].push(pdu);
    this.wake();
  }

  end(by: LinkEnd, reason: number): void {
    if (!this.#open) return;
    this.#ending ??= { by, reason };
    for (const queue of this.#queues) queue.length = 0;
    this.wake();
  }

  die(end: LinkEnd): void {
    this.settle();
    this.#dead.add(end);
    this.wake();
  }

  change(parameters: ConnectionParameters): void {
    this.#update = { parameters, atUs: this.#air.nowUs + INSTANT_EVENTS * this.#intervalUs };
    this.wake();
  }

  /** Until now the two could hear each other: events that were not played were empty, and heard. */
  settle(): void {
    if (!this.#planned && this.#hears) this.#heardUs = this.#air.nowUs;
  }

  /** Something is to be said, or nothing can be: connection events are played from now on. */
  wake(): void {
    if (!this.#open || this.#planned || !this.#wanted) return;
    this.settle();
    this.#planned = true;
    const now = this.#air.nowUs;
    const intervalUs = this.#intervalUs;
    const passed = Math.max(0, Math.ceil((now - this.#anchorUs) / intervalUs));
    this.#anchorUs += passed * intervalUs;
    this.#air.clock.schedule(Math.max(this.#anchorUs, now), () => this.#event());
  }

  get #intervalUs(): number {
    return Math.max(INTERVAL_MIN_US, this.parameters.intervalUs);
  }

  get #hears(): boolean {
    return this.#dead.size === 0 && this.#air.reaches(...this.#ends);
  }

  get #wanted(): boolean {
    const [down, up] = this.#queues;
    return down.length + up.length > 0 || this.#ending !== undefined || this.#update !== undefined || !this.#hears;
  }

  #event(): void {
    if (!this.#open) return;
    const now = this.#air.nowUs;
    this.counts.events++;
    if (now - this.#heardUs >= this.parameters.supervisionUs) {
      this.#close(() => SUPERVISION_TIMEOUT);
      return;
    }
    if (this.#hears) this.#exchange();
    if (!this.#open) return;
    this.#anchorUs += this.#intervalUs;
    this.#planned = false;
    this.wake();
  }

  /** What is queued when the event begins; an answer to it is said in the next. */
  #exchange(): void {
    const left = this.#queues.map((queue) => queue.length);
    for (let packets = 0; packets < this.#air.packetsPerEvent; packets++) {
      for (const side of [0, 1] as const) {
        if (this.#air.random() < this.#air.loss) {
          this.counts.lost++;
          return; // the event ends, and this packet comes again
        }
        this.#heardUs = this.#air.nowUs;
        if (left[side]! === 0) continue;
        left[side]!--;
        this.#deliver(side);
        if (!this.#open) return;
      }
      if (left[0] === 0 && left[1] === 0) break;
    }
    this.#control();
  }

  #deliver(side: 0 | 1): void {
    const pdu = this.#queues[side].shift();
    if (pdu === undefined) return;
    this.#ends[side === 0 ? 1 : 0].received(this, pdu);
    if (pdu.last && this.#open) this.#ends[side].sent(this);
  }

  #control(): void {
    const ending = this.#ending;
    if (ending !== undefined) {
      this.#close((end) => (end === ending.by ? ENDED_HERE : ending.reason));
      return;
    }
    const update = this.#update;
    if (update === undefined || this.#air.nowUs < update.atUs) return;
    this.#update = undefined;
    this.parameters = update.parameters;
    for (const end of this.#ends) end.updated(this);
  }

  #close(reason: (end: LinkEnd) => number): void {
    this.#open = false;
    this.#air.forget(this);
    for (const end of this.#ends) if (!this.#dead.has(end)) end.disconnected(this, reason(end));
  }

  #index(end: LinkEnd): 0 | 1 {
    return end === this.#ends[0] ? 0 : 1;
  }

  #other(end: LinkEnd): 0 | 1 {
    return end === this.#ends[0] ? 1 : 0;
  }
}
