// ecard companion: the cardholder's app in a browser, with an emulated card, the network and a till behind it.

import type { Command } from "commander";
import type { Context } from "../context.js";
import { firstOf } from "../first-of.js";
import { wholeNumber } from "../whole-number.js";

const PORT = 7090;

export function companionCommand(program: Command, context: Context): void {
  program
    .command("companion")
    .description("the cardholder's app in a browser, with an emulated card and a till")
    .option("--port <port>", "on 127.0.0.1; 0 takes any free one", wholeNumber(0, 65_535), PORT)
    .option("--dir <folder>", "where card and network are kept; in memory without")
    .addHelpText(
      "after",
      `
It stays until Ctrl-C. Open the address that it prints: behind its # is what
lets the page in, anew with each start. Its cards are kept in the browser; with
--dir the card is there again the next time, without it is another one.

With --json: {"event":"listening","url","cardId"}.

Examples:
  ecard companion
  ecard companion --dir my-table --port 0`,
    )
    .action(async (options: { port: number; dir?: string }, command: Command) => {
      const [{ toBase32, decodePairingCode }, { World }, { serveCompanion }] = await Promise.all([
        import("@enabling-card/wire"),
        import("../companion/world.js"),
        import("../companion/serve.js"),
      ]);
      const output = context.output(command);
      const world = await World.open(options.dir);
      try {
        const server = await serveCompanion(world, { port: options.port });
        try {
          const cardId = toBase32(decodePairingCode(world.pairingCode).cardId);
          output.fact({ event: "listening", url: server.url, cardId });
          output.result(`open ${server.url}`);
          output.say(output.paint("dim", `card ${cardId} is on the table; Ctrl-C ends it`));
          const signal = firstOf(context.signal, context.unheard);
          if (!signal.aborted) {
            await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
          }
        } finally {
          await server.close();
        }
      } finally {
        await world.close();
      }
    });
}
