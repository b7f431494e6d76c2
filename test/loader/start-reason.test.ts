// Why a start led where it did: the loader says it to who asks, and to the image that it starts.

import { imageDigest, startSentence } from "@enabling-card/sdk";
import { decodeImage, FlashArea, LoaderStart, START_RESUMED, StartReason } from "@enabling-card/wire";
import { expect } from "chai";
import { LoaderCard, partsOf, sealed } from "../support/loader-card.js";

const ONE = sealed(partsOf(1, 5));
const TWO = sealed(partsOf(2, 6));
const HASH = imageDigest(decodeImage(TWO));

describe("a loader's start says why", () => {
  let card: LoaderCard;
  beforeEach(async () => {
    card = await LoaderCard.create();
    card.install(FlashArea.Slot0, ONE);
    card.start();
  });
  const marked = async (keep = false) => {
    card.start(LoaderStart.Listen);
    await card.client().upload(TWO);
    if (keep) await card.client().confirm(HASH);
    else await card.client().test(HASH);
  };
  const rot = (area: FlashArea.Slot0 | FlashArea.Slot1) => {
    card.flash.areas[area][3000]! ^= 4;
  };

  const stories: readonly (readonly [why: string, reason: StartReason, story: () => Promise<void> | void])[] = [
    ["it runs as before", StartReason.Plain, () => void card.start()],
    ["a new image is tried", StartReason.Trial, () => marked().then(() => void card.start())],
    ["a new image stays", StartReason.Kept, () => marked(true).then(() => void card.start())],
    [
      "what was marked has rotted",
      StartReason.Plain,
      async () => {
        await marked(true);
        rot(FlashArea.Slot1);
        card.start();
      },
    ],
    [
      "nobody has confirmed",
      StartReason.WentBack,
      async () => {
        await marked();
        card.start();
        card.start();
      },
    ],
    [
      "the image on trial panicked",
      StartReason.WentBackPanicked,
      async () => {
        await marked();
        card.start();
        card.start(LoaderStart.Panicked);
      },
    ],
    [
      "the image on trial has rotted",
      StartReason.WentBack,
      async () => {
        await marked();
        card.start();
        rot(FlashArea.Slot0);
        card.start();
      },
    ],
    [
      "there is nothing to go back to",
      StartReason.StillTrial,
      async () => {
        await marked();
        card.start();
        rot(FlashArea.Slot1);
        card.start();
      },
    ],
    [
      "the image that ran has rotted",
      StartReason.Recovered,
      () => {
        card.install(FlashArea.Slot1, TWO);
        rot(FlashArea.Slot0);
        card.start();
      },
    ],
    [
      "nothing may run",
      StartReason.NoImage,
      () => {
        rot(FlashArea.Slot0);
        card.start();
      },
    ],
    ["the button is held", StartReason.Held, () => void card.start(LoaderStart.Held)],
    ["the image hands over", StartReason.HandedOver, () => void card.start(LoaderStart.Listen)],
    ["a confirmed image panicked", StartReason.Panicked, () => void card.start(LoaderStart.Panicked)],
  ];
  for (const [why, reason, story] of stories)
    it(`as ${why}`, async () => {
      await story();
      expect(card.reason).to.equal(reason);
    });

  it("to who asks, and the next start has a reason of its own", async () => {
    rot(FlashArea.Slot0);
    card.start();
    expect((await card.client().facts()).start).to.equal(StartReason.NoImage);
    card.start(LoaderStart.Held);
    expect((await card.client().facts()).start).to.equal(StartReason.Held);
  });

  it("in a sentence of its own each, and by its number where nobody knows it", () => {
    const known = Array.from({ length: 11 }, (_, i) => i + 1).flatMap((one) => [one, one | START_RESUMED]);
    expect(new Set(known.map(startSentence)).size).to.equal(known.length);
    expect(startSentence(StartReason.Trial | START_RESUMED)).to.equal(
      "a swap that a power cut had broken off was ended, and a new image was swapped in, and runs on trial",
    );
    expect([startSentence(0), startSentence(63)]).to.deep.equal(["unknown", "reason 63"]);
  });
});
