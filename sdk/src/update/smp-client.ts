// Requests and answers of SMP: told apart by their sequence numbers, several under way at once, asked again where nothing came back.

import {
  decodeSmp,
  encodeSmp,
  ImageError,
  imageFaultCode,
  type SmpMap,
  type SmpOperation,
  SmpStatus,
} from "@enabling-card/wire";
import { type CardError, sdkError, throwIfAborted } from "../errors.js";
import type { SmpCarrier } from "./smp-carrier.js";

/** How long an answer may take, ms: the longest work of a loader is to erase a slot and to check a signature. */
const TIMEOUT_MS = 3_000;
const TRIES = 3;

export interface SmpRequest {
  readonly operation: SmpOperation.Read | SmpOperation.Write;
  readonly group: number;
  readonly command: number;
  readonly body?: SmpMap;
}

export interface SmpCallOptions {
  readonly timeoutMs?: number;
  /** How often it is sent, at most; 3 unless told. */
  readonly tries?: number;
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  readonly group: number;
  readonly resolve: (body: SmpMap) => void;
  readonly reject: (reason: unknown) => void;
}

export class SmpClient {
  readonly carrier: SmpCarrier;
  readonly #waiting = new Map<number, Waiter>();
  readonly #stops: (() => void)[];
  #sequence = 0;
  #gone: CardError | undefined;

  constructor(carrier: SmpCarrier) {
    this.carrier = carrier;
    this.#stops = [
      carrier.onPacket((packet) => this.#heard(packet)),
      carrier.onClose(() => this.#end(sdkError("LINK_LOST"))),
    ];
  }

  /**
   * Asks, and asks again where no answer comes or the card could not read the request.
   *
   * @returns the answer's map, whose `rc` was 0 or absent
   * @throws {CardError} `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`, those of `refusal`; {ImageError} where the card refuses an image
   */
  async call(request: SmpRequest, { timeoutMs = TIMEOUT_MS, tries = TRIES, signal }: SmpCallOptions = {}) {
    for (let left = tries; ; ) {
      throwIfAborted(signal);
      try {
        return await this.#once(request, timeoutMs, signal);
      } catch (error) {
        const again = ["LINK_TIMEOUT", "LOADER_ANSWER_MALFORMED"].includes((error as CardError).code);
        if (!again || --left === 0) throw error;
      }
    }
  }

  /** Stops listening; the line is its owner's to close. */
  close(): void {
    this.#end(sdkError("LINK_CLOSED"));
  }

  async #once({ operation, group, command, body = new Map() }: SmpRequest, timeoutMs: number, signal?: AbortSignal) {
    if (this.#gone) throw this.#gone;
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) & 0xff;
    const packet = encodeSmp({ operation, group, sequence, command, body });
    let timer: ReturnType<typeof setTimeout> | undefined;
    let abort: (() => void) | undefined;
    try {
      const answered = new Promise<SmpMap>((resolve, reject) => {
        this.#waiting.set(sequence, { group, resolve, reject });
        abort = () => reject(sdkError("ABORTED", undefined, { cause: signal?.reason }));
        signal?.addEventListener("abort", abort, { once: true });
        timer = setTimeout(() => reject(sdkError("LINK_TIMEOUT")), timeoutMs);
      });
      answered.catch(() => undefined); // a write that fails comes first
      await this.carrier.send(packet);
      const answer = await answered;
      const status = answer.get("rc");
      if (status !== undefined && status !== SmpStatus.Ok) throw refusal(status);
      return answer;
    } finally {
      clearTimeout(timer);
      if (abort) signal?.removeEventListener("abort", abort);
      this.#waiting.delete(sequence);
    }
  }

  #heard(octets: Uint8Array): void {
    let packet: ReturnType<typeof decodeSmp>;
    try {
      packet = decodeSmp(octets);
    } catch {
      return; // nobody can say whose answer it was: it is asked for again
    }
    const waiter = this.#waiting.get(packet.sequence);
    if (waiter === undefined || (packet.operation & 1) === 0 || packet.group !== waiter.group) return;
    waiter.resolve(packet.body);
  }

  #end(reason: CardError): void {
    if (this.#gone) return;
    this.#gone = reason;
    for (const stop of this.#stops) stop();
    for (const { reject } of this.#waiting.values()) reject(reason);
  }
}

/** What a status other than 0 says. */
function refusal(status: unknown): Error {
  if (typeof status !== "number") return sdkError("LOADER_ANSWER_MALFORMED", "its status");
  const code = imageFaultCode(status - SmpStatus.Image);
  if (code !== undefined) return new ImageError(code, "says the card");
  if (status === SmpStatus.Corrupt) return sdkError("LOADER_ANSWER_MALFORMED", "the card could not read the request");
  if (status === SmpStatus.Denied) return sdkError("UPDATE_NOT_ALLOWED");
  if (status === SmpStatus.BadState) return sdkError("LOADER_STATE");
  if (status === SmpStatus.Absent) return sdkError("LOADER_IMAGE_ABSENT");
  return sdkError("LOADER_REQUEST_REFUSED", `status ${status}`);
}
