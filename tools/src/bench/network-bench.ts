// The network through its real doors: authorisations at a rate, and at most; grants over HTTP; and bare inserts of the same engine beside them.

import { rounded } from "../output.js";
import { insertsPerSecond } from "./bare-inserts.js";
import { benchCards, grantsPerSecond } from "./network-grants.js";
import { type Answered, loadClosed, loadOpen, percentile } from "./network-load.js";
import { filesOf, networkProcess, type Place, places, withStores } from "./network-places.js";
import { makeRequests } from "./network-requests.js";

export interface NetworkBenchOptions {
  /** Authorisations a second that are asked, for so long, behind so much of warming up. */
  readonly rate?: number;
  readonly seconds?: number;
  readonly warmUpSeconds?: number;
  /** More than a thousand are measured beside a thousand. */
  readonly tokens?: number;
  /** A server of PostgreSQL; files of SQLite without. */
  readonly store?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (what: string, done: number, all: number) => void;
}

export interface NetworkBench {
  readonly engine: string;
  readonly tokens: number;
  /** At the rate that was asked, from each request's scheduled start. */
  readonly authorisationsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly approved: number;
  readonly asked: number;
  /** Authorisations in one transaction, on average. */
  readonly group: number;
  /** As fast as they are answered. */
  readonly mostPerSecond: number;
  readonly mostGroup: number;
  /** Bare inserts a second of rows as long, as many a transaction as at the rate, and at most. */
  readonly insertsPerSecond: number;
  readonly mostInsertsPerSecond: number;
  /** Sealed grants a second, over HTTP. */
  readonly grantsPerSecond: number;
  /** Inserts a second over authorisations a second, both as fast as they go and as many a transaction. */
  readonly ratioToBareInserts: number;
  /** A network of a thousand tokens, in the same run. */
  readonly thousandP50Ms?: number;
  readonly thousandP99Ms?: number;
  readonly thousandMostPerSecond?: number;
  /** What one authorisation costs, as fast as they go, in times of what it costs of a thousand tokens: the middle one of some rounds of each, in turns. */
  readonly ratioToThousand?: number;
}

const MOST_SECONDS = 10;
const GRANT_SECONDS = 10;
const THOUSAND = 1000;
/** Of each network as fast as it goes, in turns: what else the machine does meets both. */
const ROUNDS = 5;

export async function benchNetwork(options: NetworkBenchOptions = {}): Promise<NetworkBench> {
  const { seconds = 60, tokens = THOUSAND, store, onProgress } = options;
  const { next, gone } = await places(store);
  const running: Running[] = [];
  try {
    const counts = countsOf(options);
    const place = await next();
    const requests = await made(place, tokens, counts, onProgress);
    const cards = await benchCards(filesOf(place));
    const beside = tokens > THOUSAND ? await next() : undefined;
    const others = beside && (await made(beside, THOUSAND, counts, onProgress));
    // One after the other at the rate, and both at hand for what is asked in turns.
    if (beside) running.push(await begun(beside, others!));
    const thousand = running[0] && (await atRate(running[0], options));
    running.push(await begun(place, requests));
    const own = running.at(-1)!;
    const open = await atRate(own, options);
    onProgress?.("as fast as it goes", counts.measured, counts.measured);
    const most = await inTurns(beside ? [own, running[0]!] : [own], counts, options.signal);
    onProgress?.("grants", counts.measured, counts.measured);
    const grants = await grantsPerSecond(own.network.url, cards, Math.min(GRANT_SECONDS, seconds));
    const { perSecond, group: mostGroup } = most[0]!;
    const inserts = await insertsPerSecond(place, Math.max(1, Math.round(open.group)), seconds);
    const mostInserts = await insertsPerSecond(place, Math.max(1, Math.round(mostGroup)), seconds);
    return {
      engine: place.engine,
      tokens,
      authorisationsPerSecond: rounded(counts.measured / open.seconds, 1),
      p50Ms: percentileMs(open, 0.5),
      p99Ms: percentileMs(open, 0.99),
      approved: open.approved,
      asked: counts.measured,
      group: rounded(open.group, 1),
      mostPerSecond: rounded(perSecond, 1),
      mostGroup: rounded(mostGroup, 1),
      insertsPerSecond: rounded(inserts, 1),
      mostInsertsPerSecond: rounded(mostInserts, 1),
      grantsPerSecond: rounded(grants, 1),
      ratioToBareInserts: rounded(mostInserts / perSecond, 1),
      ...(thousand && {
        thousandP50Ms: percentileMs(thousand, 0.5),
        thousandP99Ms: percentileMs(thousand, 0.99),
        thousandMostPerSecond: rounded(most[1]!.perSecond, 1),
        ratioToThousand: rounded(middle(most[0]!.rounds.map((s, i) => s / most[1]!.rounds[i]!)), 2),
      }),
    };
  } finally {
    for (const { network } of running) await network.end();
    await gone();
  }
}

