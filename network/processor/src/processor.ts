// The processor's own business: transaction codes (system 5). A phone registers what a device may buy, and gets a code; whoever presents the
// code is checked here, and the account behind it is known to the processor and the issuer alone.

import { randomBytes, randomInt } from "node:crypto";
import { Once, type Repeatable } from "@enabling-card/sql";
import {
  derivedKey,
  type KeyAbsence,
  keyedName,
  keyOf,
  type Master,
  type NumberedMaster,
  numbered,
  SealRing,
  tellRenewed,
  tie,
  UnopenedError,
} from "@enabling-card/vault";
import { isSettled, TEST_IIN, transactionCode } from "@enabling-card/wire";
import { ProcessorError } from "./errors.js";
import { FailureLocks, type LockToken } from "./failure-lock.js";
import { OneByOne } from "./one-by-one.js";
import type { CodeRow, NewCodeRow } from "./rows.js";
import { openProcessorStore, type ProcessorStore, type Tables } from "./store.js";

/** How long a code may be good for. */
export const CODE_LIFE_MAX_S = 7 * 86_400;
/** Codes of one account that are open at once. */
export const OPEN_CODES_MAX = 16;
/** How long codes are kept behind their last moment: longer than an issuer keeps its answer, as the names of their requests are taken for as long. */
export const KEPT_S = 2 * 86_400;
/** Rows that are sealed anew in one transaction. */
const RESEALED_AT_ONCE = 500;
/** What the key of what is at rest is derived for. */
const AT_REST = "ecard/1 processor at rest";
/** Random codes that may be taken already before the range is called full. */
const CODE_TRIES = 16;

/** An account as a phone names it: its card, the access key that the issuer gave, and a token of it. */
export interface AccountName {
  readonly cardId: string;
  readonly accessKey: string;
  readonly tokenRef: string;
}

export interface Account {
  readonly pan: string;
  /** YYMM */
  readonly expiry: string;
}

/** The issuer, as far as codes ask for it. @throws {ProcessorError} `UNAUTHORISED`, `ACCOUNT_REFUSED`, `ISSUER_UNAVAILABLE` */
export type FindAccount = (name: AccountName) => Promise<Account>;

export interface ProcessorOptions {
  /** 32 octets: what is at rest is sealed and named under keys of it. Where they were changed, those of before as well, for the overlap. */
  readonly master: Master;
  readonly findAccount: FindAccount;
  readonly lockToken?: LockToken;
  /** A file, `:memory:` (unless told), or a `postgres:` URL. */
  readonly file?: string;
  readonly iin?: string;
  /** Seconds since 1970. */
  readonly now?: () => number;
}

export interface CodeRequest extends AccountName {
  readonly device: string;
  /** DE 42 of whoever may be paid. */
  readonly provider: string;
  /** Hundredths of `currency`. */
  readonly maxCost: number;
  /** ISO 4217, three digits. */
  readonly currency: string;
  /** Seconds since 1970; at once unless told. */
  readonly notBefore?: number;
  /** Seconds from its first moment. */
  readonly lifeS: number;
}

export interface NewCode {
  readonly code: string;
  readonly codeRef: string;
  readonly expires: number;
}

export type CodeState = "open" | "used" | "cancelled" | "expired";

export class Processor {
  readonly store: ProcessorStore;
  readonly locks: FailureLocks;
  /** Wrong tries of one address. */
  readonly wrong = new OneByOne();
  /** Codes that are being used; ends when that has. None rejects. */
  readonly presenting = new Map<string, Promise<unknown>>();
  /** What is shown of one token. */
  readonly shown = new OneByOne();
  readonly #options: ProcessorOptions;
  readonly #master: NumberedMaster;
  readonly #domainKeys: DomainKey & { readonly before?: DomainKey };
  readonly #names: Uint8Array;
  readonly #rest: SealRing;
  readonly #once: Once;

