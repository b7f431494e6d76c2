// A phone without a screen, as a folder: its pairings, and what issuers gave it for each card. All of it is secret, and readable by its owner alone.

import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { IssuerClient, type Token } from "@enabling-card/sdk";
import { FilePairingStore } from "@enabling-card/sdk/node";
import { fromHex, toBase32, toHex } from "@enabling-card/wire";
import { CommandError, EXIT } from "../exit-codes.js";
import { makeFolder } from "../make-folder.js";

/** A card's account at an issuer. */
export interface Enrolment {
  readonly issuer: string;
  /** A secret. */
  readonly accessKey: string;
  readonly token: Token;
  /** How far the card had followed the ledger when it was last seen. */
  readonly checkpointSize: number;
}

const PAIRINGS = "pairings.json";
const ACCOUNTS = "accounts.json";
type StoredEnrolment = Omit<Enrolment, "token"> & {
  readonly token: Omit<Token, "tokenRef"> & { readonly tokenRef: string };
};

export class PhoneFolder {
  readonly store: FilePairingStore;
  readonly #folder: string;

  /** Makes the folder where it is not there. @throws {CommandError} `FOLDER_FAILED` */
  static async open(folder: string): Promise<PhoneFolder> {
    await makeFolder(folder, 0o700);
    return new PhoneFolder(folder);
  }

  private constructor(folder: string) {
    this.#folder = folder;
    this.store = new FilePairingStore(join(folder, PAIRINGS));
  }

  /** What the phone has for a card at an issuer; undefined before it was enrolled. @throws {CommandError} `PHONE_UNREADABLE` */
  async enrolment(cardId: Uint8Array): Promise<Enrolment | undefined> {
    const stored = (await this.#accounts())[toBase32(cardId)];
    return stored && { ...stored, token: { ...stored.token, tokenRef: fromHex(stored.token.tokenRef) } };
  }

  async keep(cardId: Uint8Array, { token, ...rest }: Enrolment): Promise<void> {
    const stored: StoredEnrolment = { ...rest, token: { ...token, tokenRef: toHex(token.tokenRef) } };
    await this.#write({ ...(await this.#accounts()), [toBase32(cardId)]: stored });
  }

  async forget(cardId: Uint8Array): Promise<void> {
    await this.store.forget(cardId);
    const { [toBase32(cardId)]: _, ...others } = await this.#accounts();
    await this.#write(others);
  }

  async #accounts(): Promise<Readonly<Record<string, StoredEnrolment>>> {
    const path = join(this.#folder, ACCOUNTS);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return {};
      throw cause;
    }
    try {
      return (JSON.parse(text) as { accounts: Record<string, StoredEnrolment> }).accounts;
    } catch {
      // No cause: it might quote the file.
      const sentence = `${path} is no phone's: name another folder with --phone`;
      throw new CommandError("PHONE_UNREADABLE", sentence, EXIT.usage);
    }
  }

  /** A new file, moved over the old one. */
  async #write(accounts: Readonly<Record<string, StoredEnrolment>>): Promise<void> {
    const path = join(this.#folder, ACCOUNTS);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeFile(`${path}.new`, `${JSON.stringify({ accounts }, null, 2)}\n`, { mode: 0o600 });
    await chmod(`${path}.new`, 0o600);
    await rename(`${path}.new`, path);
  }
}

/** The issuer of an enrolment, as a client that it knows. */
export function issuerOf({ issuer, accessKey }: Enrolment): IssuerClient {
  return new IssuerClient({ baseUrl: issuer, accessKey });
}
