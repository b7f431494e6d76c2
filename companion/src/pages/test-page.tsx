// The tester's page: drop a recording, see what was read, what perhaps, and why not; and a scope for each read that may be shown. Nothing of it leaves
// this browser.

import { confidenceText, type Read } from "@enabling-card/pos-sim/recordings";
import { useState } from "preact/hooks";
import { useTask } from "../parts/use-task.js";
import { type Decoded, type DecodedFile, decode } from "../scope/decode.js";
import { Scope } from "../scope/scope.js";

interface Progress {
  readonly seconds: number;
  readonly of: number | undefined;
}

export default function TestPage() {
  const [name, setName] = useState<string>();
  const [progress, setProgress] = useState<Progress>();
  const [decoded, setDecoded] = useState<Decoded>();
  const [isOver, setOver] = useState(false);
  const task = useTask();
  const take = (file: File | undefined) => {
    if (file === undefined || task.isBusy) return;
    setName(file.name);
    setDecoded(undefined);
    task.start(async (signal) => {
      setDecoded(await decode(file, (seconds, of) => setProgress({ seconds, of }), signal));
      setProgress(undefined);
    });
  };
  return (
    <>
      <h1>Test a recording</h1>
      <form
        class={isOver ? "panel drop over" : "panel drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer?.files[0]);
        }}
      >
        <label>
          Drop a WAV file of a swipe here, or choose one
          <input
            type="file"
            accept=".wav,audio/wav"
            disabled={task.isBusy}
            onChange={(event) => take(event.currentTarget.files?.[0])}
          />
        </label>
        <p class="hint">It is read in this browser and goes nowhere. Numbers beyond the test range are masked.</p>
      </form>
      {task.isBusy && (
        <p role="status">
          <progress
            max={progress?.of ?? 1}
            value={progress?.of === undefined ? undefined : progress.seconds}
            aria-label="Searched"
          />{" "}
          {progress === undefined ? "Reading…" : `${progress.seconds.toFixed(1)} s searched`}{" "}
          <button type="button" onClick={task.cancel}>
            Cancel
          </button>
        </p>
      )}
      {task.problem !== undefined && (
        <p class="problem" role="alert">
          {task.problem}
        </p>
      )}
      {decoded?.kind === "refused" && (
        <p class="problem" role="alert">
          {decoded.sentence}. <code>{decoded.code}</code>
        </p>
      )}
      {decoded?.kind === "decoded" && <Result name={name!} decoded={decoded} />}
    </>
  );
}

function Result({ name, decoded }: { readonly name: string; readonly decoded: DecodedFile }) {
  const { reads, candidates, failed, diagnosis, durationS } = decoded;
  return (
    <>
      <p role="status">
        {name}, {durationS.toFixed(2)} s: {reads.length === 1 ? "1 read" : `${reads.length} reads`}
        {failed.length > 0 && `, ${failed.length} failed`}.
      </p>
      {diagnosis !== null && (
        <p class="problem" role="alert">
          {diagnosis.sentence} <code>{diagnosis.code}</code>
        </p>
      )}
      {failed.map(({ code, sentence, startS, endS }) => (
        <p class="problem" key={startS}>
          From {startS.toFixed(3)} to {endS.toFixed(3)} s: {sentence} <code>{code}</code>
        </p>
      ))}
      {reads.map((read, i) => (
        <ReadPanel key={read.startS} read={read} number={i + 1} />
      ))}
      {candidates.length > 0 && (
        <section class="panel">
          <h2>Perhaps</h2>
          <ul>
            {candidates.map(({ track, data, probability, startS }) => (
              <li key={`${startS} ${data}`}>
                Track {track} <code class="code">{data}</code>, {confidenceText(probability)}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function ReadPanel({ read, number }: { readonly read: Read; readonly number: number }) {
  const { track, data, direction, confidence, startS, endS, cellUs, masked, signal, profile } = read;
  const shown = profile?.shown;
  return (
    <section class="panel" aria-label={`Read ${number}`}>
      <h2>
        Read {number}: track {track}, {direction}
      </h2>
      <p>
        <code class="code">{data}</code>
      </p>
      <p class="hint">
        {startS.toFixed(3)} to {endS.toFixed(3)} s, {cellUs.toFixed(0)} us a cell, sure by {confidenceText(confidence)}
        {masked && ", masked: neither its waveform nor its cells are shown"}
      </p>
      {signal?.weaknesses.map(({ code, sentence }) => (
        <p class="hint" key={code}>
          {sentence} <code>{code}</code>
        </p>
      ))}
      {shown !== undefined && <Scope shown={shown} cellUs={cellUs} name={`Read ${number}`} />}
    </section>
  );
}
