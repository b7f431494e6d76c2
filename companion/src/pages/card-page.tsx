// One card: what is left to set up, one more payment means, and how to part.

import { useState } from "preact/hooks";
import { useTask } from "../parts/use-task.js";
import { shortName } from "../parts/words.js";
import type { Phone } from "../phone/phone.js";

export function CardPage({ phone, card: name }: { readonly phone: Phone; readonly card: string }) {
  const card = phone.cards.value.find((one) => one.name === name);
  const task = useTask();
  const [isSure, setSure] = useState(false);
  if (card === undefined)
    return (
      <>
        <h1>Card</h1>
        <p>This phone has no such card any more.</p>
        <a href="#/">To the cards</a>
      </>
    );
  const home = async (work: Promise<void>) => {
    await work;
    location.hash = "#/";
  };
  return (
    <>
      <h1>Card {shortName(name)}</h1>
      <dl class="facts">
        <dt>Its whole name</dt>
        <dd>
          <code>{name}</code>
        </dd>
        <dt>Payment means</dt>
        <dd>{card.means.length}</dd>
      </dl>
      <div class="panel">
        {card.means.length === 0 ? (
          <button
            class="primary"
            type="button"
            disabled={task.isBusy}
            onClick={() => task.start((signal) => home(phone.enrol(name, "EXAMPLE/ALEX", () => undefined, signal)))}
          >
            Finish setting it up
          </button>
        ) : (
          <button
            type="button"
            disabled={task.isBusy}
            onClick={() => task.start((signal) => home(phone.addMeans(name, "EXAMPLE/ALEX", signal)))}
          >
            Add a payment means
          </button>
        )}
      </div>
      <div class="panel">
        <h2>Part with it</h2>
        <p>The card forgets this phone, and this phone the card. Its payment means stay at the issuer.</p>
        <label class="check">
          <input type="checkbox" checked={isSure} onChange={(event) => setSure(event.currentTarget.checked)} /> I want
          that
        </label>
        <div class="buttons">
          <button
            type="button"
            disabled={!isSure || task.isBusy}
            onClick={() => task.start((signal) => home(phone.unpair(name, signal)))}
          >
            Unpair
          </button>
          <button
            type="button"
            disabled={!isSure || task.isBusy}
            onClick={() => task.start(() => home(phone.forget(name)))}
          >
            The card is lost: forget it here
          </button>
        </div>
      </div>
      {task.problem !== undefined && (
        <p class="problem" role="alert">
          {task.problem}
        </p>
      )}
    </>
  );
}
