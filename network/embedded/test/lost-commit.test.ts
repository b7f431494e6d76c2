// A commit whose answer is lost amid a payment: the terminal hears what is kept, or what makes it certain that nothing is.

import { IsoCaller, lineKeys } from "@enabling-card/doors";
import { keysFromSeeds, randomSeeds, startIssuer } from "@enabling-card/issuer";
import { expect } from "chai";
import pg from "pg";
import { hasPostgresql, postgresql } from "../../../test/support/postgresql.js";
import { enrolledCard, purchase, T0, takeGrant, tracksOf } from "../../issuer/test/issuer-support.js";
import { type CuttingProxy, cuttingProxy } from "../../sql/test/cutting-proxy.js";
import { type Network, startNetwork } from "../src/index.js";
import { answersOf, saidOf } from "./terminal-line.js";

const SECRET = new Uint8Array(32).fill(3);

describe("a payment, and the answer to its commit is lost", function () {
  this.timeout(60_000);
  let proxy: CuttingProxy;
  let direct: pg.Client;
  let keys: ReturnType<typeof keysFromSeeds>;
  const closing: (() => unknown)[] = [];

  before(function () {
    if (!hasPostgresql()) this.skip();
  });
  beforeEach(async () => {
    const url = await (await postgresql()).database();
    proxy = await cuttingProxy(url);
    direct = new pg.Client({ connectionString: url });
    await direct.connect();
    keys = keysFromSeeds(randomSeeds());
  });
  afterEach(async () => {
    proxy.mend();
    for (const close of closing.splice(0).reverse()) await close();
    await direct.end();
    proxy.close();
  });

  const started = async (): Promise<Network> => {
    const network = await startNetwork({ keys, now: () => T0, store: proxy.url });
    closing.push(() => network.close());
    return network;
  };
  const cardWithToken = async (issuer: Network["issuer"]["issuer"]) => {
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    return { card, tokenRef };
  };
  const kept = async () => (await direct.query("SELECT decline, auth_code FROM issuer.decisions")).rows;

  it("of an approval: it is told as it is kept, and its repeat gets the same", async () => {
    const { issuer, processor } = await started();
    const { card, tokenRef } = await cardWithToken(issuer.issuer);
    const message = purchase(tracksOf(await takeGrant(issuer.issuer, card, tokenRef)));
    proxy.cutNext(true);
    const [answer] = await answersOf(processor.iso, [message]);
    const [repeat] = await answersOf(processor.iso, [{ ...message, mti: "0101" }]);
    expect(proxy.cuts).to.equal(1);
    expect(saidOf(answer!)).to.equal("APPROVED");
    expect(await kept()).to.deep.equal([{ decline: null, auth_code: answer!.fields[38] }]);
    expect(repeat!.fields[38]).to.equal(answer!.fields[38]);
  });

  it("of one that never got there: 96, and its repeat is decided", async () => {
    const { issuer, processor } = await started();
    const { card, tokenRef } = await cardWithToken(issuer.issuer);
    const message = purchase(tracksOf(await takeGrant(issuer.issuer, card, tokenRef)));
    proxy.cutNext(false);
    const [answer] = await answersOf(processor.iso, [message]);
    expect([answer!.fields[39], await kept()]).to.deep.equal(["96", []]);
    const [repeat] = await answersOf(processor.iso, [{ ...message, mti: "0101" }]);
    expect(saidOf(repeat!)).to.equal("APPROVED");
  });

  it("of a grant: one ATC is counted, and its key gets the same grant", async () => {
    const { issuer } = await started();
    const { card, tokenRef } = await cardWithToken(issuer.issuer);
    proxy.cutNext(true);
    const { atc } = await takeGrant(issuer.issuer, card, tokenRef);
    expect([proxy.cuts, atc]).to.deep.equal([1, 1]);
    const { rows } = await direct.query("SELECT atc FROM issuer.grants");
    expect(rows).to.deep.equal([{ atc: "1" }]);
  });

  it("and the store is out of reach: the line says nothing, and whoever asked in this process hears that it may be an approval", async () => {
    const faults: string[] = [];
    const issuer = await startIssuer({
      ...{ keys, now: () => T0, file: proxy.url, processor: { port: 0, secret: SECRET } },
      onFault: (code) => faults.push(code),
    });
    closing.push(() => issuer.close());
    const line = new IsoCaller({ ...issuer.line!, now: () => T0, keys: lineKeys(SECRET), answerMs: 20_000 });
    closing.push(() => line.close());
    const { card, tokenRef } = await cardWithToken(issuer.issuer);
    const [one, two] = [
      purchase(tracksOf(await takeGrant(issuer.issuer, card, tokenRef))),
      purchase(tracksOf(await takeGrant(issuer.issuer, card, tokenRef))),
    ];
    proxy.cutNext(true, true);
    let isAnswered = false;
    line.ask(one).then(
      () => {
        isAnswered = true;
      },
      () => undefined,
    );
    while (faults.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    proxy.mend();
    expect(isAnswered).to.equal(false);
    proxy.cutNext(true, true);
    const refused = await issuer.ask(two).catch((error: { code: string }) => error.code);
    proxy.mend();
    expect(refused).to.equal("LINE_TIMEOUT");
    expect(faults).to.deep.equal(["COMMIT_OPEN", "COMMIT_OPEN"]);
    expect(isAnswered).to.equal(false);
    expect((await kept()).map(({ decline }) => decline)).to.deep.equal([null, null]);
  });
});
