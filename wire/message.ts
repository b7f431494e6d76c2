// Messages between phone and card above the chunks: envelope, sealed bodies, card info. docs/protocol.md "Link".

import { concat } from "./bytes.js";
import { asArray, asBool, asBytes, asUint, type CborValue, cborDecode, cborEncode } from "./cbor.js";
import { WireError } from "./errors.js";
import { CardEvent, type MessageType, type Op, Phase } from "./labels.js";
import { CHALLENGE_SIZE, KEY_SIZE, PIN_NONCE_SIZE, PROTOCOL_VERSION } from "./limits.js";
import type { Status } from "./status.js";

export interface Message {
  readonly version: number;
  readonly type: number;
  readonly body: Uint8Array;
}

export function encodeMessage(type: MessageType, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(PROTOCOL_VERSION, type), body);
}

/** @throws {WireError} `CBOR_MALFORMED` where there is no version and type. */
export function decodeMessage(bytes: Uint8Array): Message {
  const [version, type] = bytes;
  if (version === undefined || type === undefined) throw new WireError("CBOR_MALFORMED", "Expected a message");
  return { version, type, body: bytes.subarray(2) };
}

export function encodeRequest(id: number, op: Op, body: CborValue): Uint8Array {
  return cborEncode([id, op, body]);
}

/** What a sealed message of the card says: an answer to request `id`, or an event. */
export type CardMessage =
  | { readonly kind: "answer"; readonly id: number; readonly status: Status; readonly body: CborValue }
  | { readonly kind: "event"; readonly event: CardEvent; readonly body: CborValue };

/** @throws {WireError} `CBOR_MALFORMED` */
export function decodeCardMessage(plaintext: Uint8Array): CardMessage {
  const [id, code, body] = asArray(cborDecode(plaintext), "card message", 3, 3);
  const number = asUint(id, "id", 0xffff_ffff);
  if (number === 0) {
    return { kind: "event", event: asUint(code, "event", CardEvent.Chosen) as CardEvent, body: body as CborValue };
  }
  return { kind: "answer", id: number, status: asUint(code, "status", 255) as Status, body: body as CborValue };
}

export interface CardInfo {
  /** What a grant must answer; the newest. */
  readonly challenge: Uint8Array;
  /** What a sealed PIN must be bound to; good once. */
  readonly pinNonce: Uint8Array;
  /** Entries in the newest checkpoint that the card has seen. */
  readonly checkpointSize: number;
  readonly batteryPercent: number;
  /** major << 16 | minor << 8 | patch */
  readonly firmwareVersion: number;
  readonly timeKnown: boolean;
  readonly phase: Phase;
  /** SHA-256 of the last grant, and its passes on the coil. */
  readonly lastGrant: Uint8Array | null;
  readonly passesSent: number;
}

/** @throws {WireError} `CBOR_MALFORMED` */
export function decodeCardInfo(value: CborValue | undefined): CardInfo {
  const [challenge, pinNonce, size, battery, firmware, timeKnown, phase, last, passes] = asArray(
    value,
    "card info",
    9,
    9,
  );
  return {
    challenge: asBytes(challenge, "challenge", CHALLENGE_SIZE),
    pinNonce: asBytes(pinNonce, "pinNonce", PIN_NONCE_SIZE),
    checkpointSize: asUint(size, "checkpoint size"),
    batteryPercent: asUint(battery, "battery", 100),
    firmwareVersion: asUint(firmware, "firmware version"),
    timeKnown: asBool(timeKnown, "time known"),
    phase: asUint(phase, "phase", Phase.Done) as Phase,
    lastGrant: last === null ? null : asBytes(last, "last grant", KEY_SIZE),
    passesSent: asUint(passes, "passes sent"),
  };
}
