// The demonstration's steps: timed, told as they happen, and refusals that must come as they were asked for.

import { CommandError, EXIT } from "../exit-codes.js";

export interface DemoStep {
  readonly step: string;
  /** What happened, for people; nothing secret. */
  readonly detail: string;
  /** `refused` is a success here: it was asked for on purpose. */
  readonly outcome: "ok" | "refused";
  /** Code of the refusal. */
  readonly code?: string;
  /** Wall time, ms. */
  readonly ms: number;
  /** Messages there and back between phone and card. */
  readonly roundTrips?: number;
}

export interface JourneyOptions {
  readonly onStep?: (step: DemoStep) => void;
  readonly signal?: AbortSignal;
}

export class Journey {
  readonly steps: DemoStep[] = [];
  readonly #options: JourneyOptions;

  constructor(options: JourneyOptions) {
    this.#options = options;
  }

  async step<T>(
    step: string,
    work: () => Promise<T>,
    tell: (value: T) => { detail: string; roundTrips?: number },
  ): Promise<T> {
    this.#options.signal?.throwIfAborted();
    const started = performance.now();
    const value = await work();
    this.#add({ step, outcome: "ok", ...tell(value), ms: performance.now() - started });
    return value;
  }

  /** A step that must be refused, with `code`. */
  async refusal(step: string, code: string, work: () => Promise<string | undefined>, detail: string): Promise<void> {
    this.#options.signal?.throwIfAborted();
    const started = performance.now();
    const got = await work();
    if (got !== code)
      throw failed(`"${step}" should have been refused with ${code}, and was answered ${got ?? "with success"}`);
    this.#add({ step, outcome: "refused", code, detail, ms: performance.now() - started });
  }

  #add(step: DemoStep): void {
    const rounded = { ...step, ms: Math.round(step.ms * 10) / 10 };
    this.steps.push(rounded);
    this.#options.onStep?.(rounded);
  }
}

export function failed(why: string): CommandError {
  return new CommandError("DEMO_FAILED", `The demonstration failed: ${why}; run it with --trace`, EXIT.failed);
}
