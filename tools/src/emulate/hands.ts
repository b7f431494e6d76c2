// Keys of a terminal as the hands that hold an emulated card.

import type { EmulatedCard } from "@enabling-card/emulator";
import { PAIRING_HOLD_MS } from "@enabling-card/wire";

/** A terminal's keyboard, as far as it is used here. */
export interface Keyboard {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: "data", listener: (bytes: Buffer | string) => void): unknown;
  off(event: "data", listener: (bytes: Buffer | string) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export const HANDS_HELP = "keys: p press, t press twice, h hold 3 s, s swipe (a reader's head touches), q quit";

/** Longer than the card wants the button held for a new phone: by a hand's trembling. */
const HOLD_MS = PAIRING_HOLD_MS + 100;
const CTRL_C = "\x03";

const HANDS: Readonly<Record<string, { readonly said: string; readonly does: (card: EmulatedCard) => void }>> = {
  p: { said: "press", does: (card) => card.press() },
  t: { said: "press twice", does: (card) => card.pressTwice() },
  h: { said: "hold for 3 s", does: (card) => card.hold(HOLD_MS) },
  s: { said: "swipe", does: (card) => card.touchHead() },
};

export interface HandsListener {
  /** What a key did, in words; undefined for a key that does nothing. */
  readonly onKey?: (said: string | undefined) => void;
  readonly onQuit: () => void;
  /** Ctrl-C: a terminal in raw mode sends no signal for it. */
  readonly onInterrupt: () => void;
}

/** Takes the keyboard until the returned function is called; nothing where it is no terminal. */
export function takeHands(keyboard: Keyboard, card: EmulatedCard, listener: HandsListener): () => void {
  if (!keyboard.isTTY) return () => undefined;
  const onData = (bytes: Buffer | string) => {
    for (const key of bytes.toString()) {
      if (key === "q") return listener.onQuit();
      if (key === CTRL_C) return listener.onInterrupt();
      const hand = HANDS[key];
      hand?.does(card);
      listener.onKey?.(hand?.said);
    }
  };
  keyboard.setRawMode?.(true);
  keyboard.on("data", onData);
  keyboard.resume();
  return () => {
    keyboard.off("data", onData);
    keyboard.setRawMode?.(false);
    keyboard.pause();
  };
}
