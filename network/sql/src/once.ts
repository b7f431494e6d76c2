// Requests that may come again, under an idempotency key of whoever asks (draft-ietf-httpapi-idempotency-key-header): the first one is worked on, and the
// same one again gets what was answered, for a day. What is kept is found by a keyed name, and sealed by the service whose store it is.

import { createHash } from "node:crypto";
import type { Sql } from "./port.js";

/** For a service's migrations. */
export const ANSWERS_TABLE = `CREATE TABLE answers (name TEXT PRIMARY KEY, at INTEGER NOT NULL, asked TEXT NOT NULL, answer BLOB NOT NULL) STRICT;
  CREATE INDEX answers_by_time ON answers (at);`;

/** How long answers are kept, seconds. */
export const ANSWERS_KEPT_S = 86_400;
/** Of one owner, beside those of the last second; the oldest go first. */
export const ANSWERS_MAX = 1024;
/** Hexadecimal digits that all names of an owner begin with. */
const OWNER_DIGITS = 16;
/** Rows that are forgotten at once, at most. */
export const FORGOTTEN_AT_ONCE = 1000;

export interface Kept {
  readonly asked: string;
  readonly answer: Uint8Array;
}

/** The table, as one transaction sees it, or each statement by itself. */
export class Answers {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  find(name: string): Promise<Kept | undefined> {
    return this.#sql.row("SELECT asked, answer FROM answers WHERE name = ?", name);
  }

  /** One that is there already stays. */
  keep(name: string, at: number, kept: Kept): Promise<void> {
    return this.keepAll([[name, at, kept]]);
  }

  async keepAll(all: readonly (readonly [name: string, at: number, kept: Kept])[]): Promise<void> {
    await this.#sql.runEach(
      "INSERT INTO answers (name, at, asked, answer) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO NOTHING",
      all.map(([name, at, { asked, answer }]) => [name, at, asked, answer]),
    );
  }

  /** What is older than `until`, some at a time, and what the owner of `name` has too many of. */
  async forget(until: number, name: string): Promise<void> {
    await this.#sql.run(
      `DELETE FROM answers WHERE name IN (SELECT name FROM answers WHERE at <= ? ORDER BY at LIMIT ${FORGOTTEN_AT_ONCE})`,
      until,
    );
    const owner = name.slice(0, OWNER_DIGITS);
    const own = [owner, `${owner}g`]; // behind every hexadecimal digit
    await this.#sql.run(
      `DELETE FROM answers WHERE name > ? AND name < ? AND at <
         (SELECT at FROM answers WHERE name > ? AND name < ? ORDER BY at DESC LIMIT 1 OFFSET ${ANSWERS_MAX - 1})`,
      ...own,
      ...own,
    );
  }
}

export interface OnceOptions {
  /** What a text is found by, in hexadecimal, and tells nobody. */
  readonly nameOf: (text: string) => string;
  readonly seal: (text: string) => Uint8Array;
  /** Throws where the store was altered. */
  readonly open: (sealed: Uint8Array) => string;
  /** Seconds since 1970. */
  readonly now: () => number;
  /** The service's `IDEMPOTENCY_MISMATCH`. */
  readonly mismatch: () => Error;
}

/** A request that may come again. */
export interface Repeatable {
  /** Who asks: two who choose the same key do not meet. */
  readonly owner: string;
  readonly key: string;
  /** All that the request says, and which it is: it may hold secrets, of which a hash is kept alone. */
  readonly asked: unknown;
}

export class Once {
  readonly #options: OnceOptions;
  /** Those that are being worked on. */
  readonly #going = new Map<string, { readonly asked: string; readonly answer: Promise<string> }>();
  #forgotAt = 0;

  constructor(options: OnceOptions) {
    this.#options = options;
  }

  /**
   * What `work` answers, the first time, as JSON gives it back. To be called in the transaction that `work` writes in: both are kept, or neither. Where it
   * throws, nothing is.
   *
   * @param request - Undefined where whoever asks named no key: each time is the first
   */
  async within<T>(answers: Answers, request: Repeatable | undefined, work: () => Promise<T>): Promise<T> {
    if (request === undefined) return work();
    const { now, seal } = this.#options;
    const [name, asked] = [this.#nameOf(request), hashOf(request.asked)];
    const earlier = await this.#earlier(answers, name, asked);
    if (earlier !== undefined) return JSON.parse(earlier) as T;
    const text = JSON.stringify(await work());
    if (this.#forgotAt !== now()) {
      this.#forgotAt = now();
      await answers.forget(now() - ANSWERS_KEPT_S, name);
    }
    await answers.keep(name, now(), { asked, answer: seal(text) });
    return JSON.parse(text) as T;
  }

  /**
   * The same around work that asks other services, in no transaction of its own: of those who ask this process at once one is worked on, and a process that
   * is killed behind the work and before its answer is kept works again, which the work must bear.
   */
  async around<T>(answers: Answers, request: Repeatable, work: () => Promise<T>): Promise<T> {
    const [name, asked] = [this.#nameOf(request), hashOf(request.asked)];
    const going = this.#going.get(name);
    if (going !== undefined) {
      if (going.asked !== asked) throw this.#options.mismatch();
      return JSON.parse(await going.answer) as T;
    }
    const answer = this.within(answers, request, work).then((said) => JSON.stringify(said));
    this.#going.set(name, { asked, answer });
    try {
      await answer;
      // Of two processes that were asked at once both tell what was kept.
      return JSON.parse((await this.#earlier(answers, name, asked)) ?? (await answer)) as T;
    } finally {
      this.#going.delete(name);
    }
  }

  async #earlier(answers: Answers, name: string, asked: string): Promise<string | undefined> {
    const earlier = await answers.find(name);
    if (earlier === undefined) return undefined;
    if (earlier.asked !== asked) throw this.#options.mismatch();
    return this.#options.open(earlier.answer);
  }

  #nameOf({ owner, key }: Repeatable): string {
    const { nameOf } = this.#options;
    const owners = nameOf(JSON.stringify(["owner of answers", owner])).slice(0, OWNER_DIGITS);
    return owners + nameOf(JSON.stringify(["answer", `${owner}|${key}`]));
  }
}

/** Of the same whatever the order of its members: JSON has none (RFC 8259 4). */
function hashOf(asked: unknown): string {
  return createHash("sha256").update(JSON.stringify(asked, ordered)).digest("hex");
}

function ordered(_name: string, value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
