// Grants are made in two steps: an ATC is counted, in one transaction with others' (grant-desk.ts), and what was counted is composed, signed and sealed to
// its card. Between them another service may make the cryptogram: what it is shown of a counted grant it can bring back, and neither read nor alter.

import { createHmac } from "node:crypto";
import type { Once, Repeatable } from "@enabling-card/sql";
import { derivedKey, SealRing } from "@enabling-card/vault";
import { AAD, encodeGrant, encodeSign1, GRANT_LIFE_S, OFFLINE_LIFE_MAX_S, toHex } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import type { Evidence, GrantBundle } from "./evidence.js";
import { composeGrant } from "./grant-body.js";
import { GrantDesk } from "./grant-desk.js";
import {
  type ByDelegation,
  type CodeToSwipe,
  type Counted,
  type CountedGrant,
  checkedRequest,
  countGrant,
  type GrantRequest,
} from "./grant-request.js";
import type { IssuerKeys } from "./keys.js";
import { sealToCard } from "./seal.js";
import type { Signer } from "./signers.js";
import type { IssuerStore, Tables, TokenRow } from "./store.js";
import type { TokenSecrets } from "./token-secrets.js";
import { hashOfDomain } from "./token-secrets.js";

/** What is kept of one under an idempotency key: all else is in the request. */
type Answered = Pick<CountedGrant, "issuedAt" | "expires"> & Pick<Counted, "atc" | "n"> & { readonly key?: number };

interface Parts {
  readonly store: IssuerStore;
  readonly secrets: TokenSecrets;
  readonly keys: IssuerKeys;
  readonly once: Once;
  now(): number;
  /** @throws {IssuerError} `KEY_RETIRED` */
  signer(number: number): Signer;
  evidence(checkpointSize: number, serial: Uint8Array): Evidence;
  grantKey(cardId: Uint8Array): Promise<Uint8Array>;
}

/** What kind of grant is counted. */
export interface CountOptions {
  /** The issuer makes it, and no other service. */
  readonly hasOwnCryptogram: boolean;
  /** The grant carries a transaction code. */
  readonly isOfCode: boolean;
  /** The right by which somebody else than the token's owner asks. */
  readonly by?: ByDelegation | undefined;
}

