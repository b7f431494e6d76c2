// Battery, as cards tell it; and what each swipe took, as the emulated battery counted it.

import { shortName } from "../parts/words.js";
import type { Phone } from "../phone/phone.js";
import type { SeenEmission } from "../world/events.js";
import type { TableModel } from "../world/table-model.js";
import { energyOf } from "./energy.js";

interface EnergyPanelProps {
  readonly phone: Phone;
  readonly table: TableModel | undefined;
}

export function EnergyPanel({ phone, table }: EnergyPanelProps) {
  const emissions = table?.emissions.value ?? [];
  const cards = phone.cards.value;
  return (
    <section class="panel" aria-labelledby="energy">
      <h2 id="energy">Battery, and energy a swipe</h2>
      <ul class="plain">
        {cards.map(({ name, batteryPercent, link }) => (
          <li key={name}>
            Card {shortName(name)}: {batteryPercent === undefined ? "not known yet" : `${batteryPercent} %`}
            {link !== "near" && batteryPercent !== undefined && ", when it was near last"}
          </li>
        ))}
        {cards.length === 0 && <li>This phone has no card: pair one, and it tells its battery.</li>}
        {table !== undefined && <li>The emulated card's cell: {table.view.value.batteryPercent} %</li>}
      </ul>
      {table === undefined ? (
        <p class="hint">
          A card tells how full its cell is, and no more: what a swipe takes is known of the emulated card alone (npm
          run companion).
        </p>
      ) : emissions.length === 0 ? (
        <p role="status">No swipe was seen yet: pay, or hand the card over, and swipe it at the till.</p>
      ) : (
        <Swipes emissions={emissions} />
      )}
    </section>
  );
}

function Swipes({ emissions }: { readonly emissions: readonly SeenEmission[] }) {
  const { averageMj, swipesLeft, idleDays } = energyOf(emissions);
  const { battery } = emissions[emissions.length - 1]!;
  const share = (mj: number) => `${((100 * mj) / battery.capacityMj).toFixed(3)} %`;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <section class="scrolls" aria-label="Energy a swipe" tabIndex={0}>
        <table class="figures">
          <caption>Energy of each swipe, the newest first</caption>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Passes</th>
              <th scope="col">Lasted</th>
              <th scope="col">Energy</th>
              <th scope="col">Of the cell</th>
              <th scope="col">Left</th>
            </tr>
          </thead>
          <tbody>
            {emissions.toReversed().map(({ atMs, passes, durationNs, energyMj, battery: { chargeMj } }) => (
              <tr key={atMs}>
                <td>{new Date(atMs).toLocaleTimeString()}</td>
                <td>{passes.length}</td>
                <td>{(durationNs / 1e6).toFixed(0)} ms</td>
                <td>{energyMj.toFixed(1)} mJ</td>
                <td>{share(energyMj)}</td>
                <td>{share(chargeMj)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Average</th>
              <td />
              <td />
              <td>{averageMj.toFixed(1)} mJ</td>
              <td>{share(averageMj)}</td>
              <td />
            </tr>
          </tfoot>
        </table>
      </section>
      <p>
        <strong>{swipesLeft} swipes</strong> as the average one are left; without any, the cell lasts{" "}
        {idleDays.toFixed(0)} days.
      </p>
      <p class="hint">
        By the emulator's model, and measured on no card: {battery.coilMw.toFixed(0)} mW while the coil plays,{" "}
        {battery.idleMw} mW always, a cell of {(battery.capacityMj / 1000).toFixed(0)} J, of which no swipe touches the
        last {(battery.reserveMj / 1000).toFixed(1)} J.
      </p>
    </>
  );
}
