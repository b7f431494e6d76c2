// Scenario files: what happens to a card, step by step, as JSON. Read strictly: a step that is not known is a fault, not a comment.

import { Mail } from "@enabling-card/wire";
import type { EmulatedCard } from "./card.js";
import { FAULT_NAMES, type FaultName } from "./courier.js";
import { EmulatorError } from "./errors.js";
import { INDICATOR_NAMES } from "./ports/indicators.js";
import { MAIL_NAMES } from "./ports/mailbox.js";

/** What a step may expect of the card; only what is given is compared. */
export interface Expectation {
  readonly on?: boolean;
  readonly lineUp?: boolean;
  readonly indicator?: string;
  /** Emissions since the coil was cleared, and their passes in all. */
  readonly emissions?: number;
  readonly passes?: number;
  readonly traps?: number;
  readonly battery?: number;
}

export type Step =
  | { readonly press: "once" | "twice" }
  | { readonly hold: number }
  | { readonly touchHead: true }
  | { readonly advance: number }
  | { readonly battery: number }
  | {
      readonly courier: {
        readonly fault: FaultName;
        readonly bit?: number;
        readonly ms?: number;
        readonly kinds?: readonly Mail[];
      };
    }
  | { readonly powerCut: { readonly write: number; readonly byte?: number } }
  | { readonly restart: true }
  | { readonly stop: true }
  | { readonly clearCoil: true }
  | { readonly link: { readonly mtu?: number; readonly up?: false } }
  | { readonly wait: { readonly indicator: string; readonly timeoutMs?: number } }
  | { readonly expect: Expectation };

export interface Scenario {
  readonly name: string;
  readonly steps: readonly Step[];
}

const STEPS_MAX = 1000;
const WAIT_MS = 5_000;
const HOUR_MS = 3_600_000;

/**
 * Reads a scenario.
 *
 * @throws {EmulatorError} `SCENARIO_INVALID`, naming the field, as `steps[3].powerCut.write`
 */
export function parseScenario(value: unknown): Scenario {
  const top = record(value, "", ["name", "steps"]);
  const steps = top.steps;
  if (!Array.isArray(steps) || steps.length === 0 || steps.length > STEPS_MAX) {
    throw invalid("steps", `a list of 1 to ${STEPS_MAX} steps`);
  }
  return { name: text(top.name, "name"), steps: steps.map((step, i) => parseStep(step, `steps[${i}]`)) };
}

function parseStep(value: unknown, at: string): Step {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const verb = keys[0];
  if (verb === undefined || keys.length !== 1 || !Object.hasOwn(READERS, verb)) {
    throw invalid(at, `one of ${Object.keys(READERS).join(", ")}`);
  }
  const argument = (value as Record<string, unknown>)[verb];
  return { [verb]: READERS[verb as keyof typeof READERS](argument, `${at}.${verb}`) } as unknown as Step;
}

const READERS = {
  press: (value: unknown, at: string) => oneOf(value, at, ["once", "twice"]),
  hold: (value: unknown, at: string) => whole(value, at, 1, HOUR_MS),
  touchHead: yes,
  advance: (value: unknown, at: string) => whole(value, at, 0, 100 * HOUR_MS),
  battery: (value: unknown, at: string) => whole(value, at, 0, 100),
  courier(value: unknown, at: string) {
    if (typeof value === "string") return { fault: oneOf(value, at, FAULT_NAMES) };
    const { fault, bit, ms, kinds } = record(value, at, ["fault", "bit", "ms", "kinds"]);
    return {
      fault: oneOf(fault, `${at}.fault`, FAULT_NAMES),
      ...(bit !== undefined && { bit: whole(bit, `${at}.bit`, 0, 2047) }),
      ...(ms !== undefined && { ms: whole(ms, `${at}.ms`, 0, HOUR_MS) }),
      ...(kinds !== undefined && { kinds: kindsOf(kinds, `${at}.kinds`) }),
    };
  },
  powerCut(value: unknown, at: string) {
    const { write, byte } = record(value, at, ["write", "byte"]);
    return {
      write: whole(write, `${at}.write`, 1, 10_000),
      ...(byte !== undefined && { byte: whole(byte, `${at}.byte`, 0, 65_536) }),
    };
  },
  restart: yes,
  stop: yes,
  clearCoil: yes,
  link(value: unknown, at: string) {
    const { mtu, up } = record(value, at, ["mtu", "up"]);
    if (up !== undefined && up !== false) throw invalid(`${at}.up`, "false");
    return {
      ...(mtu !== undefined && { mtu: whole(mtu, `${at}.mtu`, 23, 517) }),
      ...(up === false && { up: false as const }),
    };
  },
  wait(value: unknown, at: string) {
    const { indicator, timeoutMs } = record(value, at, ["indicator", "timeoutMs"]);
    return {
      indicator: oneOf(indicator, `${at}.indicator`, Object.values(INDICATOR_NAMES)),
      ...(timeoutMs !== undefined && { timeoutMs: whole(timeoutMs, `${at}.timeoutMs`, 1, HOUR_MS) }),
    };
  },
  expect(value: unknown, at: string): Expectation {
    const fields = ["on", "lineUp", "indicator", "emissions", "passes", "traps", "battery"];
    const given = record(value, at, fields);
    const out: Record<string, unknown> = {};
    for (const [field, wanted] of Object.entries(given)) {
      const where = `${at}.${field}`;
      if (field === "on" || field === "lineUp") {
        if (typeof wanted !== "boolean") throw invalid(where, "true or false");
        out[field] = wanted;
      } else if (field === "indicator") out[field] = oneOf(wanted, where, Object.values(INDICATOR_NAMES));
      else out[field] = whole(wanted, where, 0, 100_000);
    }
    return out;
  },
} as const;

