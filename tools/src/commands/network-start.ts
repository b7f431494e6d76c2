// ecard network start: the services behind the card in one process, or one of them; and ecard network keys, for services apart.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Argument, type Command } from "commander";
import type { Context } from "../context.js";
import { CommandError, EXIT } from "../exit-codes.js";
import { firstOf } from "../first-of.js";
import type { LogLines } from "../network/log-lines.js";
import type { Output } from "../output.js";
import { wholeNumber } from "../whole-number.js";

const [ISSUER, PROCESSOR, ISO, ACS, LINE] = [7080, 7081, 7083, 7084, 7085];
export const WATCH = 7082;
const LOOPBACK = "127.0.0.1";
export const ISSUER_URL = `http://${LOOPBACK}:${ISSUER}`;

type Service = "issuer" | "processor" | "acs";

interface StartOptions {
  readonly http: number;
  readonly codes: number;
  readonly iso: number;
  readonly watch: number;
  readonly acs: number;
  readonly line: number;
  readonly host: string;
  readonly dir?: string;
  readonly store?: string;
  readonly keys?: string;
  readonly issuerUrl?: string;
  readonly issuerLine?: string;
  readonly processorUrl?: string;
  readonly acsUrl?: string;
  readonly log?: string;
}

const KEPT = ["dir", "store", "iso", "watch"];
/** Which options are for what is started. */
const FIT: Readonly<Record<Service | "all", readonly string[]>> = {
  all: [...KEPT, "http", "codes", "acs"],
  issuer: ["dir", "store", "keys", "host", "http", "line"],
  processor: [...KEPT, "keys", "host", "codes", "issuerUrl", "issuerLine", "acsUrl"],
  acs: ["dir", "store", "keys", "host", "acs", "issuerUrl", "processorUrl"],
};

export function startCommand(network: Command, context: Context): void {
  const port = wholeNumber(0, 65_535);
  network
    .command("start")
    .description("issuer, processor and access control server, in one process or apart")
    .addArgument(new Argument("[service]", "this one alone").choices(["issuer", "processor", "acs"]))
    .option("--http <port>", "the issuer's, for phones; 0 takes any free one", port, ISSUER)
    .option("--codes <port>", "the processor's, for phones and devices", port, PROCESSOR)
    .option("--acs <port>", "the access control server's, for phones", port, ACS)
    .option("--iso <port>", "for terminals: ISO 8583 over TCP", port, ISO)
    .option("--watch <port>", "for ecard network watch", port, WATCH)
    .option("--dir <folder>", "where accounts, codes and the log are kept")
    .option("--store <url>", "a PostgreSQL for accounts and codes: postgres://...")
    .option("--log <file>", "what happens, in lines of JSON; - is standard error")
    .option("--line <port>", "apart: the issuer's, for processors", port, LINE)
    .option("--host <address>", "apart: where it listens, and is reached", LOOPBACK)
    .option("--keys <file>", "apart: its keys, of ecard network keys")
    .option("--issuer-url <url>", "apart: where the issuer is")
    .option("--issuer-line <host:port>", "apart: and its door for processors")
    .option("--processor-url <url>", "apart: where the processor is")
    .option("--acs-url <url>", "apart: where the access control server is")
    .addHelpText(
      "after",
      `
On 127.0.0.1, with sample keys, in the test range. It stays until Ctrl-C.
Without --dir and --store all is kept in memory, and cards that have seen more
of the log refuse it the next time. With --store the log alone is in --dir.

Apart, each service is a process that finds the others at their usual ports, or
where it is told; it waits for none of them, and may be started again at any
time. Keys are in a file that nobody else may read, or in the environment:
ECARD_NETWORK_KEYS holds what would be in the file. So may be ECARD_ISSUER_URL,
ECARD_ISSUER_LINE, ECARD_PROCESSOR_URL, ECARD_ACS_URL, ECARD_NETWORK_STORE, and
PostgreSQL's own PGPASSWORD. What services say to each other is signed and not
hidden: their network is one of their own.

A log tells of each request and message, with route, codes and times, and of
each fault; no number of a card, no key and no track is in it.

With --json: {"event":"listening","issuer","processor","acs","watch","iso"};
apart {"event":"listening","service","url"}, with "iso", "line" and "watch"
where it has them.

Examples:
  ecard network start --dir my-network
  ecard network watch
  ecard pair my-card --device tcp:7117 --issuer http://127.0.0.1:7080
  ecard network start issuer --dir my-network
  ecard network start processor --dir my-network
  ecard network start acs --store postgres://ecard@db/ecard --keys acs.json`,
    )
    .action(async (service: Service | undefined, options: StartOptions, command: Command) => {
      const output = context.output(command);
      checkFit(service ?? "all", command);
      const start = service === undefined ? startAll : startOne(service);
      const around = { output, env: context.env };
      const log =
        options.log === undefined
          ? undefined
          : await logOf(options.log, output.json ? process.stderr : context.streams.stderr);
      const close = await start(options, { ...around, ...(log && { log }) });
      try {
        output.say(output.paint("dim", "Ctrl-C ends it"));
        const signal = firstOf(context.signal, context.unheard);
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      } finally {
        await close();
        await log?.close();
      }
    });
}

