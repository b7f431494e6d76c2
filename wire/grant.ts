// SwipeGrant and token state: what the issuer signs, docs/protocol.md "Grant". Sealing and signing are the issuer's.

import { concat, u32be } from "./bytes.js";
import { asArray, asBytes, asMap, asText, asUint, type CborValue, cborDecode, cborEncode } from "./cbor.js";
import { CaveatKey, DomainKey, GrantKey, type GrantKind, StateKey, type TokenState } from "./labels.js";
import { CARD_ID_SIZE, CHALLENGE_SIZE, CRYPTOGRAM_SIZE, STRIPE_ATCS, TOKEN_REF_SIZE } from "./limits.js";

/** Where a grant may be spent. Amounts in minor units of the country's currency; country is ISO 3166-1 numeric. */
export interface Domain {
  readonly requestor: string;
  readonly merchant?: string;
  readonly mcc?: number;
  readonly channel: number;
  readonly country: number;
  readonly maxAmount: number;
}

/** Times are seconds since 1970. `challenge` for a grant on line, `offline` for one kept on the phone. */
export interface SwipeGrant {
  readonly kind: GrantKind;
  readonly cardId: Uint8Array;
  readonly challenge?: Uint8Array;
  readonly offline?: { readonly cap: number; readonly n: number; readonly of: number };
  readonly issuedAt: number;
  readonly notBefore: number;
  readonly expires: number;
  readonly tokenRef: Uint8Array;
  /** Template `PAN=YYMMSSS`: no sentinel, no discretionary data. */
  readonly track2: string;
  /** Template `BPAN^NAME^YYMMSSS`. */
  readonly track1?: string;
  readonly atc: number;
  readonly cryptogram: Uint8Array;
  readonly domain: Domain;
  readonly maxEmissions: number;
  /** Of a delegated one (system 6): by which its user may show to be there, bits of `Method`; by each unless told. */
  readonly caveats?: { readonly methods: number };
  /** Of a transaction code (system 5), which is in `track2` in the token's place. */
  readonly codeRef?: Uint8Array;
}

/** A token's state as the issuer signs it; `until` goes with `deactivated`. */
export interface TokenStateObject {
  readonly cardId: Uint8Array;
  readonly tokenRef: Uint8Array;
  readonly version: number;
  readonly state: TokenState;
  readonly until?: number;
}

export function encodeDomain(domain: Domain): Uint8Array {
  return cborEncode(domainMap(domain));
}

export function encodeGrant(grant: SwipeGrant): Uint8Array {
  const map = new Map<number, CborValue>([
    [GrantKey.Kind, grant.kind],
    [GrantKey.CardId, grant.cardId],
  ]);
  if (grant.challenge) map.set(GrantKey.Challenge, grant.challenge);
  if (grant.offline) map.set(GrantKey.Offline, [grant.offline.cap, grant.offline.n, grant.offline.of]);
  map.set(GrantKey.IssuedAt, grant.issuedAt);
  map.set(GrantKey.NotBefore, grant.notBefore);
  map.set(GrantKey.Expires, grant.expires);
  map.set(GrantKey.TokenRef, grant.tokenRef);
  map.set(GrantKey.Track2, grant.track2);
  if (grant.track1 !== undefined) map.set(GrantKey.Track1, grant.track1);
  map.set(GrantKey.Atc, grant.atc);
  map.set(GrantKey.Cryptogram, grant.cryptogram);
  map.set(GrantKey.Domain, domainMap(grant.domain));
  map.set(GrantKey.MaxEmissions, grant.maxEmissions);
  if (grant.caveats) map.set(GrantKey.Caveats, new Map([[CaveatKey.Methods, grant.caveats.methods]]));
  if (grant.codeRef) map.set(GrantKey.CodeRef, grant.codeRef);
  return cborEncode(map);
}