/**
 * Plays `scenario` on a card that is powered. A power cut that a step asked for is part of the scenario.
 *
 * @param options.onStep - Hears each step before it happens.
 * @throws {EmulatorError} `SCENARIO_FAILED`, naming the step, what was expected and what was.
 */
export async function runScenario(
  card: EmulatedCard,
  scenario: Scenario,
  options: { readonly onStep?: (step: Step, index: number) => void } = {},
): Promise<void> {
  for (const [i, step] of scenario.steps.entries()) {
    options.onStep?.(step, i);
    await play(card, step, `steps[${i}]`);
  }
}

async function play(card: EmulatedCard, step: Step, at: string): Promise<void> {
  if ("press" in step) {
    if (step.press === "twice") card.pressTwice();
    else card.press();
  } else if ("hold" in step) card.hold(step.hold);
  else if ("touchHead" in step) card.touchHead();
  else if ("advance" in step) card.advance(step.advance);
  else if ("battery" in step) card.battery.percent = step.battery;
  else if ("courier" in step) card.setCourier(step.courier.fault, step.courier);
  else if ("powerCut" in step) card.store.cutPowerAt(step.powerCut);
  else if ("restart" in step) card.restart();
  else if ("stop" in step) card.stop();
  else if ("clearCoil" in step) card.coil.clear();
  else if ("link" in step) {
    if (step.link.mtu !== undefined) card.mtuLimit = step.link.mtu;
    if (step.link.up === false) card.dropLine();
  } else if ("wait" in step) await waitFor(card, step.wait, at);
  else check(card, step.expect, at);
  await new Promise((resolve) => setTimeout(resolve, 0)); // chunks to the phone go out, the phone has its turn
}

function waitFor(card: EmulatedCard, wait: { indicator: string; timeoutMs?: number }, at: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const shown = () => INDICATOR_NAMES[card.indicators.now] === wait.indicator;
    const stop = card.trace.subscribe(() => shown() && finish(resolve));
    const timer = setTimeout(
      () => finish(() => reject(failed(at, "indicator", wait.indicator, INDICATOR_NAMES[card.indicators.now]))),
      wait.timeoutMs ?? WAIT_MS,
    );
    const finish = (then: () => void) => {
      stop();
      clearTimeout(timer);
      then();
    };
    if (shown()) finish(resolve);
  });
}

function check(card: EmulatedCard, expected: Expectation, at: string): void {
  const emissions = card.coil.emissions();
  const actual: Required<Expectation> = {
    on: card.on,
    lineUp: card.lineUp,
    indicator: INDICATOR_NAMES[card.indicators.now],
    emissions: emissions.length,
    passes: emissions.reduce((sum, { passes }) => sum + passes.length, 0),
    traps: card.traps.length,
    battery: card.battery.percent,
  };
  for (const [field, wanted] of Object.entries(expected)) {
    const is = actual[field as keyof Expectation];
    if (is !== wanted) throw failed(at, field, wanted, is);
  }
}

function failed(at: string, field: string, wanted: unknown, is: unknown): EmulatorError {
  return new EmulatorError("SCENARIO_FAILED", `${at}: expected ${field} ${String(wanted)}, it is ${String(is)}`);
}

function record(value: unknown, at: string, fields: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(at || "scenario", "an object");
  for (const field of Object.keys(value)) {
    if (!fields.includes(field))
      throw invalid(at ? `${at}.${field}` : field, `no such field; known: ${fields.join(", ")}`);
  }
  return value as Record<string, unknown>;
}

function yes(value: unknown, at: string): true {
  if (value !== true) throw invalid(at, "true");
  return true;
}

function text(value: unknown, at: string): string {
  if (typeof value !== "string" || value.length === 0 || value.length > 200) throw invalid(at, "a text");
  return value;
}

function whole(value: unknown, at: string, min: number, max: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
    throw invalid(at, `a whole number from ${min} to ${max}`);
  }
  return value;
}

function oneOf<T extends string>(value: unknown, at: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw invalid(at, `one of ${choices.join(", ")}`);
  return found;
}

function kindsOf(value: unknown, at: string): Mail[] {
  if (!Array.isArray(value) || value.length === 0) throw invalid(at, "a list of kinds of mail");
  const sealed = Object.entries(MAIL_NAMES).filter(([kind]) => Number(kind) >= Mail.V1);
  return value.map((name, i) => {
    const found = oneOf(
      name,
      `${at}[${i}]`,
      sealed.map(([, known]) => known),
    );
    return Number(sealed.find(([, known]) => known === found)![0]) as Mail;
  });
}

function invalid(field: string, expected: string): EmulatorError {
  return new EmulatorError("SCENARIO_INVALID", `Field "${field}": expected ${expected}`);
}
