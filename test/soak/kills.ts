// The issuer killed with SIGKILL at any point between a 0100 and its commit, and started again: what was told stays true, and nothing is told twice.

import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, FrameReader, type Message } from "@enabling-card/iso8583";
import { folderPlace, makeRequests, networkProcess, type Stores, withStores } from "@enabling-card/tools";

/** Requests that are on their way when it is killed. */
const REQUESTS = 60;
/** Latest moment of a kill behind the first request, ms: beyond, all are answered. */
const KILL_MS = 12;
/** Where the MTI of a framed message says whether it is a repeat (ISO 8583:1987, message type identifier). */
const REPEAT_AT = 2 + 3;

export interface Kills {
  readonly kills: number;
  /** Requests that were answered before a kill, and those that were not. */
  readonly answered: number;
  readonly unanswered: number;
  /** Of what was approved before a kill, what its repeat did not find approved by the same code. */
  readonly lost: number;
  /** Of all requests, those that were not approved in the end, and those whose grant was approved a second time. */
  readonly refused: number;
  readonly doubled: number;
}

/** @param seedOf - Between 0 and 1, of each kill: how late it is. */
export async function killedIssuers(
  kills: number,
  seedOf: (kill: number) => number,
  onProgress: (done: number, all: number) => void = () => undefined,
): Promise<Kills> {
  const folder = await mkdtemp(join(tmpdir(), "ecard-kills-"));
  const sum = { kills, answered: 0, unanswered: 0, lost: 0, refused: 0, doubled: 0 };
  try {
    // Each grant is presented twice: by its request, and by a second one that must get nothing.
    const { requests, others } = await withStores(folderPlace(folder), (stores) => presented(stores, kills * REQUESTS));
    let issuer = await networkProcess(folderPlace(folder));
    for (let kill = 0; kill < kills; kill++) {
      const [from, to] = [kill * REQUESTS, (kill + 1) * REQUESTS];
      const mine = requests.slice(from, to);
      const before = await askedUntilKilled(issuer, mine, seedOf(kill), kill % 2 === 1);
      issuer = await networkProcess(folderPlace(folder));
      const after = await asked(issuer, [...mine.map(withRepeat), ...others.slice(from, to)]);
      for (const [i, answer] of before.entries()) {
        if (answer === undefined) sum.unanswered++;
        else {
          sum.answered++;
          if (answer.fields[39] === "00" && after[i]?.fields[38] !== answer.fields[38]) sum.lost++;
        }
        if (after[i]?.fields[39] !== "00") sum.refused++;
        if (after[REQUESTS + i]?.fields[39] === "00") sum.doubled++;
      }
      onProgress(kill + 1, kills);
    }
    await issuer.end();
    return sum;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function presented(stores: Stores, count: number) {
  const { requests } = await makeRequests(stores, count, Math.min(count, 100));
  // Another STAN, DE 11: the second presenter's. It stands behind MTI, bitmap, DE 3, 4 and 7.
  const at = 2 + 4 + 8 + 6 + 12 + 10;
  const others = requests.map((request) => {
    const other = Buffer.from(request);
    other.write(String(999_999 - Number(other.toString("latin1", at, at + 6))).padStart(6, "0"), at, "latin1");
    return other;
  });
  return { requests, others };
}

function withRepeat(request: Uint8Array): Uint8Array {
  const repeat = Uint8Array.from(request);
  repeat[REPEAT_AT] = "1".charCodeAt(0);
  return repeat;
}

type IssuerProcess = Awaited<ReturnType<typeof networkProcess>>;

/** A terminal's line, and the answers on it in the order of asking. */
async function line({ iso }: IssuerProcess, onAnswer: (count: number) => void = () => undefined) {
  const answers: Message[] = [];
  const reader = new FrameReader();
  const socket = connect({ ...iso, noDelay: true });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => {
    answers.push(...reader.push(chunk).map(decode));
    onAnswer(answers.length);
  });
  await new Promise((resolve) => socket.once("connect", resolve));
  return { socket, answers, closed };
}

async function asked(issuer: IssuerProcess, requests: readonly Uint8Array[]): Promise<readonly Message[]> {
  const { socket, answers, closed } = await line(issuer, (count) => {
    if (count === requests.length) socket.destroy();
  });
  for (const request of requests) socket.write(request);
  await closed;
  return answers;
}

/** @param isHeard - The first third is answered before the rest is asked, and the kill's time begins. */
async function askedUntilKilled(
  issuer: IssuerProcess,
  requests: readonly Uint8Array[],
  seed: number,
  isHeard: boolean,
): Promise<readonly (Message | undefined)[]> {
  const first = isHeard ? Math.floor(requests.length / 3) : requests.length;
  let onFirst: () => void = () => undefined;
  const heard = new Promise<void>((resolve) => {
    onFirst = resolve;
  });
  const { socket, answers, closed } = await line(issuer, (count) => {
    if (count >= first) onFirst();
  });
  for (const request of requests.slice(0, first)) socket.write(request);
  if (isHeard) await heard;
  for (const request of requests.slice(first)) socket.write(request);
  await new Promise((resolve) => setTimeout(resolve, KILL_MS * seed));
  const gone = new Promise((resolve) => issuer.child.once("exit", resolve));
  issuer.child.kill("SIGKILL");
  await Promise.all([gone, closed]);
  return requests.map((_, i) => answers[i]);
}
