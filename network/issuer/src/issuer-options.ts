// What an issuer is opened with, and what of it is refused before anything is opened.

import { secondsNow } from "@enabling-card/doors";
import type { SqlDatabase } from "@enabling-card/sql";
import { INFO_LINK_MAX, TEST_IIN } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import type { IssuerKeys } from "./keys.js";

export interface IssuerOptions {
  readonly keys: IssuerKeys;
  /** Where its store is: a file of SQLite, `:memory:` (unless told), or a `postgres:` URL. */
  readonly file?: string;
  /** The store itself, opened already (`openIssuerDatabase`), in place of `file`; closed with the issuer. */
  readonly database?: SqlDatabase;
  /** SQLite file of its development log; `:memory:` unless told. */
  readonly logFile?: string;
  readonly name?: string;
  /** Number ranges to mint in; the first one is used. */
  readonly iins?: readonly string[];
  /** Where the issuer helps whoever it suspended: https. */
  readonly helpUrl?: string;
  /** Seconds since 1970. */
  readonly now?: () => number;
}

export type Checked = Required<Pick<IssuerOptions, "iins" | "now" | "helpUrl">>;

/** @throws {IssuerError} `SAMPLE_KEYS_TEST_IIN`, `IIN_NOT_CONFIGURED`, `HELP_URL_INVALID` */
export function checkedOptions({ iins = [TEST_IIN], keys, now = secondsNow, helpUrl = "" }: IssuerOptions): Checked {
  if (iins.length === 0 || iins.some((iin) => !/^\d{6}$/.test(iin))) throw new IssuerError("IIN_NOT_CONFIGURED");
  if (keys.sample && iins.some((iin) => iin !== TEST_IIN)) throw new IssuerError("SAMPLE_KEYS_TEST_IIN");
  if (helpUrl !== "" && !(/^https:\/\/[!-~]+$/.test(helpUrl) && helpUrl.length <= INFO_LINK_MAX)) {
    throw new IssuerError("HELP_URL_INVALID");
  }
  return { iins, now, helpUrl };
}
