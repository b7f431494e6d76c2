// ecard pos charge: a swipe of the wallet's, recorded, at a terminal that asks a network.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sampleKeys } from "@enabling-card/issuer";
import { type Network, startNetwork } from "@enabling-card/network";
import { encodeWav, swipeSignal } from "@enabling-card/pos-sim";
import { expect } from "chai";
import { enrolledCard, takeGrant, tracksOf } from "../../network/issuer/test/issuer-support.js";
import { ecard, testFolder } from "./run-ecard.js";

describe("ecard pos charge", () => {
  const folder = testFolder();
  let network: Network;
  beforeEach(async () => {
    network = await startNetwork({ keys: sampleKeys() });
  });
  afterEach(() => network.close());

  /** A swipe of track 2 as a grant's wallet sends it, as a file. */
  async function swipe(): Promise<string> {
    const { issuer } = network.issuer;
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    const { track2 } = tracksOf(await takeGrant(issuer, card, tokenRef));
    return record(`;${track2}?`);
  }
  function record(text: string): string {
    const { samples, sampleRateHz } = swipeSignal({ track: 2, text, ips: 10 });
    const file = join(folder(), "swipe.wav");
    writeFileSync(file, encodeWav([samples], sampleRateHz));
    return file;
  }
  const charge = (file: string, ...more: string[]) => {
    const { host, port } = network.processor.iso;
    const at = ["--network", `${host}:${port}`, "--type", "5462", "--name", "Corner Bakery"];
    return ecard(["pos", "charge", file, ...at, ...more]);
  };

  it("approves a genuine swipe once, and prints what the cardholder gets", async () => {
    const file = await swipe();
    const first = await charge(file, "--amount", "9.50");
    expect(first.code).to.equal(0);
    expect(first.stdout)
      .to.match(/^Corner Bakery\n/)
      .and.to.match(/\nTotal +9\.50 EUR\nAPPROVED\n$/);
    expect(first.stdout).to.match(/\nCard +999999\*{6}\d{4}\n/);
    const second = await charge(file, "--amount", "9.50", "--terminal", "POS00002");
    expect(second.code).to.equal(1);
    expect(second.stdout).to.contain("DECLINED 94 ATC_REPLAYED");
  });

  it("tells machines the same", async () => {
    const { code, facts } = await charge(await swipe(), "--amount", "13", "--json");
    expect(code).to.equal(1);
    expect(facts()[0]).to.deep.include({
      approved: false,
      responseCode: "61",
      ourCode: "AMOUNT_OVER_CAP",
      authCode: null,
    });
  });

  it("exits with 1 where nothing is read, and says why; and where the terminal refuses the card", async () => {
    const noise = join(folder(), "noise.wav");
    writeFileSync(noise, encodeWav([Float32Array.from({ length: 44_100 }, (_, i) => 0.1 * Math.sin(i))], 44_100));
    const unread = await charge(noise, "--amount", "9.50");
    expect(unread.code).to.equal(1);
    expect(unread.stdout).to.contain("no");
    const chip = record(";9999991234567893=49122011000000000000?");
    const refused = await charge(chip, "--amount", "9.50", "--json");
    expect(refused.code).to.equal(1);
    expect(refused.facts()[0]).to.have.nested.property("refusal.code");
  });

  it("says where nobody answers, what is no amount, and what is no address", async () => {
    const file = await swipe();
    await network.close();
    const nobody = await charge(file, "--amount", "9.50");
    expect([nobody.code, nobody.stderr.includes("[HOST_UNREACHABLE]")]).to.deep.equal([3, true]);
    expect((await charge(file, "--amount", "much")).code).to.equal(2);
    expect((await ecard(["pos", "charge", file, "--amount", "1", "--network", "nowhere"])).code).to.equal(2);
    network = await startNetwork({ keys: sampleKeys() });
  });
});
