// How reversals follow each other from cell to cell. A zero has one, at its end; a one has two, in its middle and at its end. What is known
// of the boundary between two cells is its state; each step over a cell is a transition.

/** A bit that is not known. */
export const FREE = 2;

/** A step over one cell. */
export interface Transition {
  readonly from: number;
  readonly bit: 0 | 1;
  readonly to: number;
}

/** All states of a boundary, and the steps between them. */
export class Chain {
  readonly states: number;
  /** In groups of equal length, one for each name that the same reversals may go by: polarities, or numbers. */
  readonly transitions: readonly Transition[];
  readonly groups: number;
  /** States at which a swipe may begin, behind silence: as if a zero had been before. */
  readonly first: readonly number[];
  /** Of state s, those from `starts[s]` to `starts[s + 1]`: a transition's number, bit and end. */
  readonly starts: Int32Array;
  readonly numbers: Int32Array;
  readonly bits: Uint8Array;
  readonly ends: Int32Array;
  /** Share of the best way's weight below which none is followed. */
  readonly faint: number;

  constructor(
    states: number,
    groups: number,
    first: readonly number[],
    transitions: readonly Transition[],
    faint = 1e-18,
  ) {
    this.faint = faint;
    this.states = states;
    this.groups = groups;
    this.first = first;
    this.transitions = transitions;
    this.starts = new Int32Array(states + 1);
    const order = transitions.map((_, i) => i).sort((a, b) => transitions[a]!.from - transitions[b]!.from || a - b);
    for (const { from } of transitions) this.starts[from + 1]!++;
    for (let s = 0; s < states; s++) this.starts[s + 1]! += this.starts[s]!;
    this.numbers = Int32Array.from(order);
    this.bits = Uint8Array.from(order, (i) => transitions[i]!.bit);
    this.ends = Int32Array.from(order, (i) => transitions[i]!.to);
  }
}

/** By samples: polarity of the boundary's pulse, and the bit before, whose pulses overlap what follows. State: `polarity * 2 + before`. */
export const POLARITY = new Chain(
  4,
  2,
  [0, 2],
  [0, 1].flatMap((polarity) =>
    [0, 1].flatMap((before) =>
      ([0, 1] as const).map((bit) => ({
        from: polarity * 2 + before,
        bit,
        to: (bit === 0 ? 1 - polarity : polarity) * 2 + bit,
      })),
    ),
  ),
);

/** Transitions of POLARITY over a cell. */
export const STEPS = POLARITY.transitions.length;

/** The transition of POLARITY over each cell from `from` to `to`, where the first one begins with this polarity; behind what is not known, as if a zero had been before. */
export function polarityPath(bits: Uint8Array, from: number, to: number, polarity: 0 | 1): Uint8Array {
  const path = new Uint8Array(to - from);
  let state = polarity * 2 + (bits[from - 1] === 1 ? 1 : 0);
  for (let k = from; k < to; k++) {
    path[k - from] = state * 2 + bits[k]!;
    state = POLARITY.transitions[path[k - from]!]!.to;
  }
  return path;
}

/** What lies before a boundary of LOSSY: a zero, a one, or a cell of which some pulses are lost and overlap nothing. */
export const LOST = 2;
/** Steps of LOSSY from a boundary: a zero, a one, and either with the pulse at its end lost, whatever else is; a one whose middle alone is lost. */
export const LOSSY_STEPS = 5;

/** By samples, where pulses may be lost: as POLARITY, and whether some were before. State: `polarity * 3 + before`. A one without its middle overlaps what follows as a zero does. */
export const LOSSY = new Chain(
  6,
  2,
  [0, 3],
  [0, 1].flatMap((polarity) =>
    [0, 1, LOST].flatMap((before): Transition[] => {
      const from = polarity * 3 + before;
      const [flipped, same] = [(1 - polarity) * 3, polarity * 3];
      return [
        { from, bit: 0, to: flipped },
        { from, bit: 1, to: same + 1 },
        { from, bit: 0, to: flipped + LOST },
        { from, bit: 1, to: same + LOST },
        { from, bit: 1, to: same },
      ];
    }),
  ),
);

/** How late a reversal may be, cells. */
export const LATE: readonly number[] = [0.18, 0.31, 0.44];
/** What lies before a boundary of ASTRAY: as of LOSSY; or the boundary's reversal is late, so much behind a zero, or behind a one. */
export const LATE_FROM = LOST + 1;
export const BEFORE = LATE_FROM + 2 * LATE.length;
/** The reversal at a cell's end is there; or it is lost or early, and overlaps nothing; or so late. */
export const ENDS = 2 + LATE.length;

/**
 * By samples, where reversals may be elsewhere. State: `polarity * BEFORE + before`; steps: `(state * ENDS + end) * 2 + bit`. A late one is heard in
 * the cell behind its own, so that what seems hopeless before may be the likeliest then.
 */
export const ASTRAY = new Chain(
  2 * BEFORE,
  2,
  [0, BEFORE],
  Array.from({ length: 2 * BEFORE * ENDS * 2 }, (_, step): Transition => {
    const [from, end, bit] = [Math.floor(step / (2 * ENDS)), (step >> 1) % ENDS, (step & 1) as 0 | 1];
    const polarity = Math.floor(from / BEFORE);
    const before = [bit, LOST][end] ?? LATE_FROM + bit * LATE.length + end - 2;
    return { from, bit, to: (bit === 0 ? 1 - polarity : polarity) * BEFORE + before };
  }),
  1e-40,
);

/** Numbers that reversals are told apart by. */
export const TURNS = 4;
/** The boundary's reversal was seen; or it met the one in the middle of the cell ahead, or of the cell behind, and nothing is left of both. */
export const SEEN = 0;
export const MET_AHEAD = TURNS;
export const MET_BEHIND = 2 * TURNS;

const turned = (turn: number, by: number): number => (turn + by) % TURNS;

/**
 * By reversals: the number of the last one seen, modulo 4, and what became of the boundary's own. State: `SEEN + turn`, `MET_AHEAD + turn` or
 * `MET_BEHIND + turn`. The last two steps of each pass over a pair that noise may have made up.
 */
export const REVERSALS = new Chain(
  3 * TURNS,
  TURNS,
  [0, 1, 2, 3],
  Array.from({ length: TURNS }, (_, turn): Transition[] => [
    { from: SEEN + turn, bit: 0, to: SEEN + turned(turn, 1) },
    { from: SEEN + turn, bit: 1, to: SEEN + turned(turn, 2) },
    { from: SEEN + turn, bit: 0, to: MET_AHEAD + turn },
    { from: SEEN + turn, bit: 1, to: MET_AHEAD + turned(turn, 1) },
    { from: SEEN + turn, bit: 1, to: MET_BEHIND + turn },
    { from: MET_AHEAD + turn, bit: 1, to: SEEN + turned(turn, 1) },
    { from: MET_BEHIND + turn, bit: 0, to: SEEN + turned(turn, 1) },
    { from: MET_BEHIND + turn, bit: 1, to: SEEN + turned(turn, 2) },
    { from: SEEN + turn, bit: 0, to: SEEN + turned(turn, 3) },
    { from: SEEN + turn, bit: 1, to: SEEN + turn },
  ]).flat(),
);
