// The tables as a group of requests sees them that is worked on over a server. Each is worked on by itself, in its order, as over a file; what differs is the
// journeys: all are worked on once for nothing, beside each other, so that what they read is asked for together, and is at hand when it counts (ahead.ts);
// and what they write goes out together behind the last of them.

import { Answers, type Kept, type Sql } from "@enabling-card/sql";
import { Ahead } from "./ahead.js";
import { GrantUse } from "./rows.js";
import {
  type Decision,
  type GrantEnd,
  type GrantRow,
  type Level,
  type Newest,
  type NewGrant,
  Tables,
  type TokenRow,
} from "./store.js";

/** A grant as it is counted. */
const UNUSED = {
  ...{ used: GrantUse.Open, said: null, request_name: null, used_at: null },
  ...{ reversed: 0, key_number: 0, of_code: 0, delegation: null, held_by: null, counters: null },
} as const;

/** What is written here by this group already, and not yet in the store, later ones of it see. */
export class GroupTables extends Tables {
  readonly #ahead: Ahead;
  readonly #answers: GroupAnswers;
  readonly #grants = new Map<string, NewGrant>();
  readonly #newest = new Map<string, Newest>();
  readonly #ended = new Map<string, readonly [tokenRef: string, atc: number, end: GrantEnd]>();
  readonly #decisions = new Map<string, readonly [request: string, decision: Decision, at: number]>();
  readonly #reversals = new Map<string, readonly [at: number, since: number]>();

  constructor(sql: Sql) {
    const ahead = new Ahead(sql);
    const answers = new GroupAnswers(ahead);
    super(ahead, answers);
    this.#ahead = ahead;
    this.#answers = answers;
  }

  /** What each of `works` gives, in their order, each behind all that those before it wrote. Each is called twice, and counts the second time. */
  async inTurn<T>(works: readonly ((kept: Tables) => Promise<T>)[]): Promise<readonly T[]> {
    await this.#ahead.look(() => Promise.allSettled(works.map((work) => work(this))));
    this.changed.length = 0;
    this.delegations.changed.length = 0;
    const results: T[] = [];
    for (const work of works) results.push(await work(this));
    await this.countGrants([...this.#newest]);
    await this.addGrants([...this.#grants.values()]);
    await this.endGrants([...this.#ended.values()]);
    await this.keepDecisions([...this.#decisions.values()]);
    // Behind the grants that they are of.
    for (const [name, times] of this.#reversals) await super.keepReversal(name, ...times);
    await this.#answers.written();
    return results;
  }

  override async token(tokenRef: string): Promise<TokenRow | undefined> {
    return this.#now(await super.token(tokenRef));
  }

  override async tokenByPan(panIndex: string): Promise<TokenRow | undefined> {
    return this.#now(await super.tokenByPan(panIndex));
  }

  override async addGrant(grant: NewGrant, level: Level): Promise<void> {
    if (this.#ahead.isLooking) return;
    const { token_ref, atc, expires } = grant;
    const last_expires = Math.max(expires, this.#newest.get(token_ref)?.last_expires ?? 0);
    this.#newest.set(token_ref, { atc, last_expires, ...level });
    this.#grants.set(`${token_ref}|${atc}`, grant);
  }

  override async grant(tokenRef: string, atc: number): Promise<GrantRow | undefined> {
    const name = `${tokenRef}|${atc}`;
    const added = this.#grants.get(name);
    const row = added === undefined ? await super.grant(tokenRef, atc) : { ...UNUSED, ...added };
    return row && { ...row, ...this.#ended.get(name)?.[2] };
  }

  override async liveGrants(tokenRef: string, now: number): Promise<number> {
    const added = [...this.#grants.values()].filter((grant) => grant.token_ref === tokenRef && grant.expires > now);
    return (await super.liveGrants(tokenRef, now)) + added.length;
  }

  override async endGrant(tokenRef: string, atc: number, end: GrantEnd): Promise<void> {
    if (!this.#ahead.isLooking) this.#ended.set(`${tokenRef}|${atc}`, [tokenRef, atc, end]);
  }

  override async decision(request: string, since: number): Promise<Decision | undefined> {
    const [, decision, at] = this.#decisions.get(request) ?? [];
    return decision !== undefined && at! > since ? decision : super.decision(request, since);
  }

  override async keepDecision(request: string, decision: Decision, at: number): Promise<void> {
    if (!this.#ahead.isLooking) this.#decisions.set(request, [request, decision, at]);
  }

  override async isReversed(name: string, since: number): Promise<boolean> {
    const at = this.#reversals.get(name)?.[0];
    return (at !== undefined && at > since) || super.isReversed(name, since);
  }

  override async keepReversal(name: string, at: number, since: number): Promise<void> {
    if (!this.#ahead.isLooking) this.#reversals.set(name, [at, since]);
  }

  #now(row: TokenRow | undefined): TokenRow | undefined {
    const newest = row && this.#newest.get(row.token_ref);
    return newest ? { ...row, ...newest, last_expires: Math.max(row.last_expires, newest.last_expires) } : row;
  }
}

class GroupAnswers extends Answers {
  readonly #ahead: Ahead;
  readonly #kept = new Map<string, readonly [name: string, at: number, kept: Kept]>();
  readonly #forgotten: (readonly [until: number, name: string])[] = [];

  constructor(ahead: Ahead) {
    super(ahead);
    this.#ahead = ahead;
  }

  override async find(name: string): Promise<Kept | undefined> {
    return this.#kept.get(name)?.[2] ?? super.find(name);
  }

  override async keep(name: string, at: number, kept: Kept): Promise<void> {
    if (!this.#ahead.isLooking && !this.#kept.has(name)) this.#kept.set(name, [name, at, kept]);
  }

  /** Also of one that only looks: it is asked for once a second, and whoever asks takes it for done. */
  override async forget(until: number, name: string): Promise<void> {
    this.#forgotten.push([until, name]);
  }

  async written(): Promise<void> {
    for (const one of this.#forgotten) await super.forget(...one);
    await this.keepAll([...this.#kept.values()]);
  }
}