/** @param stderr - The program's own, where --json keeps all else from it */
async function logOf(where: string, stderr: { write(text: string): unknown }): Promise<LogLines> {
  const { logLines } = await import("../network/log-lines.js");
  return logLines(where, stderr);
}

interface Around {
  readonly log?: LogLines;
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
}

/** Tells where the doors are. @returns what closes them */
async function startAll(options: StartOptions, { output, log }: Around): Promise<() => Promise<void>> {
  const [{ openWatchDoor, startNetwork }, { sampleKeys }, { makeFolder }] = await Promise.all([
    import("@enabling-card/network"),
    import("@enabling-card/issuer"),
    import("../make-folder.js"),
  ]);
  const { dir, store = dir } = options;
  if (dir !== undefined) await makeFolder(dir, 0o700);
  const watch = await openWatchDoor(options.watch);
  try {
    const started = await startNetwork({
      ...{ keys: sampleKeys(), isoPort: options.iso },
      ...{ issuerHttpPort: options.http, processorHttpPort: options.codes },
      acsHttpPort: options.acs,
      ...(store !== undefined && { store }),
      ...(dir !== undefined && { logFile: join(dir, "log.sqlite") }),
      onMessage: watch.tell,
      onAuthentication: watch.tell,
      onFault: faultsOn(output),
      ...(log && { log }),
    });
    const { issuer, processor, acs } = started;
    const { iso } = processor;
    const urls = { issuer: issuer.url, processor: processor.url, acs: acs.url, watch: watch.url };
    output.fact({ event: "listening", ...urls, iso });
    output.result(`issuer on ${issuer.url}, processor on ${processor.url}, acs on ${acs.url}`);
    output.result(`terminals on ${iso.host}:${iso.port}`);
    output.say(output.paint("dim", `ecard network watch --url ${watch.url}`));
    return async () => {
      await started.close();
      await watch.close();
    };
  } catch (error) {
    await watch.close();
    throw error;
  }
}

function startOne(service: Service) {
  return async (options: StartOptions, { output, env, log }: Around): Promise<() => Promise<void>> => {
    const [{ serviceKeysOf, startService }, { makeFolder }] = await Promise.all([
      import("../network/start-service.js"),
      import("../make-folder.js"),
    ]);
    const { dir, store = env.ECARD_NETWORK_STORE } = options;
    const keys = await serviceKeysOf(service, options.keys, env.ECARD_NETWORK_KEYS);
    if (dir !== undefined) await makeFolder(dir, 0o700);
    const started = await startService(service, keys, {
      ...{ host: options.host, line: options.line, watch: options.watch },
      http: { issuer: options.http, processor: options.codes, acs: options.acs }[service],
      iso: options.iso,
      issuerUrl: urlOf(options.issuerUrl ?? env.ECARD_ISSUER_URL, ISSUER),
      issuerLine: placeOf(options.issuerLine ?? env.ECARD_ISSUER_LINE ?? `${LOOPBACK}:${LINE}`),
      processorUrl: urlOf(options.processorUrl ?? env.ECARD_PROCESSOR_URL, PROCESSOR),
      acsUrl: urlOf(options.acsUrl ?? env.ECARD_ACS_URL, ACS),
      ...(dir !== undefined && { dir }),
      ...(store !== undefined && { store }),
      onFault: faultsOn(output),
      ...(log && { log }),
    });
    const { close, ...doors } = started;
    output.fact({ event: "listening", service, ...doors });
    output.result(`${service} on ${doors.url}`);
    if (doors.iso) output.result(`terminals on ${doors.iso.host}:${doors.iso.port}`);
    if (doors.line) output.result(`processors on ${doors.line.host}:${doors.line.port}`);
    if (doors.watch) output.say(output.paint("dim", `ecard network watch --url ${doors.watch}`));
    return close;
  };
}

function faultsOn(output: Output): (code: string) => void {
  return (code) => output.say(output.paint("dim", `fault: ${code}`));
}