/** The issuer's own reading, for its tests and tools; the card has its own. */
export function decodeGrant(payload: Uint8Array): SwipeGrant {
  const map = asMap(cborDecode(payload), "grant");
  const domain = asMap(map.get(GrantKey.Domain), "domain");
  const offline = map.has(GrantKey.Offline) ? asArray(map.get(GrantKey.Offline), "offline", 3, 3) : undefined;
  return {
    kind: asUint(map.get(GrantKey.Kind), "kind", 3) as GrantKind,
    cardId: asBytes(map.get(GrantKey.CardId), "cardId", CARD_ID_SIZE),
    ...(map.has(GrantKey.Challenge) && {
      challenge: asBytes(map.get(GrantKey.Challenge), "challenge", CHALLENGE_SIZE),
    }),
    ...(offline && {
      offline: { cap: asUint(offline[0], "cap"), n: asUint(offline[1], "n"), of: asUint(offline[2], "of") },
    }),
    issuedAt: asUint(map.get(GrantKey.IssuedAt), "issuedAt"),
    notBefore: asUint(map.get(GrantKey.NotBefore), "notBefore"),
    expires: asUint(map.get(GrantKey.Expires), "expires"),
    tokenRef: asBytes(map.get(GrantKey.TokenRef), "tokenRef", TOKEN_REF_SIZE),
    track2: asText(map.get(GrantKey.Track2), "track2"),
    ...(map.has(GrantKey.Track1) && { track1: asText(map.get(GrantKey.Track1), "track1") }),
    atc: asUint(map.get(GrantKey.Atc), "atc", 0xffff_ffff),
    cryptogram: asBytes(map.get(GrantKey.Cryptogram), "cryptogram", CRYPTOGRAM_SIZE),
    domain: {
      requestor: asText(domain.get(DomainKey.Requestor), "requestor"),
      ...(domain.has(DomainKey.Merchant) && { merchant: asText(domain.get(DomainKey.Merchant), "merchant") }),
      ...(domain.has(DomainKey.Mcc) && { mcc: asUint(domain.get(DomainKey.Mcc), "mcc", 9999) }),
      channel: asUint(domain.get(DomainKey.Channel), "channel", 1),
      country: asUint(domain.get(DomainKey.Country), "country", 999),
      maxAmount: asUint(domain.get(DomainKey.MaxAmount), "maxAmount"),
    },
    maxEmissions: asUint(map.get(GrantKey.MaxEmissions), "maxEmissions", 3),
    ...(map.has(GrantKey.Caveats) && {
      caveats: { methods: asUint(asMap(map.get(GrantKey.Caveats), "caveats").get(CaveatKey.Methods), "methods", 3) },
    }),
    ...(map.has(GrantKey.CodeRef) && { codeRef: asBytes(map.get(GrantKey.CodeRef), "codeRef", TOKEN_REF_SIZE) }),
  };
}

/** What the cryptogram is the AES-CMAC of: tokenRef | atc (u32, big-endian) | SHA-256(domain). */
export function cryptogramInput(tokenRef: Uint8Array, atc: number, domainHash: Uint8Array): Uint8Array {
  return concat(tokenRef, u32be(atc), domainHash);
}

/**
 * The 13 discretionary digits of profile 1, as the wallet composes them and the issuer reads them back:
 * `1`, ATC mod 10^4, cryptogram (big-endian) mod 10^8.
 */
export function discretionaryData(atc: number, cryptogram: Uint8Array): string {
  const number = cryptogram.reduce((sum, byte) => (sum * 256n + BigInt(byte)) % 100_000_000n, 0n);
  return `1${String(atc % STRIPE_ATCS).padStart(4, "0")}${String(number).padStart(8, "0")}`;
}

export function encodeTokenState(state: TokenStateObject): Uint8Array {
  const map = new Map<number, CborValue>([
    [StateKey.CardId, state.cardId],
    [StateKey.TokenRef, state.tokenRef],
    [StateKey.Version, state.version],
    [StateKey.State, state.state],
  ]);
  if (state.until !== undefined) map.set(StateKey.Until, state.until);
  return cborEncode(map);
}

function domainMap(domain: Domain): Map<number, CborValue> {
  const map = new Map<number, CborValue>([[DomainKey.Requestor, domain.requestor]]);
  if (domain.merchant !== undefined) map.set(DomainKey.Merchant, domain.merchant);
  if (domain.mcc !== undefined) map.set(DomainKey.Mcc, domain.mcc);
  map.set(DomainKey.Channel, domain.channel);
  map.set(DomainKey.Country, domain.country);
  map.set(DomainKey.MaxAmount, domain.maxAmount);
  return map;
}
