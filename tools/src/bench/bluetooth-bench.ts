// What Bluetooth costs between a phone and its card: connection intervals of the emulated air, from the connection to the coil's first edge, step by step,
// by noble's own stack; and cycles of pair, load, present and unpair in one process, whose memory must stay as it is. Air time is virtual: it moves when nobody
// in this process has anything left to do, so that this machine's speed is in no figure.

import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  Air,
  Controller,
  EmulatedCard,
  type EmulatedCardOptions,
  MemoryBlock,
  PHONE_ADDRESS,
} from "@enabling-card/emulator";
import { Card, gattCarrier, Loader, MemoryPairingStore } from "@enabling-card/sdk";
import { nobleTransport } from "@enabling-card/sdk/node";
import { ATT_HEADER, Indicator, LE_MTU_MAX } from "@enabling-card/wire";
import { nobleOn } from "../bluetooth/noble-on.js";
import { rounded } from "../output.js";
import { builtFirmware, setTable } from "../stage.js";
import { RX_HANDLE } from "./card-handles.js";
import { updateOf96KiB } from "./update-bench.js";

export interface AirStep {
  readonly step: "MTU" | "services" | "subscribe" | "open" | "load" | "present";
  /** Connection intervals that it took. */
  readonly intervals: number;
  /** What the air allows: an exchange that asks right before an event is answered in the next; a load has as many more as its packets fill. */
  readonly floor: number;
}

export interface BluetoothBench {
  readonly intervalMs: number;
  readonly steps: readonly AirStep[];
  /** One run, from LE Connection Complete to the coil's first edge, and what its steps need at least. The air stands while the issuer and the owner's hand are waited for. */
  readonly toFirstEdge: { readonly intervals: number; readonly floor: number };
}

/** An image sent to the card's loader over the air. */
export interface UploadBench {
  readonly imageOctets: number;
  readonly intervalMs: number;
  /** From the first octet of the upload that the phone's controller had until the answer to the last: connection intervals. */
  readonly intervals: number;
  /** Of the image, octets a second. */
  readonly rate: number;
  /** What the air carries: in each event six packets, each a write of 244 octets. */
  readonly model: number;
}

export interface CyclesBench {
  readonly cycles: number;
  /** JavaScript's heap and the arrays outside it after three tenths of the cycles, when all that is compiled and kept once is there, and at the end, octets, each behind a collection. */
  readonly early: number;
  readonly late: number;
  /** What controllers saw against the contract, and modules that trapped: none. */
  readonly violations: number;
}

/** Of one token: the issuer gives a thousand at once. */
const GRANTS_A_TOKEN = 900;
/** Air time between two looks at what the process has to do, ms: an eighteenth of noble's interval. */
const STEP_MS = 1.25;
const TURNS = 6;
const PACKETS_PER_EVENT = 6;
/** A cell for as many emissions as anybody asks for. */
const CHARGED = { capacityMj: 1e9 };
/** Long enough for the card to let somebody in. */
const HOLD_MS = 3_100;
/** ATT opcodes (Core 6.0, Vol 3 Part F 3.4.8). */
const ATT = {
  mtuRequest: 0x02,
  mtuResponse: 0x03,
  write: 0x12,
  writeResponse: 0x13,
  command: 0x52,
  notification: 0x1b,
};

type Pdu = { readonly atUs: number; readonly fromPhone: boolean; readonly opcode: number; readonly handle: number };

