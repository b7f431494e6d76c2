// Issuer, card and phone on one table: what the demonstration, the benches and the tests share. Every part is the real one; the
// air between phone and card, and the radio, are in memory.

import { readFileSync } from "node:fs";
import {
  type Block,
  type CardClass,
  type CompiledFirmware,
  compileFirmware,
  EmulatedCard,
  type EmulatedCardOptions,
  MemoryBlock,
  MODULE_NAMES,
  type PersonalisedCard,
  personalise,
} from "@enabling-card/emulator";
import {
  type IssuerKeys,
  type IssuerService,
  type IssuerServiceOptions,
  sampleKeys,
  startIssuer,
} from "@enabling-card/issuer";
import { type Authority, authority, type LogIdentity } from "@enabling-card/ledger";
import { type CardTransport, IssuerClient, memoryTransport } from "@enabling-card/sdk";
import { type CheckpointPayload, Role, TEST_IIN, toBase32 } from "@enabling-card/wire";
import { CommandError, EXIT } from "./exit-codes.js";

const FIRMWARE = new URL("../../build/firmware/", import.meta.url);
const CARD_LIFE_S = 5 * 365 * 86_400;

/** The built modules, compiled once a process. */
let firmware: Promise<CompiledFirmware> | undefined;

/** @throws {CommandError} `FIRMWARE_MISSING` where it was never built; {EmulatorError} `IMAGE_INVALID`, `IMPORT_REFUSED` */
export function builtFirmware(): Promise<CompiledFirmware> {
  firmware ??= loadFirmware(FIRMWARE);
  return firmware;
}

/** The modules in `folder`. @throws as `builtFirmware` */
export async function loadFirmware(folder: URL): Promise<CompiledFirmware> {
  const image = (name: string): Uint8Array => {
    try {
      return readFileSync(new URL(`${name}.wasm`, folder));
    } catch (cause) {
      const message = `The card's firmware is not there (${name}.wasm): build it with npm run build:firmware`;
      throw new CommandError("FIRMWARE_MISSING", message, EXIT.unavailable, { cause });
    }
  };
  return compileFirmware(Object.fromEntries(MODULE_NAMES.map((name) => [name, image(name)])) as never);
}

/** The log of one node that sample keys and the issuer's development log share. */
export function developmentLog(keys: IssuerKeys): LogIdentity {
  return { origin: "enabling-card.test/log", nodeKeys: [keys.node.publicKey], threshold: 1 };
}

export interface MakeCardOptions {
  readonly keys: IssuerKeys;
  readonly log: LogIdentity & { readonly checkpoint?: CheckpointPayload };
  readonly cardClass?: CardClass;
  readonly iins?: readonly string[];
  /** Seconds since 1970. */
  readonly now: number;
}

/** Personalises a card into `block`, its certificate signed by the maker's root of `keys`. */
export function makeCard(block: Block, options: MakeCardOptions): Promise<PersonalisedCard> {
  const { keys, log, now, cardClass = "test", iins = [TEST_IIN] } = options;
  const maker: Authority = authority("enabling-card test maker", Role.Card, keys.makerRoot);
  return personalise(block, {
    cardClass,
    issuerRoot: keys.issuerRoot.publicKey,
    ledger: log,
    iins,
    certify: (request) =>
      maker.issue({
        sub: toBase32(request.cardId),
        keys: request.keys,
        notBefore: now - 86_400,
        expires: now + CARD_LIFE_S,
      }),
  });
}

export interface StageOptions {
  readonly card?: Partial<Omit<EmulatedCardOptions, "firmware" | "block">>;
  readonly issuer?: Partial<IssuerServiceOptions>;
  readonly block?: Block;
  /** ATT MTU of the air. */
  readonly mtu?: number;
}

export interface Stage {
  readonly service: IssuerService;
  readonly block: Block;
  readonly made: PersonalisedCard;
  readonly card: EmulatedCard;
  readonly transport: CardTransport;
  readonly client: IssuerClient;
  /** The maker's public key, as the phone pins it. */
  readonly makerRoot: Uint8Array;
  close(): Promise<void>;
}

/** What is on the table before any card is switched on: an issuer on loopback ports of its own, and a new card's store. */
export type Table = Pick<Stage, "service" | "block" | "made" | "client" | "makerRoot">;

export async function setTable(options: Pick<StageOptions, "issuer" | "block"> = {}): Promise<Table> {
  const service = await startIssuer({ keys: sampleKeys(), isoPort: 0, ...options.issuer });
  const { issuer } = service;
  const block = options.block ?? new MemoryBlock();
  const made = await makeCard(block, {
    keys: issuer.keys,
    log: { ...issuer.log.identity, checkpoint: issuer.log.head() },
    now: issuer.now(),
  });
  const client = new IssuerClient({ baseUrl: service.url });
  return { service, block, made, client, makerRoot: issuer.keys.makerRoot.publicKey };
}

/** Sets the table, and puts the emulated card on it: an air with that card in it. */
export async function setStage(options: StageOptions = {}): Promise<Stage> {
  const table = await setTable(options);
  const { service, block } = table;
  const card = (await EmulatedCard.create({ ...options.card, firmware: await builtFirmware(), block })).start();
  return {
    ...table,
    card,
    transport: memoryTransport([card], { mtu: options.mtu ?? 247 }),
    close: async () => {
      card.stop();
      await service.close();
    },
  };
}
