// A phone without a screen, as a folder: its pairings, and what issuers gave it for each card. All of it is secret, and readable by its owner alone.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { IssuerClient, type Token } from "@enabling-card/sdk";
import { FilePairingStore, FileRegistrationStore, type KnownTableStore } from "@enabling-card/sdk/node";
import { fromHex, TOKEN_REF_SIZE, toBase32, toHex } from "@enabling-card/wire";
import { CommandError, EXIT } from "../exit-codes.js";
import { makeFolder } from "../make-folder.js";
import { writeWhole } from "../write-whole.js";

/** A card's account at an issuer, which gives it once. It outlives a pairing: the card may be paired again. */
export interface Account {
  readonly issuer: string;
  /** A secret. */
  readonly accessKey: string;
  /** How far the card had followed the ledger when it was last seen. */
  readonly checkpointSize: number;
  /** None where the issuer was lost right behind the enrolment. */
  readonly token?: Token;
}

export type Enrolment = Account & { readonly token: Token };

const PAIRINGS = "pairings.json";
const ACCOUNTS = "accounts.json";
const REGISTRATIONS = "registrations.json";
const TABLES = "tables.json";
type StoredAccount = Omit<Account, "token"> & {
  readonly token?: Omit<Token, "tokenRef"> & { readonly tokenRef: string };
};

export class PhoneFolder {
  readonly store: FilePairingStore;
  /** Of tokens, for the comparison of their states. */
  readonly registrations: FileRegistrationStore;
  /** What cards' attributes were found to be: no secret, and no loss. */
  readonly tables: KnownTableStore;
  readonly #file: string;

  /** Makes the folder where it is not there. @throws {CommandError} `FOLDER_FAILED` */
  static async open(folder: string): Promise<PhoneFolder> {
    await makeFolder(folder, 0o700);
    return new PhoneFolder(folder);
  }

  private constructor(folder: string) {
    this.#file = join(folder, ACCOUNTS);
    this.store = new FilePairingStore(join(folder, PAIRINGS));
    this.registrations = new FileRegistrationStore(join(folder, REGISTRATIONS));
    const tables = join(folder, TABLES);
    this.tables = {
      load: async () => JSON.parse(await readFile(tables, "utf8")),
      save: (all) => writeWhole(tables, `${JSON.stringify(all, null, 2)}\n`, 0o600),
    };
  }

  /** What the phone has for a card; undefined before it was enrolled. @throws {CommandError} `PHONE_UNREADABLE` */
  async account(cardId: Uint8Array): Promise<Account | undefined> {
    const stored = (await this.#accounts())[toBase32(cardId)];
    return stored && fromStored(stored);
  }

  async keep(cardId: Uint8Array, { token, ...rest }: Account): Promise<void> {
    const stored: StoredAccount = { ...rest, ...(token && { token: { ...token, tokenRef: toHex(token.tokenRef) } }) };
    await this.#write({ ...(await this.#accounts()), [toBase32(cardId)]: stored });
  }

  /** All that the phone has of a card. */
  async forget(cardId: Uint8Array): Promise<void> {
    await this.store.forget(cardId);
    await this.registrations.forget(cardId);
    const { [toBase32(cardId)]: _, ...others } = await this.#accounts();
    await this.#write(others);
  }

  async #accounts(): Promise<Readonly<Record<string, StoredAccount>>> {
    let text: string;
    try {
      text = await readFile(this.#file, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return {};
      throw cause;
    }
    try {
      const { accounts } = JSON.parse(text) as { accounts: Record<string, StoredAccount> };
      for (const account of Object.values(accounts)) fromStored(account);
      return accounts;
    } catch {
      // No cause: it might quote the file.
      const sentence = `${this.#file} is no phone's: name another folder with --phone`;
      throw new CommandError("PHONE_UNREADABLE", sentence, EXIT.usage);
    }
  }

  #write(accounts: Readonly<Record<string, StoredAccount>>): Promise<void> {
    return writeWhole(this.#file, `${JSON.stringify({ accounts }, null, 2)}\n`, 0o600);
  }
}

/** @throws whatever it meets, where it is not as it was written. */
function fromStored({ issuer, accessKey, checkpointSize, token }: StoredAccount): Account {
  const account = { issuer: text(issuer), accessKey: text(accessKey), checkpointSize };
  if (!Number.isSafeInteger(checkpointSize) || checkpointSize < 0) throw new RangeError("A size of the ledger");
  if (token === undefined) return account;
  const { iin, last4, expiry } = token;
  const tokenRef = fromHex(text(token.tokenRef));
  if (tokenRef.length !== TOKEN_REF_SIZE) throw new RangeError("A token's reference");
  return { ...account, token: { tokenRef, iin: text(iin), last4: text(last4), expiry: text(expiry) } };
}

function text(value: string): string {
  if (typeof value !== "string") throw new TypeError("A text");
  return value;
}

/** The issuer of an account, as a client that it knows. */
export function issuerOf({ issuer, accessKey }: Account): IssuerClient {
  return new IssuerClient({ baseUrl: issuer, accessKey });
}
