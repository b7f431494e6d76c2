// Which signed requests were here: each nonce for as long as its request would be taken, so many at most. A process remembers what came to it since it
// began, so what was signed before that is not taken; what came to others of its service, and to those before it, their store knows (signed-door.ts).

import { SignatureError, SKEW_S } from "./http-signature.js";

/** At 500 a second for two minutes; some 8 MB. */
const NONCES_MAX = 65_536;

export class Nonces {
  #since: number;
  readonly #most: number;
  /** By nonce, the second in which its request is too old; in the order they came. */
  readonly #seen = new Map<string, number>();

  /** @param since - Seconds since 1970: now */
  constructor(since: number, most = NONCES_MAX) {
    this.#since = since;
    this.#most = most;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** Remembers a proven request. @throws {SignatureError} `SIGNED_BEFORE_START`, `REQUEST_REPLAYED`, `REQUESTS_TOO_MANY` */
  take(nonce: string, created: number, now: number): void {
    // A clock that was ahead and is set back: what came meanwhile is remembered until it is too old.
    this.#since = Math.min(this.#since, now);
    if (created < this.#since) throw new SignatureError("SIGNED_BEFORE_START");
    if (this.#seen.has(nonce)) throw new SignatureError("REQUEST_REPLAYED");
    // One that came before another is too old at most two minutes behind it.
    for (const [old, over] of this.#seen) {
      if (over >= now) break;
      this.#seen.delete(old);
    }
    if (this.#seen.size >= this.#most) throw new SignatureError("REQUESTS_TOO_MANY");
    this.#seen.set(nonce, created + SKEW_S);
  }
}
