// A new image onto a card: checked before the first octet is sent, sent on from where an earlier call broke off, tried, and confirmed by the
// image itself, which must come up and hand over to the loader again.

import {
  decodeImage,
  equalBytes,
  type FirmwareImage,
  formatImageVersion,
  ImageError,
  toHex,
} from "@enabling-card/wire";
import { type CardError, sdkError, throwIfAborted } from "../errors.js";
import { checkImage, checkImageDigest, checkImageFits, imageDigest, imageKeyHash } from "../image/check-image.js";
import { askCard, START_LOADER } from "./card-frames.js";
import type { UpdateLine } from "./line.js";
import { Loader, type LoaderFacts, type LoaderImage } from "./loader.js";
import { startSentence } from "./start-reason.js";

export type FlashStep =
  | "checked"
  | "waiting"
  | "connected"
  | "mended"
  | "sent"
  | "testing"
  | "confirmed"
  | "on trial"
  | "broken off"
  | "left";

export interface FlashProgress {
  /** Octets that the card has, of all. */
  readonly sent: number;
  readonly total: number;
  /** Octets that it had already. */
  readonly resumed: number;
  /** Octets a second since this call began to send; 0 at the beginning. */
  readonly rate: number;
  /** Seconds; undefined where nothing can be said yet. */
  readonly leftS?: number;
}

export interface FlashOptions {
  readonly image: Uint8Array;
  /** Ed25519, 32 octets: checks the signature here too. Without, that the card's root made it, by name; the card checks the rest. */
  readonly publicKey?: Uint8Array;
  /** How long somebody is looked for, ms; 30 s unless told: a loader that swaps two slots hears nothing meanwhile. */
  readonly reachMs?: number;
  /** False leaves the image on trial: the next start goes back. */
  readonly confirm?: boolean;
  /** What is told of an upload that is broken off; unless told, what a card does that goes on without us. */
  readonly brokenOff?: string;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: (step: FlashStep, detail: string) => void;
  readonly onProgress?: (progress: FlashProgress) => void;
}

export interface FlashResult {
  readonly board: string;
  readonly version: string;
  /** Hexadecimal. */
  readonly hash: string;
  readonly octets: number;
  /** Octets sent by this call. */
  readonly sentOctets: number;
  readonly seconds: number;
  readonly confirmed: boolean;
}

const REACH_MS = 30_000;
const ECHO_MS = 400;
/** Links in a row that may break without an octet more. */
const BREAKS_MAX = 5;
/** A card whose upload is broken off listens for a minute, and then goes back to its image (firmware/mcu/loader/machine.c). */
const BROKEN_OFF =
  "the card keeps what it has for a minute, in which the same call goes on; then it runs its image again";
/** After a reset the card is left alone so long: what is sent to it earlier would be the loader's. */
const SETTLE_MS = 1_000;

/** How somebody comes to a card's loader, and comes back to it. */
export interface FlashWay {
  /** A loader that answers. The one before is of no more use. @throws {CardError} where there is none in time */
  reach(): Promise<Loader>;
  /** Has the card start again; it is left alone as long as it must be. */
  restart(loader: Loader): Promise<void>;
  /** A link that breaks in an upload may be made anew, and the upload goes on. */
  readonly mends: boolean;
  /** Lets go of the loader; the line is its owner's to close. */
  close(): Promise<void>;
}

/**
 * Flashes a card on a line. Where that fails the card is sent back to what it runs, unless an upload was begun that the same call can go on with.
 *
 * @throws {ImageError} what is wrong with the image; {CardError} `LOADER_SILENT` where nobody answers, `UPDATE_REVERTED` where the card came up
 * with its old image, `LOADER_STATE`, `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`
 */
export async function flashCard(line: UpdateLine, options: FlashOptions): Promise<FlashResult> {
  const { reachMs = REACH_MS, signal } = options;
  const loader = new Loader(line);
  return flashBy(
    {
      mends: false,
      async reach() {
        await reach(loader, line, reachMs, signal);
        return loader;
      },
      async restart() {
        await resetCard(loader, signal);
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
        throwIfAborted(signal);
      },
      close: async () => loader.close(),
    },
    options,
  );
}

