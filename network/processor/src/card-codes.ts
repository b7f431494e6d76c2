// A transaction code that a card swipes in place of its token (system 5): neither phone nor terminal sees an account, nor the phone the code. The card is
// the device; what shows that, the eight digits behind the ATC, is in its grant.

import { randomBytes } from "node:crypto";
import { GRANT_LIFE_S, STRIPE_ATCS } from "@enabling-card/wire";
import { DEVICE_KEY_SIZE, stripeCryptogram } from "./device-mac.js";
import { type CountedGrant, expectCurrency, type SealedGrant } from "./domain-server.js";
import { ProcessorError } from "./errors.js";
import type { AccountName, Processor } from "./processor.js";

const REQUESTOR = "transaction code";

export interface CardCodeRequest extends AccountName {
  /** The card's newest; base64url. */
  readonly challenge: string;
  readonly checkpointSize: number;
  /** DE 42 of whoever may be paid. */
  readonly provider: string;
  /** Minor units. */
  readonly maxCost: number;
  /** ISO 4217, three digits. */
  readonly currency: string;
  /** ISO 3166-1 numeric. */
  readonly country: number;
}

export interface CardCode {
  readonly codeRef: string;
  /** Seconds since 1970. */
  readonly expires: number;
  readonly grant: SealedGrant;
}

export interface CodeGrantRequest
  extends Pick<CardCodeRequest, "cardId" | "tokenRef" | "challenge" | "checkpointSize"> {
  readonly number: string;
  readonly codeRef: string;
  readonly domain: {
    readonly requestor: string;
    readonly merchant: string;
    readonly country: number;
    readonly maxAmount: number;
  };
}

/** The issuer's: a grant that carries a code. @throws {ProcessorError} as `FindAccount` */
export type IssueCode = (
  request: CodeGrantRequest,
  cryptogramOf: (counted: CountedGrant) => Promise<Uint8Array>,
) => Promise<SealedGrant>;

/**
 * A code, in a grant for the card. The same request under the same idempotency key gets the same answer.
 *
 * @throws {ProcessorError} `CURRENCY_WRONG`, `CODE_LIMIT`, `IDEMPOTENCY_MISMATCH`, and what `FindAccount` and `issue` throw: the code pays nothing then
 */
export async function cardCode(
  processor: Processor,
  issue: IssueCode,
  request: CardCodeRequest,
  idempotencyKey: string,
): Promise<CardCode> {
  const { accessKey: _, ...asked } = request;
  const { cardId, tokenRef, challenge, checkpointSize, provider, maxCost, currency, country } = asked;
  const account = await processor.account(request);
  expectCurrency(asked);
  return processor.once(cardId, idempotencyKey, [asked], async () => {
    const now = processor.now();
    const expires = now + GRANT_LIFE_S;
    const codeRef = randomBytes(16).toString("base64url");
    const device = processor.nameOf("card", cardId);
    const { code, key } = await processor.store.atomically(async (kept) => {
      await kept.devices.add(device, processor.sealKey(randomBytes(DEVICE_KEY_SIZE)), null);
      const row = { code_ref: codeRef, owner: processor.nameOf("owner", cardId), device, provider, max_cost: maxCost };
      const made = { ...row, currency, account: processor.seal(account), not_before: now, expires };
      return { code: await processor.drawCode(kept, made), key: await processor.deviceKey(kept, device) };
    });
    const domain = { requestor: REQUESTOR, merchant: provider, country, maxAmount: maxCost };
    try {
      const wanted = { cardId, tokenRef, challenge, checkpointSize, number: code, codeRef, domain };
      const grant = await issue(wanted, async ({ atc }) => stripeCryptogram(key!, code, atc % STRIPE_ATCS));
      return { codeRef, expires, grant };
    } catch (error) {
      await processor.store.cancelCode(codeRef);
      throw error instanceof ProcessorError ? error : new ProcessorError("INTERNAL", { cause: error });
    }
  });
}
