// Systems 4 and 5 at the command line: a payment behind an authentication, one by the card's code, and an appliance's. What the card's coil plays is
// recorded, and charged at a terminal that asks the network.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "@enabling-card/pos-sim";
import { expect } from "chai";
import { recordingOf } from "../src/demo/recording.js";
import { type CardOnPort, cardOnPort } from "./card-on-port.js";
import { ecard, testFolder } from "./run-ecard.js";

const MERCHANT = "CORNER BAKERY";

describe("paying through the network's other doors", () => {
  const folder = testFolder();
  let on: CardOnPort;
  let count = 0;
  beforeEach(async () => {
    on = await cardOnPort(folder(), `card-${count++}`);
    expect((await on.phone("pair", on.sheet, "--issuer", on.issuer)).code).to.equal(0);
  });
  afterEach(() => on.close());

  const pay = (through: string, ...more: readonly string[]) =>
    on.phone("pay", "9.50", "--through", through, "--processor", on.network.processor.url, ...more);
  /** What a terminal says to what the coil played last. */
  const charged = async (amount: string, merchant: string) => {
    const { samples, sampleRateHz } = recordingOf(on.card.coil.emission()!).whole;
    const file = join(folder(), "swipe.wav");
    writeFileSync(file, encodeWav([samples], sampleRateHz));
    const { host, port } = on.network.processor.iso;
    const at = ["--network", `${host}:${port}`, "--merchant", merchant, "--country", "276", "--currency", "978"];
    const { code, facts } = await ecard(["pos", "charge", file, "--amount", amount, ...at, "--json"]);
    const { approved, ourCode } = facts()[0]!;
    return [code, approved ? "APPROVED" : ourCode];
  };

  it("behind an authentication: the card's user is asked, it pays at that merchant, once, and nowhere else", async () => {
    const paid = await pay("domain", "--merchant", MERCHANT);
    expect([paid.code, paid.stderr]).to.deep.equal([0, ""]);
    expect(paid.stdout).to.match(
      /asking +the domain server[\s\S]+confirming [\s\S]+authenticated [\s\S]+loaded +CORNER BAKERY, up to 9\.50 EUR/,
    );
    expect(paid.stdout.match(/press the card's button twice/g), "for the question, and for the swipe").to.have.length(
      2,
    );
    expect(await charged("9.50", "OTHER SHOP")).to.deep.equal([1, "MERCHANT_WRONG"]);
    expect(await charged("9.51", MERCHANT)).to.deep.equal([1, "AMOUNT_OVER_CAP"]);
    expect(await charged("9.50", MERCHANT)).to.deep.equal([0, "APPROVED"]);
  }).timeout(60_000);

  it("by a code in the card's token's place: another number, one provider, once", async () => {
    const paid = await pay("code", "--merchant", MERCHANT, "--json");
    expect([paid.code, paid.stderr]).to.deep.equal([0, ""]);
    expect(paid.facts().at(-1)).to.include({ merchant: MERCHANT, cap: 950 });
    expect(await charged("9.50", "OTHER SHOP")).to.deep.equal([1, "PROVIDER_WRONG"]);
    expect(await charged("9.50", MERCHANT)).to.deep.equal([0, "APPROVED"]);
  }).timeout(60_000);

  it("says what --through needs, and where no processor is", async () => {
    const nobody = await pay("domain");
    expect([nobody.code, nobody.stderr.includes("--merchant")]).to.deep.equal([2, true]);
    expect((await pay("wire", "--merchant", MERCHANT)).code).to.equal(2);
    const gone = await on.phone(
      ...["pay", "1", "--through", "code", "--merchant", MERCHANT, "--processor", "http://127.0.0.1:1"],
    );
    expect([gone.code, gone.stderr.includes("[ISSUER_UNREACHABLE]")]).to.deep.equal([3, true]);
    const long = await pay("domain", "--merchant", "A merchant of more than 15");
    expect([long.code, long.stderr.includes("[ISSUER_REFUSED]")]).to.deep.equal([5, true]);
    expect(on.card.coil.emission()).to.equal(undefined);
  });

  it("in a shop's app, without a swipe: agreed to on the card, once, at that shop, up to that amount", async () => {
    const { url, iso } = on.network.processor;
    const checkOut = (...more: readonly string[]) =>
      on.phone(
        ...["checkout", "9.50", "--merchant", MERCHANT, "--processor", url, "--network", `${iso.host}:${iso.port}`],
        ...more,
      );
    const paid = await checkOut();
    expect([paid.code, paid.stderr]).to.deep.equal([0, ""]);
    expect(paid.stdout)
      .to.match(/confirming [\s\S]+asking +press the card's button twice[\s\S]+paying +9\.50 EUR at CORNER BAKERY/)
      .and.match(/approved \d{6}\n$/);
    const dear = await checkOut("--charge", "9.51", "--json");
    expect(dear.code).to.equal(1);
    expect(dear.facts().at(-1)).to.include({ approved: false, ourCode: "AMOUNT_OVER_CAP" });
    const other = await checkOut("--shop", "OTHER SHOP");
    expect([other.code, other.stdout.includes("MERCHANT_WRONG")]).to.deep.equal([1, true]);
    expect(on.card.coil.emission(), "the coil stays silent").to.equal(undefined);
    const nobody = await on.phone("checkout", "1", "--merchant", MERCHANT, "--processor", url, "--network", "here");
    expect(nobody.code).to.equal(2);
  }).timeout(60_000);

  it("by an appliance's code: one purchase, no dearer, of no other seller", async () => {
    const buy = async (...more: readonly string[]) => {
      const line = ["code", "4.99", "--merchant", "POWDER SHOP", "--processor", on.network.processor.url];
      return on.phone(...line, ...more);
    };
    const bought = await buy();
    expect([bought.code, bought.stderr]).to.deep.equal([0, ""]);
    expect(bought.stdout)
      .to.match(/code +999999\*{6}\d{4}, up to 4\.99 EUR at POWDER SHOP/)
      .and.match(/approved \d{6}\n$/);
    const dear = await buy("--cost", "5", "--json");
    expect(dear.code).to.equal(1);
    expect(dear.facts().at(-1)).to.deep.equal({ approved: false, responseCode: "61", ourCode: "COST_OVER" });
    const other = await buy("--seller", "OTHER SHOP");
    expect([other.code, other.stdout.includes("declined 58 PROVIDER_WRONG")]).to.deep.equal([1, true]);
    await on.phone("suspend");
    const suspended = await buy();
    expect([suspended.code, suspended.stderr.includes("[ISSUER_REFUSED]")]).to.deep.equal([5, true]);
  });
});
