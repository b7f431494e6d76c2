// A PIN on its way to the authenticator: HPKE base mode (RFC 9180) to the card's `pin` key. Link and wallet carry it and cannot read it.

import { cborEncode, concat, PIN_MAX_DIGITS, PIN_MIN_DIGITS, utf8 } from "@enabling-card/wire";
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { CardError } from "../errors.js";

/** To whom, and for which question, a PIN is sealed. */
export interface PinQuestion {
  readonly cardId: Uint8Array;
  /** The `pin` key of the card's certificate. */
  readonly pinKey: Uint8Array;
  /** The newest of card info, or of the pairing's second message. Good once. */
  readonly pinNonce: Uint8Array;
}

/**
 * Sealed for one presentation of the grant with hash `grantHash`.
 *
 * @param pin - Digits; as octets they stay their owner's, to be overwritten. @throws {CardError} `PIN_MALFORMED`
 */
export function sealPinForGrant(
  pin: string | Uint8Array,
  grantHash: Uint8Array,
  question: PinQuestion,
): Promise<Uint8Array> {
  return seal(typeof pin === "string" ? utf8(digits(pin)) : digitOctets(pin), grantHash, question);
}

/** Sealed for a pairing. @throws {CardError} `PIN_MALFORMED` */
export function sealPinForPairing(pin: string, question: PinQuestion): Promise<Uint8Array> {
  return seal(utf8(digits(pin)), utf8("pair"), question);
}

/** The old PIN (null where there was none) and the new. @throws {CardError} `PIN_MALFORMED` */
export function sealNewPin(oldPin: string | null, newPin: string, question: PinQuestion): Promise<Uint8Array> {
  return seal(cborEncode([oldPin === null ? null : digits(oldPin), digits(newPin)]), utf8("set"), question);
}

async function seal(plaintext: Uint8Array, purpose: Uint8Array, question: PinQuestion): Promise<Uint8Array> {
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Chacha20Poly1305(),
  });
  const octets = buffer(plaintext);
  plaintext.fill(0);
  const { ct, enc } = await suite.seal(
    {
      recipientPublicKey: await suite.kem.deserializePublicKey(buffer(question.pinKey)),
      info: buffer(concat(utf8("ecard/1 pin"), question.cardId)),
    },
    octets,
    buffer(concat(question.pinNonce, purpose)),
  );
  new Uint8Array(octets).fill(0);
  return concat(new Uint8Array(enc), new Uint8Array(ct));
}

function digits(pin: string): string {
  if (!new RegExp(`^\\d{${PIN_MIN_DIGITS},${PIN_MAX_DIGITS}}$`).test(pin)) throw malformed();
  return pin;
}

/** A copy; no text is made of it, which nobody could overwrite. */
function digitOctets(pin: Uint8Array): Uint8Array {
  const isPin =
    pin.length >= PIN_MIN_DIGITS && pin.length <= PIN_MAX_DIGITS && pin.every((c) => c >= 0x30 && c <= 0x39);
  if (!isPin) throw malformed();
  return pin.slice();
}

function malformed(): CardError {
  return new CardError("PIN_MALFORMED", `A PIN has ${PIN_MIN_DIGITS} to ${PIN_MAX_DIGITS} digits`);
}

function buffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
