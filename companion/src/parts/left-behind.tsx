// A card that has been away for longer than its owner chose: told on each page, with when and where both were together last.

import { leftWords } from "../phone/at-hand.js";
import type { OwnCard, Phone } from "../phone/phone.js";
import { useTask } from "./use-task.js";
import { shortName } from "./words.js";

export function LeftBehind({ phone }: { readonly phone: Phone }) {
  return (
    <>
      {phone.cards.value
        .filter(({ isLeft }) => isLeft)
        .map((card) => (
          <Notice key={card.name} phone={phone} card={card} />
        ))}
    </>
  );
}

function Notice({ phone, card }: { readonly phone: Phone; readonly card: OwnCard }) {
  const task = useTask();
  if (card.together === undefined) return null;
  return (
    <section class="notice" aria-label={`Card ${shortName(card.name)} was left behind`}>
      <p role="alert">
        <strong>Card {shortName(card.name)} was left behind.</strong> {leftWords(card.together)}.
      </p>
      <div class="buttons">
        <button
          type="button"
          disabled={task.isBusy}
          onClick={() => task.start((signal) => phone.reach(card.name, signal).then(() => undefined))}
        >
          Look for it
        </button>
        <button type="button" disabled={task.isBusy} onClick={() => task.start(() => phone.atHand.forget(card.name))}>
          Forget it
        </button>
      </div>
      <p class="hint">When and where is kept on this phone alone, and nobody is told.</p>
      {task.problem !== undefined && <p role="alert">{task.problem}</p>}
    </section>
  );
}
