// The cards of this phone, each with its payment means and how they stand.

import type { WalletStatus } from "@enabling-card/sdk";
import { toHex } from "@enabling-card/wire";
import { Choice } from "../parts/choice.js";
import { Countdown } from "../parts/countdown.js";
import { useTask } from "../parts/use-task.js";
import { indicationOf, NEXT, shortName } from "../parts/words.js";
import type { Means, OwnCard, Phone } from "../phone/phone.js";

/** Of a payment that is still to be sent. */
const WAITING: ReadonlySet<WalletStatus> = new Set(["ready", "asking", "armed", "sending"]);
const LINKS = { away: "not in reach", connecting: "connecting…", near: "in reach" } as const;

export function CardsPage({ phone }: { readonly phone: Phone }) {
  const cards = phone.cards.value;
  return (
    <>
      <h1>Cards</h1>
      {cards.length === 0 && (
        <div class="empty">
          <p>This phone has no card yet. Take the sheet that came with yours.</p>
          <a class="button primary" href="#/pair">
            Pair a card
          </a>
        </div>
      )}
      <ul class="cards">
        {cards.map((card) => (
          <li key={card.name}>
            <CardObject phone={phone} card={card} />
          </li>
        ))}
      </ul>
    </>
  );
}

function CardObject({ phone, card }: { readonly phone: Phone; readonly card: OwnCard }) {
  const task = useTask();
  const title = `card-${card.name}`;
  return (
    <article class="card" aria-labelledby={title}>
      <header>
        <h2 id={title}>
          <a href={`#/card/${card.name}`}>Card {shortName(card.name)}</a>
        </h2>
        <span class={`link link-${card.link}`}>
          {LINKS[card.link]}
          {card.link === "near" && card.batteryPercent !== undefined && `, battery ${card.batteryPercent} %`}
        </span>
      </header>
      {card.wallet !== undefined && WAITING.has(card.wallet.status) && (
        <div class="waiting">
          <p role="status">
            {card.wallet.next}.
            {card.wallet.status === "armed" &&
              card.wallet.armedUntilMs === undefined &&
              " It is armed for two minutes at most."}
          </p>
          {card.wallet.armedUntilMs !== undefined && <Countdown untilMs={card.wallet.armedUntilMs} />}
          <button type="button" disabled={task.isBusy} onClick={() => task.start(() => phone.takeBack(card.name))}>
            Take it back
          </button>
        </div>
      )}
      {card.means.length === 0 && (
        <p>
          It has nothing to pay with yet. <a href={`#/card/${card.name}`}>Finish setting it up</a>
        </p>
      )}
      <Choice card={card} />
      <ul class="means">
        {card.means.map((means) => (
          <MeansRow key={toHex(means.token.tokenRef)} phone={phone} card={card} means={means} task={task} />
        ))}
      </ul>
      {card.link === "away" && (
        <button type="button" disabled={task.isBusy} onClick={() => task.start((signal) => found(phone, card, signal))}>
          Look for it
        </button>
      )}
      {task.problem !== undefined && (
        <p class="problem" role="alert">
          {task.problem}
        </p>
      )}
    </article>
  );
}

async function found(phone: Phone, { name }: OwnCard, signal: AbortSignal): Promise<void> {
  await phone.reach(name, signal);
  await phone.compare(name, signal);
}

interface RowProps {
  readonly phone: Phone;
  readonly card: OwnCard;
  readonly means: Means;
  readonly task: ReturnType<typeof useTask>;
}

function MeansRow({ phone, card, means: { token, view }, task }: RowProps) {
  const canPay = view.indication === "synchronous";
  const name = `${token.iin.slice(0, 2)}** ${token.last4}`;
  const wish = view.inputs.includes("resume") ? "resume" : view.inputs.includes("suspend") ? "suspend" : undefined;
  return (
    <li class="means-row">
      <span class="number">
        <span class="dots" aria-hidden="true">
          ••••
        </span>{" "}
        <span class="visually-hidden">ends in </span>
        {token.last4}
        {card.chosen === toHex(token.tokenRef) && <span class="chosen">chosen</span>}
      </span>
      <span class={`state state-${view.indication}`}>{indicationOf(view)}</span>
      {view.link !== null && <span class="next">{NEXT[view.link.action]}</span>}
      <span class="buttons">
        {canPay && (
          <a
            class={card.chosen === undefined || card.chosen === toHex(token.tokenRef) ? "button primary" : "button"}
            href={`#/pay/${card.name}/${toHex(token.tokenRef)}`}
            aria-label={`Pay with ${name}`}
          >
            Pay
          </a>
        )}
        {view.link?.action === "compare" && (
          <button
            type="button"
            disabled={task.isBusy}
            onClick={() => task.start((signal) => phone.compare(card.name, signal))}
          >
            Compare
          </button>
        )}
        {wish !== undefined && (
          <button
            type="button"
            disabled={task.isBusy}
            onClick={() => task.start(() => phone.ask(card.name, token, wish))}
          >
            {wish === "resume" ? "Resume" : "Suspend"}
          </button>
        )}
      </span>
    </li>
  );
}
