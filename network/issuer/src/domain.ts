// Where a grant may be spent, as a phone asks for it: rule 7, a grant without a domain is invalid.

import { type Domain, MERCHANT_MAX, REQUESTOR_MAX } from "@enabling-card/wire";
import { currencyOf } from "./currency.js";
import { IssuerError } from "./errors.js";

/** Highest amount that DE 4 can say. */
export const AMOUNT_MAX = 999_999_999_999;

/** The domain, checked, and with nothing beside its own fields. @throws {IssuerError} `DOMAIN_MISSING` */
export function checkedDomain(domain: Domain | undefined): Domain {
  const { requestor, merchant, mcc, channel, country, maxAmount } = domain ?? ({} as Partial<Domain>);
  const fine =
    ascii(requestor, REQUESTOR_MAX) &&
    (merchant === undefined || ascii(merchant, MERCHANT_MAX)) &&
    (mcc === undefined || whole(mcc, 9999)) &&
    whole(channel, 1) &&
    whole(country, 999) &&
    whole(maxAmount, AMOUNT_MAX);
  if (!fine) throw new IssuerError("DOMAIN_MISSING");
  if (currencyOf(country!) === undefined)
    throw new IssuerError("DOMAIN_MISSING", { detail: "that country is not served" });
  return {
    requestor: requestor!,
    ...(merchant !== undefined && { merchant }),
    ...(mcc !== undefined && { mcc }),
    channel: channel!,
    country: country!,
    maxAmount: maxAmount!,
  };
}

function ascii(value: unknown, max: number): boolean {
  return typeof value === "string" && value.length <= max && /^[\x20-\x7e]+$/.test(value);
}

function whole(value: unknown, max: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= max;
}
