// A card of ecard personalise on a port, whose button is pressed when it asks, and an issuer with its network: what a phone's commands need.

import { join } from "node:path";
import type { EmulatedCard } from "@enabling-card/emulator";
import { sampleKeys } from "@enabling-card/issuer";
import { type Network, startNetwork } from "@enabling-card/network";
import { type EmulateCardOptions, emulateCard, type ListeningFacts } from "../src/index.js";
import { ecard, type Ran, type RunOptions } from "./run-ecard.js";

export interface CardOnPort {
  readonly card: EmulatedCard;
  readonly cardId: string;
  /** Folder with its sheet. */
  readonly sheet: string;
  readonly port: number;
  /** Of its Bluetooth, where it has some. */
  readonly hci: string | undefined;
  readonly issuer: string;
  /** That issuer's. */
  readonly network: Network;
  /** `ecard ...args` of a phone that reaches this card. */
  phone(...args: readonly string[]): Promise<Ran>;
  phoneWith(options: RunOptions, ...args: readonly string[]): Promise<Ran>;
  /** Its power goes; the issuer stays. */
  cardOff(): Promise<void>;
  close(): Promise<void>;
}

export async function cardOnPort(
  folder: string,
  name = "card",
  bluetooth: Pick<EmulateCardOptions, "hci" | "onSnoop"> = {},
): Promise<CardOnPort> {
  const sheet = join(folder, name);
  await ecard(["personalise", "--dir", sheet]);
  const network = await startNetwork({ keys: sampleKeys() });
  const off = new AbortController();
  let staying: Promise<void> = Promise.resolve();
  const [facts, card] = await new Promise<[ListeningFacts, EmulatedCard]>((resolve, reject) => {
    const onListening = (facts: ListeningFacts, card: EmulatedCard) => resolve([facts, card]);
    staying = emulateCard({ folder: sheet, autoPress: true, signal: off.signal, onListening, ...bluetooth });
    staying.catch(reject);
  });
  const cardOff = () => {
    off.abort();
    return staying;
  };
  const env = { ECARD_DEVICE: `tcp:${facts.port}`, ECARD_PHONE: join(folder, `${name}-phone`) };
  return {
    ...{
      card,
      sheet,
      port: facts.port,
      cardId: facts.cardId,
      hci: facts.hci,
      issuer: network.issuer.url,
      network,
      cardOff,
    },
    phone: (...args) => ecard(args, { env }),
    phoneWith: (options, ...args) => ecard(args, { env, ...options }),
    close: async () => {
      await cardOff();
      await network.close();
    },
  };
}
