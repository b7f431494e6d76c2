// What is kept of a recording that does not end is forgotten again, or not kept beyond so much.
import { expect } from "chai";
import { Attempts, type FailedSwipe } from "../src/reader/attempts.js";
import { Claims } from "../src/reader/claims.js";
import type { Failure } from "../src/reader/frame.js";
import { trackBits } from "../src/signal/stripe.js";
import { ByteSource } from "../src/wav/byte-source.js";
import { readHead } from "../src/wav/wav-format.js";

const RATE = 48_000;

describe("what a reader keeps of the past", () => {
  it("forgets what was read farther back than a search may come", () => {
    const claims = new Claims(20 * RATE);
    expect(claims.claim(0, 1000)).to.equal(true);
    claims.readIn(19 * RATE, 20 * RATE);
    expect(claims.isRead(0, 1000)).to.equal(true);
    claims.readIn(21 * RATE, 22 * RATE);
    expect(claims.isRead(0, 1000)).to.equal(false);
  });

  it("forgets doubts that are behind, and keeps 4,096 of those ahead", () => {
    const claims = new Claims(RATE);
    for (let i = 0; i < 5000; i++) claims.doubt(RATE + 10 * i);
    expect(claims.claim(0, 1000)).to.equal(true);
    expect(claims.readIn(0, 1000)).to.have.length(1);
    /** Beside something that was read. */
    const asked = (place: number) => {
      claims.claim(place + 100, place + 101);
      return claims.readIn(place, place + 200);
    };
    expect(asked(RATE)).to.equal(undefined);
    expect(asked(RATE + 10 * 4990)).to.have.length(1);
    claims.doubt(RATE + 60_000);
    expect(asked(RATE + 60_000)).to.equal(undefined);
  });

  it("tells failed swipes before their time where more than 256 pieces wait", () => {
    const told: FailedSwipe[] = [];
    const attempts = new Attempts({
      ...{ sampleRateHz: RATE, isRead: () => false, measure: () => ({}) },
      onFailed: (failed) => void told.push(failed),
    });
    const bits = Uint8Array.from([
      ...new Array(25).fill(0),
      ...trackBits(2, ";9999991234567893=?"),
      ...new Array(25).fill(0),
    ]);
    const failureAt = (from: number): Failure => ({
      ...{ code: "LRC", at: from, from, to: from + 14 * bits.length, cells: bits.length, direction: "forward" },
      strip: { bits, bounds: new Float64Array(bits.length + 1), frameFrom: 25, frameBits: bits.length - 50 },
      followed: { start: true, end: true },
    });
    for (let i = 0; i < 255; i++) attempts.failure(failureAt(i * RATE));
    attempts.settle(0);
    expect(told).to.have.length(0);
    attempts.failure(failureAt(255 * RATE));
    attempts.settle(0);
    expect(told.length).to.be.greaterThan(0);
  });

  it("of a WAV's format chunk is 64 octets, whatever it claims", async () => {
    const head = Buffer.alloc(20);
    head.write("RIFF", 0);
    head.writeUInt32LE(0xffff_fff0, 4);
    head.write("WAVEfmt ", 8);
    head.writeUInt32LE(0x7fff_fff0, 16);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    async function* endless() {
      yield head;
      for (let i = 0; i < 64; i++) {
        yield Buffer.alloc(1 << 16);
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
    }
    const error = await readHead(new ByteSource(endless())).catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "WAV_CUT");
    expect(most).to.be.lessThan(64 << 20);
  });
});
