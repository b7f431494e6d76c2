// A personalised card with the built firmware, an issuer behind HTTP, a phone: where journeys begin. All in this process.

import { readFile } from "node:fs/promises";
import {
  type Block,
  type CompiledFirmware,
  compileFirmware,
  EmulatedCard,
  type EmulatedCardOptions,
  MemoryBlock,
  MODULE_NAMES,
  type PersonalisedCard,
  personalise,
} from "@enabling-card/emulator";
import { type IssuerService, keysFromSeeds, randomSeeds, startIssuer } from "@enabling-card/issuer";
import {
  Card,
  type GrantBundle,
  IssuerClient,
  MemoryPairingStore,
  memoryTransport,
  type Token,
} from "@enabling-card/sdk";
import { Channel, toBase32 } from "@enabling-card/wire";

let compiled: Promise<CompiledFirmware> | undefined;

/** The built firmware, compiled once. */
export function firmware(): Promise<CompiledFirmware> {
  compiled ??= (async () => {
    const images = MODULE_NAMES.map(async (name) => [
      name,
      await readFile(new URL(`../../build/firmware/${name}.wasm`, import.meta.url)),
    ]);
    return compileFirmware(Object.fromEntries(await Promise.all(images)));
  })();
  return compiled;
}

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

/** A new card, powered, and an issuer that would know it. */
export async function world(options: Partial<EmulatedCardOptions> = {}): Promise<World> {
  const keys = keysFromSeeds(randomSeeds());
  let later = 0;
  const service = await startIssuer({ keys, now: () => Math.floor(Date.now() / 1000) + later });
  const { issuer } = service;
  const block = options.block ?? new MemoryBlock();
  const made = await personalise(block, {
    cardClass: "test",
    issuerRoot: keys.issuerRoot.publicKey,
    ledger: { ...issuer.log.identity, checkpoint: issuer.log.head() },
    iins: ["999999"],
    certify: ({ cardId, keys: cardKeys }) =>
      issuer.maker.issue({
        sub: toBase32(cardId),
        keys: cardKeys,
        notBefore: issuer.now() - 60,
        expires: issuer.now() + 3600,
      }),
  });
  const emulator = (await EmulatedCard.create({ firmware: await firmware(), block, ...options })).start();
  return {
    service,
    made,
    block,
    emulator,
    store: new MemoryPairingStore(),
    makerRoot: keys.makerRoot.publicKey,
    pass(seconds) {
      later += seconds;
      emulator.advance(seconds * 1000);
    },
    async close() {
      emulator.stop();
      await service.close();
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
export async function pairedPhone({ emulator, made, makerRoot, service, store }: World, mtu = 247): Promise<Phone> {
  const options = { phoneName: "Ada's phone", makerRoot, store, timeoutMs: 2000 };
  const card = await Card.pair(memoryTransport([emulator], { mtu }), made.pairingCode, options);
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
