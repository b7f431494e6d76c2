// What an update costs on a serial line: an image sent to the loader's module, and every octet of both directions counted.

import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { compileLoader, EmulatedLoader, SlotFlash } from "@enabling-card/emulator";
import { Loader } from "@enabling-card/sdk";
import { FlashArea, LoaderStart, SECTOR_SIZE } from "@enabling-card/wire";
import { readBoard } from "../image/board.js";
import { makeImageKey } from "../image/image-keys.js";
import { buildImage, signImage } from "../image/make-image.js";

export interface UpdateBench {
  /** The whole image, header and TLVs included. */
  readonly imageOctets: number;
  readonly octetsToCard: number;
  readonly octetsFromCard: number;
  /** At 115,200 baud, a start and a stop bit to each octet, the card's answers waited for: nothing overlaps. */
  readonly lineSeconds: number;
}

const BAUD = 115_200;
const BITS = 10;
/** Its slot is the image's size. */
const BOARD = readBoard("an386");

/** An image of 96 KiB, and what takes it: the root that signed it, slots with another one, and the loader's module. */
export async function updateOf96KiB() {
  const key = makeImageKey("development");
  const secret = createPrivateKey(key.privatePem);
  const version = { major: 1, minor: 0, revision: 0, build: 0 };
  const signer = {
    publicKey: key.publicKey,
    sign: (digest: Uint8Array) => Uint8Array.from(sign(null, digest, secret)),
  };
  const imageOf = (octets: number) => {
    const body = Uint8Array.from({ length: octets }, (_, i) => (i * 31) & 0xff);
    return signImage(buildImage(body, { version, counter: 0, board: BOARD }), signer);
  };
  const before = imageOf(1);
  const image = imageOf(1 + BOARD.slotSize - before.length);
  const wasm = readFileSync(new URL("../../../build/firmware/loader.wasm", import.meta.url));
  const flash = new SlotFlash(BOARD.slotSize / SECTOR_SIZE);
  flash.install(FlashArea.Slot0, before);
  return { image, loader: { module: await compileLoader(wasm), flash, board: BOARD, root: key.publicKey } };
}

export async function benchUpdate(): Promise<UpdateBench> {
  const { image, loader: options } = await updateOf96KiB();
  const card = new EmulatedLoader(options);
  card.start(LoaderStart.Listen);
  let [octetsToCard, octetsFromCard] = [0, 0];
  const ears = new Set<(octets: Uint8Array) => void>();
  const loader = new Loader({
    write: async (octets) => {
      const { said } = card.hear(octets);
      octetsToCard += octets.length;
      octetsFromCard += said.length;
      queueMicrotask(() => {
        for (const hear of ears) hear(said);
      });
    },
    onOctets: (listener) => {
      ears.add(listener);
      return () => ears.delete(listener);
    },
    onClose: () => () => undefined,
    close: async () => undefined,
  });
  await loader.upload(image);
  const lineSeconds = Math.round(((octetsToCard + octetsFromCard) * BITS * 100) / BAUD) / 100;
  return { imageOctets: image.length, octetsToCard, octetsFromCard, lineSeconds };
}
