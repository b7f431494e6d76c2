// What a payment costs: round trips and octets at CardLink, wall time on this machine, size and memory of the modules.

import { readFileSync } from "node:fs";
import { MODULE_NAMES } from "@enabling-card/emulator";
import { Card, type CountingLink, countingLink, MemoryPairingStore } from "@enabling-card/sdk";
import { rounded } from "../output.js";
import { setStage } from "../stage.js";

export interface StepCost {
  readonly step: "pair" | "connect" | "load" | "present";
  readonly roundTrips: number;
  readonly octetsToCard: number;
  readonly octetsToPhone: number;
  /** Median wall time, ms: the emulator's, which says nothing about a radio. */
  readonly medianMs: number;
}

export interface ModuleSize {
  readonly module: string;
  readonly wasmOctets: number;
  /** Static memory, and what the module may have. */
  readonly memoryOctets: number;
  readonly budgetOctets: number;
}

export interface PaymentBench {
  readonly mtu: number;
  readonly runs: number;
  readonly steps: readonly StepCost[];
  readonly modules: readonly ModuleSize[];
}

type Sample = Omit<StepCost, "medianMs"> & { readonly ms: number };

/** Pairs once a run, comes back over a new link, loads and presents. */
export async function benchPayment(runs = 5, mtu = 247, signal?: AbortSignal): Promise<PaymentBench> {
  const samples: Sample[] = [];
  let modules: readonly ModuleSize[] = [];
  for (let run = 0; run < runs; run++) {
    signal?.throwIfAborted();
    const stage = await setStage({ card: { autoPress: true }, mtu });
    const store = new MemoryPairingStore();
    const measure = measuring(samples);
    const transport = {
      discover: stage.transport.discover,
      connect: async (...args: Parameters<typeof stage.transport.connect>) =>
        measure.watch(countingLink(await stage.transport.connect(...args))),
    };
    const { makerRoot, made, client } = stage;
    const first = await measure.step("pair", () =>
      Card.pair(transport, made.pairingCode, { store, phoneName: "bench", makerRoot }),
    );
    await first.close();
    const phone = await measure.step("connect", () => Card.connect(transport, { store }));
    await client.enrol(phone.certificate, "bench");
    const token = await client.createToken(phone.cardId, "BENCH/CARD");
    const bundle = await client.grant({
      cardId: phone.cardId,
      tokenRef: token.tokenRef,
      challenge: phone.info.challenge,
      checkpointSize: phone.info.checkpointSize,
      domain: { requestor: "bench", channel: 0, country: 276, maxAmount: 1000 },
      maxEmissions: 1,
      kind: "online",
    });
    await measure.step("load", () => phone.load(bundle));
    await measure.step("present", () => phone.present({ when: "now" }));
    modules = moduleSizes(stage.card.budgets());
    await phone.close();
    await stage.close();
  }
  return { mtu, runs, steps: summarise(samples), modules };
}

function measuring(samples: Sample[]) {
  let link: CountingLink | undefined;
  return {
    watch(next: CountingLink): CountingLink {
      link = next;
      return next;
    },
    async step<T>(step: StepCost["step"], work: () => Promise<T>): Promise<T> {
      link?.resetCounts();
      const started = performance.now();
      const value = await work();
      const ms = performance.now() - started;
      const { roundTrips, octetsToCard, octetsToPhone } = link!.counts;
      samples.push({ step, roundTrips, octetsToCard, octetsToPhone, ms });
      return value;
    },
  };
}

function summarise(samples: readonly Sample[]): StepCost[] {
  return (["pair", "connect", "load", "present"] as const).map((step) => {
    const own = samples.filter((sample) => sample.step === step);
    const times = own.map(({ ms }) => ms).sort((a, b) => a - b);
    const { roundTrips, octetsToCard, octetsToPhone } = own.at(-1)!;
    return { step, roundTrips, octetsToCard, octetsToPhone, medianMs: rounded(times[times.length >> 1]!, 3) };
  });
}

function moduleSizes(
  budgets: Readonly<Record<string, { readonly heapBase: number; readonly budget: number }>>,
): ModuleSize[] {
  return MODULE_NAMES.map((module) => ({
    module,
    wasmOctets: readFileSync(new URL(`../../../build/firmware/${module}.wasm`, import.meta.url)).length,
    memoryOctets: budgets[module]!.heapBase,
    budgetOctets: budgets[module]!.budget,
  }));
}
