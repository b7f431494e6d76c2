// More than the likeliest text: the next ones of the same cells, each once. From their ends back, the most promising way first: how much the
// rest of it can still weigh is known, as the trellis knows the best way to each state when it has gone through all cells.

import type { Background } from "./background.js";
import type { Ahead, Before, CodeTrellis, Found } from "./lattice.js";
import type { Weights } from "./weights.js";

/** Ways that are gone a step back at most, whatever cells say. */
const STEPS = 100_000;

/** Bits from the end of a text back: the same bits are the same object. */
interface Suffix {
  readonly behind: Suffix | undefined;
  readonly bit: number;
  readonly longer: (Suffix | undefined)[];
  /** States before its first bit that were gone on from; a worse way to the same one makes the same texts. */
  readonly done: Set<number>;
}

/** A way from the end of a text back to a state before `cell`. */
interface Way {
  readonly suffix: Suffix;
  readonly to: number;
  readonly cell: number;
  readonly state: number;
  /** Logarithm of its weight, and of the best whole text's with it. */
  readonly weight: number;
  readonly reach: number;
}

/**
 * Texts by their best ways, `count` at most, likeliest first.
 *
 * @param ahead - As the trellis has told it of the same cells.
 * @param least - Logarithm of the weight below which no way is worth telling.
 */
export function severalOf(
  trellis: CodeTrellis,
  weights: Weights,
  background: Background,
  ahead: Ahead,
  count: number,
  least: number,
): readonly Found[] {
  const { graph } = trellis;
  const { chain } = graph;
  const alive: Alive[] = [];
  const ways = new Queue();
  const goBack = (way: Way): void => {
    const cell = way.cell - 1;
    alive[cell] ??= new Alive(ahead.before(cell));
    for (const longer of longerWays(trellis, weights, alive[cell]!, way)) {
      if (longer.reach > least) ways.push(longer);
    }
  };
  for (let to = 1; to <= weights.cells; to++) {
    const suffix = longerThan(undefined, 0);
    for (let s = 0; s < chain.states; s++) {
      const after = background.after[to * chain.states + s]!;
      const weight = Math.log(after) + background.behindScale[to]! + weights.scale;
      if (after > 0) goBack({ suffix, to, cell: to, state: graph.states - chain.states + s, weight, reach: weight });
    }
  }
  const texts = new Map<Suffix, Found>();
  for (let step = 0; step < STEPS && texts.size < count; step++) {
    const way = ways.pop();
    if (way === undefined) break;
    const { suffix, to, state } = way;
    if (suffix.done.has(state)) continue;
    suffix.done.add(state);
    // A start sentinel begins in the first states alone.
    if (state >= chain.states) goBack(way);
    else if (!texts.has(suffix)) texts.set(suffix, trellis.found(bitsOf(suffix), to, weights, background));
  }
  return [...texts.values()].sort((a, b) => b.score - a.score);
}

/** What is alive before a cell, to be looked up by state. */
class Alive {
  readonly #before: Before;
  /** Places in it, more by one, where a state's number leads: at most half of them are taken. */
  readonly #places: Int32Array;
  readonly #shift: number;

  constructor(before: Before) {
    this.#before = before;
    const { states } = before;
    this.#shift = Math.clz32(2 * states.length + 1);
    this.#places = new Int32Array(2 ** (32 - this.#shift));
    for (let i = 0; i < states.length; i++) this.#places[this.#slotOf(states[i]!)] = i + 1;
  }

  /** Logarithm of the best way to a state; undefined where nothing has reached it. */
  most(state: number): number | undefined {
    const place = this.#places[this.#slotOf(state)]!;
    return place === 0 ? undefined : Math.log(this.#before.most[place - 1]!) + this.#before.scale;
  }

  /** Where a state is, or would be. */
  #slotOf(state: number): number {
    const { states } = this.#before;
    const size = this.#places.length;
    let slot = Math.imul(state, SPREAD) >>> this.#shift;
    for (let place = this.#places[slot]!; place > 0 && states[place - 1] !== state; place = this.#places[slot]!) {
      slot = (slot + 1) % size;
    }
    return slot;
  }
}

/** Numbers that follow one another lead far apart (Knuth, The Art of Computer Programming, 6.4). */
const SPREAD = 0x9e3779b1;

/** A way, gone one cell back, wherever that leads. */
function longerWays({ graph }: CodeTrellis, { gain }: Weights, alive: Alive, way: Way): readonly Way[] {
  const { chain, into, transitions, bits, priors } = graph;
  const cell = way.cell - 1;
  const longer: Way[] = [];
  for (let n = into.starts[way.state]!; n < into.starts[way.state + 1]!; n++) {
    const step = into.steps[n]!;
    const state = into.origins[n]!;
    const over = priors[step]! * gain[cell * chain.transitions.length + transitions[step]!]!;
    const most = over > 0 ? alive.most(state) : undefined;
    if (most === undefined) continue;
    const weight = way.weight + Math.log(over);
    const suffix = longerThan(way.suffix, bits[step]!);
    longer.push({ suffix, to: way.to, cell, state, weight, reach: weight + most });
  }
  return longer;
}

/** Bits with one more before them; behind nothing, the end of a text. */
function longerThan(behind: Suffix | undefined, bit: number): Suffix {
  const known = behind?.longer[bit];
  if (known !== undefined) return known;
  const suffix: Suffix = { behind, bit, longer: [undefined, undefined], done: new Set() };
  if (behind !== undefined) behind.longer[bit] = suffix;
  return suffix;
}

function bitsOf(suffix: Suffix): readonly number[] {
  const bits: number[] = [];
  for (let at = suffix; at.behind !== undefined; at = at.behind) bits.push(at.bit);
  return bits;
}

/** Ways, the most promising one first: a binary heap. */
class Queue {
  readonly #ways: Way[] = [];

  push(way: Way): void {
    const ways = this.#ways;
    let at = ways.length;
    for (let up = (at - 1) >> 1; at > 0 && ways[up]!.reach < way.reach; up = (at - 1) >> 1) {
      ways[at] = ways[up]!;
      at = up;
    }
    ways[at] = way;
  }

  pop(): Way | undefined {
    const ways = this.#ways;
    const first = ways[0];
    const last = ways.pop();
    if (last === undefined || ways.length === 0) return first;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= ways.length) break;
      if (down + 1 < ways.length && ways[down + 1]!.reach > ways[down]!.reach) down++;
      if (ways[down]!.reach <= last.reach) break;
      ways[at] = ways[down]!;
      at = down;
    }
    ways[at] = last;
    return first;
  }
}
