// ecard network: the services behind the card, their messages as they pass, and copies of what they keep.

import type { Command } from "commander";
import type { Context } from "../context.js";
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
    .description("copy a network's stores, while it runs or not")
    .requiredOption("--dir <folder>", "the network's")
    .requiredOption("--out <folder>", "where the copies go: none may be there yet")
    .addHelpText(
      "after",
      `
A copy is no network: it is opened by nothing until ecard network restore has
made up for what may have happened since. Of a PostgreSQL copies are its own
tools'.

With --json: {"copied"}, the folder.

Example:
  ecard network backup --dir my-network --out my-copy`,
    )
    .action(async ({ dir, out }: { dir: string; out: string }, command: Command) => {
      const [{ backUpNetwork }, { makeFolder }] = await Promise.all([
        import("@enabling-card/network"),
        import("../make-folder.js"),
      ]);
      const output = context.output(command);
      await makeFolder(out, 0o700);
      await backUpNetwork(dir, out, Math.floor(Date.now() / 1000));
      output.fact({ copied: out });
      output.result(`copied to ${out}`);
    });
}

function restoreCommand(network: Command, context: Context): void {
  network
    .command("restore")
    .description("a network from copies: no ATC is given out twice, no grant or code of before pays")
    .requiredOption("--from <folder>", "the copies, which stay as they are")
    .requiredOption("--dir <folder>", "the new network's: none may be there yet")
    .addHelpText(
      "after",
      `
Whoever was suspended since the copy was made is not any more: suspend them
again. A token has its next grant ten seconds later, and an authentication takes
two. Cards that were enrolled since enrol once more, and cards that have seen
more of the log than the copy has refuse this issuer.

With --json: {"restored","copiedAt","tokens","grantsEnded","codesEnded"}.

Example:
  ecard network restore --from my-copy --dir my-network`,
    )
    .action(async ({ from, dir }: { from: string; dir: string }, command: Command) => {
      const [{ restoreNetwork }, { makeFolder }] = await Promise.all([
        import("@enabling-card/network"),
        import("../make-folder.js"),
      ]);
      const output = context.output(command);
      await makeFolder(dir, 0o700);
      const restored = restoreNetwork(from, dir, Math.floor(Date.now() / 1000));
      output.fact({ restored: dir, ...restored });
      const { tokens, grantsEnded, codesEnded, copiedAt } = restored;
      output.result(`restored to ${dir}, as it was on ${new Date(copiedAt * 1000).toISOString()}: ${tokens} tokens`);
      output.say(
        `  their ATCs go on behind all that may have been used; ${grantsEnded} grants and ${codesEnded} codes pay no more`,
      );
      output.say("  each token's first grant is there in ten seconds, an authentication's in twenty");
    });
}
