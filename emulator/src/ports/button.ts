// Port button: the card's one button, debounced. Contract: firmware/ports/button.ts.

export class Button {
  #pressed = false;

  get pressed(): boolean {
    return this.#pressed;
  }

  /** True where that was a change, of which the authenticator is to hear. */
  set(pressed: boolean): boolean {
    const changed = this.#pressed !== pressed;
    this.#pressed = pressed;
    return changed;
  }

  port() {
    return { pressed: (): number => (this.#pressed ? 1 : 0) };
  }
}

/** Times of press (even) and release (odd), milliseconds from the start of a gesture. */
export const GESTURES = {
  /** One short press. */
  press: [0, 100],
  /** The user-presence pattern: two presses of 30 to 600 ms within 1.5 s. */
  twice: [0, 120, 320, 440],
} as const;
