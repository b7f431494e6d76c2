// Port coil: plays intervals, remembers every edge in nanoseconds. Contract: firmware/ports/coil.ts.
// Deadlines are absolute: each edge is the pass's start plus the sum of the intervals, so nothing drifts.

import { Status } from "@enabling-card/wire";
import type { ModuleMemory } from "../memory.js";
import type { Battery } from "./battery.js";
import { type Due, NS_PER_MS, type Timeline } from "./clock.js";

/** One pass: the flux reversals of one `play`. */
export interface Pass {
  /** From the emission's start. */
  readonly startNs: number;
  readonly endNs: number;
  /** Times of the reversals from the emission's start, the first at `startNs`, the last at `endNs`. */
  readonly edgesNs: Float64Array;
  /** False where it was stopped, or the battery ended. */
  readonly complete: boolean;
  readonly energyMj: number;
}

/** Passes that belong together: one swipe, as a terminal sees it. */
export interface Emission {
  /** On the machine's clock. */
  readonly startNs: number;
  readonly passes: readonly Pass[];
  /** The passes' edges, one array a pass. */
  readonly edgesNs: readonly Float64Array[];
  readonly energyMj: number;
  /** Drawn from the battery, whole or part of it. */
  readonly durationNs: number;
}

/** A pause longer than this, or a new head contact, starts another emission. */
export const EMISSION_GAP_NS = 1_000 * NS_PER_MS;
const NS_PER_US = 1000;

export interface CoilHooks {
  /** The pass is over: call the wallet's `onCoilDone`. */
  done(): void;
  /** The battery ended inside the pass. */
  exhausted(): void;
  /** The module changed intervals that belonged to the machine. */
  disturbed(): void;
  passed(pass: Pass, emission: number): void;
}

interface Playing {
  readonly startNs: number;
  readonly intervals: Uint16Array;
  readonly pointer: number;
  readonly end: Due;
}

export class Coil {
  readonly #timeline: Timeline;
  readonly #battery: Battery;
  readonly #hooks: CoilHooks;
  #recorded: { startNs: number; passes: Pass[] }[] = [];
  #playing: Playing | undefined;
  #lastEndNs: number | undefined;
  #contact = false;
  #memory: ModuleMemory | undefined;

  constructor(timeline: Timeline, battery: Battery, hooks: CoilHooks) {
    this.#timeline = timeline;
    this.#battery = battery;
    this.#hooks = hooks;
  }

  get busy(): boolean {
    return this.#playing !== undefined;
  }

  /** When the pass that plays will end, on the machine's clock. */
  get endsNs(): number | undefined {
    return this.#playing?.end.atNs;
  }

  /** When the last pass ended; undefined before the first. */
  get lastEndNs(): number | undefined {
    return this.#lastEndNs;
  }

  /** All emissions since `clear`, oldest first. */
  emissions(): Emission[] {
    return this.#recorded.map(({ startNs, passes }) => ({
      startNs,
      passes,
      edgesNs: passes.map((pass) => pass.edgesNs),
      energyMj: passes.reduce((sum, pass) => sum + pass.energyMj, 0),
      durationNs: passes.at(-1)?.endNs ?? 0,
    }));
  }

  /** The newest emission. */
  emission(): Emission | undefined {
    return this.emissions().at(-1);
  }

  clear(): void {
    this.#recorded = [];
  }

  /** The machine's clock starts at zero again: what plays next is another emission. */
  rewind(): void {
    this.#lastEndNs = undefined;
    this.#contact = true;
  }

  /** A head touched the card: what plays next is another swipe. */
  contact(): void {
    this.#contact = true;
  }

  /** Ends a pass early: stop, a trap, or no power. */
  stop(): void {
    const playing = this.#playing;
    if (playing === undefined) return;
    this.#timeline.cancel(playing.end);
    this.#finish(playing, this.#timeline.nowNs, false);
  }

  port(memory: ModuleMemory) {
    this.#memory = memory;
    return {
      play: (pointer: number, count: number): number => {
        if (this.#playing !== undefined) return Status.Busy;
        if (count <= 0 || (pointer & 1) !== 0) return Status.BadArgument;
        const octets = memory.at(pointer, count * 2);
        if (octets === undefined) return Status.BadArgument;
        this.#begin(pointer, Uint16Array.from(new Uint16Array(octets.buffer, octets.byteOffset, count)));
        return Status.Ok;
      },
      stop: (): void => this.stop(),
    };
  }

  #begin(pointer: number, intervals: Uint16Array): void {
    const startNs = this.#timeline.nowNs;
    this.#battery.settle(startNs);
    const lengthNs = intervals.reduce((sum, us) => sum + us * NS_PER_US, 0);
    const lastsNs = (this.#battery.chargeMj / this.#battery.emissionMw) * 1e9;
    const end = this.#timeline.schedule(
      startNs + Math.min(lengthNs, Math.floor(lastsNs)),
      () => (lastsNs < lengthNs ? this.#exhaust() : this.#complete()),
      true,
    );
    this.#playing = { startNs, intervals, pointer, end };
  }

  #complete(): void {
    const playing = this.#playing!;
    const now = this.#memory?.at(playing.pointer, playing.intervals.length * 2);
    if (now && !playing.intervals.every((us, i) => us === (now[2 * i]! | (now[2 * i + 1]! << 8))))
      this.#hooks.disturbed();
    this.#finish(playing, this.#timeline.nowNs, true);
    this.#hooks.done();
  }

  #exhaust(): void {
    this.#finish(this.#playing!, this.#timeline.nowNs, false);
    this.#hooks.exhausted();
  }

  #finish(playing: Playing, endNs: number, complete: boolean): void {
    this.#playing = undefined;
    const lastEndNs = this.#lastEndNs;
    this.#lastEndNs = endNs;
    const isNew = this.#contact || lastEndNs === undefined || playing.startNs - lastEndNs > EMISSION_GAP_NS;
    this.#contact = false;
    if (isNew || this.#recorded.length === 0) this.#recorded.push({ startNs: playing.startNs, passes: [] });
    const emission = this.#recorded.at(-1)!;

    const energyMj = this.#battery.emissionMj(endNs - playing.startNs);
    this.#battery.drain(energyMj);
    const pass: Pass = {
      startNs: playing.startNs - emission.startNs,
      endNs: endNs - emission.startNs,
      edgesNs: edges(playing, emission.startNs, endNs),
      complete,
      energyMj,
    };
    emission.passes.push(pass);
    playing.intervals.fill(0);
    this.#hooks.passed(pass, this.#recorded.length);
  }
}

function edges({ startNs, intervals }: Playing, emissionNs: number, endNs: number): Float64Array {
  const times = new Float64Array(intervals.length + 1);
  let at = startNs;
  times[0] = at - emissionNs;
  let count = 1;
  for (const us of intervals) {
    at += us * NS_PER_US;
    if (at > endNs) break;
    times[count++] = at - emissionNs;
  }
  return times.slice(0, count);
}