export class GrantMaker {
  readonly #parts: Parts;
  readonly #desk: GrantDesk;
  readonly #shown: SealRing;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#desk = new GrantDesk(parts.store);
    this.#shown = new SealRing(parts.keys, "ecard/1 counted grants");
  }

  /**
   * @param repeat - Where the request may come again: it is then the grant that was counted the first time
   * @throws {IssuerError} `CHECKPOINT_UNKNOWN`, `IDEMPOTENCY_MISMATCH`, and what `checkedRequest` and `countGrant` throw: no ATC is counted then
   */
  async count(
    asked: GrantRequest,
    { hasOwnCryptogram, isOfCode, by }: CountOptions,
    repeat?: Repeatable,
  ): Promise<CountedGrant> {
    const request = checkedRequest(asked);
    const { signer, evidence: evidenceOf, secrets } = this.#parts;
    // Whoever has seen more of the log than there is has no ATC counted.
    const evidence = evidenceOf(request.checkpointSize, signer(secrets.number).serial);
    const now = this.#parts.now();
    const longest = now + (request.kind === "offline" ? OFFLINE_LIFE_MAX_S : GRANT_LIFE_S);
    const life = { issuedAt: now, expires: Math.min(longest, by?.until ?? longest) };
    return this.#desk.ask(async (kept) => {
      let counted: Counted | undefined;
      const {
        atc,
        n,
        key = 0,
        ...lives
      } = await this.#parts.once.within<Answered>(kept.answers, repeat, async () => {
        const how = { hasOwnCryptogram, isOfCode, by, key: secrets.number };
        counted = await countGrant(kept, request, life, how);
        return { atc: counted.atc, n: counted.n, key: counted.key, ...life };
      });
      counted ??= { token: await this.#token(kept, request), atc, n, key, domainHash: hashOfDomain(request.domain) };
      const isNewest = counted.key === secrets.number;
      // Of a repeat from before the keys were changed, and of the key that it was counted under.
      const own = isNewest ? evidence : evidenceOf(request.checkpointSize, signer(counted.key).serial);
      return { request, counted, ...lives, evidence: own, ...(by && { methods: by.methods }) };
    });
  }

  /** The issuer's own. */
  cryptogram({ request, counted: { atc, domainHash, key } }: CountedGrant): Uint8Array {
    const made = this.#parts.secrets.cryptogramUnder(key, request.tokenRef, atc, domainHash);
    if (typeof made === "string") throw new IssuerError("KEY_RETIRED");
    return made;
  }

  async make(
    { request, counted, issuedAt, expires, methods, ...made }: CountedGrant,
    cryptogram: Uint8Array,
    code?: CodeToSwipe,
  ): Promise<GrantBundle> {
    const { secrets } = this.#parts;
    const { serial, sign, master } = this.#parts.signer(counted.key);
    const evidence = made.evidence ?? this.#parts.evidence(request.checkpointSize, serial);
    const grant = encodeGrant(
      composeGrant(secrets, request, counted, cryptogram, { code, methods }, { issuedAt, expires }),
    );
    const signed = encodeSign1(grant, serial, AAD.grant, sign.sign);
    const grantKey = await this.#parts.grantKey(request.cardId);
    // Of what was signed, so that the same grant, made again, is the same octets, and another never has its ephemeral key.
    const ephemeral = createHmac("sha256", derivedKey(master, "ecard/1 grant ephemerals", 32))
      .update(request.cardId)
      .update(signed)
      .digest();
    return { sealed: await sealToCard(signed, request.cardId, grantKey, ephemeral), atc: counted.atc, ...evidence };
  }

  /** What another service is shown of it. */
  shown({ request, counted: { atc, n, key }, issuedAt, expires }: CountedGrant, code?: CodeToSwipe): string {
    const { cardId, tokenRef, challenge, ...plain } = request;
    const octets = [cardId, tokenRef, ...(challenge ? [challenge] : [])].map(toHex);
    const told: Shown = {
      octets,
      plain,
      atc,
      n,
      key,
      issuedAt,
      expires,
      ...(code && { code: [code.number, toHex(code.codeRef)] }),
    };
    return Buffer.from(this.#shown.seal(JSON.stringify(told))).toString("base64url");
  }

  /** A grant of what it brings back, with one cryptogram and no other. @throws {IssuerError} `COUNTED_UNKNOWN`, `IDEMPOTENCY_MISMATCH` */
  async makeOf(shown: string, cryptogram: Uint8Array): Promise<GrantBundle> {
    const { octets, plain, atc, n, key = 0, issuedAt, expires, code } = this.#opened(shown);
    const [cardId, tokenRef, challenge] = octets.map((hex) => Uint8Array.from(Buffer.from(hex, "hex")));
    const request = { ...plain, cardId: cardId!, tokenRef: tokenRef!, ...(challenge && { challenge }) };
    // A token's own: as long as one of its grants is good it has no more of them than are kept of an owner.
    const once = { owner: `made of ${octets[1]}`, key: String(atc), asked: toHex(cryptogram) };
    const token = await this.#parts.store.atomically(async (kept) => {
      await this.#parts.once.within(kept.answers, once, async () => ({}));
      return this.#token(kept, request);
    });
    const counted = { token, atc, n, key, domainHash: new Uint8Array(0) }; // of the issuer's own cryptogram alone
    const swiped = code && { number: code[0], codeRef: Uint8Array.from(Buffer.from(code[1], "hex")) };
    return this.make({ request, counted, issuedAt, expires }, cryptogram, swiped);
  }

  async #token(kept: Tables, { tokenRef }: GrantRequest): Promise<TokenRow> {
    const token = await kept.token(toHex(tokenRef));
    if (token === undefined) throw new IssuerError("TOKEN_UNKNOWN");
    return token;
  }

  #opened(shown: string): Shown {
    let told: Shown;
    try {
      told = JSON.parse(this.#shown.open(Buffer.from(shown, "base64url"))) as Shown;
    } catch (cause) {
      throw new IssuerError("COUNTED_UNKNOWN", { cause }); // altered, or of a key that was taken out: two minutes old
    }
    if (this.#parts.now() >= told.expires) throw new IssuerError("COUNTED_UNKNOWN");
    return told;
  }
}

interface Shown extends Pick<CountedGrant, "issuedAt" | "expires">, Pick<Counted, "atc" | "n"> {
  /** Number of the keys that it is made with. */
  readonly key?: number;
  /** Card, token, and the challenge where there is one; hexadecimal. */
  readonly octets: readonly string[];
  readonly plain: Omit<GrantRequest, "cardId" | "tokenRef" | "challenge">;
  /** Number and name, hexadecimal. */
  readonly code?: readonly [string, string];
}
