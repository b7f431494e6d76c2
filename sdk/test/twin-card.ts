// A card's side of the protocol in TypeScript, small: pairs, opens, answers. What it says of grants is canned. For tests of the SDK
// where the firmware would be in the way; the firmware's own journeys are in test/.

import {
  AAD,
  ATT_HEADER,
  asArray,
  asBytes,
  CardEvent,
  type CborValue,
  concat,
  encodeClaims,
  encodePairingCode,
  encodeSign1,
  Op,
  Phase,
  Role,
  type Status,
  toBase32,
} from "@enabling-card/wire";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { MemoryCard, MemoryLine } from "../src/transport/memory.js";
import { type CardBehind, type Owner, TwinLine } from "./twin-line.js";

const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));

export interface TwinOptions {
  /** Changes the claims before the maker signs them. */
  readonly claims?: (claims: Parameters<typeof encodeClaims>[0]) => Parameters<typeof encodeClaims>[0];
  readonly signer?: Uint8Array;
  readonly id?: string;
}

export class TwinCard implements MemoryCard, CardBehind {
  readonly id: string;
  readonly cardId = random(16);
  readonly secret = random(16);
  readonly cryptogram = random(8);
  readonly makerSecret = ed25519.utils.randomSecretKey();
  readonly certificate: Uint8Array;
  readonly #session = x25519.utils.randomSecretKey();
  readonly #pin = x25519.utils.randomSecretKey();
  owner: Owner | undefined;
  pin: string | undefined;
  pairingOpen = true;
  phase: Phase = Phase.Empty;
  passesSent = 0;
  /** Operations as they were asked for. */
  readonly asked: Op[] = [];
  /** The line is cut after this many more chunks, either way; never unless set. */
  cutAfter = Number.POSITIVE_INFINITY;
  /** Chunks since the card was made. */
  chunks = 0;
  /** Answers with this status instead of doing it. */
  refuse: ((op: Op) => Status) | undefined;
  /** Holds answers back until resolved. */
  gate: Promise<void> | undefined;
  connections = 0;
  #line: TwinLine | undefined;
  #challenge = random(16);
  #pinNonce = random(16);
  #lastGrant: Uint8Array | null = null;

  constructor(options: TwinOptions = {}) {
    this.id = options.id ?? "twin";
    const keys = {
      session: x25519.getPublicKey(this.#session),
      grant: x25519.getPublicKey(random(32)),
      pin: x25519.getPublicKey(this.#pin),
    };
    const claims = {
      iss: "Test maker",
      sub: toBase32(this.cardId),
      notBefore: 0,
      expires: 4_000_000_000,
      serial: random(16),
      role: Role.Card,
      keys,
    };
    const signer = options.signer ?? this.makerSecret;
    this.certificate = encodeSign1(
      encodeClaims(options.claims?.(claims) ?? claims),
      sha256(ed25519.getPublicKey(signer)).slice(0, 8),
      AAD.certificate,
      (bytes) => ed25519.sign(bytes, signer),
    );
  }

  get makerRoot(): Uint8Array {
    return ed25519.getPublicKey(this.makerSecret);
  }

  get pairingCode(): string {
    return encodePairingCode({ cardId: this.cardId, secret: this.secret });
  }

  advertised(): Uint8Array | undefined {
    if (this.owner === undefined) return undefined;
    const nonce = random(8);
    return concat(nonce, hmac(sha256, this.owner.identifierKey, nonce).slice(0, 8));
  }

  connectLine(options: { readonly mtu?: number } = {}): MemoryLine {
    if (this.#line?.up) throw new Error("another phone is connected");
    this.connections++;
    this.#line = new TwinLine(this, (options.mtu ?? 247) - ATT_HEADER, this.#session, this.#pin);
    return this.#line;
  }

  drop(): void {
    this.#line?.drop();
  }

  /** Says something unasked. */
  say(event: CardEvent, body: CborValue): void {
    this.#line?.event(event, body);
  }

  /** Sends octets as they are: what a hostile link could. */
  inject(chunk: Uint8Array): void {
    this.#line?.emit(chunk);
  }

  info(): CborValue {
    return [this.#challenge, this.#pinNonce, 7, 93, 0x000100, true, this.phase, this.#lastGrant, this.passesSent];
  }

  get pinNonce(): Uint8Array {
    return this.#pinNonce;
  }

  perform(op: Op, body: CborValue, line: TwinLine): CborValue {
    switch (op) {
      case Op.Load: {
        const [sealed] = asArray(body, "load", 4, 4);
        this.#lastGrant = sha256(asBytes(sealed, "sealed"));
        this.phase = Phase.Loaded;
        return [this.#lastGrant, ["Corner Bakery", 1250], this.info()];
      }
      case Op.Present: {
        const [when] = asArray(body, "present", 2, 2);
        if (when === 2) {
          this.phase = Phase.Done;
          line.event(CardEvent.Done, this.info());
          return [this.cryptogram, this.info()];
        }
        if (when === 1) {
          this.phase = Phase.Armed;
          line.event(CardEvent.Armed, [120, this.info()]);
          return [0, 120, this.info()];
        }
        this.phase = Phase.Done;
        this.passesSent = 3;
        line.event(CardEvent.PassSent, [0, 3, this.info()]);
        return [3, null, this.info()];
      }
      case Op.State:
        return [[[random(16), 1, 2, 41]], this.info()];
      case Op.Unpair:
        this.owner = undefined;
        return null;
      case Op.Disarm:
        this.phase = Phase.Empty;
        return this.info();
      default:
        return this.info();
    }
  }

  spendPinNonce(): void {
    this.#pinNonce = random(16);
  }
}
