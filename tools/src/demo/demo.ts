// The demonstration: a phone pairs with a card, fetches a grant, the card swipes, a terminal reads it and the issuer approves; then
// the same swipe again, and the same grant again, are refused. Every part is the real one, radio and plastic apart.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TraceEvent } from "@enabling-card/emulator";
import { maskTrack1, maskTrack2 } from "@enabling-card/iso8583";
import { coilSignal, edgesVcd, encodeWav, readSamples, type Signal, swipeSvg, Terminal } from "@enabling-card/pos-sim";
import { Card, type CardError, type CountingLink, countingLink, MemoryPairingStore } from "@enabling-card/sdk";
import { CommandError, EXIT } from "../exit-codes.js";
import { type Stage, type StageOptions, setStage } from "../stage.js";

export interface DemoOptions {
  /** Where swipe.wav, swipe.svg, swipe.vcd and journey.json go. */
  readonly out: string;
  readonly onStep?: (step: DemoStep) => void;
  readonly onTrace?: (event: TraceEvent) => void;
  readonly signal?: AbortSignal;
  /** What of issuer, card and air is to be other than usual. */
  readonly stage?: StageOptions;
}

export interface DemoStep {
  readonly step: string;
  /** What happened, for people; nothing secret. */
  readonly detail: string;
  /** `refused` is a success here: it was asked for on purpose. */
  readonly outcome: "ok" | "refused";
  /** Code of the refusal. */
  readonly code?: string;
  /** Wall time, ms. */
  readonly ms: number;
  /** Messages there and back between phone and card. */
  readonly roundTrips?: number;
}

export interface DemoResult {
  readonly ok: true;
  readonly steps: readonly DemoStep[];
  /** As a receipt shows them. */
  readonly tracks: readonly {
    readonly track: number;
    readonly direction: string;
    readonly data: string;
    readonly confidence: number;
  }[];
  readonly receipt: string;
  readonly files: readonly string[];
  readonly emission: { readonly passes: number; readonly seconds: number; readonly energyMj: number };
}

const AMOUNT = 950;
const CAP = 2000;
const SAMPLE_RATE_HZ = 48_000;
/** Germany, ISO 3166-1; amounts in cents. */
const COUNTRY = 276;

