// Flash: an image is chosen and checked, a way is chosen, and each step is told until the image runs, confirmed; or why it does not.

import type { FlashProgress, FlashStep } from "@enabling-card/sdk";
import { useEffect, useRef, useState } from "preact/hooks";
import { stopped } from "../parts/words.js";
import type { Bench } from "./bench.js";
import type { ClickedBluetooth } from "./clicked-bluetooth.js";
import { type Fault, faultOf } from "./fault.js";
import type { FlashView, ToldStep } from "./flashing.js";
import { type ChosenImage, checkFile } from "./image-file.js";
import { WayChoice } from "./way-choice.js";
import { lacking } from "./ways.js";

interface FlashPanelProps {
  readonly bench: Bench;
  readonly hasTable: boolean;
  /** An image has come up, or may have. */
  readonly onFlashed: () => void;
}

export function FlashPanel({ bench, hasTable, onFlashed }: FlashPanelProps) {
  const [confirm, setConfirm] = useState(true);
  const { flashing } = bench;
  const view = flashing.view.value;
  const chosen = bench.image.value;
  const way = bench.way.value;
  const buttons = useRef<HTMLDivElement>(null);
  const wasBusy = useRef(view.isBusy);
  // What was pressed cannot be any more: who goes by keys goes on at what can.
  useEffect(() => {
    if (wasBusy.current === view.isBusy) return;
    wasBusy.current = view.isBusy;
    const { activeElement: now } = document;
    if (now === document.body || buttons.current?.contains(now))
      buttons.current?.querySelector<HTMLButtonElement>("button:enabled")?.focus({ preventScroll: true });
  }, [view.isBusy]);
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    flashing.forget();
    bench.image.value = undefined;
    bench.image.value = await checkFile(file);
  };
  const flash = () => {
    if (chosen?.kind === "checked") void flashing.start(chosen.image, way, confirm).finally(onFlashed);
  };
  return (
    <section class="panel" aria-labelledby="flash">
      <h2 id="flash">Flash</h2>
      <label>
        Image, of ecard image sign
        <input
          type="file"
          accept=".img,.bin"
          disabled={view.isBusy}
          onChange={(event) => void take(event.currentTarget.files?.[0])}
        />
      </label>
      {chosen !== undefined && <ImageFacts chosen={chosen} />}
      <WayChoice bench={bench} hasTable={hasTable} isBusy={view.isBusy} />
      <label class="check">
        <input
          type="checkbox"
          checked={confirm}
          disabled={view.isBusy}
          onChange={(event) => setConfirm(event.currentTarget.checked)}
        />{" "}
        Confirm it once it has come up
      </label>
      <p class="hint">Unconfirmed it is on trial: the card's next start goes back to the image before.</p>
      <div class="buttons" ref={buttons}>
        <button
          type="button"
          class="primary"
          disabled={view.isBusy || chosen?.kind !== "checked" || lacking(way) !== undefined}
          onClick={flash}
        >
          Flash it
        </button>
        <button type="button" disabled={!view.isBusy} onClick={() => flashing.cancel()}>
          Cancel
        </button>
      </div>
      {flashing.bluetooth.value !== undefined && <ChooseAgain bluetooth={flashing.bluetooth.value} />}
      {view.progress !== undefined && <Progress progress={view.progress} />}
      <Steps steps={view.steps} isBusy={view.isBusy} />
      <Ending view={view} />
    </section>
  );
}

function ImageFacts({ chosen }: { readonly chosen: ChosenImage }) {
  if (chosen.kind === "refused")
    return (
      <div class="problem" role="alert">
        <p>
          {chosen.name}: {stopped(chosen.fault.sentence)} <code>{chosen.fault.code}</code>
        </p>
        {chosen.where !== undefined && <p>{chosen.where}</p>}
        <p>Nothing is sent of it.</p>
      </div>
    );
  const { name, version, board, counter, bytes, hash, keyHash } = chosen.image;
  return (
    <p role="status">
      {name}: version {version} for {board}, counter {counter}, {bytes.length} octets, whole. Its digest{" "}
      <code>{hash.slice(0, 16)}</code>, signed with key <code>{keyHash.slice(0, 16)}</code>.
    </p>
  );
}

function ChooseAgain({ bluetooth }: { readonly bluetooth: ClickedBluetooth }) {
  const [fault, setFault] = useState<Fault>();
  if (!bluetooth.isAsking.value) return null;
  return (
    <div class="notice">
      <p role="status">The card has started, and has another address now: choose it once more.</p>
      <button
        type="button"
        class="primary"
        onClick={() => {
          setFault(undefined);
          bluetooth.choose().catch((error: unknown) => setFault(faultOf(error)));
        }}
      >
        Choose the card again
      </button>
      {fault !== undefined && <p role="alert">{stopped(fault.sentence)}</p>}
    </div>
  );
}

function Progress({ progress }: { readonly progress: FlashProgress }) {
  const { sent, total, resumed, rate, leftS } = progress;
  return (
    <div class="flash-progress">
      <progress max={total} value={sent} aria-label="Octets that the card has" />
      <p class="number">
        {sent} of {total} octets, {Math.floor((100 * sent) / total)} %, {(rate / 1000).toFixed(1)} kB/s
        {leftS !== undefined && sent < total && `, ${leftS} s left`}
      </p>
      {resumed > 0 && <p class="hint">{resumed} octets were there already.</p>}
    </div>
  );
}

const STEPS: Readonly<Record<FlashStep, string>> = {
  checked: "Checked",
  waiting: "Waiting",
  connected: "Its loader answers",
  mended: "The link was made anew",
  sent: "Sent, and checked by the card",
  testing: "Trying it",
  confirmed: "Confirmed",
  "on trial": "On trial",
  "broken off": "Broken off",
  left: "Left as it was",
};

function Steps({ steps, isBusy }: { readonly steps: readonly ToldStep[]; readonly isBusy: boolean }) {
  const last = steps.length - 1;
  return (
    <>
      <ol class="steps" aria-label="Steps">
        {steps.map(({ step, detail }, i) => (
          <li key={`${i} ${step}`} class={isBusy && i === last ? "now" : step === "broken off" ? "stopped" : "done"}>
            {STEPS[step]}: {detail}
          </li>
        ))}
      </ol>
      <p class="visually-hidden" role="status">
        {steps[last] !== undefined && `${STEPS[steps[last].step]}: ${steps[last].detail}`}
      </p>
    </>
  );
}

function Ending({ view: { result, fault } }: { readonly view: FlashView }) {
  if (fault !== undefined)
    return (
      <div class="problem" role="alert">
        <p>
          {stopped(fault.sentence)} <code>{fault.code}</code>
        </p>
        {fault.next !== undefined && <p>{fault.next}.</p>}
      </div>
    );
  if (result === undefined) return null;
  const { version, board, confirmed, sentOctets, seconds } = result;
  return (
    <p class="outcome outcome-approved" role="status">
      Version {version} runs on {board}, {confirmed ? "confirmed" : "on trial: the next start goes back"}. {sentOctets}{" "}
      octets sent, {seconds.toFixed(1)} s in all.
    </p>
  );
}
