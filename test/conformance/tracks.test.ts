// The card's tracks and waveform, as built, against readers that share no code with it: any legal track text comes back.

import { coilSignal, readSamples } from "@enabling-card/pos-sim";
import {
  discretionaryData,
  EMISSION_MAX_MS,
  encodeGrant,
  type GrantKind,
  luhnDigit,
  PASSES_MAX,
  Status,
  toHex,
} from "@enabling-card/wire";
import { expect } from "chai";
import fc from "fast-check";
import { Probe } from "../support/probe.js";

/** Characters a track 1 name may hold (ISO/IEC 7811-2, 7813): no sentinel, no separator. */
const NAME_CHARACTERS = [..." !\"#$&'()*+,-./0123456789:;<=>@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]_"];

const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: length, maxLength: length });

const grants = fc.record({
  pan: fc.tuple(fc.constantFrom(..."012345678"), digits(8)).map(([seventh, rest]) => {
    const body = `999999${seventh}${rest}`;
    return body + luhnDigit(body);
  }),
  name: fc.string({ unit: fc.constantFrom(...NAME_CHARACTERS), minLength: 2, maxLength: 21 }),
  tail: digits(7),
  atc: fc.nat(0xffff_ffff),
  cryptogram: fc.uint8Array({ minLength: 8, maxLength: 8 }),
});

function wholeGrant({
  pan,
  name,
  tail,
  atc,
  cryptogram,
}: {
  pan: string;
  name: string;
  tail: string;
  atc: number;
  cryptogram: Uint8Array;
}) {
  return encodeGrant({
    kind: 0 as GrantKind,
    cardId: new Uint8Array(16),
    challenge: new Uint8Array(16),
    issuedAt: 1,
    notBefore: 1,
    expires: 2,
    tokenRef: new Uint8Array(16),
    track2: `${pan}=${tail}`,
    track1: `B${pan}^${name}^${tail}`,
    atc,
    cryptogram,
    domain: { requestor: "r", channel: 0, country: 276, maxAmount: 1 },
    maxEmissions: 1,
  });
}

/** Times of the reversals of what the probe composed, in nanoseconds. */
function edges(probe: Probe): Float64Array {
  const raw = probe.get(probe.call("intervals"), 2 * probe.call("intervalCount"));
  const view = new DataView(raw.buffer);
  const times = new Float64Array(raw.length / 2 + 1);
  for (let i = 0; i < raw.length / 2; i++) times[i + 1] = times[i]! + view.getUint16(2 * i, true) * 1000;
  return times;
}

function readBack(probe: Probe): { track: number; data: string; direction: string }[] {
  const edgesNs = edges(probe);
  const { samples, sampleRateHz } = coilSignal({ edgesNs, durationNs: edgesNs.at(-1)! });
  return readSamples(samples, sampleRateHz).reads.map(({ track, data, direction }) => ({ track, data, direction }));
}

describe("tracks that the card composes", () => {
  it("come back from the POS reader, whatever legal text they hold, forwards and backwards", () => {
    const probe = new Probe();
    fc.assert(
      fc.property(grants, fc.boolean(), (fields, reversed) => {
        const { pan, name, tail, atc, cryptogram } = fields;
        probe.clear();
        const bytes = wholeGrant(fields);
        expect(probe.call("grantRead", probe.put(bytes), bytes.length)).to.equal(Status.Ok);
        expect(probe.call("tracks")).to.equal(Status.Ok);
        const discretionary = discretionaryData(atc, cryptogram);
        const direction = reversed ? "reverse" : "forward";
        for (const [track, data] of [
          [1, `%B${pan}^${name}^${tail}${discretionary}${toHex(cryptogram).toUpperCase()}?`],
          [2, `;${pan}=${tail}${discretionary}?`],
        ] as const) {
          const zeros = 25;
          expect(probe.call("track", track, zeros, 400, reversed ? 1 : 0)).to.equal(Status.Ok);
          probe.call("trailing", zeros, 400);
          expect(readBack(probe)).to.deep.equal([{ track, data, direction }]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("become the intervals of F2F for any bits: a slow twin reads each one", () => {
    const probe = new Probe();
    fc.assert(
      fc.property(
        fc.array(fc.nat(1), { minLength: 1, maxLength: 560 }),
        fc.integer({ min: 2, max: 5000 }),
        fc.boolean(),
        (bits, cellUs, reversed) => {
          probe.clear();
          const at = probe.put(Uint8Array.from(bits));
          expect(probe.call("bits", at, bits.length, cellUs, reversed ? 1 : 0)).to.equal(Status.Ok);
          const times = edges(probe);
          const back: number[] = [];
          for (let i = 0; i + 1 < times.length; ) {
            const one = Math.round((times[i + 1]! - times[i]!) / 1000) < cellUs;
            back.push(one ? 1 : 0);
            i += one ? 2 : 1;
          }
          expect(reversed ? back.reverse() : back).to.deep.equal(bits);
          expect(times.at(-1)).to.equal(bits.length * cellUs * 1000);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("are sent in at most 3 passes within 10 s: an emission that would last longer has no length (rule 5)", () => {
    const probe = new Probe();
    for (const [passMs, passes, gaps] of [
      [EMISSION_MAX_MS, 1, 0],
      [4_950, 2, 100],
      [3_200, 3, 200],
    ] as const) {
      expect(probe.call("emission", passMs, passes)).to.equal(passMs * passes + gaps);
      expect(probe.call("emission", passMs + 67, passes)).to.equal(-1);
    }
    expect(probe.call("emission", 4_951, 2)).to.equal(-1);
    expect(probe.call("emission", 1, PASSES_MAX + 1)).to.equal(-1);
  });

  it("fit the interval buffer at their longest, every bit a one, or not at all", () => {
    const probe = new Probe();
    const ones = (count: number) => probe.put(new Uint8Array(count).fill(1));
    expect(probe.call("bits", ones(560), 560, 400, 0)).to.equal(Status.Ok);
    expect(probe.call("bits", ones(561), 561, 400, 0)).to.equal(-1);
    expect(probe.call("bits", ones(3), 3, 1, 0)).to.equal(Status.BadArgument);
    expect(probe.call("bits", ones(3), 0, 400, 0)).to.equal(Status.BadArgument);
  });
});
