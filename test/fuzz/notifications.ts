// What a card, or whoever plays one, says to a phone: chunks of its sessions bent, doubled, held back and made up. Calls end with a code and in time, and the
// pairing is as it was.

import { Card, CardError, type CardTransport, memoryTransport } from "@enabling-card/sdk";
import { pairedPhone, world } from "../support/card-with-issuer.js";
import { mutate, type Random } from "./random.js";

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
  const target = { store: w.store, cardId: w.made.cardId, reconnects: 0 };
  while (lies < runs) {
    let card: Card | undefined;
    try {
      card = await Card.connect(lying, { ...target, timeoutMs: PATIENCE_MS });
      await card.refresh({ timeoutMs: PATIENCE_MS });
    } catch (error) {
      if (!(error instanceof CardError)) throw error;
    }
    await card?.close();
  }
  const again = await Card.connect(honest, { ...target, timeoutMs: 2_000 });
  await again.load(await phone.grant({ challenge: again.info.challenge }));
  await again.close();
  if ((await w.store.list(w.made.cardId)).length !== 1) throw new Error("the pairing is gone");
  if (w.emulator.traps.length > 0) throw new Error(`trap: ${w.emulator.traps[0]!.message}`);
  await w.close();
}
