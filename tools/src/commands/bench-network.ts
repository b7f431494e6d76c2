// ecard bench network: authorisations through the terminals' door, at a rate and at most, beside bare inserts of the same engine.

import { type Command, InvalidArgumentError } from "commander";
import type { Context } from "../context.js";
import { wholeNumber } from "../whole-number.js";

interface Options {
  readonly rate: number;
  readonly seconds: number;
  readonly tokens: number;
  readonly store?: string;
}

export function networkCommand(bench: Command, context: Context): void {
  bench
    .command("network")
    .description("measure authorisations through the terminals' door: how many, and how soon")
    .option("--rate <n>", "authorisations a second", wholeNumber(10, 20_000), 2000)
    .option("--seconds <n>", "for so long", wholeNumber(1, 600), 60)
    .option("--tokens <n>", "tokens in the issuer's store", wholeNumber(1, 10_000_000), 1000)
    .option("--store <url>", "a PostgreSQL in place of files: postgres://...", postgresUrl)
    .addHelpText(
      "after",
      `
Processor and issuer are a process of their own, their stores files, and each
answer durable before it leaves. Requests are each another's, with a valid
single-use cryptogram made before the clock starts, and the domain is checked.
Each has its time, whether or not others are answered, and its latency is
counted from then; a sixth as long is for warming up. Then as fast as they are
answered, and bare inserts of rows as long, as many a transaction. Grants are
sealed over HTTP, for sixteen phones at once.

More than a thousand tokens are measured beside a thousand, in the same run: at
the rate one after the other, as fast as they are answered in turns. Cards are
one for eight tokens; what is asked is of tokens from all over the store. Ten
million take 5 GB of the folder for temporary files, and minutes to write.

In the server of --store the bench makes databases of its own, and drops them;
its password is in PGPASSWORD.

With --json: {"bench":"network","engine","tokens","authorisationsPerSecond",
"p50Ms","p99Ms","approved","asked","group","mostPerSecond","mostGroup",
"insertsPerSecond","mostInsertsPerSecond","grantsPerSecond",
"ratioToBareInserts"}; with more than a thousand tokens "thousandP50Ms",
"thousandP99Ms", "thousandMostPerSecond" and "ratioToThousand", too.

Examples:
  ecard bench network
  ecard bench network --rate 500 --seconds 5 --json
  ecard bench network --tokens 10000000 --seconds 20
  ecard bench network --store postgres://ecard@db/postgres`,
    )
    .action(async ({ rate, seconds, tokens, store }: Options, command: Command) => {
      const [{ benchNetwork }, { progressBar }] = await Promise.all([
        import("../bench/network-bench.js"),
        import("../progress.js"),
      ]);
      const output = context.output(command);
      const bar = progressBar(output, "");
      const { signal } = context;
      const warmUpSeconds = Math.ceil(seconds / 6);
      const all = {
        ...{ rate, seconds, warmUpSeconds, tokens, signal, onProgress: bar.update },
        ...(store && { store }),
      };
      const ran = await benchNetwork(all).finally(() => bar.stop());
      output.fact({ bench: "network", ...ran });
      output.result(
        `${ran.authorisationsPerSecond} authorisations/s of ${rate} asked, ${ran.tokens} tokens, ${ran.engine}: ${ran.approved} of ${ran.asked} approved`,
      );
      output.result(`  half within ${ran.p50Ms} ms, 99 in 100 within ${ran.p99Ms} ms; ${ran.group} in a transaction`);
      output.result(`  as fast as they are answered ${ran.mostPerSecond}/s, ${ran.mostGroup} in a transaction`);
      if (ran.ratioToThousand !== undefined) {
        output.result(
          `  a thousand tokens: half within ${ran.thousandP50Ms} ms, 99 in 100 within ${ran.thousandP99Ms} ms; ${ran.thousandMostPerSecond}/s as fast as they are answered`,
        );
        output.result(`  one costs ${ran.ratioToThousand} times what it costs of a thousand`);
      }
      output.result(`  ${ran.grantsPerSecond} grants/s`);
      output.result(
        `  bare inserts ${ran.insertsPerSecond}/s at ${ran.group} in a transaction, ${ran.mostInsertsPerSecond}/s at ${ran.mostGroup}: ${ran.ratioToBareInserts} times as many`,
      );
    });
}

function postgresUrl(text: string): string {
  if (!/^postgres(ql)?:\/\//.test(text))
    throw new InvalidArgumentError("It is a URL: postgres://user@host:port/database.");
  return text;
}
