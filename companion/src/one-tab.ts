// A card has one line, and two tabs would take it from each other: one of them has the card, the other says so and may take it over.

const NAME = "the card";

/**
 * Takes the card for this tab.
 *
 * @param isTaken - From another tab, whoever has it
 * @param onLost - Another tab took it over
 * @returns false where another tab has it
 */
export function takeCard(isTaken: boolean, onLost: () => void): Promise<boolean> {
  if (navigator.locks === undefined) return Promise.resolve(true); // an old browser: its tabs are its owner's care
  return new Promise((resolve) => {
    const whole = new Promise<void>(() => undefined); // until the tab is closed, or another steals it
    navigator.locks
      .request(NAME, isTaken ? { steal: true } : { ifAvailable: true }, async (lock) => {
        resolve(lock !== null);
        if (lock !== null) await whole;
      })
      .catch(onLost);
  });
}
