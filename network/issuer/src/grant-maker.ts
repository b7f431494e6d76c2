// Grants are made in two steps: an ATC is counted, in one transaction with others' (grant-desk.ts), and what was counted is composed, signed and sealed to
// its card. Between them another service may make the cryptogram: what it is shown of a counted grant it can bring back, and neither read nor alter.

import { derivedKey, openText, sealText } from "@enabling-card/vault";
import { AAD, encodeGrant, encodeSign1, GRANT_LIFE_S, OFFLINE_LIFE_MAX_S, toHex } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import type { Evidence, GrantBundle } from "./evidence.js";
import { composeGrant } from "./grant-body.js";
import { GrantDesk } from "./grant-desk.js";
import { type CodeToSwipe, type Counted, checkedRequest, countGrant, type GrantRequest } from "./grant-request.js";
import type { IssuerKeys } from "./keys.js";
import { sealToCard } from "./seal.js";
import type { IssuerStore } from "./store.js";
import type { TokenSecrets } from "./token-secrets.js";

/** A grant whose ATC is counted, and that is not made yet. Times in seconds since 1970. */
export interface CountedGrant {
  readonly request: GrantRequest;
  readonly counted: Counted;
  readonly issuedAt: number;
  readonly expires: number;
  /** As it was then: none of what came back from another service. */
  readonly evidence?: Evidence;
}

interface Parts {
  readonly store: IssuerStore;
  readonly secrets: TokenSecrets;
  readonly keys: IssuerKeys;
  /** Of the issuer's certificate. */
  readonly serial: Uint8Array;
  now(): number;
  evidence(checkpointSize: number): Evidence;
  grantKey(cardId: Uint8Array): Promise<Uint8Array>;
}

export class GrantMaker {
  readonly #parts: Parts;
  readonly #desk: GrantDesk;
  readonly #shown: Uint8Array;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#desk = new GrantDesk(parts.store);
    this.#shown = derivedKey(parts.keys.master, "ecard/1 counted grants", 32);
  }

  /**
   * @param hasOwnCryptogram - Where the issuer makes it, and no other service
   * @throws {IssuerError} `CHECKPOINT_UNKNOWN`, and what `checkedRequest` and `countGrant` throw: no ATC is counted then
   */
  async count(asked: GrantRequest, hasOwnCryptogram: boolean): Promise<CountedGrant> {
    const request = checkedRequest(asked);
    const evidence = this.#parts.evidence(request.checkpointSize);
    const issuedAt = this.#parts.now();
    const expires = issuedAt + (request.kind === "offline" ? OFFLINE_LIFE_MAX_S : GRANT_LIFE_S);
    const counted = await this.#desk.ask((kept) => countGrant(kept, request, issuedAt, expires, hasOwnCryptogram));
    return { request, counted, issuedAt, expires, evidence };
  }

  /** The issuer's own. */
  cryptogram({ request, counted: { atc, domainHash } }: CountedGrant): Uint8Array {
    return this.#parts.secrets.cryptogram(request.tokenRef, atc, domainHash);
  }

  async make(
    { request, counted, issuedAt, expires, evidence = this.#parts.evidence(request.checkpointSize) }: CountedGrant,
    cryptogram: Uint8Array,
    code?: CodeToSwipe,
  ): Promise<GrantBundle> {
    const { secrets, serial, keys } = this.#parts;
    const grant = encodeGrant(composeGrant(secrets, request, counted, cryptogram, code, { issuedAt, expires }));
    const signed = encodeSign1(grant, serial, AAD.grant, keys.sign.sign);
    const grantKey = await this.#parts.grantKey(request.cardId);
    return { sealed: await sealToCard(signed, request.cardId, grantKey), ...evidence };
  }

  /** What another service is shown of it. */
  shown({ request, counted: { atc, n }, issuedAt, expires }: CountedGrant, code?: CodeToSwipe): string {
    const { cardId, tokenRef, challenge, ...plain } = request;
    const octets = [cardId, tokenRef, ...(challenge ? [challenge] : [])].map(toHex);
    const told: Shown = {
      octets,
      plain,
      atc,
      n,
      issuedAt,
      expires,
      ...(code && { code: [code.number, toHex(code.codeRef)] }),
    };
    return Buffer.from(sealText(this.#shown, JSON.stringify(told))).toString("base64url");
  }

  /** A grant of what it brings back, with its cryptogram. @throws {IssuerError} `COUNTED_UNKNOWN` */
  async makeOf(shown: string, cryptogram: Uint8Array): Promise<GrantBundle> {
    const { octets, plain, atc, n, issuedAt, expires, code } = this.#opened(shown);
    const [cardId, tokenRef, challenge] = octets.map((hex) => Uint8Array.from(Buffer.from(hex, "hex")));
    const token = await this.#parts.store.token(octets[1]!);
    if (token === undefined) throw new IssuerError("COUNTED_UNKNOWN");
    const request = { ...plain, cardId: cardId!, tokenRef: tokenRef!, ...(challenge && { challenge }) };
    const counted = { token, atc, n, domainHash: new Uint8Array(0) }; // of the issuer's own cryptogram alone
    const swiped = code && { number: code[0], codeRef: Uint8Array.from(Buffer.from(code[1], "hex")) };
    return this.make({ request, counted, issuedAt, expires }, cryptogram, swiped);
  }

  #opened(shown: string): Shown {
    const text = openText(this.#shown, Buffer.from(shown, "base64url"));
    const told = text === undefined ? undefined : (JSON.parse(text) as Shown);
    if (told === undefined || this.#parts.now() >= told.expires) throw new IssuerError("COUNTED_UNKNOWN");
    return told;
  }
}

interface Shown extends Pick<CountedGrant, "issuedAt" | "expires">, Pick<Counted, "atc" | "n"> {
  /** Card, token, and the challenge where there is one; hexadecimal. */
  readonly octets: readonly string[];
  readonly plain: Omit<GrantRequest, "cardId" | "tokenRef" | "challenge">;
  /** Number and name, hexadecimal. */
  readonly code?: readonly [string, string];
}
