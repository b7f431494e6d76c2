// The demonstration: a phone pairs with a card, fetches a grant, the card swipes, a terminal reads it and the issuer approves; then
// the same swipe again, and the same grant again, are refused. Every part is the real one, radio and plastic apart.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MemoryBlock, type TraceEvent } from "@enabling-card/emulator";
import { maskTrack1, maskTrack2, printMessage } from "@enabling-card/iso8583";
import { readSamples, Terminal } from "@enabling-card/pos-sim";
import {
  Card,
  type CardError,
  type CardTransport,
  type CountingLink,
  countingLink,
  MemoryPairingStore,
} from "@enabling-card/sdk";
import { checkFolder, makeFolder } from "../make-folder.js";
import { rounded } from "../output.js";
import { type StageOptions, setTable, type Table } from "../stage.js";
import { type DemoCarrier, openCarrier } from "./carrier.js";
import { type DemoCard, startCard } from "./device.js";
import type { Device, Transport } from "./devices.js";
import { type DemoStep, failed, Journey, type JourneyOptions } from "./journey.js";
import { recordingFiles, recordingOf, writeRecording } from "./recording.js";

export interface DemoOptions extends JourneyOptions {
  /** Where swipe.wav, swipe.svg, swipe.vcd, swipe.sr and journey.json go. */
  readonly out: string;
  /** The emulated card, unless told. */
  readonly device?: Device;
  /** How phone and card talk: `memory`, unless told. */
  readonly transport?: Transport;
  /** Of the emulated card alone. */
  readonly onTrace?: (event: TraceEvent) => void;
  /** What of issuer and emulated card is to be other than usual. */
  readonly stage?: Pick<StageOptions, "issuer" | "card">;
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
  /** The 0100 and its 0110, one line a data element, masked. */
  readonly exchange: { readonly request: string; readonly response: string };
  readonly files: readonly string[];
  readonly emission: { readonly passes: number; readonly seconds: number; readonly energyMj: number };
}

const PHONES: Readonly<Partial<Record<Transport, readonly string[]>>> = {
  noble: ["a phone with Bluetooth"],
  "web-bluetooth": ["a phone with Web Bluetooth, in Chromium"],
};
const AMOUNT = 950;
const CAP = 2000;
/** Germany, ISO 3166-1; amounts in cents. */
const COUNTRY = 276;

/** @throws {CommandError} `DEMO_FAILED` where a part did not do what it must. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  checkFolder(options.out);
  const journey = new Journey(options);
  const { device = "emulator", transport = "memory", stage = {}, onTrace } = options;
  const block = new MemoryBlock();
  let table: Table | undefined;
  let card: DemoCard | undefined;
  let carrier: DemoCarrier | undefined;
  try {
    await journey.step(
      "set the table",
      async () => {
        table = await setTable({ ...stage, block });
        carrier = await openCarrier(transport);
        card = await startCard(device, { block, radio: carrier.radio, ...stage, ...(onTrace && { onTrace }) });
      },
      () => ({
        detail: [
          `issuer on ${table!.service.url}, a new card ${card!.id}`,
          ...(device === "qemu" ? ["a Cortex-M4 in QEMU"] : []),
          ...(PHONES[transport] ?? []),
        ].join(", "),
      }),
    );
    const played = play(table!, card!, carrier!.transport(card!), journey, options);
    // A card whose machine is gone loses its link too: why it did is said first.
    return await (card!.lost === undefined ? played : Promise.race([card!.lost(), played]));
  } finally {
    await card?.stop();
    await carrier?.close();
    await table?.service.close();
  }
}

async function play(
  table: Table,
  device: DemoCard,
  air: CardTransport,
  journey: Journey,
  options: DemoOptions,
): Promise<DemoResult> {
  const { client, service, makerRoot, made } = table;
  let link: CountingLink | undefined;
  const transport = {
    ...air,
    connect: async (...args: Parameters<typeof air.connect>) => {
      link = countingLink(await air.connect(...args));
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

  const emission = device.emission();
  if (emission === undefined) throw failed("the coil played nothing");
  const recording = recordingOf(emission);
  const reads = await journey.step(
    "swipe",
    async () => readSamples(recording.whole.samples, recording.whole.sampleRateHz).reads,
    (found) => ({
      detail: `${found.length} reads: ${found.map((read) => `track ${read.track} ${read.direction}`).join(", ")}`,
    }),
  );
  const terminal = new Terminal({ ...service.iso!, merchantName: "Corner Coffee" });
  const first = await journey.step(
    "approve",
    () => terminal.authorise(reads, { amount: AMOUNT }),
    (answer) => ({ detail: answer.approved ? `${euro(AMOUNT)} approved, 0110 answers ${codeOf(answer)}` : "declined" }),
  );
  if (first.outcome !== "answered" || !first.approved) {
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
  device.clear();
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
  if (device.emission() !== undefined) throw failed("the coil played a grant that was used up");
  await phone.close();

  const journeyFile = join(options.out, "journey.json");
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
    exchange: { request: printMessage(first.request), response: printMessage(first.response) },
    files: [...recordingFiles(options.out), journeyFile],
    emission: {
      passes: emission.passes.length,
      seconds: rounded(emission.durationNs / 1e9, 6),
      energyMj: rounded(emission.energyMj, 3),
    },
  };
  await makeFolder(options.out);
  await writeRecording(options.out, emission, recording);
  await writeFile(journeyFile, `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

async function refusedWith(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: CardError) => error.code,
  );
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
