// ecard issuer: the development issuer on loopback ports, until it is told to end.

import type { Command } from "commander";
import type { Context } from "../context.js";
import { firstOf } from "../first-of.js";
import { wholeNumber } from "../whole-number.js";

const HTTP = 7080;
const ISO = 7083;

export function issuerCommand(program: Command, context: Context): void {
  program
    .command("issuer")
    .description("the development issuer: enrols cards, gives grants, answers terminals")
    .option("--http <port>", "for phones; 0 takes any free one", wholeNumber(0, 65_535), HTTP)
    .option("--iso <port>", "for terminals: ISO 8583 over TCP", wholeNumber(0, 65_535), ISO)
    .option("--dir <folder>", "where its accounts and its log are kept; in memory without")
    .addHelpText(
      "after",
      `
On 127.0.0.1, with sample keys, in the test range. It stays until Ctrl-C.
Without --dir its log begins anew each time, and cards that have seen more of it
refuse.

With --json: {"event":"listening","url","iso"}.

Examples:
  ecard issuer --dir my-issuer
  ecard pair my-card --device tcp:7117 --issuer http://127.0.0.1:7080`,
    )
    .action(async (options: { http: number; iso: number; dir?: string }, command: Command) => {
      const [{ sampleKeys, startIssuer }, { makeFolder }, { join }] = await Promise.all([
        import("@enabling-card/issuer"),
        import("../make-folder.js"),
        import("node:path"),
      ]);
      const output = context.output(command);
      const { dir } = options;
      if (dir !== undefined) await makeFolder(dir, 0o700);
      const service = await startIssuer({
        ...{ keys: sampleKeys(), httpPort: options.http, isoPort: options.iso },
        ...(dir !== undefined && { file: join(dir, "issuer.sqlite"), logFile: join(dir, "log.sqlite") }),
        onFault: (code) => output.say(output.paint("dim", `terminal: ${code}`)),
      });
      try {
        output.fact({ event: "listening", url: service.url, iso: service.iso });
        output.result(`issuer on ${service.url}, terminals on ${service.iso!.host}:${service.iso!.port}`);
        output.say(output.paint("dim", "Ctrl-C ends it"));
        const signal = firstOf(context.signal, context.unheard);
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      } finally {
        await service.close();
      }
    });
}
