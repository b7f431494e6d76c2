// ecard network: the services behind the card, their messages as they pass, and copies of what they keep.

import type { Command } from "commander";
import type { Context } from "../context.js";
import { CommandError, EXIT } from "../exit-codes.js";
import { firstOf } from "../first-of.js";
import { ISSUER_URL, keysCommand, startCommand, WATCH } from "./network-start.js";
import { tokensCommand } from "./network-tokens.js";

export function networkCommand(program: Command, context: Context): void {
  const network = program
    .command("network")
    .description("the services behind the card, and their messages as they pass")
    .addHelpText("after", "\nExamples:\n  ecard network start --dir my-network\n  ecard network watch");
  startCommand(network, context);
  keysCommand(network, context);
  watchCommand(network, context);
  tokensCommand(network, context, ISSUER_URL);
  backupCommand(network, context);
  restoreCommand(network, context);
}

function watchCommand(network: Command, context: Context): void {
  network
    .command("watch")
    .description("messages between terminal, processor, acs and issuer, as they pass")
    .option("--url <url>", "where the network is watched", `http://127.0.0.1:${WATCH}/v1/messages`)
    .addHelpText(
      "after",
      `
Numbers are masked. It stays until Ctrl-C, or until the network ends.

With --json, each message: {"event":"message","at","from","to","mti","fields"};
"at" in ms since 1970, "fields" by data element of ISO 8583, or by the names of
3-D Secure, whose messageType is in "mti".

Examples:
  ecard network watch
  ecard network watch --json | jq .mti`,
    )
    .action(async (options: { url: string }, command: Command) => {
      const [{ watchedMessages }, { sequenceHeader, sequenceLine }] = await Promise.all([
        import("../network/watch.js"),
        import("../network/sequence.js"),
      ]);
      const output = context.output(command);
      output.say(sequenceHeader());
      const signal = firstOf(context.signal, context.unheard);
      try {
        for await (const message of watchedMessages(options.url, signal)) {
          output.fact({ event: "message", ...message });
          output.result(sequenceLine(message, output.paint));
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    });
}

function backupCommand(network: Command, context: Context): void {
  network
    .command("backup")
    .description("copy a network's stores, or a service's, while it runs or not")
    .requiredOption("--dir <folder>", "the network's, or that of a service by itself")
    .requiredOption("--out <folder>", "where the copies go: none may be there yet")
    .addHelpText(
      "after",
      `
What was made in that folder is copied: all services' stores, or one's, an
issuer's log with it; all of them, or none. A copy is no network: it is opened
by nothing until ecard network restore has made up for what may have happened
since. Of a PostgreSQL copies are its own tools': ecard network restore --store.

With --json: {"copied","stores"}, the folder, and which stores.

Examples:
  ecard network backup --dir my-network --out my-copy
  ecard network backup --dir issuer --out issuer-copy`,
    )
    .action(async ({ dir, out }: { dir: string; out: string }, command: Command) => {
      const [{ backUpNetwork }, { inFolder }] = await Promise.all([
        import("@enabling-card/network"),
        import("../make-folder.js"),
      ]);
      const output = context.output(command);
      const now = Math.floor(Date.now() / 1000);
      const stores = await inFolder(out, 0o700, () => backUpNetwork(dir, out, now));
      output.fact({ copied: out, stores });
      output.result(`copied to ${out}: ${stores.join(", ")}`);
    });
}

interface RestoreOptions {
  readonly from?: string;
  readonly dir?: string;
  readonly store?: string;
}

function restoreCommand(network: Command, context: Context): void {
  network
    .command("restore")
    .description("a network, or a service, from copies: no ATC is given out twice, no grant or code of before pays")
    .option("--from <folder>", "the copies, which stay as they are")
    .option("--dir <folder>", "where they go: none of them may be there yet")
    .option("--store <url>", "in their place: a PostgreSQL that its own tools brought back")
    .addHelpText(
      "after",
      `
Whoever was suspended since the copy was made is not any more: suspend them
again. A token has its next grant ten seconds later, and an authentication takes
two. Cards that were enrolled since enrol once more, and cards that have seen
more of the log than the copy has refuse this issuer.

A PostgreSQL does not know that it was brought back: its services are stopped,
it is brought back, and before they are started again this is done with it. It
may be done twice. The issuer's log is in its folder, and copied by itself.

With --json:
{"restored","stores","copiedAt","tokens","grantsEnded","rightsEnded",
"codesEnded"}.

Examples:
  ecard network restore --from my-copy --dir my-network
  ecard network restore --from issuer-copy --dir issuer
  ecard network restore --store postgres://ecard@db/ecard`,
    )
    .action(async (options: RestoreOptions, command: Command) => {
      const output = context.output(command);
      const { place, restored } = await restoredBy(options, Math.floor(Date.now() / 1000));
      output.fact({ restored: place, ...restored });
      const { stores, tokens, grantsEnded, rightsEnded, codesEnded, copiedAt } = restored;
      const at = new Date(copiedAt * 1000).toISOString();
      output.result(`restored to ${place}, as it was on ${at}: ${stores.join(", ")}; ${tokens} tokens`);
      output.say(
        `  their ATCs go on behind all that may have been used; ${grantsEnded} grants, ${rightsEnded} rights and ${codesEnded} codes pay no more`,
      );
      if (stores.includes("issuer"))
        output.say("  each token's first grant is there in ten seconds, an authentication's in twenty");
    });
}

/** @throws {CommandError} `WRONG_USE`; what `restoreNetwork` and `restoreDatabase` throw */
async function restoredBy({ from, dir, store }: RestoreOptions, now: number) {
  const [{ restoreDatabase, restoreNetwork }, { inFolder }] = await Promise.all([
    import("@enabling-card/network"),
    import("../make-folder.js"),
  ]);
  if (store !== undefined && from === undefined && dir === undefined) {
    if (!/^postgres(ql)?:\/\//.test(store) || !URL.canParse(store)) {
      throw new CommandError(
        "WRONG_USE",
        "--store is for a PostgreSQL (postgres://...): copies have --from",
        EXIT.usage,
      );
    }
    const { host, pathname } = new URL(store); // a password is nobody's to see
    return { place: `postgres://${host}${pathname}`, restored: await restoreDatabase(store, now) };
  }
  if (store !== undefined || from === undefined || dir === undefined) {
    throw new CommandError(
      "WRONG_USE",
      "Copies are restored --from one folder --dir another, a PostgreSQL by --store alone",
      EXIT.usage,
    );
  }
  return { place: dir, restored: await inFolder(dir, 0o700, () => restoreNetwork(from, dir, now)) };
}