/** @throws as `flashCard` */
export async function flashBy(way: FlashWay, options: FlashOptions): Promise<FlashResult> {
  const { image: bytes, confirm = true, signal, onStep } = options;
  const begun = performance.now();
  const image = decodeImage(bytes);
  checkImageDigest(image);
  const version = formatImageVersion(image.version);
  onStep?.("checked", `version ${version} for ${image.board}, counter ${image.counter}, ${bytes.length} octets`);
  let loader: Loader | undefined;
  /** The loader has the line, as far as anybody knows; and has a part of the image. */
  let isReached = false;
  let isPart = false;
  try {
    loader = await way.reach();
    isReached = true;
    const facts = await loader.facts({ signal });
    onStep?.(
      "connected",
      `${facts.board.name}, counter ${facts.counter}; its loader listens: ${startSentence(facts.start)}`,
    );
    checkForCard(bytes, image, facts, options.publicKey);
    const hash = imageDigest(image);
    const before = await loader.images({ signal });
    let sentOctets = 0;
    for (let breaks = 0, had = 0, had0 = -1; ; ) {
      try {
        sentOctets += await send(loader, before, hash, {
          ...options,
          onProgress: (progress) => {
            isPart = progress.sent < progress.total;
            had = progress.sent;
            options.onProgress?.(progress);
          },
        });
        break;
      } catch (error) {
        const isBroken = ["LINK_LOST", "LINK_TIMEOUT"].includes((error as CardError).code);
        breaks = had > had0 ? 1 : breaks + 1;
        if (!way.mends || !isBroken || breaks > BREAKS_MAX) throw error;
        had0 = had;
        loader = await way.reach();
        onStep?.("mended", `the link broke, and the upload goes on behind ${had} octets`);
      }
    }
    onStep?.("sent", `${sentOctets} octets in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    let confirmed = false;
    if (!isRunning(before, hash)) {
      await loader.test(hash, { signal });
      isReached = false;
      await way.restart(loader);
      onStep?.("testing", `version ${version} starts`);
    }
    if (confirm) {
      loader = await way.reach();
      isReached = true;
      if (!isRunning(await loader.images({ signal }), hash)) {
        const { before: why } = await loader.facts({ signal });
        throw sdkError("UPDATE_REVERTED", why === 0 ? undefined : startSentence(why));
      }
      await loader.confirm(undefined, { signal });
      confirmed = true;
      isReached = false;
      await way.restart(loader);
    }
    onStep?.(confirmed ? "confirmed" : "on trial", `version ${version}`);
    const seconds = Math.round(performance.now() - begun) / 1000;
    return {
      ...{ board: image.board, version, hash: toHex(hash), octets: bytes.length },
      ...{ sentOctets, seconds, confirmed },
    };
  } catch (error) {
    // An image that the card has refused is gone from it: nothing goes on.
    if (isPart && !(error instanceof ImageError)) onStep?.("broken off", options.brokenOff ?? BROKEN_OFF);
    else if (isReached) {
      const isThere = await loader?.reset().then(
        () => true,
        () => false,
      );
      if (isThere) onStep?.("left", "the card runs its image again");
    }
    throw error;
  } finally {
    await way.close();
  }
}

const isRunning = (images: readonly LoaderImage[], hash: Uint8Array): boolean =>
  images.some((one) => one.active && equalBytes(one.hash, hash));

/** What the card would find out after the last octet: asked before the first. */
function checkForCard(bytes: Uint8Array, image: FirmwareImage, facts: LoaderFacts, publicKey?: Uint8Array): void {
  const { board, counter, rootHash } = facts;
  if (publicKey !== undefined) checkImage(bytes, { publicKey, board, counter });
  const own = publicKey === undefined ? image.signature?.keyHash : imageKeyHash(publicKey);
  checkImageFits(bytes.length, board);
  if (own === undefined) throw new ImageError("IMAGE_UNSIGNED");
  if (!equalBytes(own, rootHash))
    throw new ImageError("IMAGE_KEY_OTHER", `the card takes what ${toHex(rootHash).slice(0, 16)} signed`);
  if (image.board !== board.name)
    throw new ImageError("IMAGE_BOARD_OTHER", `it is for ${image.board}, not ${board.name}`);
  if (image.loadAddress !== board.loadAddress) throw new ImageError("IMAGE_ADDRESS");
  if (image.counter < counter)
    throw new ImageError("IMAGE_COUNTER_LOWER", `${image.counter}, and at least ${counter} is needed`);
}

/** Has whoever is there hand over to the loader: it hears no frame, and an image no console. */
async function reach(loader: Loader, line: UpdateLine, ms: number, signal: AbortSignal | undefined): Promise<void> {
  const until = performance.now() + ms;
  for (let round = 0; ; round++) {
    await askCard(line, START_LOADER, round > 0);
    try {
      await loader.echo("ecard", { tries: 1, timeoutMs: ECHO_MS, signal });
      return;
    } catch (error) {
      if ((error as CardError).code !== "LINK_TIMEOUT") throw error;
      if (performance.now() < until) continue;
      throw sdkError("LOADER_SILENT", undefined, { cause: error });
    }
  }
}

/** Its answer may be lost: whether it has started again shows by itself. */
export async function resetCard(loader: Loader, signal: AbortSignal | undefined): Promise<void> {
  await loader.reset({ signal }).catch((error: CardError) => {
    if (error.code !== "LINK_TIMEOUT") throw error;
  });
}

/** @returns octets that were sent: none where the card has the image already */
async function send(
  loader: Loader,
  images: readonly LoaderImage[],
  hash: Uint8Array,
  { image, signal, onProgress }: FlashOptions,
): Promise<number> {
  if (images.some((one) => equalBytes(one.hash, hash))) return 0;
  const begun = performance.now();
  let had = 0;
  await loader.upload(image, {
    signal,
    onProgress: ({ sent, total, resumed }) => {
      had = resumed;
      const seconds = (performance.now() - begun) / 1000;
      const rate = seconds > 0 ? Math.round((sent - resumed) / seconds) : 0;
      onProgress?.({ sent, total, resumed, rate, ...(rate > 0 && { leftS: Math.ceil((total - sent) / rate) }) });
    },
  });
  return image.length - had;
}
