// An issuer's store with as many tokens as a bench asks for, ten million too: rows as the issuer mints them (keyed names, sealed numbers), eight tokens a
// card and an account each card. They are written in the order of their names, since a tree that grows at its end is written once: what is looked
// for later is anywhere in it.

import { randomBytes, randomInt } from "node:crypto";
import { type Issuer, type NewToken, TOKENS_AT_ONCE, type TokenSecrets } from "@enabling-card/issuer";
import { luhnDigit, TEST_IIN, TOKEN_REF_SIZE, TOKENS_MAX, TokenState, toHex } from "@enabling-card/wire";

export const EXPIRY = "4912";
const HOLDER = "BENCH/CARD";
/** Of a transaction. */
const ROWS_AT_ONCE = 10_000;
/** Numbers of a range: nine digits behind the IIN, the first of them no 9, which is a code's. */
const NUMBERS = 900_000_000;
/** From one number to the next: prime to `NUMBERS`, so that none comes twice. */
const STRIDE = 556_172_863;

export interface SpendingToken {
  readonly tokenRef: Uint8Array;
  readonly pan: string;
  /** The number that is charged. */
  readonly account: string;
}

export type OnRows = (what: "accounts" | "tokens", done: number, all: number) => void;

/**
 * Fills an empty store.
 *
 * @returns `spending` of the tokens (all, where there are fewer), from all over the store, in no order
 */
export async function fillTokens(
  { store, secrets }: Pick<Issuer, "store" | "secrets">,
  count: number,
  spending: number,
  onRows: OnRows = () => undefined,
): Promise<readonly SpendingToken[]> {
  const cards = Math.ceil(count / TOKENS_MAX);
  const first = randomInt(NUMBERS);
  const accounts = byName(secrets, first, 0, cards);
  const tokens = byName(secrets, first, cards, count);
  for (let done = 0; done < cards; ) {
    const until = Math.min(cards, done + ROWS_AT_ONCE);
    const from = done;
    await store.atomically(async (kept) => {
      for (done = from; done < until; done++) {
        const [card_id, pan] = [cardOf(done), panOf(accounts, done)];
        await kept.addCard({ card_id, grant_key: new Uint8Array(32), access_hash: "", phone_name: "bench" });
        await kept.addAccount({ card_id, pan: secrets.seal(pan) }, secrets.panIndex(pan));
      }
    });
    onRows("accounts", done, cards);
  }
  const chosen: SpendingToken[] = [];
  const wanted = Math.min(spending, count);
  const holder = secrets.seal(HOLDER);
  for (let done = 0; done < count; ) {
    const rows: [NewToken, string][] = [];
    const [from, refs] = [done, randomBytes(TOKEN_REF_SIZE * ROWS_AT_ONCE)]; // asked for at once: a call for each is a quarter of all time
    for (const until = Math.min(count, done + ROWS_AT_ONCE); done < until; done++) {
      const [card, pan, tokenRef] = [
        Math.floor(done / TOKENS_MAX),
        panOf(tokens, done),
        refOf(refs, done - from, done / count),
      ];
      rows.push([rowOf(secrets, tokenRef, cardOf(card), pan, holder), secrets.panIndex(pan)]);
      // As many from each part of the store.
      if (Math.floor(((done + 1) * wanted) / count) > Math.floor((done * wanted) / count))
        chosen.push({ tokenRef, pan, account: panOf(accounts, card) });
    }
    await store.atomically(async (kept) => {
      for (let i = 0; i < rows.length; i += TOKENS_AT_ONCE) await kept.addTokens(rows.slice(i, i + TOKENS_AT_ONCE));
    });
    onRows("tokens", done, count);
  }
  return shuffled(chosen);
}

/** `count` numbers behind the first `from` ones of a sequence, by their keyed names: the name's first half, then the number. */
function byName(secrets: TokenSecrets, first: number, from: number, count: number): BigUint64Array {
  const all = new BigUint64Array(count);
  let number = Number((BigInt(first) + BigInt(from) * BigInt(STRIDE)) % BigInt(NUMBERS));
  for (let i = 0; i < count; i++) {
    const name = secrets.panIndex(panOfNumber(number)).slice(0, 8);
    all[i] = (BigInt(Number.parseInt(name, 16)) << 32n) | BigInt(number);
    number = (number + STRIDE) % NUMBERS;
  }
  return all.sort();
}

function panOf(numbers: BigUint64Array, i: number): string {
  return panOfNumber(Number(numbers[i]! & 0xffff_ffffn));
}

function panOfNumber(number: number): string {
  const body = TEST_IIN + String(number).padStart(9, "0");
  return body + luhnDigit(body);
}

function cardOf(card: number): string {
  return `BENCH${String(card).padStart(8, "0")}`;
}

/** Random, but that its first four octets rise. */
function refOf(random: Buffer, i: number, share: number): Uint8Array {
  const ref = Uint8Array.from(random.subarray(TOKEN_REF_SIZE * i, TOKEN_REF_SIZE * (i + 1)));
  new DataView(ref.buffer).setUint32(0, Math.floor(share * 2 ** 32));
  return ref;
}

function rowOf(
  secrets: TokenSecrets,
  tokenRef: Uint8Array,
  card_id: string,
  pan: string,
  holder: Uint8Array,
): NewToken {
  return {
    ...{ token_ref: toHex(tokenRef), card_id, pan: secrets.seal(pan), holder, last4: pan.slice(-4), expiry: EXPIRY },
    ...{ offline: 0, domain_only: 1, state: TokenState.Active, state_by: "issuer", version: 0, atc: 0 },
    last_expires: 0,
  };
}

/** Fisher and Yates: who comes one after the other does not lie beside each other in the store. */
function shuffled<T>(all: T[]): T[] {
  for (let i = all.length - 1; i > 0; i--) {
    const other = randomInt(i + 1);
    [all[i], all[other]] = [all[other]!, all[i]!];
  }
  return all;
}
