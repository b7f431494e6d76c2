// A PostgreSQL of the tests' own, in a folder that is gone afterwards: started when a test first asks for it, stopped with the process.

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

/** What it keeps need not outlive the machine. */
const HASTE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"].flatMap((setting) => ["-c", setting]);
/** Where Debian puts the servers, by version. */
const SERVERS = "/usr/lib/postgresql";
const START_MS = 20_000;

export interface TestServer {
  /** The URL of a new, empty database. */
  database(): Promise<string>;
  /** And of one that is as `url`'s is now, which nobody uses meanwhile. */
  copyOf(url: string): Promise<string>;
  /** As a machine that goes down, and comes up again. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

let server: Promise<TestServer> | undefined;

/** The one of this process. */
export function postgresql(): Promise<TestServer> {
  server ??= newServer();
  return server;
}

/** Whether this machine has one: without it the tests of it are skipped, in CI never. */
export function hasPostgresql(): boolean {
  return existsSync(SERVERS);
}

/** Where a suite that runs over either engine keeps its services' tables: a new database in the run over PostgreSQL, else in memory. */
export async function storeOfRun(): Promise<string | undefined> {
  return process.env.ECARD_TEST_ENGINE === "postgresql" ? (await postgresql()).database() : undefined;
}

async function newServer(): Promise<TestServer> {
  const version = readdirSync(SERVERS).sort((a, b) => Number(b) - Number(a))[0];
  const program = (name: string) => join(SERVERS, String(version), "bin", name);
  const folder = mkdtempSync(join(tmpdir(), "ecard-postgresql-"));
  const as = user();
  if (as.uid !== undefined) chownSync(folder, as.uid, as.gid!);
  const data = join(folder, "data");
  const made = spawnSync(program("initdb"), ["-D", data, "-A", "trust", "-U", "ecard", "-E", "UTF8", "--no-sync"], {
    ...as,
    cwd: folder,
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const url = (name: string) => `postgres://ecard@127.0.0.1:${port}/${name}`;
  let running: ChildProcess | undefined;
  const start = async () => {
    const args = [
      "-D",
      data,
      "-p",
      String(port),
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      `unix_socket_directories=${folder}`,
    ];
    running = spawn(program("postgres"), [...args, ...HASTE], { ...as, cwd: folder, stdio: "ignore" });
    await answering(url("postgres"));
  };
  const stop = () =>
    new Promise<void>((resolve) => {
      running!.once("exit", () => resolve());
      running!.kill("SIGINT"); // fast shutdown: lines are cut, what is committed is kept
    });
  await start();
  process.once("exit", () => {
    running?.kill("SIGQUIT");
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  let databases = 0;
  const database = async (how = "") => {
    const name = `test_${process.pid}_${++databases}`;
    await asked(url("postgres"), `CREATE DATABASE ${name}${how}`);
    return url(name);
  };
  const copyOf = (of: string) => database(` TEMPLATE ${new URL(of).pathname.slice(1)}`);
  return { start, stop, database: () => database(), copyOf };
}

/** The server refuses to run as root: Debian's package made a user for it. */
function user(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

async function asked(connectionString: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

async function answering(url: string): Promise<void> {
  const until = Date.now() + START_MS;
  for (;;) {
    try {
      return await asked(url, "SELECT 1");
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
