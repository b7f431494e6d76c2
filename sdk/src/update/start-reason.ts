// Why a card's last start led where it did, in a sentence: wire/loader.ts, `StartReason`.

import { START_RESUMED, StartReason } from "@enabling-card/wire";

const SENTENCES: Readonly<Record<number, string>> = {
  [StartReason.Plain]: "the image runs as before",
  [StartReason.Trial]: "a new image was swapped in, and runs on trial",
  [StartReason.Kept]: "the other image was swapped in, and stays",
  [StartReason.WentBack]: "nobody had confirmed the image on trial: the one before is back",
  [StartReason.WentBackPanicked]: "the image on trial met a fault of its own: the one before is back",
  [StartReason.Recovered]: "the image that ran is damaged: the other one runs",
  [StartReason.StillTrial]: "the image on trial runs still: there is none to go back to",
  [StartReason.NoImage]: "no image may run",
  [StartReason.Held]: "the button was held",
  [StartReason.HandedOver]: "the image handed over",
  [StartReason.Panicked]: "the image met a fault of its own",
};

/** @param reason - As the card tells it: a `StartReason`, and `START_RESUMED` with it. One that nobody knows is told by its number, 0 is "unknown". */
export function startSentence(reason: number): string {
  const sentence = SENTENCES[reason & ~START_RESUMED];
  if (sentence === undefined) return reason === 0 ? "unknown" : `reason ${reason}`;
  return (reason & START_RESUMED) === 0
    ? sentence
    : `a swap that a power cut had broken off was ended, and ${sentence}`;
}
