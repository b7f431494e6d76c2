// What a payment by a swipe is made with: a grant of the issuer's, one behind an authentication (system 4), or a code in a grant (system 5).

import {
  type Card,
  CodeClient,
  DelegationClient,
  DomainPlugIn,
  type GrantBundle,
  type PlugInStep,
} from "@enabling-card/sdk";
import { CommandError, EXIT } from "../exit-codes.js";
import { type Enrolment, issuerOf } from "./phone-folder.js";

export interface Wanted {
  /** The most that may be charged, cents. */
  readonly maxAmount: number;
  readonly merchant?: string;
  /** By the processor at `url`, in place of a grant of the issuer's own: `merchant` is its DE 42. */
  readonly through?: { readonly way: "domain" | "code"; readonly url: string };
  /** By a right to somebody's token that was handed on (system 6), in shops of that merchant category where it says so. */
  readonly right?: { readonly delegation: string; readonly mcc?: number };
  readonly pin?: string;
  readonly signal: AbortSignal;
  readonly onStep?: (step: { readonly step: string; readonly detail: string }) => void;
}

/** Germany, ISO 3166-1, and its money, ISO 4217: this phone's shops. */
export const [COUNTRY, CURRENCY] = [276, "978"] as const;
export const REQUESTOR = "ecard";

export const AUTHENTICATING = {
  asking: "the domain server, for this merchant and amount",
  confirming: "on the card: merchant and amount",
  authenticated: "by the access control server",
} as const satisfies Record<PlugInStep, string>;

/** @throws {CardError} as `IssuerClient.grant`, `DelegationClient.grant`, `DomainPlugIn.grant`, `CodeClient.codeForCard` */
export async function fetchGrant(card: Card, enrolment: Enrolment, options: Wanted): Promise<GrantBundle> {
  const { merchant, maxAmount, through, right, signal, pin, onStep } = options;
  const { tokenRef } = enrolment.token;
  if (through === undefined) {
    const { challenge, checkpointSize } = card.info;
    const to = { ...(merchant !== undefined && { merchant }), ...(right?.mcc !== undefined && { mcc: right.mcc }) };
    const domain = { requestor: REQUESTOR, ...to, channel: 0, country: COUNTRY, maxAmount };
    const asked = { cardId: card.cardId, challenge, checkpointSize, domain, maxEmissions: 1 };
    if (right === undefined) return issuerOf(enrolment).grant({ ...asked, tokenRef, kind: "online" }, { signal });
    const { issuer: baseUrl, accessKey } = enrolment;
    return new DelegationClient({ baseUrl, accessKey }).grant({ ...asked, delegation: right.delegation }, { signal });
  }
  if (merchant === undefined) throw new CommandError("WRONG_USE", "Name the merchant with --merchant", EXIT.usage);
  const at = { baseUrl: through.url, accessKey: enrolment.accessKey };
  if (through.way === "code") {
    const order = { tokenRef, provider: merchant, maxCost: maxAmount, currency: CURRENCY, country: COUNTRY };
    return (await new CodeClient(at).codeForCard(card, order, { signal })).grant;
  }
  const order = { tokenRef, requestor: REQUESTOR, merchant, country: COUNTRY, currency: CURRENCY, amount: maxAmount };
  return new DomainPlugIn(at).grant(card, order, {
    ...{ signal, ...(pin !== undefined && { pin }) },
    onStep: (step) => onStep?.({ step, detail: AUTHENTICATING[step] }),
  });
}
