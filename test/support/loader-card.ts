// A card that is all loader: flash with slots, the loader's module started as often as it asks, and images for it.

import { readFile } from "node:fs/promises";
import { compileLoader, EmulatedLoader, SlotFlash } from "@enabling-card/emulator";
import { imageDigest, imageKeyHash, Loader, type UpdateLine } from "@enabling-card/sdk";
import {
  encodeCovered,
  encodeImage,
  type FlashArea,
  fromHex,
  type ImageParts,
  LoaderStart,
  LoaderVerdict,
  SECTOR_SIZE,
  toHex,
} from "@enabling-card/wire";
import { ed25519 } from "@noble/curves/ed25519.js";

// RFC 8032 7.1, test 1 and test 2.
export const SECRET = fromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
export const OTHER_SECRET = fromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
export const ROOT = ed25519.getPublicKey(SECRET);
export const SECTORS = 6;
export const BOARD = { name: "an386", loadAddress: 0x21010400, slotSize: SECTORS * SECTOR_SIZE };

/** A program of `size` octets that says its version. */
export function partsOf(version: number, counter: number, size = 6000): ImageParts {
  return {
    loadAddress: BOARD.loadAddress,
    version: { major: version, minor: 0, revision: 0, build: 0 },
    counter,
    board: BOARD.name,
    body: Uint8Array.from({ length: size }, (_, i) => (i * 7 + version) & 0xff),
  };
}

export function sealed(parts: ImageParts, secret = SECRET): Uint8Array {
  const covered = encodeCovered(parts);
  const digest = imageDigest({ covered });
  const publicKey = ed25519.getPublicKey(secret);
  return encodeImage(covered, {
    digest,
    signature: { keyHash: imageKeyHash(publicKey), octets: ed25519.sign(digest, secret) },
  });
}

let compiled: Promise<WebAssembly.Module> | undefined;
export const loaderModule = (): Promise<WebAssembly.Module> =>
  (compiled ??= readFile(new URL("../../build/firmware/loader.wasm", import.meta.url)).then(compileLoader));

export class LoaderCard {
  readonly flash: SlotFlash;
  /** What the last start led to. */
  verdict = LoaderVerdict.Boot;
  #loader: EmulatedLoader;
  readonly #module: WebAssembly.Module;
  readonly #listeners = new Set<(octets: Uint8Array) => void>();
  /** Octets on the line, each way. */
  readonly counts = { toCard: 0, fromCard: 0 };
  /** Asked of the image in slot 0 when it is spoken to: does it answer? One that crashes is started again, and what was on trial is gone. */
  runs: () => boolean = () => true;
  /** May change, lose or hold back what a client says. */
  disturb: (octets: Uint8Array) => Uint8Array = (octets) => octets;

  static async create(flash: SlotFlash = new SlotFlash(SECTORS)): Promise<LoaderCard> {
    return new LoaderCard(await loaderModule(), flash);
  }

  private constructor(module: WebAssembly.Module, flash: SlotFlash) {
    this.#module = module;
    this.flash = flash;
    this.#loader = this.#fresh();
  }

  /** Power-on or reset. */
  start(how = LoaderStart.Usual): LoaderVerdict {
    this.#loader = this.#fresh();
    this.verdict = this.#loader.start(how);
    return this.verdict;
  }

  /** Why the last start led where it did. */
  get reason(): number {
    return this.#loader.reason;
  }

  /** Octets of its line, as they are: what it says. A reset that it asks for leads to the loader again. */
  hear(octets: Uint8Array): Uint8Array {
    const { said, verdict } = this.#loader.hear(octets);
    if (verdict === LoaderVerdict.Reset) this.start();
    return said;
  }

  /** The same without a console, cut as it comes; none at all where a link ends. */
  hearRaw(octets: Uint8Array): readonly Uint8Array[] {
    const { said, verdict } = this.#loader.hearRaw(octets);
    if (verdict === LoaderVerdict.Reset) this.start();
    return said;
  }

  install(area: FlashArea, image: Uint8Array): void {
    this.flash.install(area, image);
  }

  /** A flasher's way to it; nothing is heard while an image runs. */
  client(): Loader {
    return new Loader(this.line());
  }

  line(): UpdateLine {
    return {
      write: async (octets) => {
        this.counts.toCard += octets.length;
        if (this.verdict !== LoaderVerdict.Serve) {
          // An image that runs knows this frame of its own line (firmware/mcu/ports/line.c).
          if (this.runs() && toHex(octets) === "000005") this.start(LoaderStart.Listen | (this.reason << 8));
          return;
        }
        const said = this.hear(this.disturb(octets));
        this.counts.fromCard += said.length;
        queueMicrotask(() => {
          for (const listener of this.#listeners) listener(said);
        });
      },
      onOctets: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      onClose: () => () => undefined,
      close: async () => undefined,
    };
  }

  #fresh(): EmulatedLoader {
    return new EmulatedLoader({ module: this.#module, flash: this.flash, board: BOARD, root: ROOT });
  }
}

/** Which image a slot begins with: its major version; undefined where it is none. */
export function versionIn(octets: Uint8Array): number | undefined {
  return octets[0] === 0x3d ? octets[20] : undefined;
}

/** How work ended: a refusal's code, of the SDK or of an image. */
export function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no refusal",
    (error: { readonly code: string }) => error.code,
  );
}
