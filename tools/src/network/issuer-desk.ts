// What the issuer's operator, or the requestor of its tokens, asks of the issuer: how a card's tokens stand, and that one is suspended or resumed.

import { ServiceCaller, serviceKeys } from "@enabling-card/doors";
import { CommandError, EXIT } from "../exit-codes.js";
import { serviceKeysOf } from "./start-service.js";

export type Desk = "operator" | "requestor";

export interface DeskOptions {
  readonly who: Desk;
  /** Its key file, and what the environment holds in its place; sample keys without either. */
  readonly keysFile: string | undefined;
  readonly writtenKeys: string | undefined;
  /** Where the issuer is. */
  readonly url: string;
}

export interface StandingToken {
  readonly tokenRef: string;
  readonly last4: string;
  readonly state: "inactive" | "active" | "suspended" | "deactivated";
  readonly heldBy: readonly string[];
  readonly version: number;
}

export interface IssuerDesk {
  /** @param cardId - As base32. */
  tokens(cardId: Uint8Array): Promise<readonly StandingToken[]>;
  move(token: StandingToken, state: string): Promise<StandingToken>;
}

/** @throws {CommandError} `KEYS_INVALID`; both calls {ServiceRefusal} with the issuer's code, {ServiceError} */
export async function issuerDesk({ who, keysFile, writtenKeys, url }: DeskOptions): Promise<IssuerDesk> {
  const { issuer } = await serviceKeysOf(who, keysFile, writtenKeys);
  const caller = new ServiceCaller({ url, keys: serviceKeys(issuer, who, "issuer") });
  return {
    tokens: async (cardId) => {
      const body = { cardId: Buffer.from(cardId).toString("base64url") };
      return (await caller.ask<{ tokens: readonly StandingToken[] }>(`/v1/${who}/tokens`, body)).tokens;
    },
    move: ({ tokenRef }, state) => caller.ask(`/v1/${who}/states`, { tokenRef, state }),
  };
}

/** The one that is meant, by its last digits where there are several. @throws {CommandError} `TOKEN_NOT_NAMED` */
export function tokenMeant(tokens: readonly StandingToken[], last4: string | undefined): StandingToken {
  const meant = tokens.filter((token) => (last4 === undefined ? token.state !== "deactivated" : token.last4 === last4));
  const [only] = meant;
  if (only !== undefined && meant.length === 1) return only;
  const those = tokens.map((token) => `${token.last4} (${token.state})`).join(", ") || "none";
  const what = last4 === undefined && meant.length === 0 ? "No token of the card moves any more" : "Say which token";
  throw new CommandError("TOKEN_NOT_NAMED", `${what}: with --last4, of those it has, ${those}`, EXIT.usage);
}