/** One payment of a card that is paired. */
export async function benchBluetooth(): Promise<BluetoothBench> {
  const bench = await airBench();
  try {
    const { air, store, transport, emulated } = bench;
    const paired = await bench.driven(Card.pair(transport, bench.pairingCode, bench.pairing));
    const bundleFor = await bench.grants(paired);
    await bench.driven(paired.close());
    bench.pdus.length = 0;
    const card = await bench.driven(Card.connect(transport, { store }));
    const opened = bench.pdus.slice();
    const connectedUs = bench.connectedUs();
    const bundle = await bundleFor(card);
    const intervalMs = bench.intervalMs();
    const loadedFrom = air.nowUs;
    bench.pdus.length = 0;
    await bench.driven(card.load(bundle));
    const loadedTo = air.nowUs;
    const packets = bench.pdus.filter(({ fromPhone }) => fromPhone).length;
    emulated.coil.clear();
    const from = air.nowUs;
    let [asked, edge] = [Number.NaN, Number.NaN];
    await bench.driven(card.present({ when: "now" }), () => {
      if (Number.isNaN(asked) && emulated.indicators.now === Indicator.Ask) asked = air.nowUs;
      if (Number.isNaN(edge) && emulated.coil.busy) edge = air.nowUs;
      return !Number.isNaN(asked) && Number.isNaN(edge);
    });
    const intervals = (us: number) => rounded(us / 1000 / intervalMs, 1);
    const rx = (pdu: Pdu) =>
      pdu.opcode === ATT.command || (pdu.opcode === ATT.write && pdu.handle === bench.rxHandle());
    const [mtuAt, mtuTo] = [
      find(opened, ({ opcode }) => opcode === ATT.mtuRequest),
      find(opened, ({ opcode }) => opcode === ATT.mtuResponse),
    ];
    const subscribeAt = find(opened, ({ opcode, handle }) => opcode === ATT.write && handle !== bench.rxHandle());
    const subscribeTo = find(opened, ({ opcode, atUs }) => opcode === ATT.writeResponse && atUs > subscribeAt);
    const openAt = find(opened, rx);
    const openTo = find(opened, ({ opcode }) => opcode === ATT.notification);
    const steps: readonly AirStep[] = [
      { step: "MTU", intervals: intervals(mtuTo - mtuAt), floor: 1 },
      { step: "services", intervals: intervals(subscribeAt - mtuTo), floor: 1 },
      { step: "subscribe", intervals: intervals(subscribeTo - subscribeAt), floor: 1 },
      { step: "open", intervals: intervals(openTo - openAt), floor: 1 },
      {
        step: "load",
        intervals: intervals(loadedTo - loadedFrom),
        floor: Math.ceil(packets / PACKETS_PER_EVENT),
      },
      { step: "present", intervals: intervals(asked - from), floor: 0 },
    ];
    const toFirstEdge = {
      intervals: intervals(edge - connectedUs),
      floor: steps.reduce((sum, { floor }) => sum + floor, 0),
    };
    return { intervalMs, steps, toFirstEdge };
  } finally {
    await bench.close();
  }
}

function find(pdus: readonly Pdu[], wanted: (pdu: Pdu) => boolean): number {
  return pdus.find(wanted)?.atUs ?? Number.NaN;
}

/** An image of 96 KiB to a card whose button was held. Its octets count, and not SMP's and CBOR's around them. */
export async function benchUpload(): Promise<UploadBench> {
  const { image, loader } = await updateOf96KiB();
  const bench = await airBench({ loader });
  try {
    const { pdus, transport, emulated } = bench;
    emulated.hold(HOLD_MS);
    const connected = async () => {
      for await (const { id } of transport.discover()) return transport.connectLoader!(id);
      throw new Error("there is no card");
    };
    const link = await bench.driven(connected());
    const client = new Loader(await bench.driven(gattCarrier(link)));
    // Parameters are asked for before the first chunk: not the air's matter.
    await bench.driven(client.images());
    pdus.length = 0;
    await bench.driven(client.upload(image));
    const from = find(pdus.slice(2), ({ opcode }) => opcode === ATT.command);
    const to = pdus.findLast(({ opcode }) => opcode === ATT.notification)!.atUs;
    client.close();
    await bench.driven(link.close());
    const intervalMs = bench.intervalMs();
    const seconds = (to - from) / 1e6;
    return {
      imageOctets: image.length,
      intervalMs,
      intervals: rounded((to - from) / 1000 / intervalMs, 1),
      rate: Math.round(image.length / seconds),
      model: Math.round((PACKETS_PER_EVENT * (LE_MTU_MAX - ATT_HEADER) * 1000) / intervalMs),
    };
  } finally {
    await bench.close();
  }
}

