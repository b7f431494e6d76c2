// What the model of payment means is tried against: the built firmware in the emulator, the whole network on loopback, the phone's library, and between
// phone and issuer a line that can be cut, and can lie.

import { EmulatedCard, MemoryBlock } from "@enabling-card/emulator";
import { type IssuerService, keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { type Network, startNetwork } from "@enabling-card/network";
import { coilSignal, readSamples, Terminal } from "@enabling-card/pos-sim";
import {
  Card,
  type GrantBundle,
  IssuerClient,
  type MeansView,
  MemoryPairingStore,
  MemoryRegistrationStore,
  memoryTransport,
  PaymentMeans,
  type Token,
} from "@enabling-card/sdk";
import { builtFirmware, makeCard } from "@enabling-card/tools";
import { Indicator, type TokenState, toHex } from "@enabling-card/wire";
import { DOMAIN } from "../support/card-with-issuer.js";

export const PIN = "2468";
const ENDS_MS = 30_000;
const MERCHANT = "CORNER BAKERY";

/** What the issuer answers to a comparison, as JSON. */
export type Told = Record<string, unknown>;

export interface MeansWorld {
  readonly network: Network;
  readonly emulator: EmulatedCard;
  readonly card: Card;
  readonly client: IssuerClient;
  readonly token: Token;
  readonly means: PaymentMeans;
  /** Of the token, in hexadecimal. */
  readonly ref: string;
  readonly line: Line;
  /** Every view that was shown since somebody last took them. */
  readonly views: MeansView[];
  readonly terminal: Terminal;
  /** For `forge`. */
  readonly service: IssuerService;
  pass(seconds: number): void;
  grant(): Promise<GrantBundle>;
  /** Follows the issuer's news from now on. */
  follow(): void;
  /** Whether the line of events is there, as the phone has heard. */
  isListening(): boolean;
  /** The version that the phone was told last, and has done with. */
  told(): number;
  close(): Promise<void>;
}

/** Between phone and issuer. */
export class Line {
  /** Nothing gets through. */
  isOff = false;
  /** No events get through. */
  isCut = false;
  alter: (told: Told) => Told | Promise<Told> = (told) => told;
  /** The last answer to a comparison, as the issuer gave it. */
  last: Told | undefined;
  #lose: (() => void) | undefined;

  readonly fetch: typeof fetch = async (url, init) => {
    const isEvents = new URL(String(url)).pathname === "/v1/states";
    if (this.isOff || (isEvents && this.isCut)) throw new TypeError("no network");
    const response = await fetch(url, init);
    if (isEvents && response.body) return new Response(this.#through(response.body), { headers: response.headers });
    if (!String(url).endsWith("/comparison") || !response.ok) return response;
    const told = (await response.json()) as Told;
    const altered = await this.alter(told);
    this.last = told;
    return new Response(JSON.stringify(altered));
  };

  /** Ends the line of events that is there. */
  drop(): void {
    this.#lose?.();
  }

  #through(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    const end = () => void reader.cancel().catch(() => undefined);
    return new ReadableStream({
      start: (phone) => {
        this.#lose = () => {
          phone.error(new TypeError("the line is lost"));
          end();
        };
      },
      async pull(phone) {
        const { done, value } = await reader.read();
        if (done) phone.close();
        else phone.enqueue(value);
      },
      cancel: end,
    });
  }
}

/** @param first - The state that the issuer has the token in when the phone first hears of it */
export async function meansWorld(first: TokenState): Promise<MeansWorld> {
  let now = Math.floor(Date.now() / 1000);
  const network = await startNetwork({ keys: keysFromSeeds(randomSeeds()), now: () => now });
  const { issuer, url } = network.issuer;
  const block = new MemoryBlock();
  const made = await makeCard(block, {
    keys: issuer.keys,
    log: { ...issuer.log.identity, checkpoint: issuer.log.head() },
    now,
  });
  const emulator = (await EmulatedCard.create({ firmware: await builtFirmware(), block })).start();
  const card = await Card.pair(memoryTransport([emulator], { mtu: 247 }), made.pairingCode, {
    ...{ phoneName: "Ada's phone", makerRoot: issuer.keys.makerRoot.publicKey, store: new MemoryPairingStore() },
    timeoutMs: 5_000,
  });
  await card.setPin(PIN);
  const line = new Line();
  const client = new IssuerClient({ baseUrl: url, fetch: line.fetch });
  await client.enrol(card.certificate, "Ada's phone");
  const token = await client.createToken(card.cardId, "LOVELACE/ADA");
  const ref = toHex(token.tokenRef);
  await issuer.store.setState(ref, first, "issuer", 0);
  const views: MeansView[] = [];
  const means = await PaymentMeans.open({
    ...{ issuer: client, store: new MemoryRegistrationStore(), cardId: card.cardId, tokenRef: token.tokenRef },
    onChange: (view) => views.push(view),
  });
  const abort = new AbortController();
  let following: Promise<void> | undefined;
  let isThere = false;
  let told = -1;
  const news = client.news.bind(client);
  client.news = async function* (...args) {
    for await (const one of news(...args)) {
      yield one;
      told = one.version; // whoever asks for the next one has compared
    }
  };
  const onLine = (is: boolean) => {
    isThere = is;
  };
  return {
    ...{ network, emulator, card, client, token, means, ref, line, views, service: network.issuer },
    terminal: new Terminal({
      ...network.processor.iso,
      merchantId: MERCHANT,
      merchantType: String(DOMAIN.mcc),
      chipCapable: false,
    }),
    pass(seconds) {
      now += seconds;
      emulator.advance(seconds * 1000);
    },
    async grant() {
      const { challenge, checkpointSize } = await card.refresh();
      const of = { cardId: card.cardId, tokenRef: token.tokenRef, challenge, checkpointSize };
      return client.grant({ ...of, domain: DOMAIN, maxEmissions: 1, kind: "online" });
    },
    follow() {
      following ??= means.follow({ signal: abort.signal, retryMs: 2, card: () => card, onLine });
    },
    isListening: () => isThere,
    told: () => told,
    async close() {
      abort.abort();
      await following;
      await card.close();
      const { traps, violations } = emulator;
      emulator.stop();
      await network.close();
      if (traps.length > 0) throw new Error(`trap: ${traps[0]!.message}`);
      if (violations.length > 0) throw new Error(`violation: ${violations[0]}`);
    },
  };
}

/** Whoever holds the card presses its button twice as soon as it asks, or does not where it does not come to that. */
export async function pressing<T>({ emulator }: MeansWorld, work: Promise<T>): Promise<T> {
  const over = work.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([emulator.shows(Indicator.Ask), over]);
  emulator.pressTwice();
  return work;
}

/** Everything that the coil has played since it was last cleared, as a terminal's reader hears it. */
export function heardAtCoil({ emulator }: MeansWorld): ReturnType<typeof readSamples>["reads"] {
  const emission = emulator.coil.emission();
  if (emission === undefined) return [];
  const edges = Float64Array.from(emission.edgesNs.flatMap((pass) => [...pass]));
  const { samples, sampleRateHz } = coilSignal(
    { edgesNs: edges, durationNs: emission.durationNs },
    { sampleRateHz: 48_000 },
  );
  return readSamples(samples, sampleRateHz).reads;
}

/** What does not end is a fault, and has a name. */
export async function ends<T>(what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: it does not end`)), ENDS_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
