// A scenario file played on a whole stage: issuer, paired phone, a grant on the card, and a phone that asks the card to present it
// while the scenario's hands press, swipe and pull the plug.

import { EmulatorError, parseScenario, runScenario, type TraceEvent } from "@enabling-card/emulator";
import { Card, type CardError, MemoryPairingStore } from "@enabling-card/sdk";
import { CommandError, EXIT } from "../exit-codes.js";
import { readAtMost } from "../read-at-most.js";
import { type Stage, setStage } from "../stage.js";

export interface PlayScenarioOptions {
  /** At once, or armed until the swipe; read off the scenario unless told: one that touches the head is armed. */
  readonly present?: "now" | "swipe";
  readonly mtu?: number;
  readonly autoPress?: boolean;
  readonly signal?: AbortSignal;
  /** Hears the scenario's name once all is set up. */
  readonly onStart?: (name: string) => void;
  /** Hears each step when it is over. */
  readonly onStep?: (step: PlayedStep) => void;
  readonly onTrace?: (event: TraceEvent) => void;
}

export interface PlayedStep {
  readonly index: number;
  /** In the file's own words: `press twice`, `expect emissions 1, traps 0`. */
  readonly step: string;
  readonly outcome: "ok" | "failed";
  readonly message?: string;
}

export interface ScenarioResult {
  readonly scenario: string;
  readonly ok: true;
  readonly steps: number;
  readonly present: "now" | "swipe";
  /** What the phone heard: `sent`, `armed`, `waiting` where it heard nothing, or the code of a refusal. */
  readonly phone: string;
}

/** How long the phone may still wait for its answer after the last step, ms. */
const ANSWER_MS = 1_000;
/** Longest scenario file, octets. */
const SCENARIO_MAX = 1 << 20;

/** A valid scenario file as JSON. @throws {CommandError} `SCENARIO_UNREADABLE`; {EmulatorError} `SCENARIO_INVALID`; an AbortError */
export async function readScenario(file: string, signal?: AbortSignal): Promise<unknown> {
  const unreadable = (why: string | undefined, cause?: unknown) =>
    new CommandError("SCENARIO_UNREADABLE", `The scenario ${file} cannot be read: ${why}`, EXIT.usage, { cause });
  const text = await readAtMost(file, SCENARIO_MAX + 1, signal).catch((cause: NodeJS.ErrnoException) => {
    signal?.throwIfAborted();
    throw unreadable(
      { ENOENT: "there is no such file", EISDIR: "it is a folder" }[cause.code ?? ""] ?? cause.code,
      cause,
    );
  });
  if (text.length > SCENARIO_MAX) throw unreadable(`it has more than ${SCENARIO_MAX} octets`);
  let value: unknown;
  try {
    value = JSON.parse(text.toString("utf8").replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new EmulatorError("SCENARIO_INVALID", `${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  try {
    parseScenario(value);
  } catch (cause) {
    if (!(cause instanceof EmulatorError)) throw cause;
    throw new EmulatorError(cause.code, `${file}: ${cause.message}`, { cause });
  }
  return value;
}

/**
 * Plays `value`, a scenario as JSON.
 *
 * @throws {EmulatorError} `SCENARIO_INVALID` before anything is set up, `SCENARIO_FAILED`; {CardError} `ABORTED`
 */
export async function playScenario(value: unknown, options: PlayScenarioOptions = {}): Promise<ScenarioResult> {
  const scenario = parseScenario(value);
  const words = (value as { readonly steps: readonly object[] }).steps.map(inWords);
  const { signal, onStep, onTrace, present = touchesHead(value) ? "swipe" : "now" } = options;
  const stage = await setStage({
    card: { autoPress: options.autoPress ?? false },
    ...(options.mtu !== undefined && { mtu: options.mtu }),
  });
  let phone: Card | undefined;
  try {
    phone = await phoneWithGrant(stage, signal);
    options.onStart?.(scenario.name);
    if (onTrace) stage.card.trace.subscribe(onTrace);
    const presenting = presentInBackground(phone, present, signal);
    let at = -1;
    const over = () => at >= 0 && onStep?.({ index: at, step: words[at]!, outcome: "ok" });
    const running = runScenario(stage.card, scenario, {
      onStep: (_, index) => {
        signal?.throwIfAborted();
        over();
        at = index;
      },
    });
    try {
      await untilAborted(running, signal);
    } catch (error) {
      const message = (error as Error).message;
      if (!signal?.aborted) onStep?.({ index: at, step: words[at]!, outcome: "failed", message });
      throw error;
    }
    over();
    return { scenario: scenario.name, ok: true, steps: words.length, present, phone: await presenting.answer() };
  } finally {
    await phone?.close();
    await stage.close();
  }
}

async function phoneWithGrant(stage: Stage, signal: AbortSignal | undefined): Promise<Card> {
  const { transport, made, makerRoot, client } = stage;
  const options = {
    store: new MemoryPairingStore(),
    phoneName: "Scenario phone",
    makerRoot,
    ...(signal && { signal }),
  };
  const phone = await Card.pair(transport, made.pairingCode, options);
  await client.enrol(phone.certificate, "Scenario phone");
  const token = await client.createToken(phone.cardId, "EXAMPLE/ALEX");
  const bundle = await client.grant({
    cardId: phone.cardId,
    tokenRef: token.tokenRef,
    challenge: phone.info.challenge,
    checkpointSize: phone.info.checkpointSize,
    domain: { requestor: "scenario", merchant: "Corner Coffee", channel: 0, country: 276, maxAmount: 2000 },
    maxEmissions: 1,
    kind: "online",
  });
  await phone.load(bundle);
  return phone;
}

/** The phone asks; what it hears is told at the end, and where it hears nothing it stops asking. */
function presentInBackground(phone: Card, when: "now" | "swipe", signal: AbortSignal | undefined) {
  const enough = new AbortController();
  const over = () => enough.abort(signal?.reason);
  signal?.addEventListener("abort", over);
  if (signal?.aborted) over();
  const heard = phone
    .present({ when, signal: enough.signal })
    .then(
      ({ armedForS }) => (armedForS === null ? "sent" : "armed"),
      (error: CardError) => error.code as string,
    )
    .finally(() => signal?.removeEventListener("abort", over));
  return {
    async answer(): Promise<string> {
      const timer = setTimeout(() => enough.abort(), ANSWER_MS);
      const answer = await heard;
      clearTimeout(timer);
      return answer === "ABORTED" ? "waiting" : answer;
    },
  };
}

function touchesHead(value: unknown): boolean {
  return (value as { readonly steps: readonly object[] }).steps.some((step) => "touchHead" in step);
}

/** A step as its file says it, without the punctuation. */
function inWords(step: object): string {
  const [verb, argument] = Object.entries(step)[0] as [string, unknown];
  if (argument === true) return verb;
  if (typeof argument !== "object") return `${verb} ${String(argument)}`;
  const fields = Object.entries(argument as object).map(([name, is]) => `${name} ${String(is)}`);
  return `${verb} ${fields.join(", ")}`;
}

/** `runScenario` cannot be stopped inside a wait: it is left to find its card without power. */
function untilAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  work.catch(() => undefined);
  return new Promise<void>((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) aborted();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
