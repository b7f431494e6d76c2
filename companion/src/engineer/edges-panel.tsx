// The edges of the last swipe: cells and jitter of each pass, a picture, and files for other programs.

import { edgesCsv, edgesVcd } from "@enabling-card/pos-sim/recordings";
import { useMemo, useState } from "preact/hooks";
import { Scope } from "../scope/scope.js";
import type { SeenEmission } from "../world/events.js";
import type { TableModel } from "../world/table-model.js";
import { currentOf, type Interval, measurePass, type PassMeasures } from "./edges.js";
import { saveFile } from "./save-file.js";

/** Intervals that are listed; the files have all. */
const LISTED = 100;
/** Of a picture, at first, seconds: some twenty cells. */
const SEEN_S = 0.008;
const us = (ns: number, digits = 1) => (ns / 1000).toFixed(digits);

export function EdgesPanel({ table }: { readonly table: TableModel | undefined }) {
  const last = table?.emissions.value.at(-1);
  return (
    <section class="panel" aria-labelledby="edges">
      <h2 id="edges">Edges of the last swipe</h2>
      {table === undefined ? (
        <p class="hint">
          Nobody sees the coil of a card from here: record it with a head, and drop the WAV file on{" "}
          <a href="#/test">Test</a>. The emulated card's edges are shown (npm run companion).
        </p>
      ) : last === undefined ? (
        <p role="status">No swipe was seen yet.</p>
      ) : last.edgesNs === undefined ? (
        <p role="status">
          What was played is not of the test range, or could not be read: neither its edges nor their picture are shown.
        </p>
      ) : (
        <Edges key={last.atMs} emission={last} edgesNs={last.edgesNs} />
      )}
    </section>
  );
}

interface EdgesProps {
  readonly emission: SeenEmission;
  readonly edgesNs: readonly (readonly number[])[];
}

function Edges({ emission, edgesNs }: EdgesProps) {
  const [at, setAt] = useState(0);
  const measures = useMemo(() => edgesNs.map(measurePass), [edgesNs]);
  const shown = useMemo(() => currentOf(edgesNs[at]!), [edgesNs, at]);
  const all = { edgesNs: edgesNs.flat(), durationNs: emission.durationNs };
  return (
    <>
      <p class="hint">
        The nominal cell is the median of the intervals, halves doubled; jitter is how far an interval is off a cell, or
        half of one.
      </p>
      <Passes emission={emission} measures={measures} />
      <div class="buttons">
        <button type="button" onClick={() => saveFile("swipe-edges.csv", "text/csv", edgesCsv(all))}>
          Save as CSV
        </button>
        <button type="button" onClick={() => saveFile("swipe-edges.vcd", "text/plain", edgesVcd(all))}>
          Save as VCD
        </button>
      </div>
      <label class="pass-choice">
        Picture of
        <select value={at} onChange={(event) => setAt(Number(event.currentTarget.value))}>
          {edgesNs.map((_, i) => (
            <option key={`pass ${i + 1}`} value={i}>
              pass {i + 1}
            </option>
          ))}
        </select>
      </label>
      <Scope
        key={at}
        shown={shown}
        cellUs={measures[at]!.runs[0]!.cellNs / 1000}
        name={`Pass ${at + 1}, current in the coil`}
        firstS={SEEN_S}
      />
      <Intervals intervals={measures[at]!.intervals} />
    </>
  );
}

function Passes({
  emission,
  measures,
}: {
  readonly emission: SeenEmission;
  readonly measures: readonly PassMeasures[];
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <section class="scrolls" aria-label="Passes" tabIndex={0}>
      <table class="figures">
        <caption>Passes, by cells of one length</caption>
        <thead>
          <tr>
            <th scope="col">Pass</th>
            <th scope="col">From</th>
            <th scope="col">Lasted</th>
            <th scope="col">Edges</th>
            <th scope="col">Cell</th>
            <th scope="col">Jitter, worst</th>
            <th scope="col">Jitter, rms</th>
          </tr>
        </thead>
        <tbody>
          {measures.flatMap(({ runs }, pass) =>
            runs.map(({ cellNs, fromNs, toNs, intervals, worstNs, rmsNs }) => (
              <tr key={`${pass} ${fromNs}`}>
                <th scope="row">
                  {pass + 1}
                  {emission.passes[pass]?.isWhole === false && ", broken off"}
                </th>
                <td>{(fromNs / 1e6).toFixed(1)} ms</td>
                <td>{((toNs - fromNs) / 1e6).toFixed(1)} ms</td>
                <td>{intervals + 1}</td>
                <td>{us(cellNs)} us</td>
                <td>
                  {us(worstNs, 2)} us, {((100 * worstNs) / cellNs).toFixed(2)} %
                </td>
                <td>{us(rmsNs, 2)} us</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </section>
  );
}

function Intervals({ intervals }: { readonly intervals: readonly Interval[] }) {
  return (
    <details>
      <summary>Its first {Math.min(LISTED, intervals.length)} intervals</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <section class="scrolls" aria-label="Intervals" tabIndex={0}>
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Edge at</th>
              <th scope="col">Interval</th>
              <th scope="col">Is</th>
              <th scope="col">Off by</th>
            </tr>
          </thead>
          <tbody>
            {intervals.slice(0, LISTED).map(({ atNs, lengthNs, kind, offNs }) => (
              <tr key={atNs}>
                <td>{us(atNs)} us</td>
                <td>{us(lengthNs)} us</td>
                <td>{kind === "cell" ? "a cell" : "half a cell"}</td>
                <td>{us(offNs, 2)} us</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
