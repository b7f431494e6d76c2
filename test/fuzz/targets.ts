// What is fuzzed, target by target: each takes a random source and a count, feeds mutations of what is valid, and throws at the first
// thing that must not happen: a trap, a write, an edge, memory above the budget, an exception without a code.

import { decode, encode, FrameReader, frame, type Message } from "@enabling-card/iso8583";
import { CardError } from "@enabling-card/sdk";
import { encodeMessage, type MessageType, Op, toChunks } from "@enabling-card/wire";
import fc from "fast-check";
import { pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { forge } from "../support/forge.js";
import { rawSession } from "../support/raw-session.js";
import { bluetooth } from "./bluetooth.js";
import { image } from "./image.js";
import { images, packets, smp } from "./loader.js";
import { means } from "./means.js";
import { notifications } from "./notifications.js";
import { mutate, pick, type Random } from "./random.js";
import { pcm, recordings, wav } from "./recordings.js";
import { tracks } from "./tracks.js";

export type Target = (random: Random, runs: number) => Promise<void>;

export const TARGETS: Readonly<Record<string, Target>> = {
  chunks,
  requests,
  grants,
  iso8583,
  smp: held(smp),
  packets: held(packets),
  images: held(images),
  tracks: held(tracks),
  wav: held(wav),
  recordings: held(recordings),
  pcm: held(pcm),
  bluetooth,
  notifications,
  means: held(means),
  image,
};

/** Takes the microcontroller's image and QEMU (npm run build:mcu): tried where it is named. */
export const NAMED: readonly string[] = ["image"];

/** Cases of one round: few where each asks a card, many where a text is parsed. About 130,000 together. */
export const ROUND: Readonly<Record<string, number>> = {
  chunks: 400,
  requests: 200,
  grants: 200,
  iso8583: 3_200,
  smp: 200,
  packets: 200,
  images: 200,
  tracks: 62_000,
  wav: 60_000,
  recordings: 2_000,
  pcm: 2_000,
  bluetooth: 126_000,
  notifications: 400,
  means: 60,
  image: 10_000,
};

/** Of which so many cases are asked for, each group by itself. */
export const GROUPS: readonly (readonly string[])[] = [["tracks", "wav", "recordings", "pcm"], ["bluetooth"]];

/** A property of fast-check's, which makes what fails as small as it can. */
function held(property: fc.IRawProperty<unknown>): Target {
  return async (random, runs) => {
    await fc.assert(property, { numRuns: runs, seed: Math.floor(random() * 2 ** 31) });
  };
}

/** Chunks on a line without a session: framing, handshakes, faults. */
async function chunks(random: Random, runs: number): Promise<void> {
  const w = await world();
  const phone = await pairedPhone(w);
  await phone.card.close();
  const line = w.emulator.connectLine({ mtu: 517 });
  line.onChunk(() => undefined);
  const before = w.emulator.store.writes;
  const seeds = [1, 2, 3, 4, 5, 6, 7].flatMap((type) =>
    [0, 1, 48, 80, 300].map((size) => encodeMessage(type as MessageType, new Uint8Array(size))),
  );
  for (let run = 0; run < runs; run++) {
    for (const chunk of toChunks(pick(seeds, random), 20 + Math.floor(random() * 494))) {
      const sent = random() < 0.5 ? chunk : mutate(chunk, random, 514);
      if (sent.length > 0) await line.write(sent);
    }
  }
  if (w.emulator.store.writes !== before) throw new Error("a stranger's chunks were written to flash");
  await sound(w);
}

/** Sealed requests of a phone that has gone mad. */
async function requests(random: Random, runs: number): Promise<void> {
  const w = await world();
  const phone = await pairedPhone(w);
  const good = await forge(w, phone);
  await phone.card.close();
  const session = await rawSession(w);
  const { sealed, issuerCert, receipt, consistency } = good;
  const before = w.emulator.store.writes;
  const bodies = [
    null,
    0,
    "x",
    [0, null],
    [1, new Uint8Array(70)],
    [sealed, issuerCert, null, null],
    [sealed, new Uint8Array(3), receipt, consistency],
  ];
  for (let run = 0; run < runs; run++) {
    const bodyOf = () => {
      const body = pick(bodies, random);
      return Array.isArray(body)
        ? body.map((part) => (part instanceof Uint8Array && random() < 0.7 ? mutate(part, random, 900) : part))
        : body;
    };
    const op =
      random() < 0.8 ? pick([Op.Load, Op.Present, Op.Disarm, Op.State, Op.SetPin], random) : Math.floor(random() * 256);
    if (op !== Op.Unpair) await coded(session.request(op, bodyOf() as never));
  }
  if (w.emulator.store.writes !== before) throw new Error("a malformed request was written to flash");
  await sound(w);
}

/** Grants with mutated bytes below the seal and below the signature, and mutated evidence. */
async function grants(random: Random, runs: number): Promise<void> {
  const w = await world();
  const phone = await pairedPhone(w);
  const before = w.emulator.store.writes;
  for (let run = 0; run < runs; run++) {
    const depth = Math.floor(random() * 4);
    const bundle = await forge(w, phone, {
      ...(depth === 0 && { payload: (bytes) => different(bytes, random, 500) }),
      ...(depth === 1 && { signed: (bytes) => different(bytes, random, 600) }),
      ...(depth === 2 && {
        receipt: different(w.service.issuer.log.receipt(w.service.issuer.certificate), random, 900),
      }),
      ...(depth === 3 && { issuerCert: different(w.service.issuer.certificate, random, 400) }),
    });
    const taken = await coded(phone.card.load(bundle));
    if (taken && depth !== 0) throw new Error(`a mutation at depth ${depth} was taken`);
    if (taken) await phone.card.disarm(); // signed by the issuer, and still a grant: another amount, another name
  }
  if (w.emulator.store.writes > before + runs) throw new Error("a refused grant was written to flash");
  await sound(w);
}

/** ISO 8583 messages and frames. */
async function iso8583(random: Random, runs: number): Promise<void> {
  const message: Message = {
    mti: "0100",
    fields: {
      3: "000000",
      4: "000000000950",
      11: "000001",
      35: "9999990000000013=29111011000000000000",
      41: "POS00001",
    },
  };
  const bytes = encode(message);
  for (let run = 0; run < runs; run++) {
    await coded((async () => decode(mutate(bytes, random, 400)))());
    await coded((async () => new FrameReader().push(mutate(frame(bytes), random, 400)))());
  }
}

/** True where `work` succeeded; false where it was refused with a code; anything else is thrown on. */
async function coded(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (error instanceof CardError && /^(LINK_|SESSION_ENDED)/.test(error.code)) throw error;
    if (typeof code !== "string") throw error;
    return false;
  }
}

/** After everything: no trap, no broken port contract, no octet above a budget, no edge. */
async function sound(w: World): Promise<void> {
  const { traps, violations, coil } = w.emulator;
  if (traps.length > 0) throw new Error(`trap: ${traps[0]!.message}`);
  if (violations.length > 0) throw new Error(`violation: ${violations[0]}`);
  for (const [name, { touchedAbove }] of Object.entries(w.emulator.budgets())) {
    if (touchedAbove) throw new Error(`${name} wrote above its memory budget`);
  }
  if (coil.emission() !== undefined) throw new Error("the coil moved");
  await w.close();
}

function different(bytes: Uint8Array, random: Random, max: number): Uint8Array {
  for (;;) {
    const mutated = mutate(bytes, random, max);
    if (Buffer.compare(mutated, bytes) !== 0 && mutated.length > 0) return mutated;
  }
}
