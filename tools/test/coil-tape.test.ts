import type { Emission, EmulatedCard, TraceEvent } from "@enabling-card/emulator";
import { expect } from "chai";
import { coilTape, TAPE_RATE_HZ } from "../src/emulate/coil-tape.js";

/** A card whose coil does what it is told, on a clock that began long before the tape. */
function puppet() {
  const startedMs = performance.now() - 5_000;
  const listeners = new Set<(event: TraceEvent) => void>();
  let emission: Emission | undefined;
  const nowNs = () => (performance.now() - startedMs) * 1e6;
  const card = {
    trace: {
      subscribe: (listener: (event: TraceEvent) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    coil: { emission: () => emission },
  } as unknown as EmulatedCard;
  return {
    card,
    listeners,
    nowNs,
    /** A pass of ten milliseconds that is over now. */
    pass(): number {
      const atNs = nowNs();
      const startNs = atNs - 10e6;
      const edgesNs = Float64Array.from({ length: 21 }, (_, i) => i * 500_000);
      const pass = { startNs: 0, endNs: 10e6, edgesNs, complete: true, energyMj: 1 };
      emission = { startNs, passes: [pass], edgesNs: [edgesNs], energyMj: 1, durationNs: 10e6 };
      for (const listener of listeners) {
        listener({ kind: "pass", atNs, emission: 1, edges: 21, durationNs: 10e6, complete: true });
      }
      return startNs;
    },
  };
}

describe("the tape of a coil", () => {
  it("goes on in silence, and has each pass a second behind, at its distance from the one before", async () => {
    const { card, listeners, nowNs, pass } = puppet();
    const abort = new AbortController();
    const began = nowNs();
    const sent: number[] = [];
    setTimeout(() => sent.push(pass()), 150);
    setTimeout(() => sent.push(pass()), 400);
    setTimeout(() => abort.abort(), 1_700);
    const tape: number[] = [];
    for await (const piece of coilTape(card, abort.signal)) for (const sample of piece) tape.push(sample);
    expect(listeners.size).to.equal(0);
    expect(tape.length / TAPE_RATE_HZ).to.be.within(1.5, 1.75);
    const loud = tape.flatMap((sample, i) => (Math.abs(sample) > 0.2 ? [i / TAPE_RATE_HZ] : []));
    const second = loud.find((at) => at > loud[0]! + 0.1)!;
    expect(sent).to.have.length(2);
    expect(second - loud[0]!).to.be.closeTo((sent[1]! - sent[0]!) / 1e9, 0.002);
    expect(loud[0]).to.be.closeTo((sent[0]! - began) / 1e9 + 1, 0.05);
  });

  it("keeps for a taker who was away what was sent meanwhile, and no more than that", async () => {
    const { card, pass } = puppet();
    const abort = new AbortController();
    const tape = coilTape(card, abort.signal);
    await tape.next();
    for (let i = 0; i < 1_000; i++) pass();
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    let peak = 0;
    let samples = 0;
    for await (const piece of tape) {
      samples += piece.length;
      for (const sample of piece) peak = Math.max(peak, Math.abs(sample));
      if (samples / TAPE_RATE_HZ > 1.1 && peak > 1) abort.abort();
    }
    expect(samples / TAPE_RATE_HZ).to.be.greaterThan(1.1);
    expect(peak).to.be.within(1, 64);
  });
});
