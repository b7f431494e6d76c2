// The emulated table: the card with its lights and button, its sheet, and the till. What a tester does here with the mouse, hands do with a real card.

import { useState } from "preact/hooks";
import { Field } from "../parts/field.js";
import { Waveform } from "../parts/waveform.js";
import { amountFault, centsOf, euro, merchantFault } from "../parts/words.js";
import { CASHIERS, type Cashier, type Hand, type TableView, type TillAnswer } from "./events.js";
import type { TableModel } from "./table-model.js";

const LIGHTS = {
  off: "dark",
  pairing: "blue: it waits for its phone",
  ask: "white, blinking: press the button twice",
  armed: "green, breathing: it sends at the reader",
  sending: "green: it sends",
  done: "green, once: done",
  refused: "red: it refused",
} as const;

/** Of a payment means that the button has chosen it shows the place: of those that may pay. */
function lightWords(lights: TableView["lights"]): string {
  return lights in LIGHTS ? LIGHTS[lights as keyof typeof LIGHTS] : `yellow: ${lights} is chosen`;
}

const CASHIER: Readonly<Record<Cashier, string>> = {
  well: "as one should",
  twice: "twice, before the answer is there",
  backwards: "the wrong way",
  turned: "with its back to the reader, at first",
  late: "and asks the network too late",
  cut: "and has no line to the network",
};

export function Table({ model }: { readonly model: TableModel }) {
  const { lights, on, near, batteryPercent, loaderListens } = model.view.value;
  const hand = (does: Hand, text: string, off = !on) => (
    <button type="button" disabled={off} onClick={() => void model.client.does(does)}>
      {text}
    </button>
  );
  return (
    <aside class="table" aria-label="The table: an emulated card and a till">
      <h2>On the table</h2>
      <section aria-label="The card">
        <div class="plastic">
          <span class={`light light-${lights}`} aria-hidden="true" />
          <span class="plastic-name">emulated card</span>
          <span class="plastic-battery">{batteryPercent} %</span>
        </div>
        <p role="status">
          {on
            ? `Its light is ${lightWords(lights)}.`
            : loaderListens
              ? "Its loader has its serial line, and no image runs."
              : "It has no power."}
        </p>
        <div class="buttons">
          {hand("press", "Press its button once")}
          {hand("press-twice", "Press its button twice")}
          {hand("hold", "Hold its button 3 s")}
          {hand("swipe", "Swipe it at the till")}
          {near ? hand("away", "Carry it away") : hand("near", "Bring it back")}
        </div>
      </section>
      <TillScreen model={model} />
      <Sheet code={model.pairingCode} />
    </aside>
  );
}

function TillScreen({ model }: { readonly model: TableModel }) {
  const { bill, cashier } = model.view.value;
  const [amount, setAmount] = useState((bill.amount / 100).toFixed(2));
  const [merchant, setMerchant] = useState(bill.merchant);
  const cents = centsOf(amount);
  const faults = [merchantFault(merchant, 1), amountFault(amount)] as const;
  const heard = model.heard.value;
  const answer = model.answer.value;
  return (
    <section aria-label="The till">
      <h3>The till</h3>
      <form
        class="till"
        onSubmit={(event) => {
          event.preventDefault();
          if (cents !== undefined && faults[0] === undefined) void model.client.charge({ amount: cents, merchant });
        }}
      >
        <Field label="Merchant" value={merchant} maxLength={40} fault={faults[0]} onValue={setMerchant} />
        <Field label="Amount, EUR" value={amount} inputMode="decimal" fault={faults[1]} onValue={setAmount} />
        <button type="submit" disabled={faults.some((fault) => fault !== undefined)}>
          Charge
        </button>
      </form>
      <p>
        It asks for <strong>{euro(bill.amount)}</strong> at {bill.merchant}.
      </p>
      <label>
        The cashier swipes
        <select value={cashier} onChange={(event) => void model.client.swipes(event.currentTarget.value as Cashier)}>
          {CASHIERS.map((how) => (
            <option key={how} value={how}>
              {CASHIER[how]}
            </option>
          ))}
        </select>
      </label>
      {heard !== undefined && <Waveform heard={heard} />}
      <p role="status" class={answer === undefined ? "" : verdictOf(answer)}>
        {answer === undefined
          ? heard === undefined
            ? "No card was swiped yet."
            : "Asking the network…"
          : said(answer)}
      </p>
    </section>
  );
}

const verdictOf = (answer: TillAnswer) => (answer.kind === "answered" && answer.approved ? "good" : "bad");

function said(answer: TillAnswer): string {
  if (answer.kind !== "answered") return answer.sentence;
  const verdict = answer.approved ? "Approved" : `Declined: ${answer.ourCode ?? answer.responseCode}`;
  return answer.isBackwards ? `${verdict}, read backwards` : verdict;
}

function Sheet({ code }: { readonly code: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <section aria-label="The card's sheet">
      <h3>The sheet that came with it</h3>
      <p class="hint">Whoever has this code and the card may pair: with a real card, keep it to yourself.</p>
      <p>
        <code class="code">{code}</code>
      </p>
      <button
        type="button"
        onClick={() =>
          void navigator.clipboard.writeText(code).then(
            () => setCopied(true),
            () => setCopied(false),
          )
        }
      >
        {copied ? "Copied" : "Copy the code"}
      </button>
    </section>
  );
}
