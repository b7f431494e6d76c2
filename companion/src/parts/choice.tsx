// What the card's button has chosen for the next payment: told where one looks, and to whoever hears the page.

import { toHex } from "@enabling-card/wire";
import type { Means, OwnCard } from "../phone/own-card.js";
import { indicationOf } from "./words.js";

export function Choice({ card }: { readonly card: OwnCard }) {
  // It is there before anything was chosen: screen readers say what changes inside.
  return (
    <p class="choice" role="status">
      {choiceWords(card)}
    </p>
  );
}

/** Of a card's means: the one that its button has chosen, where this phone knows it. */
export function chosenOf({ chosen, means }: OwnCard): Means | undefined {
  return chosen === undefined ? undefined : means.find(({ token }) => toHex(token.tokenRef) === chosen);
}

function choiceWords(card: OwnCard): string | undefined {
  if (card.chosen === undefined) return undefined;
  const means = chosenOf(card);
  if (means === undefined)
    return "The card's button has chosen a payment means that this phone does not know: press it again for the next one.";
  const { token, view } = means;
  const chosen = `Chosen with the card's button: the one that ends in ${token.last4}`;
  return view.indication === "synchronous"
    ? `${chosen}. The next payment begins with it.`
    : `${chosen}. It cannot pay now (${indicationOf(view)}): press the button again for the next one.`;
}
