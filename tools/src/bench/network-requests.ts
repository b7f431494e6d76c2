// What the network's bench asks: purchases that are each another's, by a stripe with a valid single-use DRC, made before the clock starts (system 4).

import { randomBytes } from "node:crypto";
import { ATN_PART_SIZE, cavvOf } from "@enabling-card/acs";
import { encode, type Fields, frame } from "@enabling-card/iso8583";
import { hashOfDomain, type Issuer, type Tables } from "@enabling-card/issuer";
import { drcOf, type KeptDomain, keepDomain, type Processor } from "@enabling-card/processor";
import { Channel, discretionaryData, toHex } from "@enabling-card/wire";
import { EXPIRY, fillTokens, type SpendingToken } from "./network-tokens.js";

const DOMAIN = {
  ...{ requestor: "Bench wallet", merchant: "BENCH BAKERY", mcc: 5462 },
  ...{ channel: Channel.Swipe, country: 276, maxAmount: 1250 },
};
/** Grants live two minutes; these wait until the clock starts, and longer. */
const LIFE_S = 86_400;
/** Rows that are written at once. */
const AT_ONCE = 10_000;

interface Granted {
  readonly token: SpendingToken;
  readonly atc: number;
  readonly drc: Uint8Array;
  readonly domain: KeptDomain;
  readonly expires: number;
}

/** A network's services, before it starts. */
export interface Stores {
  readonly issuer: Issuer;
  readonly processor: Processor;
}

export interface MadeRequests {
  /** Framed 0100s, in the order in which they are sent. */
  readonly requests: readonly Uint8Array[];
  readonly tokens: number;
}

/**
 * Fills the stores of issuer and processor with tokens, as many as told, and with one grant a request, spread over at most so many tokens as there are
 * requests: tokens from all over the store.
 *
 * @param onProgress Told of accounts and tokens, then of requests.
 */
export async function makeRequests(
  { issuer, processor }: Stores,
  count: number,
  tokenCount: number,
  onProgress: (what: "accounts" | "tokens" | "requests", done: number, all: number) => void = () => undefined,
): Promise<MadeRequests> {
  const { store } = issuer;
  const spending = await fillTokens(issuer, tokenCount, count, onProgress);
  const requests: Uint8Array[] = [];
  while (requests.length < count) {
    const from = requests.length;
    const until = Math.min(count, from + AT_ONCE);
    const grants: Granted[] = [];
    for (let n = from; n < until; n++) grants.push(grantOf({ issuer, processor }, spending, n));
    await store.atomically(async (kept) => {
      for (const grant of grants) await keepGrant(kept, grant);
    });
    await processor.store.atomically(async (kept) => {
      for (const { token, atc, expires, domain } of grants)
        await keepDomain(processor, kept, { token: token.pan, atc, expires }, domain);
    });
    for (const [i, grant] of grants.entries()) requests.push(requestOf(from + i, grant));
    onProgress("requests", requests.length, count);
  }
  return { requests, tokens: tokenCount };
}

/** As the domain server makes one, behind an authentication that nobody was asked for. */
function grantOf({ issuer, processor }: Stores, tokens: readonly SpendingToken[], n: number): Granted {
  // Neighbours in time are of different tokens, as they are in the field.
  const token = tokens[n % tokens.length]!;
  const atc = Math.floor(n / tokens.length) + 1;
  const { account } = token;
  const atnPart = Uint8Array.from(randomBytes(ATN_PART_SIZE));
  const { requestor, merchant, channel } = DOMAIN;
  const domain: KeptDomain = {
    ...{ requestor, merchant, channel, account, expiry: EXPIRY },
    tokenRef: Buffer.from(token.tokenRef).toString("base64url"),
    atnPart: Buffer.from(atnPart).toString("base64url"),
    cavv: Buffer.from(cavvOf(issuer.secrets.cavvKey, account, atnPart)).toString("base64"),
  };
  const drc = drcOf(processor.domainKey, { requestor, merchant, token: token.pan, atnPart, atc });
  return { token, atc, drc, domain, expires: Math.floor(Date.now() / 1000) + LIFE_S };
}

async function keepGrant(kept: Tables, { token, atc, expires }: Granted): Promise<void> {
  const { maxAmount: max_amount } = DOMAIN;
  const row = { token_ref: toHex(token.tokenRef), atc, expires, max_amount, domain: JSON.stringify(DOMAIN) };
  await kept.addGrant({ ...row, domain_hash: hashOfDomain(DOMAIN) }, { level_s: 0, level_at: 0 });
}

function requestOf(n: number, { token, atc, drc }: Granted): Uint8Array {
  const track2 = `${token.pan}=${EXPIRY}101${discretionaryData(atc, drc)}`;
  return frame(encode({ mti: "0100", fields: fieldsOf(n, track2) }));
}

function fieldsOf(n: number, track2: string): Fields {
  const stan = String(n % 1_000_000).padStart(6, "0");
  return {
    ...{ 3: "000000", 4: "000000000950", 7: "1129120000", 11: stan, 18: "5462", 19: "276", 22: "902", 32: "999999" },
    ...{ 35: track2, 37: `${stan}${stan}`, 41: `POS${String(Math.floor(n / 1_000_000)).padStart(5, "0")}` },
    ...{ 42: DOMAIN.merchant.padEnd(15), 49: "978" },
  };
}
