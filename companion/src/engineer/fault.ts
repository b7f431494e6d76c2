// What went wrong on the engineer's page: its code, what it is, and the way on.

import { CardError } from "@enabling-card/sdk";
import { ImageError } from "@enabling-card/wire";

export interface Fault {
  readonly code: string;
  readonly sentence: string;
  /** What to do, where the sentence does not say it. */
  readonly next: string | undefined;
}

/** What the card keeps of an upload (docs/mcu.md, "An upload goes on"). */
const GOES_ON =
  "Flash the same image again: it goes on behind what the card has, for a minute; after that, or a power cut, behind its whole 4 KiB sectors";

const NEXT: Readonly<Record<string, string>> = {
  ABORTED: GOES_ON,
  LINK_LOST: GOES_ON,
  LINK_TIMEOUT: GOES_ON,
  IMAGE_COUNTER_LOWER: "An older image never comes back: that is what the counter is for",
  IMAGE_TOO_LARGE: "Nothing was sent",
  UPDATE_REVERTED: "Follow its log below: it begins with why the card started",
};

/** What browsers say by name where their user, or a policy, does not let a page have a port. */
const REFUSALS: Readonly<Record<string, readonly [code: string, sentence: string]>> = {
  NotFoundError: ["PORT_NOT_CHOSEN", "No port was chosen: try again, and choose the card's"],
  SecurityError: ["PORT_FORBIDDEN", "This page may not use serial ports: allow it in the browser's site settings"],
};

export function faultOf(error: unknown): Fault {
  if (error instanceof CardError || error instanceof ImageError) {
    const { code, message } = error;
    return { code, sentence: code === "ABORTED" ? "It was cancelled" : message, next: NEXT[code] };
  }
  if (error instanceof DOMException) {
    const known = REFUSALS[error.name];
    if (known !== undefined) return { code: known[0], sentence: known[1], next: undefined };
    if (error.name === "NotReadableError")
      return {
        code: "FILE_UNREADABLE",
        sentence: "The file cannot be read any more: it was changed or moved; choose it again",
        next: undefined,
      };
  }
  const sentence = "Something in this page went wrong: load it again, and if it stays, tell us what you did";
  return { code: "FAILED", sentence, next: undefined };
}
