// Bodies of the card's answers and events, as callers read them. docs/protocol.md "sealed".

import {
  asArray,
  asBytes,
  asText,
  asUint,
  CardEvent,
  type CardInfo,
  type CborValue,
  CRYPTOGRAM_SIZE,
  decodeCardInfo,
  KEY_SIZE,
  NEAR_MAX_S,
  TOKEN_REF_SIZE,
  TOKENS_MAX,
  TokenState,
} from "@enabling-card/wire";
import { type CardError, sdkError, statusError } from "../errors.js";

export interface Loaded {
  /** SHA-256 of the grant. */
  readonly grantHash: Uint8Array;
  /** What the user should see before showing presence: the merchant, and the most that may be charged, minor units. */
  readonly merchant: string;
  readonly cap: number;
  readonly info: CardInfo;
}

export interface Presented {
  readonly passesSent: number;
  /** Seconds that the card stays armed; null where it is not. */
  readonly armedForS: number | null;
  readonly info: CardInfo;
}

/** What a remote grant pays with. */
export interface Confirmed {
  /** Eight octets, good once, for the grant's domain alone. */
  readonly cryptogram: Uint8Array;
  readonly info: CardInfo;
}

/** A token as the card counts it. */
export interface CardToken {
  readonly tokenRef: Uint8Array;
  readonly state: TokenState;
  readonly version: number;
  /** Last counter that the card has seen. */
  readonly atc: number;
}

export interface CardState {
  readonly tokens: readonly CardToken[];
  readonly info: CardInfo;
}

/** What the card says unasked. The SDK's own: `loaded`, `asking` (the user is to press the button), `disconnected`. */
export type CardNotice =
  | { readonly type: "loaded"; readonly info: CardInfo }
  | { readonly type: "asking" }
  | { readonly type: "challenge"; readonly info: CardInfo }
  | { readonly type: "armed"; readonly secondsLeft: number; readonly info: CardInfo }
  | { readonly type: "pass-sent"; readonly plan: number; readonly passesSent: number; readonly info: CardInfo }
  | { readonly type: "done"; readonly info: CardInfo }
  /** `why` is undefined where the owner or the end of the time disarmed it. */
  | { readonly type: "disarmed"; readonly why: CardError | undefined; readonly info: CardInfo }
  | { readonly type: "battery-low"; readonly percent: number }
  /** By the card's button: the payment means that its user wants to pay with. */
  | { readonly type: "chosen"; readonly tokenRef: Uint8Array; readonly info: CardInfo }
  | { readonly type: "disconnected"; readonly why: CardError };

export function readLoaded(body: CborValue): Loaded {
  return reading("load", () => {
    const [hash, shown, info] = asArray(body, "load answer", 3, 3);
    const [merchant, cap] = asArray(shown, "what to show", 2, 2);
    return {
      grantHash: asBytes(hash, "grant hash", KEY_SIZE),
      merchant: asText(merchant, "merchant"),
      cap: asUint(cap, "cap"),
      info: decodeCardInfo(info),
    };
  });
}

export function readPresented(body: CborValue): Presented {
  return reading("present", () => {
    const [passes, armed, info] = asArray(body, "present answer", 3, 3);
    return {
      passesSent: asUint(passes, "passes sent"),
      armedForS: armed === null ? null : asUint(armed, "armed for"),
      info: decodeCardInfo(info),
    };
  });
}

export function readConfirmed(body: CborValue): Confirmed {
  return reading("confirm", () => {
    const [cryptogram, info] = asArray(body, "confirm answer", 2, 2);
    return { cryptogram: asBytes(cryptogram, "cryptogram", CRYPTOGRAM_SIZE), info: decodeCardInfo(info) };
  });
}

export function readState(body: CborValue): CardState {
  return reading("state", () => {
    const [tokens, info] = asArray(body, "state answer", 2, 2);
    return {
      tokens: asArray(tokens, "tokens", 0, TOKENS_MAX).map((token) => {
        const [tokenRef, state, version, atc] = asArray(token, "token", 4, 4);
        return {
          tokenRef: asBytes(tokenRef, "tokenRef", TOKEN_REF_SIZE),
          state: asUint(state, "state", TokenState.Deactivated) as TokenState,
          version: asUint(version, "version"),
          atc: asUint(atc, "atc", 0xffff_ffff),
        };
      }),
      info: decodeCardInfo(info),
    };
  });
}

export interface Nearness {
  /** How long the phone may be away before the card drops a grant that is not armed, seconds; null where it may be for good. */
  readonly awayS: number | null;
  readonly info: CardInfo;
}

export function readNearness(body: CborValue): Nearness {
  return reading("nearness", () => {
    const [seconds, info] = asArray(body, "nearness", 2, 2);
    const awayS = asUint(seconds, "seconds", NEAR_MAX_S);
    return { awayS: awayS === 0 ? null : awayS, info: decodeCardInfo(info) };
  });
}

export function readInfo(body: CborValue): CardInfo {
  return reading("card info", () => decodeCardInfo(body));
}

export function readNotice(event: CardEvent, body: CborValue): CardNotice {
  return reading("event", () => {
    switch (event) {
      case CardEvent.Challenge:
        return { type: "challenge", info: decodeCardInfo(body) };
      case CardEvent.Armed: {
        const [left, info] = asArray(body, "armed", 2, 2);
        return { type: "armed", secondsLeft: asUint(left, "seconds left"), info: decodeCardInfo(info) };
      }
      case CardEvent.PassSent: {
        const [plan, passes, info] = asArray(body, "pass sent", 3, 3);
        return {
          type: "pass-sent",
          plan: asUint(plan, "plan"),
          passesSent: asUint(passes, "passes sent"),
          info: decodeCardInfo(info),
        };
      }
      case CardEvent.Done:
        return { type: "done", info: decodeCardInfo(body) };
      case CardEvent.Disarmed: {
        const [why, info] = asArray(body, "disarmed", 2, 2);
        const status = asUint(why, "why", 255);
        return { type: "disarmed", why: status === 0 ? undefined : statusError(status), info: decodeCardInfo(info) };
      }
      case CardEvent.BatteryLow:
        return { type: "battery-low", percent: asUint(body, "percent", 100) };
      case CardEvent.Chosen: {
        const [tokenRef, info] = asArray(body, "chosen", 2, 2);
        return {
          type: "chosen",
          tokenRef: asBytes(tokenRef, "tokenRef", TOKEN_REF_SIZE),
          info: decodeCardInfo(info),
        };
      }
      default:
        throw new Error("unknown event");
    }
  });
}

/** @throws {CardError} `CARD_ANSWER_MALFORMED` where `read` cannot. */
function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw sdkError("CARD_ANSWER_MALFORMED", what, { cause });
  }
}
