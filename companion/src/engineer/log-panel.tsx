// The card's log as it comes: by level and event, paused, saved.

import { useEffect, useRef, useState } from "preact/hooks";
import { stopped } from "../parts/words.js";
import type { Bench } from "./bench.js";
import { LINES_MAX, type LogLine, logText } from "./log-book.js";
import { saveFile } from "./save-file.js";
import { lacking } from "./ways.js";

/** Lines that are on the page, the newest of those that are kept. */
const SHOWN = 200;

interface Filter {
  readonly level: "all" | "warning";
  readonly event: string;
}

const ALL: Filter = { level: "all", event: "all" };

const passes = ({ level, event }: Filter, line: LogLine): boolean =>
  line.kind === "lost" || ((level === "all" || line.level === level) && (event === "all" || line.event === event));

export function LogPanel({ bench, hasTable }: { readonly bench: Bench; readonly hasTable: boolean }) {
  const { log, flashing } = bench;
  const [filter, setFilter] = useState(ALL);
  const end = useRef<HTMLDivElement>(null);
  const kept = log.kept.value;
  const pausedAt = log.pausedAt.value;
  const following = log.following.value;
  const lines = kept.filter((line) => line.id <= (pausedAt ?? line.id) && passes(filter, line));
  const waiting = pausedAt === undefined ? 0 : kept.filter(({ id }) => id > pausedAt).length;
  const events = [...new Set(kept.flatMap((line) => (line.kind === "record" ? [line.event] : [])))].sort();
  const stateWords = () => {
    if (following === undefined) return "Not followed.";
    if (log.isSilent.value) return "Followed; nothing was heard yet: does an image run on the card?";
    return pausedAt === undefined ? "Followed." : `Paused, ${waiting} more.`;
  };
  const way = bench.way.value === "air" ? undefined : bench.way.value;
  const lastId = lines[lines.length - 1]?.id;
  useEffect(() => {
    const { current } = end;
    if (current !== null) current.scrollTop = current.scrollHeight;
  }, [lastId]);
  return (
    <section class="panel" aria-labelledby="log">
      <h2 id="log">Log</h2>
      <p class="hint">
        What happened to the card, as it keeps it since its start: starts and why, phones, passes, modules that were
        started anew. No record has room for a key, a track or a number.
        {way === undefined && " It comes by a serial line alone: choose one above."}
        {!hasTable && way === "port" && lacking("port") !== undefined && " Here: ecard logs --port PATH."}
      </p>
      <div class="buttons">
        {following === undefined ? (
          <button
            type="button"
            disabled={way === undefined || lacking(way) !== undefined || flashing.view.value.isBusy}
            onClick={() => way !== undefined && void log.follow(way)}
          >
            Follow the log
          </button>
        ) : (
          <button type="button" onClick={() => void log.stop()}>
            Stop following
          </button>
        )}
        {pausedAt === undefined ? (
          <button type="button" disabled={kept.length === 0} onClick={() => log.pause()}>
            Pause
          </button>
        ) : (
          <button type="button" onClick={() => log.goOn()}>
            Go on
          </button>
        )}
        <button
          type="button"
          disabled={lines.length === 0}
          onClick={() => saveFile("card-log.txt", "text/plain", lines.map((line) => `${logText(line)}\n`).join(""))}
        >
          Save
        </button>
        <button type="button" disabled={kept.length === 0} onClick={() => log.clear()}>
          Clear
        </button>
      </div>
      <div class="filters">
        <label>
          Level
          <select
            value={filter.level}
            onChange={(event) => setFilter({ ...filter, level: event.currentTarget.value as Filter["level"] })}
          >
            <option value="all">all</option>
            <option value="warning">warnings</option>
          </select>
        </label>
        <label>
          Event
          <select value={filter.event} onChange={(event) => setFilter({ ...filter, event: event.currentTarget.value })}>
            <option value="all">all</option>
            {events.map((event) => (
              <option key={event} value={event}>
                {event}
              </option>
            ))}
          </select>
        </label>
      </div>
      {log.problem.value !== undefined && (
        <p class="problem" role="alert">
          {stopped(log.problem.value.sentence)} <code>{log.problem.value.code}</code>
        </p>
      )}
      <p class="hint" role="status">
        {stateWords()} {kept.length} kept, {LINES_MAX} at most.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <div class="log" role="log" aria-live="off" aria-label="The card's log" tabIndex={0} ref={end}>
        {lines.slice(-SHOWN).map((line) => (
          <p key={line.id} class={line.kind === "record" && line.level === "info" ? undefined : "log-warning"}>
            {logText(line)}
          </p>
        ))}
      </div>
    </section>
  );
}