/** How many requests each part of a run has, in their order. */
interface Counts {
  readonly warm: number;
  readonly measured: number;
  /** A whole number of rounds. */
  readonly most: number;
}

function countsOf({ rate = 2000, seconds = 60, warmUpSeconds = 10 }: NetworkBenchOptions): Counts {
  const most = 3 * rate * Math.min(MOST_SECONDS, seconds);
  return { warm: rate * warmUpSeconds, measured: rate * seconds, most: Math.ceil(most / ROUNDS) * ROUNDS };
}

interface Running {
  readonly network: Awaited<ReturnType<typeof networkProcess>>;
  readonly requests: readonly Uint8Array[];
}

async function made(
  place: Place,
  tokens: number,
  { warm, measured, most }: Counts,
  onProgress: NetworkBenchOptions["onProgress"],
): Promise<readonly Uint8Array[]> {
  const { requests } = await withStores(place, (stores) =>
    makeRequests(stores, warm + measured + most, tokens, onProgress),
  );
  return requests;
}

async function begun(place: Place, requests: readonly Uint8Array[]): Promise<Running> {
  return { network: await networkProcess(place), requests };
}

/** Behind its warming up. */
async function atRate(
  { network, requests }: Running,
  options: NetworkBenchOptions,
): Promise<Answered & { readonly group: number }> {
  const { rate = 2000, signal, onProgress } = options;
  const { warm, measured } = countsOf(options);
  const part = (from: number, count: number) => ({ rate, from, to: from + count, ...(signal && { signal }) });
  onProgress?.("warming up", 0, measured);
  await loadOpen(network.iso, requests, part(0, warm));
  const before = await network.transactions();
  onProgress?.("authorisations", 0, measured);
  const open = await loadOpen(network.iso, requests, part(warm, measured));
  return { ...open, group: measured / Math.max(1, (await network.transactions()) - before) };
}

/** Each network as fast as it goes, and how long each of its rounds took, seconds. */
async function inTurns(all: readonly Running[], { warm, measured, most }: Counts, signal: AbortSignal | undefined) {
  const before = await Promise.all(all.map(({ network }) => network.transactions()));
  const rounds = all.map((): number[] => []);
  for (let from = warm + measured; from < warm + measured + most; from += most / ROUNDS) {
    for (const [i, { network, requests }] of all.entries()) {
      const part = { from, to: from + most / ROUNDS, ...(signal && { signal }) };
      rounds[i]!.push((await loadClosed(network.iso, requests, part)).seconds);
    }
  }
  const after = await Promise.all(all.map(({ network }) => network.transactions()));
  return all.map((_, i) => {
    const seconds = rounds[i]!.reduce((sum, round) => sum + round, 0);
    const group = most / Math.max(1, after[i]! - before[i]!);
    return { rounds: rounds[i]!, perSecond: most / seconds, group };
  });
}

function percentileMs({ latenciesMs }: Answered, share: number): number {
  return rounded(percentile(latenciesMs, share), 1);
}

function middle(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}
