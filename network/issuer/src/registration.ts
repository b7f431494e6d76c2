// Registration of payment means (system 3): a phone registers a token and gets a key; asked how the token stands, the issuer answers with a token
// cryptogram under that key, which the phone makes again and compares (docs/protocol.md, "State information").

import { randomBytes } from "node:crypto";
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
 * restored from a copy gives none out twice.
 *
 * @throws {IssuerError} `TOKEN_UNKNOWN`, `TOKEN_DEACTIVATED`
 */
export function registerMeans(issuer: Issuer, cardId: Uint8Array, tokenRef: string): Promise<Registered> {
  const registration = Uint8Array.from(randomBytes(REGISTRATION_SIZE));
  return issuer.store.atomically(async (kept) => {
    const { state } = await tokenIn(kept, tokenRef, cardId);
    if (state === TokenState.Deactivated) throw new IssuerError("TOKEN_DEACTIVATED");
    await kept.setRegistration(tokenRef, toHex(registration), issuer.secrets.number);
    return { registration, key: issuer.secrets.registrationKey(fromHex(tokenRef), registration)! };
  });
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
