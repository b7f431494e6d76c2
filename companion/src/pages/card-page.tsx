// One card: what is left to set up, one more payment means, and how to part.

import { toHex } from "@enabling-card/wire";
import { useState } from "preact/hooks";
import { Choice } from "../parts/choice.js";
import { type Task, useTask } from "../parts/use-task.js";
import { indicationOf, shortName } from "../parts/words.js";
import type { Phone } from "../phone/phone.js";
import type { TableModel } from "../world/table-model.js";
import { NearnessPanel } from "./nearness-panel.js";

const HOLDER = "EXAMPLE/ALEX";

interface CardPageProps {
  readonly phone: Phone;
  readonly table: TableModel | undefined;
  readonly card: string;
}

export function CardPage({ phone, table, card: name }: CardPageProps) {
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
        <dd>
          {card.means.length === 0 && "none yet"}
          <ul class="plain">
            {card.means.map(({ token, view }) => (
              <li key={toHex(token.tokenRef)}>
                •••• {token.last4}, {indicationOf(view)}
                {card.chosen === toHex(token.tokenRef) && <span class="chosen">chosen</span>}
              </li>
            ))}
          </ul>
        </dd>
      </dl>
      <Choice card={card} />
      {card.means.length > 1 && (
        <p class="hint">Each short press of the card's button chooses the next one, while it is not armed.</p>
      )}
      {card.means.length === 0 ? (
        <SetUp
          task={task}
          table={table}
          onEnrol={(holder, key) =>
            task.start((signal) => home(phone.enrol(name, holder, () => undefined, signal, key || undefined)))
          }
        />
      ) : (
        <div class="panel">
          <button
            type="button"
            disabled={task.isBusy}
            onClick={() => task.start((signal) => home(phone.addMeans(name, HOLDER, signal)))}
          >
            Add a payment means
          </button>
          <details>
            <summary>The issuer gave me a new access key</summary>
            <SetUp
              task={task}
              table={table}
              onEnrol={(holder, key) =>
                task.start((signal) => home(phone.enrol(name, holder, () => undefined, signal, key || undefined)))
              }
            />
          </details>
        </div>
      )}
      <NearnessPanel phone={phone} card={card} />
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

interface SetUpProps {
  readonly task: Task;
  readonly table: TableModel | undefined;
  readonly onEnrol: (holder: string, accessKey: string) => void;
}

/** Paired, and not known to the issuer by this phone: for the first time, or where another phone had the account. */
function SetUp({ task, table, onEnrol }: SetUpProps) {
  const [holder, setHolder] = useState(HOLDER);
  const [key, setKey] = useState("");
  return (
    <form
      class="panel"
      onSubmit={(event) => {
        event.preventDefault();
        onEnrol(holder.trim(), key.trim());
      }}
    >
      <h2>Finish setting it up</h2>
      <label>
        Your name, as on a card
        <input value={holder} maxLength={26} onInput={(event) => setHolder(event.currentTarget.value)} />
      </label>
      <label>
        The issuer's access key{" "}
        <span class="hint">where another phone had this card, and the issuer gave you a new one</span>
        <input
          value={key}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      <div class="buttons">
        <button class="primary" type="submit" disabled={task.isBusy || holder.trim() === ""}>
          Set it up
        </button>
        {table !== undefined && (
          <button
            type="button"
            disabled={task.isBusy}
            onClick={() => void table.client.access().then((given) => setKey(given ?? ""))}
          >
            Ask the issuer's desk for a key
          </button>
        )}
      </div>
    </form>
  );
}
