// A group that is worked on over a server comes to what its requests come to one after the other: the fast way beside the slow one, on the same work, over a
// file that counts journeys.

import type { Message } from "@enabling-card/iso8583";
import { type Sql, SqlError } from "@enabling-card/sql";
import { type TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import fc from "fast-check";
import { decided } from "../src/authorise.js";
import { GroupTables } from "../src/group-tables.js";
import type { Issuer } from "../src/index.js";
import type { Tables } from "../src/store.js";
import {
  DOMAIN,
  enrolledCard,
  newIssuer,
  purchase,
  reversalOf,
  T0,
  type TestCard,
  takeGrant,
  tracksOf,
  wrongDigit,
} from "./issuer-support.js";

const TOKENS = 2;
const GRANTS = 3;

/** What is asked, the same of either issuer, whose numbers differ. */
interface Ask {
  readonly what: "pays" | "guesses" | "too much" | "again" | "reversed" | "nobody";
  readonly token: number;
  readonly grant: number;
}
const ASK = fc.record<Ask>({
  what: fc.constantFrom("pays", "pays", "guesses", "too much", "again", "reversed", "nobody"),
  token: fc.nat(TOKENS - 1),
  grant: fc.nat(GRANTS - 1),
});
/** Grants that are asked for: of which token, and which key. */
const COUNT = fc.record({ token: fc.nat(TOKENS - 1), key: fc.nat(4), maxAmount: fc.constantFrom(1250, 1251) });

interface World {
  readonly issuer: Issuer;
  readonly card: TestCard;
  readonly refs: readonly Uint8Array[];
  readonly messages: (asks: readonly Ask[]) => readonly Message[];
}

async function world(): Promise<World> {
  const { issuer } = await newIssuer();
  const card = await enrolledCard(issuer);
  const refs: Uint8Array[] = [];
  const tracks: { readonly track2: string }[][] = [];
  while (refs.length < TOKENS) {
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    refs.push(tokenRef);
    const of = [];
    while (of.length < GRANTS) of.push({ track2: tracksOf(await takeGrant(issuer, card, tokenRef)).track2 });
    tracks.push(of);
  }
  const messages = (asks: readonly Ask[]) => {
    const asked: Message[] = [];
    for (const { what, token, grant } of asks) {
      const { track2 } = tracks[token]![grant]!;
      const last = asked.findLast(({ mti }) => mti.startsWith("01")) ?? purchase({ track2 });
      if (what === "again") asked.push({ ...last, mti: "0101" });
      else if (what === "reversed") asked.push(reversalOf(last));
      else if (what === "guesses") asked.push(purchase({ track2: wrongDigit(track2, -1) }));
      else if (what === "too much") asked.push(purchase({ track2 }, { 4: "000000009999" }));
      else if (what === "nobody") asked.push(purchase({ track2: track2.replace(/^\d{16}/, "9999990000000008") }));
      else asked.push(purchase({ track2 }));
    }
    return asked;
  };
  return { issuer, card, refs, messages };
}

const inGroup = <T>(issuer: Issuer, works: readonly ((kept: Tables) => Promise<T>)[], view = groupOf) =>
  issuer.store.atomically((kept: GroupTables) => kept.inTurn(works), view);
const groupOf = (sql: Sql) => new GroupTables(sql);
const inTurn = <T>(issuer: Issuer, works: readonly ((kept: Tables) => Promise<T>)[]) =>
  issuer.store.atomically(async (kept) => {
    const results: T[] = [];
    for (const work of works) results.push(await work(kept));
    return results;
  });

async function standing({ issuer, refs }: World) {
  const told = [];
  for (const ref of refs) {
    const { atc, state, version, level_s, last_expires, state_by } = (await issuer.store.token(toHex(ref)))!;
    const used = [];
    for (let n = 1; n <= atc; n++) {
      const { used: how, said, reversed, used_at } = (await issuer.store.grant(toHex(ref), n))!;
      used.push([how, said?.replace(/"authCode":"\d{6}"/, ""), reversed, used_at]);
    }
    told.push({ atc, state: state as TokenState, version, level_s, last_expires, state_by, used });
  }
  return told;
}

describe("a group that is worked on over a server", () => {
  it("is decided as its requests are one after the other, whatever they are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(ASK, { minLength: 1, maxLength: 12 }), { maxLength: 3 }), async (groups) => {
        const [one, other] = [await world(), await world()];
        try {
          for (const asks of groups) {
            const said = [];
            for (const [{ issuer, messages }, way] of [
              [one, inGroup],
              [other, inTurn],
            ] as const) {
              const works = messages(asks).map(
                (message) => (kept: Tables) => decided(issuer, kept, message, "terminal", T0),
              );
              said.push((await way(issuer, works)).map(({ decline }) => decline ?? "APPROVED"));
            }
            expect(said[0]).to.deep.equal(said[1]);
            expect(await standing(one)).to.deep.equal(await standing(other));
          }
        } finally {
          for (const { issuer } of [one, other]) await issuer.close();
        }
      }),
      { numRuns: 40 },
    );
  }).timeout(60_000);

  it("sees the wrong tries of those before, and suspends the token for those behind", async () => {
    const { issuer, messages } = await world();
    const guess = { what: "guesses", token: 0, grant: 0 } as const;
    const works = messages([...new Array<Ask>(5).fill(guess), { what: "pays", token: 0, grant: 1 }]).map(
      (message) => (kept: Tables) => decided(issuer, kept, message, "terminal", T0),
    );
    const said = (await inGroup(issuer, works)).map(({ decline }) => decline);
    expect(said).to.deep.equal([...new Array(5).fill("CRYPTOGRAM_WRONG"), "TOKEN_SUSPENDED"]);
    await issuer.close();
  });

  it("has its grants counted as they are one after the other, repeats among them", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(COUNT, { minLength: 1, maxLength: 12 }), async (counts) => {
        const worlds = [await world(), await world()];
        const said = [];
        for (const [i, way] of [inGroup, inTurn].entries()) {
          const { issuer, card, refs } = worlds[i]!;
          const works = counts.map(({ token, key, maxAmount }) => {
            const domain = { ...DOMAIN, maxAmount };
            const asked = { owner: "Ada", key: `key-${key}`, asked: [token, maxAmount] };
            const count = async (kept: Tables) => {
              const { atc, level_s, level_at } = (await kept.token(toHex(refs[token]!)))!;
              const row = { token_ref: toHex(refs[token]!), atc: atc + 1, expires: T0 + maxAmount };
              const rest = { max_amount: maxAmount, domain: JSON.stringify(domain), domain_hash: null };
              await kept.addGrant({ ...row, ...rest }, { level_s: level_s + 10, level_at });
              return { atc: atc + 1, live: await kept.liveGrants(row.token_ref, T0), card: card.cardId.length };
            };
            return (kept: Tables) =>
              issuer.once.within(kept.answers, asked, () => count(kept)).catch(({ code }) => code);
          });
          said.push(await way(issuer, works));
        }
        expect(said[0]).to.deep.equal(said[1]);
        expect(await standing(worlds[0]!)).to.deep.equal(await standing(worlds[1]!));
        for (const { issuer } of worlds) await issuer.close();
      }),
      { numRuns: 25 },
    );
  }).timeout(60_000);

  it("makes as many journeys for many as for few", async () => {
    const { issuer, messages } = await world();
    const journeys = async (asks: readonly Ask[]) => {
      let count = 0;
      const works = messages(asks).map((message) => (kept: Tables) => decided(issuer, kept, message, "terminal", T0));
      await inGroup(issuer, works, (sql) => {
        const counted = (of: Sql, name: string | symbol) => {
          count++;
          return of[name as keyof Sql];
        };
        return new GroupTables(new Proxy(sql, { get: counted }));
      });
      return count;
    };
    const pays = (count: number): Ask[] => Array.from({ length: count }, () => ({ what: "pays", token: 0, grant: 0 }));
    const few = await journeys(pays(2));
    expect(await journeys(pays(100))).to.equal(few);
    await issuer.close();
  });

  it("fails as a whole where the store fails while it only looks", async () => {
    const { issuer, messages } = await world();
    const [message] = messages([{ what: "pays", token: 0, grant: 0 }]);
    const gone = async () => {
      throw new SqlError("STORE_UNAVAILABLE");
    };
    const works = [(kept: Tables) => decided(issuer, kept, message!, "terminal", T0)];
    const work = inGroup(issuer, works, (sql) => new GroupTables({ ...sql, rowEach: gone }));
    expect(
      await work.then(
        () => "decided",
        ({ code }) => code,
      ),
    ).to.equal("STORE_UNAVAILABLE");
    await issuer.close();
  });
});
