// A connection to a twin card: chunks, messages, handshakes and requests. What the card does then is twin-card.ts's.

import {
  asArray,
  CardEvent,
  type CborValue,
  cborDecode,
  cborEncode,
  concat,
  decodeMessage,
  encodeMessage,
  MessageType,
  Op,
  PROTOCOL_VERSION,
  Reassembler,
  Status,
  toChunks,
  utf8,
} from "@enabling-card/wire";
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { Handshake, type HandshakeResult } from "../src/noise/handshake.js";
import { softwareKey } from "../src/noise/static-key.js";
import {
  identifierKey,
  OPEN_PATTERN,
  openPrologue,
  PAIR_PATTERN,
  pairingPsk,
  pairPrologue,
} from "../src/session/names.js";
import type { MemoryLine } from "../src/transport/memory.js";

const EMPTY = new Uint8Array(0);

export interface Owner {
  readonly key: Uint8Array;
  readonly identifierKey: Uint8Array;
  readonly phoneName: string;
}

/** What a line asks of the card that it leads to, and changes there. */
export interface CardBehind {
  readonly cardId: Uint8Array;
  readonly secret: Uint8Array;
  readonly certificate: Uint8Array;
  readonly pinNonce: Uint8Array;
  readonly pairingOpen: boolean;
  readonly asked: Op[];
  readonly refuse: ((op: Op) => Status) | undefined;
  readonly gate: Promise<void> | undefined;
  owner: Owner | undefined;
  pin: string | undefined;
  cutAfter: number;
  chunks: number;
  info(): CborValue;
  perform(op: Op, body: CborValue, line: TwinLine): CborValue;
  spendPinNonce(): void;
}

export class TwinLine implements MemoryLine {
  up = true;
  readonly #card: CardBehind;
  readonly #sessionSecret: Uint8Array;
  readonly #pinSecret: Uint8Array;
  readonly #reassembler = new Reassembler();
  readonly #chunkListeners = new Set<(chunk: Uint8Array) => void>();
  readonly #closeListeners = new Set<() => void>();
  #pairing: Handshake | undefined;
  #keys: HandshakeResult | undefined;

