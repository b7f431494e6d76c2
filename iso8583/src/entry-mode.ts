// DE 22, how a card's number came to a terminal (ISO 8583:1987): what is known of a purchase without a card.

/** Electronic commerce; no PIN can be entered. */
export const ENTRY_REMOTE = "812";

/** Whether the number came by electronic commerce, whatever is said of PINs. @param mode - DE 22 */
export function isRemoteEntry(mode: string | undefined): boolean {
  return mode?.startsWith(ENTRY_REMOTE.slice(0, 2)) ?? false;
}
