// Two processes of one service over one store, which is all that they share: what one has seen the other knows, over either engine.

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serviceKeys } from "@enabling-card/doors";
import type { Message } from "@enabling-card/iso8583";
import { closeGrant, type IssuerService, keysFromSeeds, randomSeeds, startIssuer } from "@enabling-card/issuer";
import { type ProcessorService, startProcessor } from "@enabling-card/processor";
import { toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { hasPostgresql, postgresql } from "../../../test/support/postgresql.js";
import { signedRequest } from "../../doors/src/http-signature.js";
import { enrolledCard, purchase, T0, takeGrant, tracksOf } from "../../issuer/test/issuer-support.js";
import { operatorMaster, placeOf, processorMaster } from "../src/index.js";
import { domainNetwork } from "./domain-support.js";
import { answersOf, saidOf } from "./terminal-line.js";

for (const engine of ["sqlite", "postgresql"] as const) {
  describe(`two of one service over one store (${engine})`, () => {
    const keys = keysFromSeeds(randomSeeds());
    const folders: string[] = [];
    const storeOf = async () => {
      if (engine === "postgresql") return (await postgresql()).database();
      folders.push(mkdtempSync(join(tmpdir(), "ecard-shared-")));
      return folders.at(-1)!;
    };
    before(function () {
      if (engine === "postgresql" && !hasPostgresql()) this.skip();
    });
    after(() => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });

    describe("issuers", () => {
      let issuers: readonly IssuerService[];
      let now: number;
      const secret = operatorMaster(keys);

      beforeEach(async () => {
        now = T0;
        const store = await storeOf();
        const start = () => startIssuer({ keys, now: () => now, file: placeOf(store, "issuer"), operator: secret });
        issuers = [await start(), await start()];
      });
      afterEach(async () => {
        for (const issuer of issuers) await issuer.close();
      });

      it("close a grant or have it paid, of thirty that are closed at one and swiped at the other at once", async () => {
        const [one, other] = issuers as [IssuerService, IssuerService];
        const card = await enrolledCard(one.issuer);
        const { tokenRef } = await one.issuer.mint(card.cardId, "Lovelace/Ada");
        const grants = [];
        while (grants.length < 30) grants.push(await takeGrant(one.issuer, card, tokenRef));
        const close = (atc: number) => closeGrant(one.issuer, card.cardId, { tokenRef: toHex(tokenRef), atc });
        // A store that the other holds says so, and has decided nothing: it is asked again.
        const closed = async (atc: number): Promise<string> =>
          close(atc).then(
            ({ outcome }) => outcome,
            () => closed(atc),
          );
        const paid = async (message: Message): Promise<string | undefined> => {
          const said = saidOf(await other.ask(message));
          return said === "ISSUER_FAILED" ? paid(message) : said;
        };
        const came = await Promise.all(
          grants.map((grant) => Promise.all([paid(purchase(tracksOf(grant))), closed(grant.atc)])),
        );
        for (const pair of came) {
          expect([
            ["APPROVED", "approved"],
            ["GRANT_CLOSED", "unused"],
          ]).to.deep.include(pair);
        }
      });

      it("take a signed request once, whichever it is shown to first: REQUEST_REPLAYED", async () => {
        const [one, other] = issuers as [IssuerService, IssuerService];
        const card = await enrolledCard(one.issuer);
        const body = JSON.stringify({ cardId: Buffer.from(card.cardId).toString("base64url") });
        const sign = () =>
          signedRequest(
            serviceKeys(secret, "operator", "issuer"),
            {
              ...{ method: "POST", target: "/v1/operator/tokens", body: Buffer.from(body) },
              idempotencyKey: randomBytes(8).toString("hex"),
            },
            now,
          );
        const send = async ({ url }: IssuerService, headers: Readonly<Record<string, string>>) => {
          const asked = { method: "POST", headers: { ...headers, "content-type": "application/json" }, body };
          const answer = await fetch(`${url}/v1/operator/tokens`, asked);
          const { code } = (await answer.json()) as { code?: string };
          if (code !== undefined)
            expect(answer.headers.has("signature"), "an answer to it would be believed").to.equal(false);
          return code ?? answer.status;
        };
        for (const [first, second] of [
          [one, other],
          [other, one],
        ] as const) {
          const headers = sign();
          expect(await send(first, headers)).to.equal(200);
          for (const later of [0, 60]) {
            now += later;
            expect(await send(second, headers)).to.equal("REQUEST_REPLAYED");
            expect(await send(first, headers)).to.equal("REQUEST_REPLAYED");
          }
        }
        const headers = sign();
        const atOnce = await Promise.all([one, other, one, other].map((issuer) => send(issuer, headers)));
        expect(atOnce.filter((said) => said === 200)).to.have.length(1);
        expect(await send(one, sign())).to.equal(200);
      });
    });

    describe("processors", () => {
      const { state, swipeOf, swiped } = domainNetwork({ keys, storeOf });
      let other: ProcessorService;

      beforeEach(async () => {
        other = await startProcessor({
          ...{ master: processorMaster(keys), now: () => state.now, file: placeOf(state.store, "processor") },
          ...{ route: state.network.issuer.ask, findAccount: async () => ({ pan: "", expiry: "" }) },
        });
      });
      afterEach(() => other.close());

      /** Each message to one of them, by turns. */
      const shown = async (messages: readonly Message[]) => {
        const doors = [state.network.processor.iso, other.iso];
        const answers = await Promise.all(
          doors.map((door, i) =>
            answersOf(
              door,
              messages.filter((_, at) => at % doors.length === i),
            ),
          ),
        );
        return answers.flat().map(saidOf);
      };

      const wrongOf = (track2: string, count: number) =>
        Array.from({ length: count }, (_, i) => String((Number(track2.slice(-8)) + i + 1) % 1e8).padStart(8, "0")).map(
          (digits) => swiped({ track2: track2.slice(0, -8) + digits }),
        );

      it("have five wrong DRCs of a token answered, however many come to both at once, and then none: TOKEN_LOCKED", async () => {
        const { track2 } = await swipeOf();
        const wrong = wrongOf(track2, 60);
        const said = await shown(wrong);
        expect(said.filter((one) => one === "DRC_WRONG")).to.have.length(5);
        expect(said.filter((one) => one === "TOKEN_LOCKED")).to.have.length(55);
        expect(await shown([swiped({ track2 }), swiped({ track2 })])).to.deep.equal(["TOKEN_LOCKED", "TOKEN_LOCKED"]);
      });

      it("take no right one that one of them looked at before the other had written the fifth wrong one: TOKEN_LOCKED", async () => {
        const { track2 } = await swipeOf();
        const { store } = other.processor;
        const count = store.failures.bind(store);
        expect(await shown(wrongOf(track2, 4))).to.deep.equal(Array.from({ length: 4 }, () => "DRC_WRONG"));
        store.failures = async (...asked) => {
          const counted = await count(...asked);
          await answersOf(state.network.processor.iso, wrongOf(track2, 1));
          return counted;
        };
        expect((await answersOf(other.iso, [swiped({ track2 })])).map(saidOf)).to.deep.equal(["TOKEN_LOCKED"]);
      });

      // SQLite has one transaction at a time.
      if (engine === "postgresql") {
        it("take no right one that counted before the other had written the fifth wrong one, in a transaction that ends behind it", async () => {
          const { track2 } = await swipeOf();
          const { store } = other.processor;
          await shown(wrongOf(track2, 4));
          const atomically = store.atomically.bind(store);
          const meanwhile: (string | undefined)[] = [];
          store.atomically = (work) =>
            atomically(async (tables) => {
              const count = tables.failures.bind(tables);
              tables.failures = async (...asked) => {
                const counted = await count(...asked);
                if (meanwhile.length > 0) return counted;
                meanwhile.push(...(await answersOf(state.network.processor.iso, wrongOf(track2, 1))).map(saidOf));
                return counted;
              };
              return work(tables);
            });
          expect((await answersOf(other.iso, [swiped({ track2 })])).map(saidOf)).to.deep.equal(["TOKEN_LOCKED"]);
          expect(meanwhile).to.deep.equal(["DRC_WRONG"]);
        });
      }

      it("take a right one behind four wrong ones", async () => {
        const { track2 } = await swipeOf();
        await shown(wrongOf(track2, 4));
        expect((await answersOf(other.iso, [swiped({ track2 })])).map(saidOf)).to.deep.equal(["APPROVED"]);
      });

      it("have one DRC pay once, of forty that come to both at once", async () => {
        const { track2 } = await swipeOf();
        const said = await shown(Array.from({ length: 40 }, () => swiped({ track2 })));
        expect(said.filter((one) => one === "APPROVED")).to.have.length(1);
        expect(said.filter((one) => one === "ATC_REPLAYED")).to.have.length(39);
      });
    });
  });
}
