// A personalised card with the built firmware, an issuer behind HTTP, a phone: where journeys begin. All in this process.

import type { Block, EmulatedCard, EmulatedCardOptions, PersonalisedCard } from "@enabling-card/emulator";
import { type IssuerService, keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import {
  Card,
  type CardTransport,
  type GrantBundle,
  IssuerClient,
  MemoryPairingStore,
  memoryTransport,
  type Token,
} from "@enabling-card/sdk";
import { setStage } from "@enabling-card/tools";
import { Channel } from "@enabling-card/wire";
import { expect } from "chai";

export const DOMAIN = {
  requestor: "Test wallet",
  merchant: "Corner Bakery",
  mcc: 5462,
  channel: Channel.Swipe,
  country: 276,
  maxAmount: 1250,
};

export interface World {
  readonly service: IssuerService;
  readonly made: PersonalisedCard;
  readonly block: Block;
  readonly emulator: EmulatedCard;
  readonly store: MemoryPairingStore;
  readonly makerRoot: Uint8Array;
  /** Time goes by for card and issuer alike. */
  pass(seconds: number): void;
  close(): Promise<void>;
}

/** A new card, powered, and an issuer that would know it, with keys of their own. */
export async function world(options: Partial<EmulatedCardOptions> = {}): Promise<World> {
  // The issuer's clock stands still but for `pass`, as the card's does: no test depends on how long it takes.
  let now = Math.floor(Date.now() / 1000);
  const { block, ...card } = options;
  const stage = await setStage({
    issuer: { keys: keysFromSeeds(randomSeeds()), now: () => now },
    card,
    ...(block && { block }),
  });
  return {
    service: stage.service,
    made: stage.made,
    block: stage.block,
    emulator: stage.card,
    store: new MemoryPairingStore(),
    makerRoot: stage.makerRoot,
    pass(seconds) {
      now += seconds;
      stage.card.advance(seconds * 1000);
    },
    async close() {
      const strayed = Object.entries(stage.card.budgets()).filter(([, { touchedAbove }]) => touchedAbove);
      await stage.close();
      expect(strayed, "modules that wrote above their memory budget").to.deep.equal([]);
      expect(stage.card.violations, "contracts of ports that a module broke").to.deep.equal([]);
    },
  };
}

export interface Phone {
  readonly card: Card;
  readonly client: IssuerClient;
  readonly token: Token;
  /** Fetches a grant for the card's newest challenge. */
  grant(change?: Partial<Parameters<IssuerClient["grant"]>[0]>): Promise<GrantBundle>;
}

/** Pairs, enrols, and has a token made. */
export async function pairedPhone(
  { emulator, made, makerRoot, service, store }: World,
  mtu = 247,
  transport: CardTransport = memoryTransport([emulator], { mtu }),
  timeoutMs = 2_000,
): Promise<Phone> {
  const options = { phoneName: "Ada's phone", makerRoot, store, timeoutMs };
  const card = await Card.pair(transport, made.pairingCode, options);
  const client = new IssuerClient({ baseUrl: service.url });
  await client.enrol(card.certificate, "Ada's phone");
  const token = await client.createToken(card.cardId, "LOVELACE/ADA");
  return {
    card,
    client,
    token,
    grant: (change = {}) =>
      client.grant({
        cardId: card.cardId,
        tokenRef: token.tokenRef,
        challenge: card.info.challenge,
        checkpointSize: card.info.checkpointSize,
        domain: DOMAIN,
        maxEmissions: 1,
        kind: "online",
        ...change,
      }),
  };
}

/** Somebody else with the card's sheet tries to pair. */
export function strangerPairs({ emulator, made, makerRoot }: World, pin?: string): Promise<Card> {
  return Card.pair(memoryTransport([emulator]), made.pairingCode, {
    phoneName: "Thief",
    makerRoot,
    store: new MemoryPairingStore(),
    timeoutMs: 1000,
    ...(pin !== undefined && { pin }),
  });
}
