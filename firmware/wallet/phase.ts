// Where the grant is in its life. life.ts moves it; card info tells it.
import { Phase } from "../../wire/labels";

let current: Phase = Phase.Empty;

export function phase(): Phase {
  return current;
}

export function setPhase(next: Phase): void {
  current = next;
}

/** True while a grant is held. */
export function holding(): bool {
  return current != Phase.Empty && current != Phase.Done;
}
