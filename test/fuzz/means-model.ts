// What phone, card and issuer are to hold of one token, and what the phone is to show: the model of system 3. The states themselves are states-model.ts's.

import type { MeansView } from "@enabling-card/sdk";
import { type StateActor, TokenState } from "@enabling-card/wire";
import { LED_TO, type ModelState, nextState } from "../support/states-model.js";

export interface Held {
  readonly version: number;
  readonly state: TokenState;
}

export type Shown = readonly [indication: string, action: string | null, heldBy: string, cardKnows: boolean];

const ACTIONS: Readonly<Record<StateActor, string>> = {
  issuer: "ask-issuer",
  requestor: "ask-requestor",
  "PIN lock": "verify-pin",
  cardholder: "resume",
  "failure lock": "resume",
};

export class MeansModel {
  /** At the issuer. */
  issuer: ModelState;
  /** On the card; undefined while it has not heard of the token. */
  card: Held | undefined;
  /** What the phone last verified of the issuer, and last heard from the card. */
  seen: ModelState | undefined;
  held: Held | undefined;
  /** Whether a phone has registered the token, and whether that is ours. */
  isRegistered = false;
  isOurs = false;
  /** How the phone's last call ended: `stale` where another phone has the registration. */
  last: "compared" | "failed" | "stale" = "failed";
  isOff = false;
  isCut = false;
  isFollowing = false;
  /** Waits for a swipe. */
  isArmed = false;
  wrongPins = 0;
  /** The version that the news told last. */
  told = -1;

  constructor(first: TokenState) {
    this.issuer = { state: first, holds: [], version: 0 };
  }

  get isListening(): boolean {
    return this.isFollowing && !this.isOff && !this.isCut;
  }

  /** @returns the refusal's code */
  move(to: TokenState, by: StateActor): string | undefined {
    const next = nextState(this.issuer, to, by);
    if (typeof next === "string") return next;
    this.issuer = next;
    return undefined;
  }

  /** The card is brought a signed state. @returns the refusal's code */
  give({ version, state }: Held): string | undefined {
    if (this.card !== undefined && version <= this.card.version) return "STATE_VERSION_OLD";
    this.card = { version, state };
    if (state !== TokenState.Active) this.isArmed = false;
    return undefined;
  }

  /** @returns the refusal's code */
  compare(asksCard: boolean): string | undefined {
    this.last = "failed";
    if (!this.isRegistered) return "MEANS_NOT_REGISTERED";
    if (asksCard) this.held = this.card;
    if (this.isOff) return "ISSUER_UNREACHABLE";
    if (!this.isOurs) {
      this.last = "stale";
      return "REGISTRATION_OLD";
    }
    this.seen = this.issuer;
    this.last = "compared";
    return undefined;
  }

  /** The phone is told of each version once, and compares where it is newer than what it has seen. */
  hear(): void {
    const { version } = this.issuer;
    if (!this.isListening || version <= this.told) return;
    this.told = version;
    if (version > (this.seen?.version ?? -1)) this.compare(true);
  }

  /** Why the card is silent whatever it is given; undefined where it is not. */
  silence(): string | undefined {
    return refusalOf(this.card?.state ?? TokenState.Active);
  }

  shown(): Shown {
    const { seen, held, last } = this;
    if (last === "stale" || !this.isRegistered) return ["pending", "register", "", false];
    if (seen === undefined) return ["pending", "compare", "", false];
    const isCompared = last === "compared";
    const cardKnows = isCompared && held?.version === seen.version && held.state === seen.state;
    if (seen.state === TokenState.Deactivated) return ["revoked", "replace", "", cardKnows];
    if (seen.state === TokenState.Suspended) {
      const first = LED_TO.find((one) => seen.holds.includes(one))!;
      return ["suspended", ACTIONS[first], seen.holds.join(), cardKnows];
    }
    if (!isCompared) return ["pending", "compare", "", false];
    if (seen.state === TokenState.Inactive) return ["pending", "activate", "", cardKnows];
    return cardKnows ? ["synchronous", null, "", true] : ["pending", "bring", "", false];
  }
}

/** What card and issuer alike say of a token that does not pay. */
export function refusalOf(state: TokenState): string | undefined {
  return state === TokenState.Active ? undefined : `TOKEN_${["INACTIVE", "", "SUSPENDED", "DEACTIVATED"][state]}`;
}

export function shownBy({ indication, link, heldBy, cardKnows }: MeansView): Shown {
  return [indication, link?.action ?? null, [...heldBy].sort().join(), cardKnows];
}
