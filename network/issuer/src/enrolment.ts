// A card is enrolled by its maker's certificate, and its phone gets an access key: told once, kept as a hash, and asked for with whatever is about that card.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Authority, DevelopmentLog } from "@enabling-card/ledger";
import type { Once, Repeatable } from "@enabling-card/sql";
import { fromHex, toBase32, toHex } from "@enabling-card/wire";
import { readCard, storeCard } from "./card-certificate.js";
import { IssuerError } from "./errors.js";
import { cardIn } from "./kept-rows.js";
import type { IssuerStore } from "./store.js";

/** Characters. */
const PHONE_NAME_MAX = 64;
/** Octets. */
const ACCESS_KEY_SIZE = 32;

export interface Enrolled {
  readonly cardId: string;
  /** Told once. */
  readonly accessKey: Uint8Array;
}

interface EnrolsCards {
  readonly store: IssuerStore;
  readonly log: DevelopmentLog;
  readonly maker: Authority;
  readonly once: Once;
  now(): number;
}

/** @throws {IssuerError} `BAD_REQUEST`, `CARD_NOT_GENUINE`, `CARD_ENROLLED`, `IDEMPOTENCY_MISMATCH` */
export async function enrolCard(
  issuer: EnrolsCards,
  certificate: Uint8Array,
  phoneName: string,
  repeat?: Repeatable,
): Promise<Enrolled> {
  // PostgreSQL keeps no text with an octet of zero, and no other control character is anybody's name.
  if (phoneName.length === 0 || phoneName.length > PHONE_NAME_MAX || /\p{Cc}/u.test(phoneName)) {
    throw new IssuerError("BAD_REQUEST", { detail: `a phone's name has 1 to ${PHONE_NAME_MAX} printable characters` });
  }
  const { store, log, maker, once } = issuer;
  const { cardId, grantKey } = readCard(certificate, maker, issuer.now());
  // A card's own: that of one is none of another's, and nobody's are so many that it is forgotten for them.
  const own = repeat && { ...repeat, owner: `enrolment of ${cardId}` };
  const enrolled = await store.atomically((kept) =>
    once.within(kept.answers, own, async () => {
      if (await kept.card(cardId)) throw new IssuerError("CARD_ENROLLED");
      storeCard(certificate, log); // on the ledger already: it stays as it is
      const accessKey = newAccessKey();
      await kept.addCard({
        card_id: cardId,
        grant_key: grantKey,
        access_hash: hashOfAccess(accessKey),
        phone_name: phoneName,
      });
      return { accessKey: toHex(accessKey) };
    }),
  );
  return { cardId, accessKey: fromHex(enrolled.accessKey) };
}

/** @throws {IssuerError} `CARD_UNKNOWN` */
export async function renewAccess(store: IssuerStore, cardId: Uint8Array): Promise<Uint8Array> {
  const accessKey = newAccessKey();
  const isKnown = await store.setAccess(toBase32(cardId), hashOfAccess(accessKey));
  if (!isKnown) throw new IssuerError("CARD_UNKNOWN");
  return accessKey;
}

/** @throws {IssuerError} `CARD_UNKNOWN`, `UNAUTHORISED` */
export async function authenticateCard(store: IssuerStore, cardId: Uint8Array, accessKey: Uint8Array): Promise<void> {
  const { access_hash: kept } = await cardIn(store, cardId);
  const [want, have] = [Buffer.from(kept, "hex"), Buffer.from(hashOfAccess(accessKey), "hex")];
  if (!timingSafeEqual(want, have)) throw new IssuerError("UNAUTHORISED");
}

function newAccessKey(): Uint8Array {
  return Uint8Array.from(randomBytes(ACCESS_KEY_SIZE));
}

/** As it is kept. */
export function hashOfAccess(accessKey: Uint8Array): string {
  return createHash("sha256").update(accessKey).digest("hex");
}
