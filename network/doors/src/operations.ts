// What an operator sees of a service: counters and times for Prometheus (text format 0.0.4), and a line of JSON for each thing that happened. Neither
// holds a number of a card, a key or a track: nothing is given to them but codes, names of routes and times.

import { type DestinationStream, type Logger, pino } from "pino";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Answer, Serve } from "./iso-line.js";

/** Seconds: of requests that take a millisecond, and of those that wait for a disk. */
const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
/** Should ever one come near: fields of these names are not written. */
const SECRET = ["pan", "code", "track1", "track2", "authorization", "accessKey", "key", "mac", "secret", "fields"];

export interface OperationsOptions {
  readonly service: string;
  /** Where lines of JSON go; nowhere unless told. */
  readonly log?: DestinationStream;
}

export class Operations {
  readonly registry = new Registry();
  readonly #log: Logger;
  readonly #requests: Histogram;
  readonly #messages: Histogram;
  readonly #faults: Counter;

  constructor({ service, log }: OperationsOptions) {
    this.registry.setDefaultLabels({ service });
    const registers = [this.registry];
    new Gauge({
      ...{ name: "process_resident_memory_bytes", help: "Resident memory of the process", registers },
      collect() {
        this.set(process.memoryUsage.rss());
      },
    });
    this.#requests = new Histogram({
      ...{
        name: "ecard_http_request_seconds",
        help: "HTTP requests, by route and status",
        buckets: BUCKETS,
        registers,
      },
      labelNames: ["method", "route", "status"],
    });
    this.#messages = new Histogram({
      ...{
        name: "ecard_iso_message_seconds",
        help: "ISO 8583 requests, by type and our code of the answer",
        buckets: BUCKETS,
        registers,
      },
      labelNames: ["mti", "code"],
    });
    this.#faults = new Counter({
      ...{ name: "ecard_faults_total", help: "What went wrong at a door, by code", registers },
      labelNames: ["fault"],
    });
    const redact = { paths: SECRET.flatMap((name) => [name, `*.${name}`]), remove: true };
    this.#log = pino(
      { base: { service }, enabled: log !== undefined, redact, timestamp: pino.stdTimeFunctions.isoTime },
      log,
    );
  }

  /** @param route - As it was declared, without what stood in its place. @param refusal - Our code, where it was refused */
  request(method: string, route: string, status: number, seconds: number, refusal?: string): void {
    this.#requests.observe({ method, route, status }, seconds);
    this.#log.info({ event: "request", method, route, status, ms: round(seconds), ...(refusal && { refusal }) });
  }

  /** @param answer - "00", our code of the decline, or "NONE". @param stan - DE 11. @param terminal - DE 41 */
  message(mti: string, answer: string, seconds: number, stan = "", terminal = ""): void {
    this.#messages.observe({ mti, code: answer }, seconds);
    this.#log.info({ event: "message", mti, answer, stan, terminal: terminal.trimEnd(), ms: round(seconds) });
  }

  fault(fault: string): void {
    this.#faults.inc({ fault });
    this.#log.warn({ event: "fault", fault });
  }

  /** For Prometheus. */
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}

/** `serve`, with each answer counted and timed. */
export function timed(operations: Operations, serve: Serve): Serve {
  return (message, answer, line) => {
    const asked = performance.now();
    const told: Answer = (said, fault) => {
      const { 11: stan, 41: terminal } = message.fields;
      const { 39: code, 44: ours } = said?.fields ?? { 44: "NONE" };
      operations.message(message.mti, ours ?? code ?? "", (performance.now() - asked) / 1000, stan, terminal);
      answer(said, fault);
    };
    serve(message, told, line);
  };
}

function round(seconds: number): number {
  return Math.round(seconds * 1e5) / 100;
}
