// The issuer's operator and the requestor of its tokens, at the command line: what they suspend does not pay, at the issuer, on the phone, on the card.

import { join } from "node:path";
import { expect } from "chai";
import { type CardOnPort, cardOnPort } from "./card-on-port.js";
import { ecard, testFolder } from "./run-ecard.js";

describe("ecard network tokens", () => {
  const folder = testFolder();
  let on: CardOnPort;
  before(async () => {
    on = await cardOnPort(folder());
    expect((await on.phone("pair", on.sheet, "--issuer", on.issuer)).code).to.equal(0);
  });
  after(() => on.close());

  const tokens = (...more: readonly string[]) =>
    ecard(["network", "tokens", on.cardId, "--issuer-url", on.issuer, ...more]);
  const move = async (who: string, to: string) => {
    const { code, stdout, stderr } = await tokens("--as", who, "--to", to);
    return code === 0 ? stdout.trim().replace(/^\*{6}\d{4} +/, "") : [code, /\[([A-Z_]+)\]/.exec(stderr)![1]];
  };

  it("suspends for each who asks, and each lifts its own hold; the card pays when nobody holds its token", async () => {
    expect((await tokens()).stdout).to.match(/^\*{6}\d{4} {2}active {2}version 0\n$/);
    expect(await move("requestor", "suspended")).to.equal("suspended, by requestor  version 1");
    expect(await move("operator", "suspended")).to.equal("suspended, by issuer and requestor  version 2");
    const refused = await on.phone("pay", "2");
    expect([refused.code, refused.stderr.includes("suspended")]).to.deep.equal([5, true]);
    expect(await move("requestor", "active")).to.equal("suspended, by issuer  version 3");
    expect(await move("requestor", "active")).to.deep.equal([5, "SUSPENDED_BY_ISSUER"]);
    expect(await move("operator", "active")).to.equal("active  version 4");
    expect((await on.phone("pay", "2")).code).to.equal(0);
  }).timeout(60_000);

  it("takes keys of the network's own, and no others", async () => {
    const keys = join(folder(), "keys");
    expect((await ecard(["network", "keys", "--out", keys])).code).to.equal(0);
    const strange = await tokens("--keys", join(keys, "operator.json"));
    expect([strange.code, strange.stderr.includes("[ANSWER_UNPROVEN]")]).to.deep.equal([3, true]);
    const another = await tokens("--as", "requestor", "--keys", join(keys, "operator.json"));
    expect([another.code, another.stderr.includes("[KEYS_INVALID]")]).to.deep.equal([2, true]);
  });

  it("says what is no card, a card that the issuer does not know, and which token is meant", async () => {
    const ask = async (...args: readonly string[]) => {
      const { code, stderr } = await ecard(["network", "tokens", "--issuer-url", on.issuer, ...args]);
      return [code, /\[([A-Z_]+)\]/.exec(stderr)?.[1]];
    };
    expect(await ask("NOBODY")).to.deep.equal([2, "WRONG_USE"]);
    expect(await ask("A".repeat(26))).to.deep.equal([5, "CARD_UNKNOWN"]);
    expect(await ask(on.cardId, "--to", "suspended", "--last4", "0000")).to.deep.equal([2, "TOKEN_NOT_NAMED"]);
    expect(await ask(on.cardId, "--issuer-url", "http://127.0.0.1:1")).to.deep.equal([3, "SERVICE_UNREACHABLE"]);
  });

  it("ends a token for the operator alone, who moves it no more", async () => {
    expect(await move("requestor", "deactivated")).to.deep.equal([5, "STATE_TRANSITION_ILLEGAL"]);
    expect(await move("operator", "deactivated")).to.equal("deactivated  version 5");
    const [{ last4 }] = (await tokens("--json")).facts() as [{ last4: string }];
    const again = await tokens("--to", "active", "--last4", last4);
    expect([again.code, again.stderr.includes("[STATE_TRANSITION_ILLEGAL]")]).to.deep.equal([5, true]);
    expect((await tokens("--to", "active")).stderr).to.contain("[TOKEN_NOT_NAMED]");
    expect((await on.phone("pay", "2")).code).to.equal(5);
  });
});
