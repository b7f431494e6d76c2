// --json of the network's verbs, for json.test.ts.

import { join } from "node:path";
import { sampleKeys } from "@enabling-card/issuer";
import { openWatchDoor, startNetwork } from "@enabling-card/network";
import { cardOnPort } from "./card-on-port.js";
import {
  COMPANION,
  COPIED,
  check,
  RESTORED,
  SERVICE_KEYS,
  STANDING_TOKEN,
  STARTED,
  STARTED_APART,
  WATCHED,
} from "./json-shapes.js";
import { ecard } from "./run-ecard.js";

/** The JSON Lines of a command line that wrote nothing to stderr. */
type Lines = (
  args: readonly string[],
  signal?: AbortSignal,
  onOut?: (text: string) => void,
) => Promise<Record<string, unknown>[]>;

export function networkVerbs(folder: () => string, lines: Lines): Readonly<Record<string, () => Promise<void>>> {
  /** A network that was, and is not running. */
  async function stopped(name: string): Promise<string> {
    const store = join(folder(), name);
    await (await startNetwork({ keys: sampleKeys(), store })).close();
    return store;
  }
  return {
    async companion() {
      const abort = new AbortController();
      const [listening] = await lines(["companion", "--port", "0", "--json"], abort.signal, () => abort.abort());
      check(listening!, COMPANION);
    },
    async "network start"() {
      const abort = new AbortController();
      const ports = ["--http", "--codes", "--acs", "--iso", "--watch"].flatMap((name) => [name, "0"]);
      const [started] = await lines(["network", "start", "--json", ...ports], abort.signal, () => abort.abort());
      check(started!, STARTED);
      const doors = { issuer: ["--http", "--line"], processor: ["--codes", "--iso", "--watch"], acs: ["--acs"] };
      for (const [service, names] of Object.entries(doors)) {
        const over = new AbortController();
        const own = names.flatMap((name) => [name, "0"]);
        const [alone] = await lines(["network", "start", service, "--json", ...own], over.signal, () => over.abort());
        check(alone!, STARTED_APART);
      }
    },
    async "network keys"() {
      const [made] = await lines(["network", "keys", "--json", "--out", join(folder(), "keys")]);
      check(made!, SERVICE_KEYS);
    },
    async "network watch"() {
      const watch = await openWatchDoor(0);
      const abort = new AbortController();
      const line = ["network", "watch", "--json", "--url", watch.url];
      const message = { mti: "0100", fields: { 4: "000000000950" } };
      const telling = setInterval(() => watch.tell("terminal", "issuer", message), 20);
      const [told] = await lines(line, abort.signal, () => abort.abort());
      clearInterval(telling);
      await watch.close();
      check(told!, WATCHED);
    },
    async "network tokens"() {
      const on = await cardOnPort(folder(), "tokens");
      await on.phone("pair", on.sheet, "--issuer", on.issuer);
      const line = ["network", "tokens", on.cardId, "--issuer-url", on.issuer, "--json"];
      for (const more of [[], ["--to", "suspended"]]) check((await lines([...line, ...more]))[0]!, STANDING_TOKEN);
      await on.close();
    },
    async "network backup"() {
      const dir = await stopped("network");
      const [copied] = await lines(["network", "backup", "--json", "--dir", dir, "--out", join(folder(), "copy")]);
      check(copied!, COPIED);
    },
    async "network restore"() {
      const copy = join(folder(), "old-copy");
      await ecard(["network", "backup", "--dir", await stopped("old"), "--out", copy]);
      const [restored] = await lines(["network", "restore", "--json", "--from", copy, "--dir", join(folder(), "new")]);
      check(restored!, RESTORED);
    },
  };
}
