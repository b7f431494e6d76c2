// Passes of one emission, read together.

import { trackBits } from "../../signal/stripe.js";
import { judgedTogether } from "../judged.js";
import { FREE } from "../texts/chain.js";
import { bitsWith, isInDoubt, type Likely } from "../texts/likeliest.js";
import { otherText } from "./alike.js";
import { type Joined, joined, type Pass } from "./join.js";

/** A pass that can be fitted once more, by bits that are known. */
export interface Refittable {
  readonly bits: Uint8Array;
  readonly passWith: (known?: Uint8Array) => Pass;
}

/**
 * What passes say together: the last one's cells, read with all that say the same, and which those are; undefined where none does. Each is
 * fitted once more by the likeliest texts: alone they are wrong more often.
 */
export function together<One extends Refittable>(last: One, others: readonly One[]): Together<One> | undefined {
  const first = joined(
    last.passWith(),
    others.map(({ passWith }) => passWith()),
  );
  if (first === undefined) return undefined;
  const cells = last.bits.length;
  const judge = (join: Joined): readonly Likely[] =>
    judgedTogether(last.bits, join.metricsBy, join.seenBy)
      .map((one) => amongAlike(one, join, cells))
      .sort((a, b) => b.probability - a.probability);
  const alike = first.alike.map((i) => others[i]!);
  const likely = judge(first);
  if (!likely.some(isInDoubt)) return { likely, alike };
  const known = bitsOf(likely, cells);
  const passes = first.alike.map((i) => others[i]!.passWith(first.over(i, known)));
  return { likely: judge(joined(last.passWith(known), passes) ?? first), alike };
}

/** The bits of the likeliest texts that do not lie over each other. */
function bitsOf(likely: readonly Likely[], cells: number): Uint8Array {
  const known = new Uint8Array(cells).fill(FREE);
  for (const one of likely) {
    const { from, to } = one;
    if (known.subarray(from, to).every((bit) => bit === FREE)) known.set(bitsWith(one, cells).subarray(from, to), from);
  }
  return known;
}

/** What joined passes say. */
export interface Together<One> {
  readonly likely: readonly Likely[];
  readonly alike: readonly One[];
}

/** A text of joined passes, with what they say of there being two, alike. */
function amongAlike(likely: Likely, { passesBy }: Joined, cells: number): Likely {
  const { direction, symbolBits, data, from, to } = likely;
  const first = direction === "forward" ? from : cells - to;
  const bits = trackBits(symbolBits === 7 ? 1 : 2, data);
  const odds = passesBy(direction === "reverse")
    .map((pass) => otherText({ metrics: pass.metrics, from: pass.from + first }, bits, symbolBits))
    .reduce((sum, one) => sum + one, 0);
  return { ...likely, probability: likely.probability / (1 + odds) };
}
