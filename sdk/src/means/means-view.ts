// What an owner sees of a payment means on the card's object: one indication, the link that leads on, and what may be asked for now. Tables.

import { firstAsked, moved, type StateActor, TokenState } from "@enabling-card/wire";
import type { HeldState, Registration, SeenState } from "./registration-store.js";

export type Indication = "synchronous" | "pending" | "suspended" | "revoked";

/**
 * What the owner, or the app for him, can do: `register`, `compare`, `bring` and `verify-pin` are calls of `PaymentMeans`, `activate` and `resume` its
 * inputs; `ask-issuer` and `ask-requestor` are said to people; `replace` is a new token.
 */
export type MeansAction =
  | "register"
  | "compare"
  | "bring"
  | "activate"
  | "resume"
  | "verify-pin"
  | "ask-issuer"
  | "ask-requestor"
  | "replace";

/** An action, and the issuer's page where it has one for that. */
export interface MeansLink {
  readonly action: MeansAction;
  readonly url?: string;
}

/** What the owner may ask the issuer for. */
export type MeansInput = "activate" | "suspend" | "resume" | "deactivate";

export const INPUT_STATES = {
  activate: "active",
  suspend: "suspended",
  resume: "active",
  deactivate: "deactivated",
} as const satisfies Record<MeansInput, string>;

export interface MeansView {
  readonly indication: Indication;
  /** Who holds a suspended one. */
  readonly heldBy: readonly StateActor[];
  /** True where the card holds what the issuer says. */
  readonly cardKnows: boolean;
  /** Null for a synchronous one. */
  readonly link: MeansLink | null;
  readonly inputs: readonly MeansInput[];
}

/** Of those who hold a token, the one whom `firstAsked` names. */
const HELD: Readonly<Record<StateActor, MeansAction>> = {
  issuer: "ask-issuer",
  requestor: "ask-requestor",
  "PIN lock": "verify-pin",
  cardholder: "resume",
  "failure lock": "resume",
};

/** From what to what each input asks; whether the table allows it is asked of the table. */
const INPUTS: readonly [MeansInput, from: TokenState, to: TokenState][] = [
  ["activate", TokenState.Inactive, TokenState.Active],
  ["suspend", TokenState.Active, TokenState.Suspended],
  ["suspend", TokenState.Suspended, TokenState.Suspended],
  ["resume", TokenState.Suspended, TokenState.Active],
  ["deactivate", TokenState.Inactive, TokenState.Deactivated],
  ["deactivate", TokenState.Active, TokenState.Deactivated],
  ["deactivate", TokenState.Suspended, TokenState.Deactivated],
];

/**
 * @param isCompared - True right behind a comparison that passed, until anything says otherwise: nothing else is ever synchronous
 * @param url - The issuer's page for its holders
 */
export function viewOf(kept: Registration | undefined, isCompared: boolean, url: string): MeansView {
  if (kept === undefined) return UNREGISTERED;
  const { seen, held } = kept;
  if (seen === null) return pending("compare", [], false);
  const cardKnows = isCompared && isHeld(held, seen);
  const inputs = inputsOf(seen);
  const { state, holds } = seen;
  if (state === TokenState.Deactivated)
    return { indication: "revoked", heldBy: [], cardKnows, link: { action: "replace" }, inputs };
  if (state === TokenState.Suspended) {
    const first = firstAsked(holds);
    const action = first === undefined ? "compare" : HELD[first];
    const link = action === "ask-issuer" && url !== "" ? { action, url } : { action };
    return { indication: "suspended", heldBy: holds, cardKnows, link, inputs };
  }
  if (!isCompared) return pending("compare", inputs, false);
  if (state === TokenState.Inactive) return pending("activate", inputs, cardKnows);
  if (!cardKnows) return pending("bring", inputs, false);
  return { indication: "synchronous", heldBy: [], cardKnows, link: null, inputs };
}

/** Nobody's yet, or another phone's by now. */
export const UNREGISTERED: MeansView = pending("register", [], false);

function pending(action: MeansAction, inputs: readonly MeansInput[], cardKnows: boolean): MeansView {
  return { indication: "pending", heldBy: [], cardKnows, link: { action }, inputs };
}

function isHeld(held: HeldState | null, seen: SeenState): boolean {
  return held !== null && held.version === seen.version && held.state === seen.state;
}

function inputsOf(seen: SeenState): MeansInput[] {
  return INPUTS.filter(([, from, to]) => {
    const move = from === seen.state ? moved(seen, to, "cardholder") : undefined;
    return move !== undefined && "at" in move && move.at !== seen;
  }).map(([input]) => input);
}
