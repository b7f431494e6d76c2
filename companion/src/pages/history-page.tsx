// What was paid, or was to be.

import { useEffect, useState } from "preact/hooks";
import { isOpen, type KeptPayment } from "../keep/payments.js";
import { useTask } from "../parts/use-task.js";
import { euro, when } from "../parts/words.js";
import type { Phone } from "../phone/phone.js";

const OUTCOMES = {
  approved: "paid",
  declined: "declined",
  reversed: "taken back",
  unused: "not paid",
  "not-sent": "not sent",
  sent: "sent",
  unknown: "not known",
} as const;

export function HistoryPage({ phone }: { readonly phone: Phone }) {
  const [payments, setPayments] = useState<readonly KeptPayment[]>();
  const task = useTask();
  // Also what the issuer says of one meanwhile.
  useEffect(() => phone.payments.changes.subscribe(() => void phone.payments.newest().then(setPayments)), []);
  return (
    <>
      <h1>History</h1>
      {payments?.length === 0 && <p>Nothing was paid with this phone yet.</p>}
      {payments !== undefined && payments.length > 0 && (
        <table class="history">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Where</th>
              <th scope="col">At most</th>
              <th scope="col">How it ended</th>
            </tr>
          </thead>
          <tbody>
            {payments.map((payment) => (
              <tr key={payment.id}>
                <td>{when(payment.startedMs)}</td>
                <td>
                  {payment.merchant || "any merchant"} <span class="hint">•••• {payment.last4}</span>
                </td>
                <td class="amount">{euro(payment.cap)}</td>
                <td>
                  <span class={`outcome-${payment.outcome}`}>{OUTCOMES[payment.outcome]}</span>
                  <span class="hint">{payment.detail}</span>
                  {isOpen(payment) && (
                    <button
                      type="button"
                      disabled={task.isBusy}
                      aria-label={`Close the payment of ${when(payment.startedMs)} with the issuer`}
                      onClick={() => task.start(() => phone.closing.now(payment.id))}
                    >
                      Close it with the issuer
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {task.problem !== undefined && (
        <p class="problem" role="alert">
          {task.problem}
        </p>
      )}
    </>
  );
}
