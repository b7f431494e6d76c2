// Which card is meant: of those in reach, and of those that are paired. One is taken; of several a person picks, and a program gets the list.

import { type CardTransport, type DiscoveredCard, type Pairing, recognises, withTimeLimit } from "@enabling-card/sdk";
import { toBase32 } from "@enabling-card/wire";
import type { Context } from "../context.js";
import { CommandError, EXIT } from "../exit-codes.js";
import { type Output, printable } from "../output.js";

export interface SeenCard extends DiscoveredCard {
  /** Base32 of its id, where one of this phone's pairings recognises it. */
  readonly own?: string;
}

/** Letters of a card's name that are shown, and enough to name it. */
export const NAME_SHOWN = 6;

/** Cards in reach, each once, the newest word of it, for `ms`; ends early at `enough`. */
export async function lookAround(
  transport: CardTransport,
  pairings: readonly Pairing[],
  { ms, signal, enough = () => false }: { ms: number; signal: AbortSignal; enough?: (card: SeenCard) => boolean },
): Promise<readonly SeenCard[]> {
  const seen = new Map<string, SeenCard>();
  await withTimeLimit(ms, signal, async (over) => {
    for await (const card of transport.discover(over)) {
      const { identifier } = card;
      const own = identifier && pairings.find(({ identifierKey }) => recognises(identifierKey, identifier));
      const found: SeenCard = { ...card, ...(own && { own: toBase32(own.cardId) }) };
      seen.set(found.own ?? card.id, found); // one's own is known by whatever address
      if (enough(found)) break;
    }
  });
  signal.throwIfAborted();
  return [...seen.values()];
}

/** The paired card whose name begins so; the only one without. @throws {CommandError} `PHONE_EMPTY`, `CARD_AMBIGUOUS`, `CARD_UNKNOWN` */
export function pairedCard(pairings: readonly Pairing[], name: string | undefined): Pairing {
  const cards = [...new Map(pairings.toReversed().map((one) => [toBase32(one.cardId), one])).values()];
  if (cards.length === 0)
    throw new CommandError("PHONE_EMPTY", "This phone has no card yet: pair one with ecard pair", EXIT.usage);
  const meant = cards.filter(({ cardId }) => toBase32(cardId).startsWith((name ?? "").toUpperCase()));
  if (meant.length === 1) return meant[0]!;
  const names = cards.map(({ cardId }) => toBase32(cardId).slice(0, NAME_SHOWN)).join(", ");
  if (meant.length === 0)
    throw new CommandError("CARD_UNKNOWN", `No card of this phone begins with ${name}: it has ${names}`, EXIT.usage);
  throw new CommandError("CARD_AMBIGUOUS", `Which card: name one with --card (${names})`, EXIT.usage);
}

/** One of several strangers: by a person at a terminal, else none. @throws {CommandError} `CARD_AMBIGUOUS`; AbortError on Ctrl-C */
export async function pickCard(
  cards: readonly SeenCard[],
  output: Output,
  { stdin, signal }: Pick<Context, "stdin" | "signal">,
): Promise<SeenCard> {
  if (cards.length === 1) return cards[0]!;
  const shown = cards.map((card, i) => `  ${i + 1}  ${seenLine(card)}`);
  if (!output.interactive || stdin.isTTY !== true) {
    output.fact({ cards: cards.map(seenFacts) });
    for (const line of shown) output.say(line);
    const sentence = `${cards.length} cards are in reach: put the others away, or name one with --id`;
    throw new CommandError("CARD_AMBIGUOUS", sentence, EXIT.usage);
  }
  for (const line of shown) output.say(line);
  output.say("which one? its number, then Enter");
  signal.throwIfAborted();
  const lines = stdin[Symbol.asyncIterator]();
  const interrupted = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
  );
  for (;;) {
    const { value, done } = await Promise.race([lines.next(), interrupted]);
    if (done) break;
    const chosen = cards[Number(new TextDecoder().decode(value).trim()) - 1];
    if (chosen !== undefined) {
      await lines.return?.();
      return chosen;
    }
    output.say(`1 to ${cards.length}`);
  }
  throw new CommandError("CARD_AMBIGUOUS", "No card was chosen", EXIT.usage);
}

export function seenLine({ id, own, name, rssi }: SeenCard): string {
  const who = own === undefined ? (name ?? "a card") : `card ${own.slice(0, NAME_SHOWN)}…, this phone's`;
  return `${printable(id)}  ${printable(who)}${rssi === undefined ? "" : `  ${rssi} dBm`}`;
}

export function seenFacts({ id, own, name, rssi }: SeenCard): object {
  return { id, ...(own && { card: own }), ...(name && { name }), ...(rssi !== undefined && { rssi }) };
}