/** @throws {CommandError} `WRONG_USE` for an option that what is started does not have */
function checkFit(service: Service | "all", command: Command): void {
  const whoever = new Set(Object.values(FIT).flat());
  const unfit = command.options.find((option) => {
    const name = option.attributeName();
    return whoever.has(name) && isTold(command, name) && !FIT[service].includes(name);
  });
  if (unfit === undefined) return;
  const whose = service === "all" ? "is for one service alone: name it" : `is not for ${service}: leave it out`;
  throw new CommandError("WRONG_USE", `${unfit.long} ${whose}`, EXIT.usage);
}

function isTold(command: Command, option: string): boolean {
  return command.getOptionValueSource(option) === "cli";
}

function urlOf(told: string | undefined, port: number): string {
  const url = told ?? `http://${LOOPBACK}:${port}`;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new CommandError("WRONG_USE", `Not a URL of http or https: ${url}`, EXIT.usage);
}

function placeOf(told: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^(?:\[?)([^[\]]+?)(?:\]?):(\d{1,5})$/.exec(told) ?? [];
  if (host !== undefined && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new CommandError("WRONG_USE", `Not a host and a port, as in ${LOOPBACK}:${LINE}: ${told}`, EXIT.usage);
}

export function keysCommand(network: Command, context: Context): void {
  network
    .command("keys")
    .description("new keys for services apart: a file for each")
    .requiredOption("--out <folder>", "where the files go: none may be there yet")
    .option("--rotate <folder>", "the next keys of that folder's, which stay good")
    .option("--retire <folder>", "that folder's keys, the ones before taken out")
    .option("--early", "retire: though what those made is not over yet")
    .addHelpText(
      "after",
      `
issuer.json, processor.json and acs.json, which their owner alone can read. Each
holds what its service needs and no more: bring it there, and keep a copy as
safe as the store that it opens. A store opens with the keys it was made with.
What is in operator.keys is in issuer.json too: ecard personalise --keys makes
cards by it that this issuer takes.

With --rotate they are the next ones, and each file has those of before too:
start each service again with its new file, the issuer first. What the old keys
made is good for 15 days more. Then --retire makes files without those: start
each service with them once more. With --early it does so at once, for keys that
somebody else has, and what they made is refused.

With --json: {"keys"}, the files.

Examples:
  ecard network keys --out my-keys
  ecard network keys --rotate my-keys --out my-keys-1
  ecard network keys --retire my-keys-1 --out my-keys-2`,
    )
    .action(async ({ out, rotate, retire, early }: KeysOptions, command: Command) => {
      if (rotate !== undefined || retire !== undefined || early) {
        return changed({ out, rotate, retire, early }, context.output(command));
      }
      const [{ newServiceKeys }, { makeFolder }, { writeWhole }] = await Promise.all([
        import("@enabling-card/network"),
        import("../make-folder.js"),
        import("../write-whole.js"),
      ]);
      const output = context.output(command);
      const { seeds, written } = newServiceKeys();
      const files: { readonly file: string; readonly content: string | Uint8Array }[] = [
        ...Object.entries(written).map(([name, content]) => ({ file: join(out, `${name}.json`), content })),
        { file: join(out, "operator.keys"), content: seeds },
      ];
      const there = files.find(({ file }) => existsSync(file));
      if (there) {
        throw new CommandError("KEYS_THERE", `${there.file} is there: its store would be lost with it`, EXIT.usage);
      }
      await makeFolder(out, 0o700);
      for (const { file, content } of files) await writeWhole(file, content, 0o600);
      output.fact({ keys: files.map(({ file }) => file) });
      for (const { file } of files) output.result(file);
    });
}

interface KeysOptions {
  readonly out: string;
  readonly rotate?: string | undefined;
  readonly retire?: string | undefined;
  readonly early?: boolean | undefined;
}

async function changed({ out, rotate, retire, early }: KeysOptions, output: Output): Promise<void> {
  if (rotate !== undefined && (retire !== undefined || early)) {
    throw new CommandError("WRONG_USE", "--rotate goes with --out alone", EXIT.usage);
  }
  if (rotate === undefined && retire === undefined) {
    throw new CommandError("WRONG_USE", "--early is for --retire", EXIT.usage);
  }
  const { changeKeys } = await import("../network/change-keys.js");
  const change = rotate !== undefined ? { rotate } : { retire: retire!, isEarly: early === true };
  const files = await changeKeys(change, out, Math.floor(Date.now() / 1000));
  output.fact({ keys: files });
  for (const file of files) output.result(file);
}
