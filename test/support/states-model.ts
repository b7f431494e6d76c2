// How a token's states are meant to go (docs/network.md, "Registration and comparison"), written down once more for the tests: nothing here is read from
// the table that is tried.

import { type StateActor, TokenState } from "@enabling-card/wire";

export interface ModelState {
  readonly state: TokenState;
  /** Who holds a suspended one, sorted by name. */
  readonly holds: readonly StateActor[];
  readonly version: number;
}

const ALL: readonly StateActor[] = ["cardholder", "issuer", "requestor", "failure lock", "PIN lock"];

interface Rights {
  /** Suspends one that is active; joins those who hold one already. */
  readonly suspends: boolean;
  readonly joins: boolean;
  readonly lifts: readonly StateActor[];
  /** Makes an inactive one active, and ends any. */
  readonly rules: boolean;
}

const RIGHTS: Readonly<Record<StateActor, Rights>> = {
  cardholder: { suspends: true, joins: true, lifts: ["cardholder", "failure lock"], rules: true },
  issuer: { suspends: true, joins: true, lifts: ALL, rules: true },
  requestor: { suspends: true, joins: true, lifts: ["requestor"], rules: false },
  "PIN lock": { suspends: true, joins: true, lifts: ["PIN lock"], rules: false },
  "failure lock": { suspends: true, joins: false, lifts: [], rules: false },
};

/** Who is told of, where several hold it. */
export const LED_TO: readonly StateActor[] = ["issuer", "requestor", "PIN lock", "cardholder", "failure lock"];

/** What becomes of a token: the same where nothing does; or the refusal's code. */
export function nextState(from: ModelState, to: TokenState, by: StateActor): ModelState | string {
  const { state, holds, version } = from;
  const rights = RIGHTS[by];
  const behind = (change: Partial<ModelState>): ModelState => ({ ...from, version: version + 1, ...change });
  const isHeld = state === TokenState.Suspended;
  if (isHeld && to === TokenState.Suspended && rights.joins && !holds.includes(by)) {
    return behind({ holds: [...holds, by].sort() });
  }
  if (to === state) return from;
  const isLegal =
    to === TokenState.Suspended
      ? state === TokenState.Active && rights.suspends
      : to === TokenState.Active
        ? state === TokenState.Inactive
          ? rights.rules
          : isHeld && rights.lifts.length > 0
        : to === TokenState.Deactivated && rights.rules;
  if (!isLegal) return "STATE_TRANSITION_ILLEGAL";
  if (to === TokenState.Suspended) return behind({ state: to, holds: [by] });
  if (to === TokenState.Deactivated || !isHeld) return behind({ state: to, holds: [] });
  const left = holds.filter((one) => !rights.lifts.includes(one));
  if (left.length === holds.length) {
    return `SUSPENDED_BY_${LED_TO.find((one) => holds.includes(one))!
      .toUpperCase()
      .replace(" ", "_")}`;
  }
  return behind(left.length === 0 ? { state: to, holds: [] } : { holds: left });
}
