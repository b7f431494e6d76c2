// The loader, fuzzed: lines and requests that nobody means well, after which it answers and boots what it did; and images that are valid but for some
// octets, of which it says what the SDK says.

import { checkImage, type Loader } from "@enabling-card/sdk";
import {
  concat,
  FlashArea,
  LoaderStart,
  LoaderVerdict,
  SMP_PACKET_MAX,
  SmpReader,
  toConsole,
} from "@enabling-card/wire";
import { encode } from "cbor2";
import fc from "fast-check";
import { BOARD, LoaderCard, partsOf, ROOT, sealed, versionIn } from "../support/loader-card.js";

const ONE = sealed(partsOf(1, 5));
const TWO = sealed(partsOf(2, 5, 700));

async function servingCard(): Promise<LoaderCard> {
  const card = await LoaderCard.create();
  card.install(FlashArea.Slot0, ONE);
  card.start();
  card.start(LoaderStart.Listen);
  return card;
}

const key = fc.oneof(
  fc.constantFrom("image", "len", "off", "sha", "data", "hash", "confirm", "d", "slot", "upgrade"),
  fc.string({ maxLength: 12 }),
);
const value = fc.oneof(
  fc.nat(0xffff_ffff),
  fc.constantFrom(0, 1, 1023, 1024, BOARD.slotSize, BOARD.slotSize + 1),
  fc.boolean(),
  fc.uint8Array({ maxLength: 600 }),
  fc.constant(new Uint8Array(32)),
  fc.string({ maxLength: 300 }),
  fc.array(fc.nat(), { maxLength: 3 }),
);
/** A map of known and unknown keys; or any octets. */
const body = fc.oneof(
  fc.array(fc.tuple(key, value), { maxLength: 6 }).map((entries) => Uint8Array.from(encode(new Map(entries)))),
  fc.uint8Array({ maxLength: 200 }),
);
const bare = fc
  .tuple(fc.nat(255), fc.constantFrom(0, 1, 1, 1, 64, 0x100), fc.nat(10), body, fc.constantFrom(0, 0, 0, 1, -1))
  .filter(([, group, command]) => !(group === 0 && command === 5)) // a reset is no fault
  .map(([operation, group, command, octets, lie]) => {
    const length = octets.length + lie;
    const header = Uint8Array.of(operation, 0, length >> 8, length, group >> 8, group, 7, command);
    return concat(header, octets);
  });
const packet = bare.map((octets) => toConsole(octets.subarray(0, SMP_PACKET_MAX + 8)));
const bent = fc.tuple(packet, fc.nat(), fc.nat(255)).map(([octets, at, to]) => {
  const out = octets.slice();
  out[at % out.length] = to;
  return out;
});

/** Lines and requests. A trap, or a reach outside of its flash, is thrown. */
export const smp = fc.asyncProperty(
  fc.array(fc.oneof(packet, packet, bent, fc.uint8Array({ maxLength: 150 })), { maxLength: 6 }),
  async (said) => {
    const card = await servingCard();
    for (const octets of said) card.hear(octets);
    card.hear(Uint8Array.of(0x0a));
    const echo = concat(Uint8Array.of(2, 0, 0, 5, 0, 0, 1, 0), Uint8Array.from(encode({ d: "a" })));
    echo[3] = echo.length - 8;
    if (card.hear(toConsole(echo)).length === 0) throw new Error("it does not answer any more");
    if (card.start() !== LoaderVerdict.Boot || versionIn(card.flash.areas[FlashArea.Slot0]) !== 1)
      throw new Error("it does not boot what it did");
  },
);

/** Packets as Bluetooth brings them: lying about their lengths, cut anywhere, some of them never whole. What is answered is whole. */
export const packets = fc.asyncProperty(
  fc.array(fc.oneof(bare, bare, fc.uint8Array({ maxLength: 1500 })), { maxLength: 6 }),
  fc.array(fc.nat(244), { minLength: 1, maxLength: 40 }),
  async (said, cuts) => {
    const card = await servingCard();
    const all = concat(...said);
    const reader = new SmpReader();
    for (let at = 0, i = 0; at < all.length; i++) {
      const size = 1 + cuts[i % cuts.length]!;
      for (const answer of card.hearRaw(all.subarray(at, at + size)))
        if (reader.push(answer).length !== 1) throw new Error("an answer that is no packet");
      at += size;
    }
    card.hearRaw(new Uint8Array(0)); // the link ends, and with it what was half way
    const echo = concat(Uint8Array.of(2, 0, 0, 5, 0, 0, 1, 0), Uint8Array.from(encode({ d: "a" })));
    echo[3] = echo.length - 8;
    if (card.hearRaw(echo).length !== 1) throw new Error("it does not answer any more");
    if (card.start() !== LoaderVerdict.Boot || versionIn(card.flash.areas[FlashArea.Slot0]) !== 1)
      throw new Error("it does not boot what it did");
  },
);

let serving: Promise<{ readonly card: LoaderCard; readonly client: Loader }> | undefined;

/** Images that were valid, and are uploaded with octets changed, taken away or put behind. */
export const images = fc.asyncProperty(
  fc.array(fc.tuple(fc.oneof(fc.nat(40), fc.integer({ min: 1720, max: TWO.length - 1 }), fc.nat()), fc.nat(255)), {
    maxLength: 3,
  }),
  fc.oneof(fc.constant(0), fc.integer({ min: -TWO.length, max: 40 })),
  async (changes, longer) => {
    serving ??= servingCard().then((card) => ({ card, client: card.client() }));
    const { client } = await serving;
    const image = concat(TWO, new Uint8Array(40)).slice(0, TWO.length + longer);
    for (const [at, to] of changes) if (image.length > 0) image[at % image.length] = to;
    const wanted = codeOf(() => void checkImage(image, { publicKey: ROOT, counter: 5, board: BOARD }));
    await client.erase();
    const said = await client.upload(image).then(
      () => "taken",
      (error: { code: string }) => error.code,
    );
    if (said !== wanted) throw new Error(`the card says ${said}, and the SDK ${wanted}`);
    const listed = (await client.images()).length;
    if ((listed === 2) !== (said === "taken")) throw new Error(`${listed} images are in the card after ${said}`);
  },
);

function codeOf(work: () => void): string {
  try {
    work();
    return "taken";
  } catch (error) {
    return (error as { code: string }).code;
  }
}
