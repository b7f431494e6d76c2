// What the network's bench asks: purchases that are each another's, with a valid single-use cryptogram, made before the clock starts.

import { randomBytes } from "node:crypto";
import { encode, type Fields, frame } from "@enabling-card/iso8583";
import { hashOfDomain, type Issuer, mintPan, type Tables, type TokenSecrets } from "@enabling-card/issuer";
import { Channel, discretionaryData, TEST_IIN, TOKEN_REF_SIZE, TokenState, toHex } from "@enabling-card/wire";

const DOMAIN = {
  ...{ requestor: "Bench wallet", merchant: "Bench Bakery", mcc: 5462 },
  ...{ channel: Channel.Swipe, country: 276, maxAmount: 1250 },
};
const EXPIRY = "4912";
const HOLDER = "BENCH/CARD";
/** Grants live two minutes; these wait until the clock starts, and longer. */
const LIFE_S = 86_400;
/** Rows that are written at once. */
const AT_ONCE = 10_000;

interface Token {
  readonly tokenRef: Uint8Array;
  readonly pan: string;
}

export interface MadeRequests {
  /** Framed 0100s, in the order in which they are sent. */
  readonly requests: readonly Uint8Array[];
  readonly tokens: number;
}

/**
 * Fills an issuer's store with tokens, as many as told, and with one grant a request, spread over at most so many tokens as there are requests.
 *
 * @param onProgress Told of tokens, then of requests.
 */
export async function makeRequests(
  issuer: Issuer,
  count: number,
  tokenCount: number,
  onProgress: (what: "tokens" | "requests", done: number, all: number) => void = () => undefined,
): Promise<MadeRequests> {
  const { store, secrets } = issuer;
  const cardId = "BENCH";
  const spending: Token[] = [];
  const holder = secrets.seal(HOLDER);
  await store.addCard({ card_id: cardId, grant_key: new Uint8Array(32), access_hash: "", phone_name: "bench" });
  for (let done = 0; done < tokenCount; ) {
    const until = Math.min(tokenCount, done + AT_ONCE);
    await store.atomically(async (kept) => {
      while (done < until) {
        const pan = mintPan(TEST_IIN);
        const tokenRef = Uint8Array.from(randomBytes(TOKEN_REF_SIZE));
        const row = {
          ...{ token_ref: toHex(tokenRef), card_id: cardId, pan: secrets.seal(pan), holder, last4: pan.slice(-4) },
          ...{
            expiry: EXPIRY,
            offline: 0,
            domain_only: 0,
            state: TokenState.Active,
            state_by: "issuer" as const,
            version: 0,
            atc: 0,
          },
          last_expires: 0,
        } as const;
        const isAdded = await kept.addToken(row, secrets.panIndex(pan));
        if (!isAdded) continue;
        if (spending.length < count) spending.push({ tokenRef, pan });
        done++;
      }
    });
    onProgress("tokens", done, tokenCount);
  }
  const requests: Uint8Array[] = [];
  while (requests.length < count) {
    const until = Math.min(count, requests.length + AT_ONCE);
    await store.atomically(async (kept) => {
      while (requests.length < until) requests.push(await requestOf(kept, secrets, spending, requests.length));
    });
    onProgress("requests", requests.length, count);
  }
  return { requests, tokens: tokenCount };
}

async function requestOf(
  kept: Tables,
  secrets: TokenSecrets,
  tokens: readonly Token[],
  n: number,
): Promise<Uint8Array> {
  // Neighbours in time are of different tokens, as they are in the field.
  const { tokenRef, pan } = tokens[n % tokens.length]!;
  const atc = Math.floor(n / tokens.length) + 1;
  const { maxAmount: max_amount } = DOMAIN;
  const expires = Math.floor(Date.now() / 1000) + LIFE_S;
  const row = { token_ref: toHex(tokenRef), atc, expires, max_amount, domain: JSON.stringify(DOMAIN) };
  const domainHash = hashOfDomain(DOMAIN);
  await kept.addGrant({ ...row, domain_hash: domainHash }, { level_s: 0, level_at: 0 });
  const cryptogram = secrets.cryptogram(tokenRef, atc, domainHash);
  return frame(
    encode({ mti: "0100", fields: fieldsOf(n, `${pan}=${EXPIRY}101${discretionaryData(atc, cryptogram)}`) }),
  );
}

function fieldsOf(n: number, track2: string): Fields {
  const stan = String(n % 1_000_000).padStart(6, "0");
  return {
    ...{ 3: "000000", 4: "000000000950", 7: "1129120000", 11: stan, 18: "5462", 19: "276", 22: "902", 32: "999999" },
    ...{ 35: track2, 37: `${stan}${stan}`, 41: `POS${String(Math.floor(n / 1_000_000)).padStart(5, "0")}`, 49: "978" },
  };
}
