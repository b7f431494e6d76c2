// Registration of payment means (system 3): a phone registers a token and gets a key; asked how the token stands, the issuer answers with a token
// cryptogram under that key, which the phone makes again and compares (docs/protocol.md, "State information").

import { randomBytes } from "node:crypto";
import type { Repeatable } from "@enabling-card/sql";
import { aesCmac } from "@enabling-card/vault";
import {
  equalBytes,
  fromHex,
  REGISTRATION_SIZE,
  type StateInfo,
  stateInfoInput,
  TokenState,
  toHex,
} from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import type { Issuer } from "./issuer.js";
import { tokenIn } from "./kept-rows.js";
import { standingOf } from "./token-state.js";

export interface Registered {
  /** Names the registration: the newest one of a token is the one that counts. */
  readonly registration: Uint8Array;
  /** A secret of phone and issuer, told once. */
  readonly key: Uint8Array;
}

export interface MeansInfo extends StateInfo {
  /** AES-CMAC (RFC 4493) of it all, 16 octets. */
  readonly cryptogram: Uint8Array;
}

/**
 * Registers a token with the phone that has its card's access key; whichever phone did so before hears no more. Random names, and no count: a store that is
 * restored from a copy gives none out twice. A repeat gets the registration of the first time, and takes the token from no phone that came since.
 *
 * @throws {IssuerError} `TOKEN_UNKNOWN`, `TOKEN_DEACTIVATED`, `IDEMPOTENCY_MISMATCH`; `KEY_RETIRED` of a repeat whose key was taken out since
 */
export async function registerMeans(
  issuer: Issuer,
  cardId: Uint8Array,
  tokenRef: string,
  repeat?: Repeatable,
): Promise<Registered> {
  const { secrets, store } = issuer;
  const named = await store.atomically((kept) =>
    issuer.once.within(kept.answers, repeat, async () => {
      const { state } = await tokenIn(kept, tokenRef, cardId);
      if (state === TokenState.Deactivated) throw new IssuerError("TOKEN_DEACTIVATED");
      const fresh = { registration: toHex(randomBytes(REGISTRATION_SIZE)), number: secrets.number };
      await kept.setRegistration(tokenRef, fresh.registration, fresh.number);
      return fresh;
    }),
  );
  const registration = fromHex(named.registration);
  const key = secrets.registrationKey(fromHex(tokenRef), registration, named.number);
  if (key === undefined) throw new IssuerError("KEY_RETIRED");
  return { registration, key };
}

/**
 * How a token stands, for the phone that registered it.
 *
 * @param asked - The phone's registration, and its fresh nonce
 * @throws {IssuerError} `TOKEN_UNKNOWN`, `REGISTRATION_UNKNOWN`, `REGISTRATION_OLD`
 */
export async function compareMeans(
  issuer: Issuer,
  cardId: Uint8Array,
  tokenRef: string,
  { registration, nonce }: Pick<StateInfo, "registration" | "nonce">,
): Promise<MeansInfo> {
  const token = await tokenIn(issuer.store, tokenRef, cardId);
  if (token.registration === null) throw new IssuerError("REGISTRATION_UNKNOWN");
  if (!equalBytes(fromHex(token.registration), registration)) throw new IssuerError("REGISTRATION_OLD");
  const ref = fromHex(tokenRef);
  const link = issuer.helpUrl;
  const info = { cardId, tokenRef: ref, registration, nonce, version: token.version, link, ...standingOf(token) };
  const key = issuer.secrets.registrationKey(ref, registration, token.registration_key);
  if (key === undefined) throw new IssuerError("REGISTRATION_OLD"); // its key was taken out: the phone gets another
  return { ...info, cryptogram: aesCmac(key, stateInfoInput(info)) };
}
