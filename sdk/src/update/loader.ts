// A card's loader, as its flasher meets it: what it takes, which images it has, a new one sent, tried, confirmed. SMP's os and image groups
// (Zephyr's "SMP Groups"), and the loader's own.

import {
  asBytes,
  asText,
  asUint,
  type CborValue,
  DIGEST_SIZE,
  type ImageBoard,
  SmpGroup,
  SmpImage,
  SmpLoader,
  type SmpMap,
  SmpOperation,
  SmpOs,
  type SmpValue,
} from "@enabling-card/wire";
import { sdkError } from "../errors.js";
import type { UpdateLine } from "./line.js";
import { consoleCarrier, type SmpCarrier } from "./smp-carrier.js";
import { type SmpCallOptions, SmpClient, type SmpRequest } from "./smp-client.js";
import { type UploadOptions, uploadImage } from "./upload.js";

export type { UploadOptions, UploadProgress } from "./upload.js";

export interface LoaderFacts {
  readonly board: ImageBoard;
  /** Lowest security counter that the card takes. */
  readonly counter: number;
  /** SHA-256 of the pinned root's SubjectPublicKeyInfo: who must have signed. */
  readonly rootHash: Uint8Array;
  /** Why its last start led where it did: `startSentence` says it. 0 of a loader that does not tell. */
  readonly start: number;
  /** Why the image that has handed over had been started; 0 where none has. */
  readonly before: number;
}

export interface LoaderImage {
  /** 0 runs, 1 came last or ran before. */
  readonly slot: number;
  readonly version: string;
  /** SHA-256 of what the signature covers: the image's name. */
  readonly hash: Uint8Array;
  readonly pending: boolean;
  readonly confirmed: boolean;
  readonly active: boolean;
  readonly permanent: boolean;
}

/** Erasing a slot, and swapping two on the way up, take a chip seconds. */
const SLOW_MS = 15_000;

export class Loader {
  readonly #smp: SmpClient;

  /**
   * @param way - A serial console, or `gattCarrier` of a link by Bluetooth.
   * @param onText - Hears lines of the console that are none of SMP's.
   */
  constructor(way: UpdateLine | SmpCarrier, onText?: (text: string) => void) {
    this.#smp = new SmpClient("onPacket" in way ? way : consoleCarrier(way, onText));
  }

  /** Sends back what it is sent, at most 256 octets: is somebody there? */
  async echo(text: string, options: SmpCallOptions = {}): Promise<string> {
    const answer = await this.#call(write(SmpGroup.Os, SmpOs.Echo, { d: text }), options);
    return read(() => asText(answer.get("r") as CborValue, "the echo", 256));
  }

  /** What a flasher must know before it sends the first octet. */
  async facts(options: SmpCallOptions = {}): Promise<LoaderFacts> {
    const answer = await this.#call(
      { operation: SmpOperation.Read, group: SmpGroup.Loader, command: SmpLoader.Facts },
      options,
    );
    const number = (name: string) => asUint(answer.get(name) as CborValue, name, 0xffff_ffff);
    return read(() => ({
      board: {
        name: asText(answer.get("board") as CborValue, "the board", 16),
        loadAddress: number("load"),
        slotSize: number("slot"),
      },
      counter: number("counter"),
      rootHash: asBytes(answer.get("root") as CborValue, "the root", DIGEST_SIZE),
      start: answer.has("start") ? number("start") : 0,
      before: answer.has("before") ? number("before") : 0,
    }));
  }

  /** The images that the card would run. */
  async images(options: SmpCallOptions = {}): Promise<readonly LoaderImage[]> {
    const request = { operation: SmpOperation.Read, group: SmpGroup.Image, command: SmpImage.State } as const;
    return imagesOf(await this.#call(request, options));
  }

  /**
   * Sends an image into slot 1, on from where an upload of the same one broke off; the card checks it when it has all.
   *
   * @throws {ImageError} what the card finds wrong with it; {CardError} `LINK_LOST`, `LINK_TIMEOUT`, `LOADER_STATE`, `ABORTED`
   */
  async upload(image: Uint8Array, options: UploadOptions = {}): Promise<void> {
    const { signal } = options;
    const request = { operation: SmpOperation.Read, group: SmpGroup.Os, command: SmpOs.Parameters } as const;
    const answer = await this.#call(request, { signal });
    const room = read(() => ({
      packetMax: asUint(answer.get("buf_size") as CborValue, "the size of packets", 0xffff),
      packets: Math.max(1, asUint(answer.get("buf_count") as CborValue, "the number of packets", 0xff)),
    }));
    await uploadImage(this.#smp, image, room, options);
  }

  /** The image of this hash runs once at the next start, and stays where it is confirmed then. */
  async test(hash: Uint8Array, options: SmpCallOptions = {}): Promise<readonly LoaderImage[]> {
    return imagesOf(await this.#call(write(SmpGroup.Image, SmpImage.State, { hash, confirm: false }), options));
  }

  /** The image that runs stays; or, with a hash, the one in slot 1 will, without a trial. */
  async confirm(hash?: Uint8Array, options: SmpCallOptions = {}): Promise<readonly LoaderImage[]> {
    const body = { ...(hash && { hash }), confirm: true };
    return imagesOf(await this.#call(write(SmpGroup.Image, SmpImage.State, body), options));
  }

  /** Erases slot 1. */
  async erase(options: SmpCallOptions = {}): Promise<void> {
    await this.#call(write(SmpGroup.Image, SmpImage.Erase, {}), { timeoutMs: SLOW_MS, ...options });
  }

  /** Starts the card again. */
  async reset(options: SmpCallOptions = {}): Promise<void> {
    await this.#call(write(SmpGroup.Os, SmpOs.Reset, {}), { tries: 1, ...options });
  }

  /** Any request, for what this class has no word for. */
  request(request: SmpRequest, options: SmpCallOptions = {}): Promise<SmpMap> {
    return this.#call(request, options);
  }

  /** Stops listening; the line is its owner's to close. */
  close(): void {
    this.#smp.close();
  }

  #call(request: SmpRequest, options: SmpCallOptions): Promise<SmpMap> {
    return this.#smp.call(request, options);
  }
}

function write(group: number, command: number, body: Readonly<Record<string, SmpValue>>): SmpRequest {
  return { operation: SmpOperation.Write, group, command, body: new Map(Object.entries(body)) };
}

function imagesOf(answer: SmpMap): readonly LoaderImage[] {
  return read(() => {
    const list = answer.get("images");
    if (!Array.isArray(list) || list.length > 2) throw new RangeError("the list of images");
    return (list as readonly SmpValue[]).map((one): LoaderImage => {
      if (!(one instanceof Map)) throw new RangeError("an image");
      const flag = (name: string) => one.get(name) === true;
      return {
        slot: asUint(one.get("slot") as CborValue, "a slot", 1),
        version: asText(one.get("version") as CborValue, "a version", 24),
        hash: asBytes(one.get("hash") as CborValue, "an image's hash", DIGEST_SIZE),
        ...{ pending: flag("pending"), confirmed: flag("confirmed") },
        ...{ active: flag("active"), permanent: flag("permanent") },
      };
    });
  });
}

/** Reads an answer. @throws {CardError} `LOADER_ANSWER_MALFORMED` */
function read<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw sdkError("LOADER_ANSWER_MALFORMED", (cause as Error).message, { cause });
  }
}
