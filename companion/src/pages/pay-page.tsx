// One payment, from what is asked for to the terminal's answer.

import { toHex } from "@enabling-card/wire";
import { useSignal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { Choice, chosenOf } from "../parts/choice.js";
import { Countdown } from "../parts/countdown.js";
import { Field } from "../parts/field.js";
import { Waveform } from "../parts/waveform.js";
import { amountFault, centsOf, euro, merchantFault, stopped } from "../parts/words.js";
import { Paying, type PayState } from "../phone/pay.js";
import type { Phone } from "../phone/phone.js";
import type { TableModel } from "../world/table-model.js";

interface PayPageProps {
  readonly phone: Phone;
  readonly table: TableModel | undefined;
  readonly card: string;
  /** The token's reference, hexadecimal. */
  readonly token: string;
}

export function PayPage({ phone, table, card: name, token: wanted }: PayPageProps) {
  const paying = useSignal<Paying | undefined>(undefined);
  const card = phone.cards.value.find((one) => one.name === name);
  const means = card?.means.find(({ token }) => toHex(token.tokenRef) === wanted);
  useEffect(() => table?.onAnswer((answer) => paying.value?.heard(answer)), []);
  // Who leaves this page takes back what was not presented.
  useEffect(() => () => paying.value?.leave(), []);
  const chosenHere = card && chosenOf(card);
  // The later choice holds: this page's means over what the button had chosen before, and what the button chooses now over that. What has begun goes on.
  const isOpened = useRef(false);
  useEffect(() => {
    const isBefore = !isOpened.current;
    isOpened.current = true;
    const next = chosenHere && toHex(chosenHere.token.tokenRef);
    if (paying.value !== undefined || next === undefined || next === wanted) return;
    if (isBefore) phone.choiceOver(name);
    else location.replace(`#/pay/${name}/${next}`);
  }, [chosenHere, paying.value === undefined]);
  if (card === undefined || means === undefined)
    return (
      <>
        <h1>Pay</h1>
        <p>This phone has no such card any more.</p>
        <a href="#/">To the cards</a>
      </>
    );
  const begin = (merchant: string, cap: number, when: "now" | "swipe") => {
    const one = new Paying(phone, { card: name, token: means.token, merchant, cap });
    paying.value = one;
    phone.choiceOver(name);
    void one.prepare(when);
    chosen.value = when;
  };
  const chosen = useSignal<"now" | "swipe">("now");
  return (
    <>
      <h1>Pay with •••• {means.token.last4}</h1>
      <Choice card={card} />
      {paying.value === undefined ? (
        <Order table={table} onOrder={begin} />
      ) : (
        <Payment paying={paying.value} when={chosen.value} table={table} onAgain={() => (paying.value = undefined)} />
      )}
    </>
  );
}

function Order({
  table,
  onOrder,
}: {
  readonly table: TableModel | undefined;
  readonly onOrder: (merchant: string, cap: number, when: "now" | "swipe") => void;
}) {
  const bill = table?.view.value.bill;
  const [merchant, setMerchant] = useState(bill?.merchant ?? "");
  const [amount, setAmount] = useState(bill === undefined ? "" : (bill.amount / 100).toFixed(2));
  const cents = centsOf(amount);
  // Nothing was written yet is no fault that is to be told.
  const faults = [merchantFault(merchant, 0), amount === "" ? undefined : amountFault(amount)] as const;
  const isGood = cents !== undefined && faults[0] === undefined;
  const go = (when: "now" | "swipe") => cents !== undefined && isGood && onOrder(merchant.trim(), cents, when);
  return (
    <form
      class="panel"
      onSubmit={(event) => {
        event.preventDefault();
        go("now");
      }}
    >
      <Field
        label={
          <span>
            Merchant <span class="hint">as on the till; none: any merchant</span>
          </span>
        }
        value={merchant}
        maxLength={40}
        fault={faults[0]}
        onValue={setMerchant}
      />
      <Field
        label="The most that may be charged, EUR"
        value={amount}
        inputMode="decimal"
        fault={faults[1]}
        onValue={setAmount}
      />
      <div class="buttons">
        <button class="primary" type="submit" disabled={!isGood}>
          Pay here
        </button>
        <button type="button" disabled={!isGood} onClick={() => go("swipe")}>
          Hand the card over
        </button>
      </div>
      <p class="hint">
        Hand it over: it sends when a reader touches it, at most three times within two minutes, without you.
      </p>
    </form>
  );
}

interface PaymentProps {
  readonly paying: Paying;
  readonly when: "now" | "swipe";
  readonly table: TableModel | undefined;
  readonly onAgain: () => void;
}

function Payment({ paying, when, table, onAgain }: PaymentProps) {
  const state = paying.state.value;
  const heard = table?.heard.value;
  const place = useRef<HTMLElement>(null);
  // What was pressed is gone: who goes by keys or hears the page goes on at the new step. Who is at the table stays there.
  useEffect(() => {
    const { activeElement: now } = document;
    if (now === document.body || place.current?.contains(now)) place.current?.focus({ preventScroll: true });
  }, [state.at]);
  return (
    <section class="panel payment" aria-label="Payment" tabIndex={-1} ref={place}>
      <Stage paying={paying} state={state} when={when} onAgain={onAgain} />
      {heard !== undefined && (state.at === "presenting" || state.at === "ended") && <Waveform heard={heard} />}
    </section>
  );
}

function Stage({
  paying,
  state,
  when,
  onAgain,
}: {
  readonly paying: Paying;
  readonly state: PayState;
  readonly when: "now" | "swipe";
  readonly onAgain: () => void;
}) {
  if (state.at === "fetching" || state.at === "loading")
    return (
      <p role="status">
        {state.at === "fetching" ? "Fetching a grant from the issuer…" : "The card opens and checks it…"}
      </p>
    );
  if (state.at === "confirming")
    return (
      <>
        <p role="status">
          The card would pay <strong>{state.loaded.merchant || "any merchant"}</strong>, at most{" "}
          <strong>{euro(state.loaded.cap)}</strong>.
        </p>
        <div class="buttons">
          <button class="primary" type="button" onClick={() => void paying.present(when)}>
            {when === "now" ? "Yes, pay" : "Yes, arm the card"}
          </button>
          <button type="button" onClick={() => void paying.cancel()}>
            No, take it back
          </button>
        </div>
      </>
    );
  if (state.at === "presenting")
    return (
      <>
        <p role="status" class={`wallet wallet-${state.view.status}`}>
          {state.view.next}.
        </p>
        {state.view.armedUntilMs !== undefined && <Countdown untilMs={state.view.armedUntilMs} />}
        {state.view.passesSent > 0 && (
          <p>
            {state.view.passesSent} {state.view.passesSent === 1 ? "pass has" : "passes have"} left the coil.
          </p>
        )}
        {state.note !== undefined && <p role="alert">{state.note}.</p>}
        <button type="button" onClick={() => void paying.cancel()}>
          Take it back
        </button>
      </>
    );
  return (
    <>
      <p role="alert" class={`outcome outcome-${state.outcome}`}>
        {OUTCOMES[state.outcome]}. {stopped(state.detail)}
      </p>
      {state.again === true && (
        <p role="status">It was swiped once more: that was declined, and nothing is paid twice.</p>
      )}
      {state.before !== undefined && <p class="hint">{stopped(state.before)}</p>}
      {state.closing !== undefined && (
        <div class="panel closing">
          <p role="status">
            {state.closing === "asking"
              ? "Asking the issuer, who closes it…"
              : "Nobody has told this phone how it ended. Two minutes after it began the issuer is asked by itself."}
          </p>
          <button type="button" disabled={state.closing === "asking"} onClick={() => void paying.close()}>
            Close it with the issuer now
          </button>
          <p class="hint">
            It says whether it was paid. If no terminal has asked yet, none gets it any more: wait while one is at it.
          </p>
        </div>
      )}
      {state.receipt !== undefined && <Receipt text={state.receipt} />}
      <div class="buttons">
        <button class="primary" type="button" onClick={onAgain}>
          Pay again
        </button>
        <a class="button" href="#/">
          To the cards
        </a>
      </div>
    </>
  );
}

/** Wider than a phone: whoever has no finger moves it by its keys. */
function Receipt({ text }: { readonly text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <section class="receipt" aria-label="Receipt" tabIndex={0}>
      <pre>{text}</pre>
    </section>
  );
}

const OUTCOMES = {
  approved: "Paid",
  declined: "Not paid",
  reversed: "Not paid: taken back",
  unused: "Nothing was paid",
  "not-sent": "Nothing was sent",
  sent: "Sent",
  unknown: "Nobody knows yet",
} as const;
