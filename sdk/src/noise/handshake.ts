// Handshakes of the Noise protocol framework, revision 34: 25519_ChaChaPoly_SHA256, the patterns this product uses and their
// PSK variants, both roles. Curve, cipher and hash are @noble's.

import { concat, KEY_SIZE, TAG_SIZE, utf8 } from "@enabling-card/wire";
import { x25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { CardError, sdkError } from "../errors.js";
import { CipherState } from "./cipher-state.js";
import { type StaticKey, softwareKey } from "./static-key.js";

type Token = "e" | "s" | "ee" | "es" | "se" | "ss" | "psk";

interface Pattern {
  /** Both static keys are known before (pre-messages -> s, <- s). */
  readonly known: boolean;
  readonly messages: readonly (readonly Token[])[];
}

/** Section 7.5. */
const PATTERNS: Readonly<Record<string, Pattern>> = {
  XX: { known: false, messages: [["e"], ["e", "ee", "s", "es"], ["s", "se"]] },
  KK: {
    known: true,
    messages: [
      ["e", "es", "ss"],
      ["e", "ee", "se"],
    ],
  },
};

export interface HandshakeOptions {
  /** Name of the pattern with its modifiers: "XXpsk3", "KK". */
  readonly pattern: string;
  readonly initiator: boolean;
  readonly prologue: Uint8Array;
  /** Own static key. */
  readonly staticKey: StaticKey;
  /** The other's static public key, where the pattern knows it before. */
  readonly remoteStatic?: Uint8Array;
  /** 32 octets each, in the order of the modifiers. */
  readonly psks?: readonly Uint8Array[];
  /** Tests with published vectors only; made fresh otherwise. */
  readonly ephemeralSecret?: Uint8Array;
}

/** What both sides hold when a handshake is done. */
export interface HandshakeResult {
  readonly send: CipherState;
  readonly receive: CipherState;
  /** Channel binding (section 11.2), 32 octets. */
  readonly hash: Uint8Array;
}

export class Handshake {
  readonly #options: HandshakeOptions;
  readonly #messages: readonly (readonly Token[])[];
  readonly #psks: Uint8Array[];
  #chainingKey: Uint8Array;
  #hash: Uint8Array;
  #cipher = new CipherState();
  #ephemeral: Uint8Array | undefined;
  #remoteEphemeral: Uint8Array | undefined;
  #remoteStatic: Uint8Array | undefined;
  #step = 0;

  /** @throws {CardError} `ARGUMENT_INVALID` for an unknown pattern or a key that is missing. */
  constructor(options: HandshakeOptions) {
    const { pattern, messages } = patternOf(options.pattern);
    const name = utf8(`Noise_${options.pattern}_25519_ChaChaPoly_SHA256`);
    this.#options = options;
    this.#messages = messages;
    this.#psks = [...(options.psks ?? [])];
    this.#remoteStatic = options.remoteStatic;
    if (this.#psks.length !== messages.flat().filter((token) => token === "psk").length) {
      throw sdkError("ARGUMENT_INVALID", "handshake: number of PSKs");
    }
    this.#hash = name.length <= KEY_SIZE ? concat(name, new Uint8Array(KEY_SIZE - name.length)) : sha256(name);
    this.#chainingKey = this.#hash;
    this.#mixHash(options.prologue);
    if (pattern.known) {
      if (options.remoteStatic === undefined) throw sdkError("ARGUMENT_INVALID", "handshake: remote static key");
      const { publicKey } = options.staticKey;
      const [first, second] = options.initiator ? [publicKey, options.remoteStatic] : [options.remoteStatic, publicKey];
      this.#mixHash(first);
      this.#mixHash(second);
    }
  }

  /** The other's static key, once it is known. */
  get remoteStatic(): Uint8Array | undefined {
    return this.#remoteStatic;
  }

  get done(): boolean {
    return this.#step === this.#messages.length;
  }

  /** Writes the next message (section 5.3). @throws {CardError} `ARGUMENT_INVALID` where it is not this side's turn. */
  async write(payload: Uint8Array): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (const token of this.#turn(true)) {
      if (token === "e") {
        this.#ephemeral = this.#options.ephemeralSecret?.slice() ?? x25519.utils.randomSecretKey();
        const publicKey = x25519.getPublicKey(this.#ephemeral);
        parts.push(publicKey);
        this.#mixEphemeral(publicKey);
      } else if (token === "s") parts.push(this.#seal(this.#options.staticKey.publicKey));
      else await this.#mix(token);
    }
    parts.push(this.#seal(payload));
    return concat(...parts);
  }

  /**
   * Reads the next message; returns its payload. After a failure the handshake is over.
   *
   * @throws {CardError} `SESSION_AUTH_FAILED` where it is cut, altered, or holds a key that is none.
   */
  async read(message: Uint8Array): Promise<Uint8Array> {
    const tokens = this.#turn(false);
    let at = 0;
    const take = (length: number) => {
      if (at + length > message.length) throw failed(new Error("cut"));
      at += length;
      return message.slice(at - length, at);
    };
    for (const token of tokens) {
      if (token === "e") {
        this.#remoteEphemeral = take(KEY_SIZE);
        this.#mixEphemeral(this.#remoteEphemeral);
      } else if (token === "s") {
        this.#remoteStatic = this.#open(take(this.#cipher.hasKey ? KEY_SIZE + TAG_SIZE : KEY_SIZE));
      } else await this.#mix(token);
    }
    return this.#open(message.slice(at));
  }

  /** Splits into transport keys (section 5.2), and forgets the rest. */
  finish(): HandshakeResult {
    if (!this.done) throw sdkError("ARGUMENT_INVALID", "handshake: not finished");
    const [first, second] = hkdf(this.#chainingKey, new Uint8Array(0), 2);
    const [initiator, responder] = [new CipherState(first), new CipherState(second)];
    this.#chainingKey.fill(0);
    this.#ephemeral?.fill(0);
    return this.#options.initiator
      ? { send: initiator, receive: responder, hash: this.#hash }
      : { send: responder, receive: initiator, hash: this.#hash };
  }

  #turn(writing: boolean): readonly Token[] {
    const tokens = this.#messages[this.#step];
    const mine = (this.#step % 2 === 0) === this.#options.initiator;
    if (tokens === undefined || mine !== writing) throw sdkError("ARGUMENT_INVALID", "handshake: not this side's turn");
    this.#step++;
    return tokens;
  }

  async #mix(token: Exclude<Token, "e" | "s">): Promise<void> {
    const { initiator, staticKey } = this.#options;
    if (token === "psk") {
      this.#mixKeyAndHash(this.#psks.shift()!);
      return;
    }
    // es: the initiator's ephemeral with the responder's static; se the other way round
    const ownIsEphemeral = token === "ee" || (token === "es") === initiator;
    const own = token === "ss" || !ownIsEphemeral ? staticKey : softwareKey(this.#ephemeral!);
    const other = token === "ss" || (token !== "ee" && ownIsEphemeral) ? this.#remoteStatic! : this.#remoteEphemeral!;
    let shared: Uint8Array;
    try {
      shared = await own.dh(other);
    } catch (cause) {
      throw failed(cause); // a point of small order
    }
    this.#mixKey(shared);
    shared.fill(0);
  }

  #mixEphemeral(publicKey: Uint8Array): void {
    this.#mixHash(publicKey);
    if (this.#messages.flat().includes("psk")) this.#mixKey(publicKey); // section 9.2
  }

  #mixHash(data: Uint8Array): void {
    this.#hash = sha256(concat(this.#hash, data));
  }

  #mixKey(input: Uint8Array): void {
    const [chainingKey, key] = hkdf(this.#chainingKey, input, 2);
    this.#chainingKey = chainingKey!;
    this.#cipher = new CipherState(key);
  }

  #mixKeyAndHash(input: Uint8Array): void {
    const [chainingKey, hash, key] = hkdf(this.#chainingKey, input, 3);
    this.#chainingKey = chainingKey!;
    this.#mixHash(hash!);
    this.#cipher = new CipherState(key);
  }

  #seal(plaintext: Uint8Array): Uint8Array {
    const out = this.#cipher.hasKey ? this.#cipher.encrypt(this.#hash, plaintext) : plaintext;
    this.#mixHash(out);
    return out;
  }

  #open(ciphertext: Uint8Array): Uint8Array {
    const out = this.#cipher.hasKey ? this.#cipher.decrypt(this.#hash, ciphertext) : ciphertext;
    this.#mixHash(ciphertext);
    return out;
  }
}

function patternOf(name: string): { pattern: Pattern; messages: Token[][] } {
  const [, base = "", modifiers = ""] = /^([A-Z]+)((?:psk\d\+?)*)$/.exec(name) ?? [];
  const pattern = PATTERNS[base];
  if (pattern === undefined) throw sdkError("ARGUMENT_INVALID", "handshake: pattern");
  const messages = pattern.messages.map((tokens) => [...tokens]);
  for (const [, digit] of modifiers.matchAll(/psk(\d)/g)) {
    // section 9: psk0 begins the first message, pskN ends message N
    if (digit === "0") messages[0]!.unshift("psk");
    else if (messages[Number(digit) - 1]) messages[Number(digit) - 1]!.push("psk");
    else throw sdkError("ARGUMENT_INVALID", "handshake: PSK modifier");
  }
  return { pattern, messages };
}

/** Section 4.3: HKDF with the chaining key as salt and no info, 32 octets an output. */
function hkdf(chainingKey: Uint8Array, input: Uint8Array, outputs: 2 | 3): Uint8Array[] {
  const temporary = hmac(sha256, chainingKey, input);
  const out: Uint8Array[] = [];
  for (let i = 1; i <= outputs; i++) {
    out.push(hmac(sha256, temporary, concat(out.at(-1) ?? new Uint8Array(0), Uint8Array.of(i))));
  }
  return out;
}

function failed(cause: unknown): CardError {
  return new CardError("SESSION_AUTH_FAILED", "The handshake failed: connect again", { cause });
}
