// What a card, or whoever plays one, says to a phone: chunks of its sessions bent, doubled, held back and made up; by memory, and as notifications through
// the GATT layer that adapters share, its MTU told or hidden. Calls end with a code and in time, and the pairing is as it was.

import {
  type BlePlxManager,
  blePlxTransport,
  Card,
  CardError,
  type CardTransport,
  memoryTransport,
} from "@enabling-card/sdk";
import { COMPANY_ID, LE_MTU_MAX } from "@enabling-card/wire";
import { pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { mutate, pick, type Random } from "./random.js";

/** How long a phone waits for what does not come, ms. */
const PATIENCE_MS = 40;
/** Chunks as they are, between those that are not. */
const HONEST = 0.6;
const CHUNK_MAX = 600;

/** @param runs - Chunks that are not what the card said. */
export async function notifications(random: Random, runs: number): Promise<void> {
  const w = await world();
  const phone = await pairedPhone(w);
  await phone.card.close();
  const honest = memoryTransport([w.emulator]);
  let lies = 0;
  const said = (chunk: Uint8Array): readonly Uint8Array[] => {
    const what = random();
    if (what < HONEST) return [chunk];
    lies++;
    if (what < 0.85) return [mutate(chunk, random, CHUNK_MAX)];
    if (what < 0.9) return [chunk, chunk];
    if (what < 0.93) return [];
    const made = Uint8Array.from({ length: Math.floor(random() * CHUNK_MAX) }, () => Math.floor(random() * 256));
    return what < 0.97 ? [made, chunk] : [chunk, made];
  };
  const lying: CardTransport = {
    discover: honest.discover,
    async connect(id, options) {
      const link = await honest.connect(id, options);
      return {
        ...link,
        subscribe: (listener) => link.subscribe((chunk) => said(chunk).forEach(listener)),
      };
    },
  };
  const ways = [lying, blePlxTransport(plx(w, said, LE_MTU_MAX)), blePlxTransport(plx(w, said, undefined))];
  const target = { store: w.store, cardId: w.made.cardId, reconnects: 0 };
  while (lies < runs) {
    let card: Card | undefined;
    try {
      card = await Card.connect(pick(ways, random), { ...target, timeoutMs: PATIENCE_MS });
      await card.refresh({ timeoutMs: PATIENCE_MS });
    } catch (error) {
      if (!(error instanceof CardError)) throw error;
    }
    await card?.close();
  }
  // Each way is one to the card, where nobody lies.
  const whole: Said = (chunk) => [chunk];
  for (const mtu of [LE_MTU_MAX, undefined])
    await (await Card.connect(blePlxTransport(plx(w, whole, mtu)), { ...target, timeoutMs: 2_000 })).close();
  const again = await Card.connect(honest, { ...target, timeoutMs: 2_000 });
  await again.load(await phone.grant({ challenge: again.info.challenge }));
  await again.close();
  if ((await w.store.list(w.made.cardId)).length !== 1) throw new Error("the pairing is gone");
  if (w.emulator.traps.length > 0) throw new Error(`trap: ${w.emulator.traps[0]!.message}`);
  await w.close();
}

type BlePlxDevice = Awaited<ReturnType<BlePlxManager["connectToDevice"]>>;
type Said = (chunk: Uint8Array) => readonly Uint8Array[];

/** A phone's platform whose one card is the emulated one: ble-plx's calls, straight to the card's line, and what the card notifies as `said` has it. */
function plx({ emulator }: World, said: Said, mtu: number | undefined): BlePlxManager {
  const device = (agreed: number): BlePlxDevice => {
    const seen = Buffer.from([COMPANY_ID & 255, COMPANY_ID >> 8, ...(emulator.advertised() ?? [])]).toString("base64");
    return { id: emulator.id, name: null, localName: null, rssi: null, mtu: agreed, manufacturerData: seen };
  };
  let line: ReturnType<typeof emulator.connectLine> | undefined;
  const ends = new Set<() => void>();
  const write = async (_id: string, _service: string, _rx: string, value: string) => {
    await line?.write(Buffer.from(value, "base64"));
  };
  return {
    startDeviceScan: async (_uuids, _options, listener) => listener(null, device(23)),
    stopDeviceScan: async () => undefined,
    async connectToDevice() {
      line = emulator.connectLine({ mtu: LE_MTU_MAX });
      line.onClose(() => {
        for (const end of ends) end();
      });
      return device(23);
    },
    cancelDeviceConnection: async () => line?.close(),
    onDeviceDisconnected(_id, listener) {
      ends.add(listener);
      return { remove: () => void ends.delete(listener) };
    },
    requestMTUForDevice: async () => {
      if (mtu === undefined) throw new Error("it cannot be asked for");
      return device(mtu);
    },
    discoverAllServicesAndCharacteristicsForDevice: async () => device(23),
    writeCharacteristicWithResponseForDevice: write,
    writeCharacteristicWithoutResponseForDevice: write,
    monitorCharacteristicForDevice(_id, _service, _tx, listener) {
      const stop = line!.onChunk((chunk) => {
        for (const one of said(chunk)) listener(null, { value: Buffer.from(one).toString("base64") });
      });
      return { remove: stop };
    },
  };
}