  private constructor(options: ProcessorOptions, store: ProcessorStore, names: Uint8Array) {
    this.#options = options;
    this.store = store;
    this.#master = numbered(options.master);
    const { before } = this.#master;
    this.#domainKeys = { ...domainKeyOf(this.#master), ...(before && { before: domainKeyOf(before) }) };
    this.#names = names;
    this.locks = new FailureLocks({
      ...{ store, lockToken: options.lockToken, now: () => this.now() },
      nameOf: (kind, text) => this.nameOf(kind, text),
    });
    this.#rest = new SealRing(this.#master, AT_REST);
    this.#once = new Once({
      nameOf: (text) => keyedName(this.#names, text),
      seal: (text) => this.#rest.seal(text),
      open: (sealed) => this.#opened(sealed),
      now: () => this.now(),
      mismatch: () => new ProcessorError("IDEMPOTENCY_MISMATCH"),
    });
  }

  /** @throws {ProcessorError} `STORE_DAMAGED`, `STORE_UNAVAILABLE`, `KEYS_MISMATCH`, `KEYS_RETIRED`, `KEYS_NOT_YET` */
  static async open(options: ProcessorOptions): Promise<Processor> {
    const store = await openProcessorStore(options.file ?? ":memory:");
    const master = numbered(options.master);
    try {
      const { names, isRenewed } = await store.atomically((kept) =>
        tie(kept, {
          ...{ master, names: ["ecard/1 processor names"], sealInfo: AT_REST },
          checkOf: (of) => derivedKey(of.master, "ecard/1 processor key check", 32),
          refuse: (code) => new ProcessorError(code),
        }),
      );
      const processor = new Processor(options, store, names[0]!);
      if (!isRenewed) await processor.#resealAll();
      return processor;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Of domain restriction cryptograms, 16 octets, of the newest master. */
  get domainKey(): Uint8Array {
    return this.#domainKeys.key;
  }

  /** Of the newest master. */
  get keyNumber(): number {
    return this.#master.number;
  }

  /** The same of the master of that number, or why it is not there. */
  domainKeyOf(number: number): Uint8Array | KeyAbsence {
    const found = keyOf<DomainKey>(this.#domainKeys, number);
    return typeof found === "string" ? found : found.key;
  }

  now(): number {
    return this.#options.now?.() ?? Math.floor(Date.now() / 1000);
  }

  /** What a secret is found by in the store. @param kind - So that no name of one kind is one of another */
  nameOf(kind: string, text: string): string {
    return keyedName(this.#names, JSON.stringify([kind, text]));
  }

  sealKey(key: Uint8Array): Uint8Array {
    return this.#rest.seal(Buffer.from(key).toString("hex"));
  }

  /** The key of a device. */
  async deviceKey(kept: Tables, device: string): Promise<Uint8Array | undefined> {
    const row = await kept.devices.find(device);
    return row && Buffer.from(this.#opened(row.key), "hex");
  }

  accountOf({ account }: CodeRow): Account {
    return this.open(account);
  }

  /** What is kept, as nobody else can read it. */
  seal(value: object): Uint8Array {
    return this.#rest.seal(JSON.stringify(value));
  }

  /** @throws {ProcessorError} `KEY_RETIRED`; `INTERNAL` where the store was altered */
  open<T>(sealed: Uint8Array): T {
    return JSON.parse(this.#opened(sealed)) as T;
  }

  /**
   * What `work` answers, once for each idempotency key of a card: the same request again gets the same answer. Where it throws, nothing is kept.
   *
   * @param asked - What the request says, beside its secrets
   * @throws {ProcessorError} `IDEMPOTENCY_MISMATCH` for another request under that key
   */
  once<T extends object>(
    cardId: string,
    idempotencyKey: string,
    asked: readonly unknown[],
    work: () => Promise<T>,
  ): Promise<T> {
    return this.#once.around(this.store.answers, { owner: cardId, key: idempotencyKey, asked }, work);
  }

  /** The same of work in one transaction: what it writes and its answer are kept, or neither. */
  atomicallyOnce<T>(repeat: Repeatable, work: (kept: Tables) => Promise<T>): Promise<T> {
    return this.store.atomically((kept) => this.#once.within(kept.answers, repeat, () => work(kept)));
  }

  /**
   * A code for one purchase. The same request under the same idempotency key gets the same code.
   *
   * @throws {ProcessorError} `BAD_REQUEST`, `CURRENCY_WRONG`, `DEVICE_UNKNOWN`, `CODE_LIMIT`, `IDEMPOTENCY_MISMATCH`, what `FindAccount` throws: no code is made then
   */
  async addCode(request: CodeRequest, idempotencyKey: string): Promise<NewCode> {
    const { cardId, tokenRef, device, provider, maxCost, currency, lifeS } = request;
    const account = await this.#options.findAccount(request);
    if (!isSettled(currency)) throw new ProcessorError("CURRENCY_WRONG");
    const now = this.now();
    const notBefore = request.notBefore ?? now;
    if (lifeS < 1 || lifeS > CODE_LIFE_MAX_S || notBefore > now + CODE_LIFE_MAX_S) {
      throw new ProcessorError("BAD_REQUEST", { detail: "a code lives a week at most, and begins within one" });
    }
    const owner = this.nameOf("owner", cardId);
    const asked = [tokenRef, device, provider, maxCost, currency, request.notBefore, lifeS];
    const repeat: Repeatable = { owner: cardId, key: idempotencyKey, asked };
    const expires = notBefore + lifeS;
    const sealed = this.seal(account);
    return this.store.atomically(async (kept) => {
      await kept.forget(now - KEPT_S);
      return this.#once.within(kept.answers, repeat, async () => {
        const found = await kept.devices.find(device);
        // One of before devices had an owner is whose knows its name.
        const isOwn = found?.removed === 0 && (found.owner ?? owner) === owner;
        if (!isOwn) throw new ProcessorError("DEVICE_UNKNOWN");
        const codeRef = randomBytes(16).toString("base64url");
        const row = { code_ref: codeRef, owner, device, provider, max_cost: maxCost, currency, account: sealed };
        const code = await this.drawCode(kept, { ...row, not_before: notBefore, expires });
        return { code, codeRef, expires };
      });
    });
  }

  /** A new code of that row, random. To be called in a transaction. @throws {ProcessorError} `CODE_LIMIT` where its owner has too many open */
  async drawCode(kept: Tables, row: Omit<NewCodeRow, "code_name">): Promise<string> {
    if ((await kept.openCodes(row.owner, this.now())) >= OPEN_CODES_MAX) throw new ProcessorError("CODE_LIMIT");
    for (let tries = 0; tries < CODE_TRIES; tries++) {
      const code = transactionCode(this.#options.iin ?? TEST_IIN, String(randomInt(100_000_000)).padStart(8, "0"));
      const isAdded = await kept.addCode({ ...row, code_name: this.nameOf("code", code) });
      if (isAdded) return code;
    }
    throw new ProcessorError("INTERNAL");
  }

  /** The account behind a name, where it may pay. @throws what `FindAccount` throws */
  account(name: AccountName): Promise<Account> {
    return this.#options.findAccount(name);
  }

  /** What became of a code. @throws {ProcessorError} `CODE_UNKNOWN`, of another's code too; what `FindAccount` throws */
  async codeState(account: AccountName, codeRef: string): Promise<CodeState> {
    await this.#options.findAccount(account);
    return this.#stateOf(await this.#ownCode(this.store, account, codeRef));
  }

  /** No purchase any more. Twice is once. @throws {ProcessorError} `CODE_UNKNOWN`, `CODE_USED`, `IDEMPOTENCY_MISMATCH`; what `FindAccount` throws */
  async cancelCode(account: AccountName, codeRef: string, idempotencyKey: string): Promise<CodeState> {
    await this.#options.findAccount(account);
    const asked = ["cancel", account.tokenRef, codeRef];
    const repeat: Repeatable = { owner: account.cardId, key: idempotencyKey, asked };
    return this.atomicallyOnce<CodeState>(repeat, async (kept) => {
      const row = await this.#ownCode(kept, account, codeRef);
      if (row.request !== null) throw new ProcessorError("CODE_USED");
      await kept.cancelCode(codeRef);
      return "cancelled";
    });
  }

  close(): Promise<void> {
    return this.store.close();
  }

  async #ownCode(kept: Tables, { cardId }: AccountName, codeRef: string): Promise<CodeRow> {
    const row = await kept.codeByRef(codeRef);
    if (row === undefined || row.owner !== this.nameOf("owner", cardId)) throw new ProcessorError("CODE_UNKNOWN");
    return row;
  }

  #stateOf({ request, cancelled, expires }: CodeRow): CodeState {
    if (request !== null) return "used";
    if (cancelled === 1) return "cancelled";
    return expires > this.now() ? "open" : "expired";
  }

  #opened(sealed: Uint8Array): string {
    try {
      return this.#rest.open(sealed);
    } catch (cause) {
      const isGone = cause instanceof UnopenedError && cause.why !== "altered";
      throw new ProcessorError(isGone ? "KEY_RETIRED" : "INTERNAL", { cause });
    }
  }

  /** Devices and codes, which are kept for long, by the newest key. Killed in between, it is done by the next one that opens the store. */
  async #resealAll(): Promise<void> {
    for (const table of ["devices", "codes"] as const) {
      for (let after: string | undefined = ""; after !== undefined; ) {
        const from: string = after;
        after = await this.store.atomically(async (kept) => {
          const rows = await kept.sealedRows(table, from, RESEALED_AT_ONCE);
          for (const { name, sealed } of rows) {
            const renewed = this.#rest.renewed(sealed);
            if (renewed) await kept.reseal(table, name, renewed);
          }
          return rows.at(-1)?.name;
        });
      }
    }
    await this.store.atomically((kept) => tellRenewed(kept, this.#master));
  }
}

interface DomainKey {
  readonly number: number;
  readonly key: Uint8Array;
}

function domainKeyOf({ number, master }: Pick<NumberedMaster, "number" | "master">): DomainKey {
  return { number, key: derivedKey(master, "ecard/1 domain", 16) };
}
