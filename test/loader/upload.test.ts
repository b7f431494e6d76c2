// An image's way to the loader: broken off, gone on with, also behind a power cut, and over a line that damages it.

import { imageDigest, type Loader } from "@enabling-card/sdk";
import {
  decodeImage,
  FlashArea,
  LoaderStart,
  LoaderVerdict,
  SECTOR_SIZE,
  SmpGroup,
  SmpImage,
  SmpOperation,
  type SmpValue,
} from "@enabling-card/wire";
import { expect } from "chai";
import { codeOf, LoaderCard, OTHER_SECRET, partsOf, sealed } from "../support/loader-card.js";

const ONE = sealed(partsOf(1, 5));
const TWO = sealed(partsOf(2, 5, 9000));

describe("an upload to the loader", () => {
  let card: LoaderCard;
  let client: Loader;
  beforeEach(async () => {
    card = await LoaderCard.create();
    card.install(FlashArea.Slot0, ONE);
    card.start();
    expect(card.start(LoaderStart.Listen)).to.equal(LoaderVerdict.Serve);
    client = card.client();
  });

  it("goes on where an upload of the same image broke off, and from the beginning with another", async () => {
    let lines = 0;
    const abort = new AbortController();
    const sent = client.upload(TWO, {
      signal: abort.signal,
      onProgress: ({ sent: so }) => {
        lines++;
        if (so > 4000) abort.abort();
      },
    });
    expect(await codeOf(sent)).to.equal("ABORTED");
    expect(lines).to.be.greaterThan(3);
    const told: number[] = [];
    await client.upload(TWO, { onProgress: ({ resumed, sent: so }) => told.push(resumed, so) });
    expect(told[0]).to.be.greaterThan(3000);
    expect(told.at(-1)).to.equal(TWO.length);
    await client.upload(sealed(partsOf(4, 5)), { onProgress: ({ resumed }) => told.push(resumed) });
    expect(told.at(-1)).to.equal(0);
  });

  /** Where an upload goes on, octets: its first chunk is sent in any case. */
  const goesOnAt = async (image: Uint8Array): Promise<number> => {
    const told: number[] = [];
    await client.upload(image, { onProgress: ({ sent }) => told.push(sent) });
    expect(told.at(-1)).to.equal(image.length);
    return told[0]!;
  };
  const breakOff = async (image: Uint8Array, behind: number) => {
    const abort = new AbortController();
    const onProgress = ({ sent }: { sent: number }) => sent > behind && abort.abort();
    expect(await codeOf(client.upload(image, { signal: abort.signal, onProgress }))).to.equal("ABORTED");
  };
  const powerAgain = () => card.start(LoaderStart.Listen);

  it("goes on behind the sectors that were whole when power went, and that is its end", async () => {
    await breakOff(TWO, SECTOR_SIZE + 500);
    powerAgain();
    expect(await goesOnAt(TWO)).to.equal(SECTOR_SIZE);
    expect((await client.images())[1]).to.include({ version: "2.0.0" });
    powerAgain();
    expect(await goesOnAt(TWO), "of one that had ended").to.be.lessThan(SECTOR_SIZE);
  });

  for (const [what, meanwhile] of [
    ["another image came meanwhile", () => breakOff(sealed(partsOf(4, 5, 9000)), SECTOR_SIZE + 500)],
    ["slot 1 was erased", () => client.erase()],
    ["an image that nobody has named came", () => unnamed()],
    ["an image was refused", async () => void (await codeOf(client.upload(sealed(partsOf(4, 5), OTHER_SECRET))))],
    ["slots were swapped", () => swapped()],
  ] as const)
    it(`begins anew behind a power cut where ${what}`, async () => {
      await breakOff(TWO, SECTOR_SIZE + 500);
      powerAgain();
      await meanwhile();
      powerAgain();
      expect(await goesOnAt(TWO)).to.be.lessThan(SECTOR_SIZE);
      expect((await client.images()).some(({ version }) => version === "2.0.0")).to.equal(true);
    });

  async function unnamed() {
    const data = ONE.subarray(0, 200);
    const body = new Map<string, SmpValue>(Object.entries({ off: 0, len: TWO.length, data }));
    await client.request({ operation: SmpOperation.Write, group: SmpGroup.Image, command: SmpImage.Upload, body });
  }

  async function swapped() {
    const other = sealed(partsOf(5, 5));
    await client.upload(other);
    await client.confirm(imageDigest(decodeImage(other)));
    card.start();
  }

  it("arrives over a line that loses and damages what is said", async function () {
    this.timeout(120_000);
    let n = 0;
    card.disturb = (octets) => {
      n++;
      if (n % 7 === 3) return octets.map((octet, i) => (i === octets.length >> 1 ? octet ^ 1 : octet));
      return octets;
    };
    await client.upload(TWO);
    card.disturb = (octets) => octets;
    expect((await client.images())[1]).to.include({ version: "2.0.0" });
  });
});