/** Pairs, loads, presents and unpairs, again and again. */
export async function benchCycles(
  cycles: number,
  {
    signal,
    onProgress,
  }: { readonly signal?: AbortSignal; readonly onProgress?: (done: number, all: number) => void } = {},
): Promise<CyclesBench> {
  const bench = await airBench();
  const after = Math.max(1, Math.floor((3 * cycles) / 10));
  let early = 0;
  try {
    for (let cycle = 1; cycle <= cycles; cycle++) {
      signal?.throwIfAborted();
      const card = await bench.driven(Card.pair(bench.transport, bench.pairingCode, bench.pairing));
      const bundleFor = await bench.grants(card);
      await bench.driven(card.load(await bundleFor(card)));
      const { passesSent } = await bench.driven(card.present({ when: "now" }));
      if (passesSent === 0) throw new Error(`cycle ${cycle} sent nothing`);
      await bench.driven(card.unpair());
      bench.forget();
      if (cycle === after) early = await heldOctets();
      onProgress?.(cycle, cycles);
    }
    const { traps, violations } = bench.emulated;
    return {
      cycles,
      early,
      late: await heldOctets(),
      violations: traps.length + violations.length + bench.violations(),
    };
  } finally {
    await bench.close();
  }
}

/** V8's own collection, which a program has that asks for it. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

/** What is left when all is collected: buffers outside of the heap go with the collection behind the one that found them unused. */
async function heldOctets(): Promise<number> {
  const collect = collector();
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A card and a phone on an air whose time moves only when nothing is left to do. */
async function airBench({ loader }: Pick<EmulatedCardOptions, "loader"> = {}) {
  const block = new MemoryBlock();
  const table = await setTable({ block });
  const { client, made, makerRoot } = table;
  const air = new Air({ time: "virtual", packetsPerEvent: PACKETS_PER_EVENT });
  const phone = new Controller(air, { address: PHONE_ADDRESS });
  const radio = new Controller(air);
  const noble = nobleOn(phone);
  const firmware = await builtFirmware();
  const emulated = (
    await EmulatedCard.create({ firmware, block, autoPress: true, radio, battery: CHARGED, ...(loader && { loader }) })
  ).start();
  const store = new MemoryPairingStore();
  const pdus: Pdu[] = [];
  let interval = 0;
  let connectedUs = Number.NaN;
  let tokenRef: Uint8Array | undefined;
  let granted = 0;
  phone.tap((direction, packet, atUs) => {
    // LE Connection Complete: the interval, in 1.25 ms.
    if (direction === "to-host" && packet[1] === 0x3e && packet[3] === 0x01) {
      interval = packet[15]! | (packet[16]! << 8);
      connectedUs = atUs;
    }
    if (packet[0] !== 2 || packet[7] !== 4) return;
    pdus.push({
      atUs,
      fromPhone: direction === "to-controller",
      opcode: packet[9]!,
      handle: packet[10]! | (packet[11]! << 8),
    });
  });
  /** Gives everybody their turn, then the air a step, until `work` is done; no step where `look` says that something else is waited for. */
  async function driven<T>(work: Promise<T>, look: () => boolean = () => false): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => undefined);
    while (!isDone) {
      for (let i = 0; i < TURNS; i++) await turn();
      if (!look() && !isDone) air.advance(STEP_MS);
    }
    return done;
  }
  return {
    ...{ air, store, pdus, emulated, driven },
    transport: nobleTransport(noble),
    pairingCode: made.pairingCode,
    pairing: { store, phoneName: "bench", makerRoot },
    intervalMs: () => interval * 1.25,
    /** Of the newest connection: when the phone's host heard of it. */
    connectedUs: () => connectedUs,
    /** The handle that most is written to. */
    rxHandle: () => pdus.find(({ opcode, fromPhone }) => fromPhone && opcode === ATT.command)?.handle ?? RX_HANDLE,
    violations: () => phone.violations.length + radio.violations.length,
    /** What a card's day leaves behind in the emulator: its trace, and what its coil played. */
    forget: () => {
      pdus.length = 0;
      emulated.coil.clear();
      emulated.trace.clear();
    },
    /** Enrols the card once, however often it is paired; with another token now and then, as each has so many grants. */
    async grants(card: Card) {
      if (granted === 0) await client.enrol(card.certificate, "bench");
      if (granted++ % GRANTS_A_TOKEN === 0) tokenRef = (await client.createToken(card.cardId, "BENCH/CARD")).tokenRef;
      const ref = tokenRef!;
      return ({ cardId, info }: Card) =>
        client.grant({
          ...{ cardId, tokenRef: ref, challenge: info.challenge, checkpointSize: info.checkpointSize },
          domain: { requestor: "bench", channel: 0, country: 276, maxAmount: 1000 },
          ...{ maxEmissions: 1, kind: "online" },
        });
    },
    close: async () => {
      noble.stop();
      emulated.stop();
      air.close();
      await table.service.close();
    },
  };
}
