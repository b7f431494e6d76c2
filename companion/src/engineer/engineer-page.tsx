// The engineer's page: flash a card, follow its log, and see what a swipe took and which edges the coil played.

import { useEffect } from "preact/hooks";
import type { Phone } from "../phone/phone.js";
import type { TableModel } from "../world/table-model.js";
import { Bench } from "./bench.js";
import { EdgesPanel } from "./edges-panel.js";
import { EnergyPanel } from "./energy-panel.js";
import { FlashPanel } from "./flash-panel.js";
import { LogPanel } from "./log-panel.js";

interface EngineerPageProps {
  readonly phone: Phone;
  readonly table: TableModel | undefined;
  /** Another tab has the card. */
  readonly until: AbortSignal;
}

/** One a phone: what is under way goes on while its user is on another page, to make a swipe for instance. */
const benches = new WeakMap<Phone, Bench>();

function benchOf({ phone, table, until }: EngineerPageProps): Bench {
  const known = benches.get(phone);
  if (known !== undefined) return known;
  const serial = table && { url: `ws://${location.host}/serial`, token: table.client.token };
  const made = new Bench(serial, until);
  benches.set(phone, made);
  return made;
}

export default function EngineerPage(props: EngineerPageProps) {
  const { phone, table } = props;
  const bench = benchOf(props);
  const { isBusy } = bench.flashing.view.value;
  // A page that is closed amid an upload: the browser asks first.
  useEffect(() => {
    if (!isBusy) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isBusy]);
  /** The card was started again: this phone's session with it has ended. */
  const greet = () => {
    if (table === undefined) return;
    for (const { name } of phone.cards.value) void phone.reach(name).catch(() => undefined);
  };
  return (
    <>
      <h1>Engineer</h1>
      <FlashPanel bench={bench} hasTable={table !== undefined} onFlashed={greet} />
      <LogPanel bench={bench} hasTable={table !== undefined} />
      <EnergyPanel phone={phone} table={table} />
      <EdgesPanel table={table} />
    </>
  );
}