  constructor(
    card: CardBehind,
    readonly maxWrite: number,
    sessionSecret: Uint8Array,
    pinSecret: Uint8Array,
  ) {
    this.#card = card;
    this.#sessionSecret = sessionSecret;
    this.#pinSecret = pinSecret;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (!this.up) throw new Error("closed");
    if (this.#cut()) throw new Error("cut");
    const message = this.#reassembler.push(chunk);
    if (message !== undefined) void this.#take(message);
  }

  onChunk(listener: (chunk: Uint8Array) => void): () => void {
    this.#chunkListeners.add(listener);
    return () => this.#chunkListeners.delete(listener);
  }

  onClose(listener: () => void): () => void {
    this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  async close(): Promise<void> {
    this.drop();
  }

  drop(): void {
    if (!this.up) return;
    this.up = false;
    for (const listener of this.#closeListeners) listener();
  }

  emit(chunk: Uint8Array): void {
    if (!this.up || this.#cut()) return;
    for (const listener of this.#chunkListeners) listener(chunk);
  }

  event(event: CardEvent, body: CborValue): void {
    if (this.#keys) this.#send(MessageType.Sealed, this.#keys.send.encrypt(EMPTY, cborEncode([0, event, body])));
  }

  #cut(): boolean {
    this.#card.chunks++;
    if (this.#card.cutAfter-- > 0) return false;
    this.#card.cutAfter = Number.POSITIVE_INFINITY;
    this.drop();
    return true;
  }

  #send(type: MessageType, body: Uint8Array): void {
    for (const chunk of toChunks(encodeMessage(type, body), this.maxWrite)) this.emit(chunk);
  }

  #fault(status: Status): void {
    this.#send(MessageType.Fault, Uint8Array.of(status));
  }

  async #take(bytes: Uint8Array): Promise<void> {
    const { version, type, body } = decodeMessage(bytes);
    if (version !== PROTOCOL_VERSION) return this.#fault(Status.UnknownVersion);
    if (type === MessageType.Pair1) await this.#pair1(body);
    else if (type === MessageType.Pair3) await this.#pair3(body);
    else if (type === MessageType.Open1) await this.#open1(body);
    else if (type === MessageType.Sealed) await this.#sealed(body);
    else this.#fault(Status.UnknownMessage);
  }

  async #pair1(body: Uint8Array): Promise<void> {
    const card = this.#card;
    if (card.owner && !card.pairingOpen) {
      this.#fault(Status.PairingClosed);
      return;
    }
    this.#pairing = new Handshake({
      pattern: PAIR_PATTERN,
      initiator: false,
      prologue: pairPrologue(card.cardId),
      staticKey: softwareKey(this.#sessionSecret),
      psks: [pairingPsk({ cardId: card.cardId, secret: card.secret })],
    });
    try {
      await this.#pairing.read(body);
    } catch {
      this.#fault(Status.PairingFailed);
      return;
    }
    this.#send(MessageType.Pair2, await this.#pairing.write(cborEncode([card.certificate, card.pinNonce])));
  }

  async #pair3(body: Uint8Array): Promise<void> {
    const card = this.#card;
    const handshake = this.#pairing;
    this.#pairing = undefined;
    if (handshake === undefined) return this.#fault(Status.NoSession);
    let name: string;
    let sealedPin: Uint8Array | null;
    try {
      const [phoneName, sealed] = asArray(cborDecode(await handshake.read(body)), "third", 2, 2);
      name = phoneName as string;
      sealedPin = sealed as Uint8Array | null;
    } catch {
      return this.#fault(Status.PairingFailed);
    }
    if (card.pin !== undefined) {
      if (sealedPin === null) return this.#fault(Status.PinRequired);
      const pin = await this.#openPin(sealedPin, utf8("pair"));
      card.spendPinNonce();
      if (pin === undefined) return this.#fault(Status.PinNonceStale);
      if (pin !== card.pin) return this.#fault(Status.PinWrong);
    }
    this.#keys = handshake.finish();
    card.owner = { key: handshake.remoteStatic!, identifierKey: identifierKey(this.#keys.hash), phoneName: name };
    this.event(CardEvent.Challenge, card.info());
  }

  async #open1(body: Uint8Array): Promise<void> {
    const card = this.#card;
    if (card.owner === undefined) {
      this.#fault(Status.NotPaired);
      return;
    }
    const handshake = new Handshake({
      pattern: OPEN_PATTERN,
      initiator: false,
      prologue: openPrologue(card.cardId),
      staticKey: softwareKey(this.#sessionSecret),
      remoteStatic: card.owner.key,
    });
    try {
      await handshake.read(body);
    } catch {
      this.#fault(Status.NotPaired);
      return;
    }
    this.#send(MessageType.Open2, await handshake.write(cborEncode(card.info())));
    this.#keys = handshake.finish();
  }

  async #sealed(body: Uint8Array): Promise<void> {
    const keys = this.#keys;
    if (keys === undefined) return this.#fault(Status.NoSession);
    let request: readonly CborValue[];
    try {
      request = asArray(cborDecode(keys.receive.decrypt(EMPTY, body)), "request", 3, 3);
    } catch {
      return this.#fault(Status.SessionAuthFailed);
    }
    const [id, op, argument] = request as [number, Op, CborValue];
    this.#card.asked.push(op);
    if (op !== Op.Disarm) await this.#card.gate;
    const status = (await this.#checkPin(op, argument)) || (this.#card.refuse?.(op) ?? Status.Ok);
    const answer = status === Status.Ok ? this.#card.perform(op, argument, this) : null;
    this.#send(MessageType.Sealed, keys.send.encrypt(EMPTY, cborEncode([id, status, answer])));
  }

  async #checkPin(op: Op, body: CborValue): Promise<Status> {
    const card = this.#card;
    if (op === Op.SetPin) {
      const text = await this.#openPin(body as Uint8Array, utf8("set"), true);
      if (text === undefined) return Status.PinNonceStale;
      const [old, next] = text as unknown as [string | null, string];
      if (card.pin !== undefined && old === null) return Status.PinRequired;
      if (card.pin !== undefined && old !== card.pin) return Status.PinWrong;
      card.pin = next;
    } else if (op === Op.Present && card.pin !== undefined) {
      const sealed = (body as CborValue[])[1] as Uint8Array | null;
      if (sealed === null) return Status.PinRequired;
      const pin = await this.#openPin(sealed, (card.info() as CborValue[])[7] as Uint8Array);
      if (pin !== card.pin) return pin === undefined ? Status.PinNonceStale : Status.PinWrong;
    }
    return Status.Ok;
  }

  async #openPin(sealed: Uint8Array, purpose: Uint8Array, cbor = false): Promise<string | undefined> {
    const suite = new CipherSuite({
      kem: new DhkemX25519HkdfSha256(),
      kdf: new HkdfSha256(),
      aead: new Chacha20Poly1305(),
    });
    const buffer = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer;
    try {
      const plain = await suite.open(
        {
          recipientKey: await suite.kem.deserializePrivateKey(buffer(this.#pinSecret)),
          enc: buffer(sealed.subarray(0, 32)),
          info: buffer(concat(utf8("ecard/1 pin"), this.#card.cardId)),
        },
        buffer(sealed.subarray(32)),
        buffer(concat(this.#card.pinNonce, purpose)),
      );
      const bytes = new Uint8Array(plain);
      return cbor ? (cborDecode(bytes) as unknown as string) : new TextDecoder().decode(bytes);
    } catch {
      return undefined;
    } finally {
      this.#card.spendPinNonce();
    }
  }
}
