// By which way a card is reached, and what to use where this browser lacks one.

import type { Bench } from "./bench.js";
import { lacking, type Way } from "./ways.js";

const NAMES: Readonly<Record<Way, string>> = {
  table: "The emulated card's serial line",
  port: "A serial port of this computer",
  air: "Bluetooth",
};

const HINTS: Readonly<Record<Way, string>> = {
  table:
    "Its loader, slots and checks are a card's own; what runs afterwards are the modules that were built here, whatever the image holds.",
  port: "The browser asks which port. The card hands over to its loader by itself; one without an image is started with its button held.",
  air: "Hold the card's button for three seconds first, then choose it within a minute. Does this app have the card just now? Load this page anew: then it is free. It is chosen once more after each of its starts.",
};

interface WayChoiceProps {
  readonly bench: Bench;
  readonly hasTable: boolean;
  readonly isBusy: boolean;
}

export function WayChoice({ bench, hasTable, isBusy }: WayChoiceProps) {
  const ways: readonly Way[] = hasTable ? ["table", "port", "air"] : ["port", "air"];
  const missing = ways.map(lacking).filter((why) => why !== undefined);
  return (
    <fieldset>
      <legend>By</legend>
      {ways.map((way) => (
        <label class="check" key={way}>
          <input
            type="radio"
            name="way"
            checked={bench.way.value === way}
            disabled={isBusy || lacking(way) !== undefined}
            onChange={() => {
              bench.way.value = way;
            }}
          />{" "}
          {NAMES[way]}
        </label>
      ))}
      {lacking(bench.way.value) === undefined && <p class="hint">{HINTS[bench.way.value]}</p>}
      {missing.map((why) => (
        <p class="hint" key={why}>
          {why}
        </p>
      ))}
    </fieldset>
  );
}
