// Pairing: the code of the sheet, typed, pasted or seen by the camera, and each step as it happens.

import { useState } from "preact/hooks";
import { Scanner } from "../parts/scanner.js";
import { useTask } from "../parts/use-task.js";
import type { PairingStep, Phone } from "../phone/phone.js";
import type { TableModel } from "../world/table-model.js";

const STEPS: readonly (readonly [PairingStep, string])[] = [
  ["connecting", "Looking for the card"],
  ["greeting", "The card answers"],
  ["certificate", "It holds the sheet's secret"],
  ["keeping", "It is genuine: its maker signed for it"],
  ["confirming", "This phone keeps its keys"],
  ["enrolling", "The issuer knows it"],
  ["registering", "Its payment means is this phone's"],
  ["done", "Done"],
];

export function PairPage({ phone, table }: { readonly phone: Phone; readonly table: TableModel | undefined }) {
  const [code, setCode] = useState("");
  const [holder, setHolder] = useState("EXAMPLE/ALEX");
  const [step, setStep] = useState<PairingStep>();
  const [isScanning, setScanning] = useState(false);
  const task = useTask();
  const begin = (text: string) =>
    task.start(async (signal) => {
      setScanning(false);
      await phone.pair(text.trim(), holder.trim(), setStep, signal);
      location.hash = "#/";
    });
  return (
    <>
      <h1>Pair a card</h1>
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault();
          begin(code);
        }}
      >
        <label>
          The code on the card's sheet
          <textarea
            rows={3}
            value={code}
            spellcheck={false}
            autocomplete="off"
            placeholder="ECARD1:…"
            onInput={(event) => setCode(event.currentTarget.value)}
          />
        </label>
        <label>
          Your name, as on a card
          <input value={holder} maxLength={26} onInput={(event) => setHolder(event.currentTarget.value)} />
        </label>
        <div class="buttons">
          <button class="primary" type="submit" disabled={task.isBusy || code.trim() === "" || holder.trim() === ""}>
            Pair
          </button>
          <button type="button" disabled={task.isBusy} onClick={() => setScanning(!isScanning)}>
            {isScanning ? "Stop the camera" : "Scan it with the camera"}
          </button>
          {table !== undefined && (
            <button type="button" disabled={task.isBusy} onClick={() => setCode(table.pairingCode)}>
              Take the one on the table
            </button>
          )}
          {task.isBusy && (
            <button type="button" onClick={task.cancel}>
              Cancel
            </button>
          )}
        </div>
        {isScanning && (
          <Scanner
            onCode={(text) => {
              setCode(text);
              begin(text);
            }}
          />
        )}
      </form>
      {step !== undefined && <Steps now={step} isBusy={task.isBusy} />}
      {task.problem !== undefined && (
        <p class="problem" role="alert">
          {task.problem}
        </p>
      )}
    </>
  );
}

function Steps({ now, isBusy }: { readonly now: PairingStep; readonly isBusy: boolean }) {
  const at = STEPS.findIndex(([step]) => step === now);
  return (
    <ol class="steps" aria-label="Steps">
      {STEPS.map(([step, text], i) => (
        <li key={step} class={i < at || now === "done" ? "done" : i === at ? (isBusy ? "now" : "stopped") : ""}>
          {text}
          {i < at && <span class="visually-hidden">, done</span>}
        </li>
      ))}
    </ol>
  );
}
