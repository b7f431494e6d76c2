// CipherState of the Noise protocol framework, revision 34, section 5.1, with ChaChaPoly (12.3).

import { TAG_SIZE } from "@enabling-card/wire";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { CardError, sdkError } from "../errors.js";

/** The framework reserves 2^64 - 1; ours stops far earlier, as the card does. */
const LAST_NONCE = 0xffff_ffff;
const NONCE_SIZE = 12;

export class CipherState {
  #key: Uint8Array | undefined;
  #nonce = 0;

  constructor(key?: Uint8Array) {
    this.#key = key?.slice();
  }

  get hasKey(): boolean {
    return this.#key !== undefined;
  }

  /** @throws {CardError} `SESSION_EXHAUSTED`, `SESSION_ENDED` */
  encrypt(ad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const { key, nonce } = this.#spend();
    return chacha20poly1305(key, nonce, ad).encrypt(plaintext);
  }

  /**
   * A message that does not open spends no nonce; whether the state lives on is the caller's to say.
   *
   * @throws {CardError} `SESSION_AUTH_FAILED`, `SESSION_EXHAUSTED`, `SESSION_ENDED`
   */
  decrypt(ad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    const { key, nonce } = this.#spend();
    try {
      if (ciphertext.length < TAG_SIZE) throw new Error("shorter than a tag");
      return chacha20poly1305(key, nonce, ad).decrypt(ciphertext);
    } catch (cause) {
      this.#nonce--;
      throw new CardError("SESSION_AUTH_FAILED", "A message failed authentication: connect again", { cause });
    }
  }

  /** Forgets the key: nothing can be sealed or opened after it. */
  wipe(): void {
    this.#key?.fill(0);
    this.#key = undefined;
  }

  /** Counts the nonce before anyone sees what it sealed: a retry can never use it again. */
  #spend(): { key: Uint8Array; nonce: Uint8Array } {
    if (this.#key === undefined) throw sdkError("SESSION_ENDED");
    if (this.#nonce >= LAST_NONCE) {
      throw new CardError("SESSION_EXHAUSTED", "The session has used its last nonce: connect again");
    }
    const nonce = new Uint8Array(NONCE_SIZE);
    new DataView(nonce.buffer).setUint32(4, this.#nonce++, true);
    return { key: this.#key, nonce };
  }
}
