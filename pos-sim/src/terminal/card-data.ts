// The reads of one swipe to what the terminal may send: which tracks, whether they agree, and every reason to say no
// before the network is asked. A refusal is data; the cashier sees its sentence.
import type { Read } from "../reader/read.js";
import { hasLuhn, parseTrack1, parseTrack2, type TrackFault } from "./tracks.js";

export type RefusalCode =
  /** No read of track 1 or 2. */
  | "NO_READ"
  /** The reader masked the card: its PAN is outside the test ranges, and the terminal never sees it. */
  | "NOT_A_TEST_CARD"
  /** A track does not follow its standard; `fault` says where. */
  | "BAD_TRACK"
  /** Two reads, or tracks 1 and 2, name different cards, expiries or service codes. */
  | "TRACKS_DISAGREE"
  | "BAD_CHECK_DIGIT"
  | "CARD_EXPIRED"
  /** Rule 6: the card says that it has a chip, and this terminal could read it. */
  | "USE_CHIP";

export interface Refusal {
  readonly code: RefusalCode;
  readonly sentence: string;
  readonly fault?: TrackFault;
}

export interface CardData {
  readonly pan: string;
  /** YYMM. */
  readonly expiry: string | undefined;
  readonly serviceCode: string | undefined;
  /** Between the sentinels, for DE 45 and DE 35. */
  readonly track1: string | undefined;
  readonly track2: string | undefined;
}

export interface CardRules {
  readonly chipCapable: boolean;
  /** Of the terminal's place. */
  readonly now: Date;
}

/** What the reads say, or why this terminal does not ask the network. */
export function cardData(reads: readonly Read[], rules: CardRules): CardData | Refusal {
  const usable = reads.filter((read) => read.track !== 3);
  if (usable.length === 0) return refusal("NO_READ", "No track 1 or 2 was read. Swipe again.");
  if (usable.some((read) => read.masked)) {
    return refusal("NOT_A_TEST_CARD", "This simulator takes cards of the test range only.");
  }
  const texts = ([1, 2] as const).map((track) => [
    ...new Set(usable.filter((read) => read.track === track).map(({ data }) => data)),
  ]);
  if (texts.some((found) => found.length > 1))
    return refusal("TRACKS_DISAGREE", "Several cards were swiped. Swipe one.");
  const [text1, text2] = [texts[0]![0], texts[1]![0]];

  const parsed = [];
  if (text1 !== undefined) parsed.push(parseTrack1(text1));
  if (text2 !== undefined) parsed.push(parseTrack2(text2));
  for (const result of parsed) {
    if (!result.ok) return { ...refusal("BAD_TRACK", `${result.sentence}.`), fault: result };
  }
  const tracks = parsed.filter((result) => result.ok);
  const first = tracks[0]!;
  for (const { pan, expiry, serviceCode } of tracks) {
    if (pan !== first.pan || expiry !== first.expiry || serviceCode !== first.serviceCode) {
      return refusal("TRACKS_DISAGREE", "Tracks 1 and 2 do not belong together.");
    }
  }
  const { pan, expiry, serviceCode } = first;
  if (!hasLuhn(pan)) return refusal("BAD_CHECK_DIGIT", "The check digit of the card number is wrong.");
  if (expiry !== undefined && isPast(expiry, rules.now)) {
    return refusal("CARD_EXPIRED", `The card expired in ${expiry.slice(2)}/${expiry.slice(0, 2)}.`);
  }
  // ISO/IEC 7813, service code: first digit 2 or 6, an integrated circuit, which should be used.
  if (rules.chipCapable && (serviceCode?.[0] === "2" || serviceCode?.[0] === "6")) {
    return refusal("USE_CHIP", "This card has a chip. Insert it.");
  }
  return { pan, expiry, serviceCode, track1: text1?.slice(1, -1), track2: text2?.slice(1, -1) };
}

/** Good to the end of its month. */
function isPast(expiry: string, now: Date): boolean {
  const year = 2000 + Number(expiry.slice(0, 2));
  return year * 12 + Number(expiry.slice(2)) - 1 < now.getFullYear() * 12 + now.getMonth();
}

const refusal = (code: RefusalCode, sentence: string): Refusal => ({ code, sentence });
