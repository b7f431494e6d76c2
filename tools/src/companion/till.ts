// The shop's side of the table: a till whose reader hears the card's coil, and asks the network.

import type { Bill, Cashier, Heard, TillAnswer } from "@enabling-card/companion/world";
import type { Emission } from "@enabling-card/emulator";
import { PosError, readSamples, Terminal } from "@enabling-card/pos-sim";
import { recordingOf } from "../demo/recording.js";

const SLICES = 480;
/** Where nobody answers: tcpmux, RFC 1078. */
const NOBODY = 1;

export class Till {
  bill: Bill;
  readonly #address: { readonly host: string; readonly port: number };
  #terminal: Terminal;

  constructor(address: { readonly host: string; readonly port: number }, bill: Bill) {
    this.#address = address;
    this.bill = bill;
    this.#terminal = this.#terminalOf(bill);
  }

  /** What is charged from now on. */
  charge(bill: Bill): void {
    if (bill.merchant !== this.bill.merchant) this.#terminal = this.#terminalOf(bill);
    this.bill = bill;
  }

  /** Hears an emission as the cashier swipes it: its picture at once, and the network's answer to it. */
  take(emission: Emission, how: Cashier): { readonly heard: Heard; readonly answer: Promise<TillAnswer> } {
    const { samples, sampleRateHz } = recordingOf(emission).whole;
    const swiped = how === "backwards" ? samples.toReversed() : how === "turned" ? throughTheCard(samples) : samples;
    return { heard: heardOf(swiped, sampleRateHz), answer: this.#ask(swiped, sampleRateHz, how) };
  }

  async #ask(samples: Float32Array, sampleRateHz: number, how: Cashier): Promise<TillAnswer> {
    const { reads, diagnosis } = readSamples(samples, sampleRateHz);
    if (reads.length === 0) {
      const { code, sentence } = diagnosis!;
      return { kind: "unread", code, sentence };
    }
    try {
      const terminal = how === "cut" ? new Terminal({ host: this.#address.host, port: NOBODY }) : this.#terminal;
      const result = await terminal.authorise(reads, { amount: this.bill.amount });
      if (result.outcome === "refused") return { kind: "refused", ...result.refusal };
      const { approved, responseCode, ourCode, receipt } = result;
      return {
        kind: "answered",
        approved,
        responseCode,
        ...(ourCode !== undefined && { ourCode }),
        receipt,
        isBackwards: how === "backwards",
      };
    } catch (error) {
      if (!(error instanceof PosError)) throw error;
      return { kind: "failed", code: error.code, sentence: error.message };
    }
  }

  #terminalOf({ merchant }: Bill): Terminal {
    // Behind every number that this till has used today, also where it was started anew.
    const firstStan = 1 + (Math.floor(Date.now() / 1000) % 999_999);
    return new Terminal({ ...this.#address, merchantName: merchant, firstStan });
  }
}

/** The coil is on the other side: what comes through is less than the head's own noise. */
function throughTheCard(samples: Float32Array): Float32Array {
  return samples.map((sample) => 0.01 * sample + 0.1 * (Math.random() - 0.5));
}

function heardOf(samples: Float32Array, sampleRateHz: number): Heard {
  const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-9);
  const slices = Array.from({ length: SLICES }, (_, i) =>
    samples.subarray(Math.floor((i * samples.length) / SLICES), Math.floor(((i + 1) * samples.length) / SLICES)),
  );
  const share = (sample: number) => Math.round((1000 * sample) / loudest) / 1000;
  return {
    seconds: samples.length / sampleRateHz,
    low: slices.map((slice) => share(slice.reduce((a, b) => Math.min(a, b), 0))),
    high: slices.map((slice) => share(slice.reduce((a, b) => Math.max(a, b), 0))),
  };
}