/** @throws {CommandError} `DEMO_FAILED` where a part did not do what it must. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const journey = new Journey(options);
  const stage = await journey.step(
    "set the table",
    () => setStage({ ...options.stage, card: { autoPress: true, ...options.stage?.card } }),
    (set) => ({
      detail: `issuer on ${set.service.url}, a new card ${set.card.id}`,
    }),
  );
  try {
    if (options.onTrace) stage.card.trace.subscribe(options.onTrace);
    return await play(stage, journey, options);
  } finally {
    await stage.close();
  }
}

async function play(stage: Stage, journey: Journey, options: DemoOptions): Promise<DemoResult> {
  const { client, card: device, service, makerRoot, made } = stage;
  let link: CountingLink | undefined;
  const transport = {
    discover: stage.transport.discover,
    connect: async (...args: Parameters<typeof stage.transport.connect>) => {
      link = countingLink(await stage.transport.connect(...args));
      return link;
    },
  };
  const trips = async <T>(work: () => Promise<T>) => {
    const before = link?.counts.roundTrips ?? 0;
    const value = await work();
    return { value, roundTrips: (link?.counts.roundTrips ?? 0) - before };
  };
  const store = new MemoryPairingStore();

  const { value: phone } = await journey.step(
    "pair",
    () => trips(() => Card.pair(transport, made.pairingCode, { store, phoneName: "Demo phone", makerRoot })),
    ({ value, roundTrips }) => ({ detail: `card ${value.name.slice(0, 6)}… is genuine, and this phone's`, roundTrips }),
  );
  const token = await journey.step(
    "enrol",
    async () => {
      await client.enrol(phone.certificate, "Demo phone");
      return client.createToken(phone.cardId, "EXAMPLE/ALEX");
    },
    ({ iin, last4 }) => ({ detail: `token ${iin}******${last4} in the test range` }),
  );
  const bundle = await journey.step(
    "grant",
    () =>
      client.grant({
        cardId: phone.cardId,
        tokenRef: token.tokenRef,
        challenge: phone.info.challenge,
        checkpointSize: phone.info.checkpointSize,
        domain: { requestor: "demo", merchant: "Corner Coffee", channel: 0, country: COUNTRY, maxAmount: CAP },
        maxEmissions: 1,
        kind: "online",
      }),
    ({ sealed }) => ({ detail: `${sealed.length} octets, signed by the issuer, sealed to this card` }),
  );
  await journey.step(
    "load",
    () => trips(() => phone.load(bundle)),
    ({ value, roundTrips }) => ({
      detail: `opened and checked: ${value.merchant}, up to ${euro(value.cap)}`,
      roundTrips,
    }),
  );
  await journey.step(
    "present",
    () => trips(() => phone.present({ when: "now" })),
    ({ value, roundTrips }) => ({ detail: `button pressed twice; ${value.passesSent} passes on the coil`, roundTrips }),
  );

  const emission = device.coil.emission();
  if (emission === undefined) throw failed("the coil played nothing");
  const whole = {
    edgesNs: Float64Array.from(emission.edgesNs.flatMap((edges) => [...edges])),
    durationNs: emission.durationNs,
  };
  const signals = emission.passes.map((pass) =>
    coilSignal(
      { edgesNs: pass.edgesNs.map((edge) => edge - pass.startNs), durationNs: pass.endNs - pass.startNs },
      { sampleRateHz: SAMPLE_RATE_HZ },
    ),
  );
  const recording = oneAfterAnother(signals);
  const reads = await journey.step(
    "swipe",
    async () => readSamples(recording.samples, recording.sampleRateHz, { cells: true }).reads,
    (found) => ({
      detail: `${found.length} reads: ${found.map((read) => `track ${read.track} ${read.direction}`).join(", ")}`,
    }),
  );
  const terminal = new Terminal({ ...service.iso, merchantName: "Corner Coffee" });
  const first = await journey.step(
    "approve",
    () => terminal.authorise(reads, { amount: AMOUNT }),
    (answer) => ({ detail: answer.approved ? `${euro(AMOUNT)} approved, 0110 answers ${codeOf(answer)}` : "declined" }),
  );
  if (!first.approved) {
    throw failed(`the swipe was declined: ${"ourCode" in first ? first.ourCode : JSON.stringify(first.refusal)}`);
  }

  await journey.refusal(
    "replay the swipe",
    "ATC_REPLAYED",
    async () => {
      const answer = await terminal.authorise(reads, { amount: AMOUNT });
      return answer.outcome === "answered" && !answer.approved ? answer.ourCode : undefined;
    },
    "the recorded swipe pays nothing a second time",
  );
  device.coil.clear();
  await journey.refusal(
    "present again",
    "GRANT_USED",
    () => refusedWith(phone.present({ when: "now" })),
    "the card forgot the grant, and the coil stays silent",
  );
  await journey.refusal(
    "load again",
    "GRANT_CHALLENGE_UNKNOWN",
    () => refusedWith(phone.load(bundle)),
    "its challenge was answered",
  );
  if (device.coil.emission() !== undefined) throw failed("the coil played a grant that was used up");
  await phone.close();

  const result: DemoResult = {
    ok: true,
    steps: journey.steps,
    tracks: reads.map(({ track, direction, data, confidence }) => ({
      track,
      direction,
      data: masked(track, data),
      confidence,
    })),
    receipt: first.receipt,
    files: ["swipe.wav", "swipe.svg", "swipe.vcd", "journey.json"].map((name) => join(options.out, name)),
    emission: {
      passes: emission.passes.length,
      seconds: emission.durationNs / 1e9,
      energyMj: emission.energyMj,
    },
  };
  await writeFiles(result, { whole, first: signals[0]!, recording, out: options.out });
  return result;
}

class Journey {
  readonly steps: DemoStep[] = [];
  readonly #options: DemoOptions;

  constructor(options: DemoOptions) {
    this.#options = options;
  }

  async step<T>(
    step: string,
    work: () => Promise<T>,
    tell: (value: T) => { detail: string; roundTrips?: number },
  ): Promise<T> {
    this.#options.signal?.throwIfAborted();
    const started = performance.now();
    const value = await work();
    this.#add({ step, outcome: "ok", ...tell(value), ms: performance.now() - started });
    return value;
  }

  /** A step that must be refused, with `code`. */
  async refusal(step: string, code: string, work: () => Promise<string | undefined>, detail: string): Promise<void> {
    this.#options.signal?.throwIfAborted();
    const started = performance.now();
    const got = await work();
    if (got !== code)
      throw failed(`"${step}" should have been refused with ${code}, and was answered ${got ?? "with success"}`);
    this.#add({ step, outcome: "refused", code, detail, ms: performance.now() - started });
  }

  #add(step: DemoStep): void {
    const rounded = { ...step, ms: Math.round(step.ms * 10) / 10 };
    this.steps.push(rounded);
    this.#options.onStep?.(rounded);
  }
}

async function refusedWith(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: CardError) => error.code,
  );
}

interface Artefacts {
  readonly whole: { readonly edgesNs: Float64Array; readonly durationNs: number };
  readonly first: Signal;
  readonly recording: Signal;
  readonly out: string;
}

async function writeFiles(result: DemoResult, { whole, first, recording, out }: Artefacts): Promise<void> {
  await mkdir(out, { recursive: true });
  const { reads } = readSamples(first.samples, first.sampleRateHz, { cells: true });
  const [wav, svg, vcd, json] = result.files;
  await writeFile(wav!, encodeWav([recording.samples], recording.sampleRateHz));
  await writeFile(svg!, swipeSvg(first, reads, { title: "A swipe of the card: first pass" }));
  await writeFile(vcd!, edgesVcd(whole));
  await writeFile(json!, `${JSON.stringify(result, null, 2)}\n`);
}

/** One recording after the other, as a head hears an emission's passes. */
function oneAfterAnother(signals: readonly Signal[]): Signal {
  const samples = new Float32Array(signals.reduce((sum, signal) => sum + signal.samples.length, 0));
  let at = 0;
  for (const signal of signals) {
    samples.set(signal.samples, at);
    at += signal.samples.length;
  }
  return { samples, sampleRateHz: SAMPLE_RATE_HZ };
}

function masked(track: number, data: string): string {
  const inside = data.slice(1, -1);
  return `${data[0]}${track === 1 ? maskTrack1(inside) : maskTrack2(inside)}?`;
}

function codeOf(answer: { readonly outcome: string; readonly responseCode?: string }): string {
  return answer.responseCode ?? answer.outcome;
}

function euro(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`;
}

function failed(why: string): CommandError {
  return new CommandError("DEMO_FAILED", `The demonstration failed: ${why}; run it with --trace`, EXIT.failed);
}
