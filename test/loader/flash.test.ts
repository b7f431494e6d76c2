// What ecard flash does with a card, as a call: checks, sends on from where it was, tries, confirms.

import { type FlashProgress, type FlashStep, flashCard, imageDigest } from "@enabling-card/sdk";
import { decodeImage, FlashArea, LoaderStart, LoaderVerdict, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { codeOf, LoaderCard, OTHER_SECRET, partsOf, ROOT, sealed, versionIn } from "../support/loader-card.js";

const ONE = sealed(partsOf(1, 5));
const TWO = sealed(partsOf(2, 6, 12_000));

describe("flashing a card", () => {
  let card: LoaderCard;
  const slot0 = () => versionIn(card.flash.areas[FlashArea.Slot0]);
  beforeEach(async () => {
    card = await LoaderCard.create();
    card.install(FlashArea.Slot0, ONE);
    expect(card.start()).to.equal(LoaderVerdict.Boot);
  });

  it("sends an image to a card that runs another, tries it, and has it confirmed", async () => {
    const steps: FlashStep[] = [];
    const result = await flashCard(card.line(), { image: TWO, publicKey: ROOT, onStep: (step) => steps.push(step) });
    expect(steps).to.deep.equal(["checked", "connected", "sent", "testing", "confirmed"]);
    expect(result).to.include({ board: "an386", version: "2.0.0+0", confirmed: true, sentOctets: TWO.length });
    expect(result.hash).to.equal(toHex(imageDigest(decodeImage(TWO))));
    expect(card.start()).to.equal(LoaderVerdict.Boot);
    expect(slot0()).to.equal(2);
  }).timeout(10_000);

  it("leaves it on trial where it is told so: the next start goes back", async () => {
    const { confirmed } = await flashCard(card.line(), { image: TWO, confirm: false });
    expect(confirmed).to.equal(false);
    expect(slot0()).to.equal(2);
    card.start();
    expect(slot0()).to.equal(1);
  }).timeout(10_000);

  it("goes on where it was broken off, and sends nothing that the card has", async () => {
    const abort = new AbortController();
    const broken = flashCard(card.line(), {
      image: TWO,
      signal: abort.signal,
      onProgress: ({ sent }) => sent > 7000 && abort.abort(),
    });
    expect(await codeOf(broken)).to.equal("ABORTED");
    // The card is without power meanwhile, and has run its image again.
    expect(card.start()).to.equal(LoaderVerdict.Boot);
    const told: FlashProgress[] = [];
    const { sentOctets } = await flashCard(card.line(), { image: TWO, onProgress: (progress) => told.push(progress) });
    expect(told[0]!.resumed).to.be.greaterThan(3000);
    expect(sentOctets).to.equal(TWO.length - told[0]!.resumed);
    expect(told.at(-1)).to.include({ sent: TWO.length, total: TWO.length });
    for (const { rate, leftS } of told.slice(1)) expect([rate > 0, leftS! >= 0]).to.deep.equal([true, true]);
    expect((await flashCard(card.line(), { image: TWO })).sentOctets).to.equal(0);
  }).timeout(20_000);

  for (const [what, image, code] of [
    ["is cut", TWO.subarray(0, 9000), "IMAGE_CUT"],
    ["was altered", TWO.map((octet, i) => (i === 5000 ? octet ^ 1 : octet)), "IMAGE_DIGEST"],
  ] as const)
    it(`says nothing to the card where the image ${what}: ${code}`, async () => {
      expect(await codeOf(flashCard(card.line(), { image }))).to.equal(code);
      expect(card.counts.toCard).to.equal(0);
    });

  for (const [what, image, code] of [
    ["another key signed", sealed(partsOf(2, 6), OTHER_SECRET), "IMAGE_KEY_OTHER"],
    ["is for another board", sealed({ ...partsOf(2, 6), board: "an505" }), "IMAGE_BOARD_OTHER"],
    ["lies elsewhere", sealed({ ...partsOf(2, 6), loadAddress: 0 }), "IMAGE_ADDRESS"],
    ["has a lower counter", sealed(partsOf(2, 4)), "IMAGE_COUNTER_LOWER"],
    ["is larger than the slot", sealed(partsOf(2, 6, 24 * 1024)), "IMAGE_TOO_LARGE"],
  ] as const)
    it(`sends no octet of an image that ${what}: ${code}`, async () => {
      const writes = card.flash.writes;
      expect(await codeOf(flashCard(card.line(), { image }))).to.equal(code);
      expect(card.flash.writes).to.equal(writes);
    });

  it("leaves a card that refuses an image with its own, and one that has a part of one with its loader", async () => {
    const steps: string[] = [];
    const onStep = (step: FlashStep) => steps.push(step);
    expect(await codeOf(flashCard(card.line(), { image: sealed(partsOf(2, 6), OTHER_SECRET), onStep }))).to.equal(
      "IMAGE_KEY_OTHER",
    );
    expect([card.verdict, steps.pop()]).to.deep.equal([LoaderVerdict.Boot, "left"]);

    const before = new AbortController();
    const given = flashCard(card.line(), {
      image: TWO,
      signal: before.signal,
      onStep: (step) => step === "connected" && before.abort(),
    });
    expect(await codeOf(given)).to.equal("ABORTED");
    expect(card.verdict).to.equal(LoaderVerdict.Boot);

    const within = new AbortController();
    const onProgress = ({ sent }: FlashProgress) => sent > 7000 && within.abort();
    const broken = flashCard(card.line(), { image: TWO, signal: within.signal, onStep, onProgress });
    expect(await codeOf(broken)).to.equal("ABORTED");
    expect([card.verdict, steps.pop()]).to.deep.equal([LoaderVerdict.Serve, "broken off"]);
  }).timeout(10_000);

  it("says so where the new image does not come up: UPDATE_REVERTED, and the old one runs", async () => {
    let crashed = false;
    card.runs = () => {
      if (slot0() !== 2 || crashed) return true;
      // Its watchdog, or its user, starts the card again.
      crashed = true;
      card.start();
      return false;
    };
    const said = await flashCard(card.line(), { image: TWO }).catch((error: Error & { code: string }) => error);
    expect(said).to.include({ code: "UPDATE_REVERTED" });
    expect(said).to.have.property("message").that.contains("nobody had confirmed the image on trial");
    expect(slot0()).to.equal(1);
  }).timeout(20_000);

  it("says so where the new image panics, and confirms nothing", async () => {
    card.runs = () => {
      if (slot0() === 2) card.start(LoaderStart.Panicked);
      return true;
    };
    expect(await codeOf(flashCard(card.line(), { image: TWO }))).to.equal("UPDATE_REVERTED");
    expect(slot0()).to.equal(1);
  }).timeout(20_000);

  it("says so where nobody answers: LOADER_SILENT", async () => {
    card.runs = () => false;
    expect(await codeOf(flashCard(card.line(), { image: TWO, reachMs: 500 }))).to.equal("LOADER_SILENT");
  });

  it("of a line that closes ends at once: LINK_LOST", async () => {
    const ears: (() => void)[] = [];
    const onClose = (listener: () => void) => {
      ears.push(listener);
      return () => undefined;
    };
    const line = { ...card.line(), onClose };
    const onProgress = () => {
      for (const closed of ears) closed();
    };
    const flashing = codeOf(flashCard(line, { image: TWO, onProgress }));
    expect(await flashing).to.equal("LINK_LOST");
  });
});
