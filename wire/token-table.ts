// A token's states (system 3): which may follow which, who may ask for it, and who holds a suspended one. A table, read by the issuer, which keeps to it,
// and by the phone, which offers what it allows.

import { TokenState } from "./labels.js";

/**
 * Who asks: the holder on the phone; the issuer's operator; the requestor that the token was made for; the lock that five wrong tries at terminals close;
 * the lock that wrong PINs close on the card, which the phone tells of. In the order of their bits in state information.
 */
export const STATE_ACTORS = ["cardholder", "issuer", "requestor", "failure lock", "PIN lock"] as const;
export type StateActor = (typeof STATE_ACTORS)[number];

export const STATE_NAMES = {
  [TokenState.Inactive]: "inactive",
  [TokenState.Active]: "active",
  [TokenState.Suspended]: "suspended",
  [TokenState.Deactivated]: "deactivated",
} as const satisfies Record<TokenState, string>;

export interface Transition {
  readonly from: TokenState;
  readonly to: TokenState;
  readonly by: readonly StateActor[];
  /** Whose holds go with it; the token is active when there is none left. */
  readonly lifts?: readonly StateActor[];
}

const [INACTIVE, ACTIVE, SUSPENDED, DEACTIVATED] = [
  TokenState.Inactive,
  TokenState.Active,
  TokenState.Suspended,
  TokenState.Deactivated,
] as const;

/** All that is legal; a deactivated token stays so. The holder may lift the failure lock: whoever guesses at terminals does not have the phone's key. */
export const TRANSITIONS: readonly Transition[] = [
  { from: INACTIVE, to: ACTIVE, by: ["cardholder", "issuer"] },
  { from: INACTIVE, to: DEACTIVATED, by: ["cardholder", "issuer"] },
  { from: ACTIVE, to: SUSPENDED, by: ["cardholder", "issuer", "requestor", "failure lock", "PIN lock"] },
  { from: ACTIVE, to: DEACTIVATED, by: ["cardholder", "issuer"] },
  { from: SUSPENDED, to: SUSPENDED, by: ["cardholder", "issuer", "requestor", "PIN lock"] },
  { from: SUSPENDED, to: ACTIVE, by: ["issuer"], lifts: STATE_ACTORS },
  { from: SUSPENDED, to: ACTIVE, by: ["cardholder"], lifts: ["cardholder", "failure lock"] },
  { from: SUSPENDED, to: ACTIVE, by: ["requestor"], lifts: ["requestor"] },
  { from: SUSPENDED, to: ACTIVE, by: ["PIN lock"], lifts: ["PIN lock"] },
  { from: SUSPENDED, to: DEACTIVATED, by: ["cardholder", "issuer"] },
];

/** Of several who hold a token, the one whom its holder is led to first. */
const FIRST_ASKED: readonly StateActor[] = ["issuer", "requestor", "PIN lock", "cardholder", "failure lock"];

/** How a token stands. Only a suspended one is held, and it is held by somebody. */
export interface Standing {
  readonly state: TokenState;
  readonly holds: readonly StateActor[];
}

/** Where a token comes to; or who holds it still; or neither, where the table does not know the way. */
export type Moved = { readonly at: Standing } | { readonly heldBy: StateActor } | undefined;

/** `at` itself where the wish changes nothing: the same state, or a hold that is there. */
export function moved(at: Standing, to: TokenState, by: StateActor): Moved {
  const row = TRANSITIONS.find((one) => one.from === at.state && one.to === to && one.by.includes(by));
  if (row === undefined) return at.state === to ? { at } : undefined;
  if (to === SUSPENDED) {
    return at.holds.includes(by) ? { at } : { at: { state: to, holds: inOrder([...at.holds, by]) } };
  }
  if (row.lifts === undefined) return { at: { state: to, holds: [] } };
  const holds = at.holds.filter((one) => !row.lifts!.includes(one));
  if (holds.length === at.holds.length) return { heldBy: firstAsked(at.holds)! };
  return { at: holds.length === 0 ? { state: to, holds } : { state: SUSPENDED, holds } };
}

export function firstAsked(holds: readonly StateActor[]): StateActor | undefined {
  return FIRST_ASKED.find((actor) => holds.includes(actor));
}

/** As state information has them: one bit each. */
export function holdBits(holds: readonly StateActor[]): number {
  return STATE_ACTORS.reduce((bits, actor, i) => bits | (holds.includes(actor) ? 1 << i : 0), 0);
}

function inOrder(holds: readonly StateActor[]): StateActor[] {
  return STATE_ACTORS.filter((actor) => holds.includes(actor));
}
