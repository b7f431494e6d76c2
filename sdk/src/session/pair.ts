// Pairing: Noise XXpsk3, phone first (docs/protocol.md "Link"). The keys are kept before the card can count them, and until a session
// has shown which pairing the card holds.

import {
  asArray,
  asBytes,
  CardEvent,
  type CardInfo,
  cborDecode,
  cborEncode,
  decodeCardInfo,
  MessageType,
  type PairingCode,
  PHONE_NAME_MAX,
  PIN_NONCE_SIZE,
  utf8,
} from "@enabling-card/wire";
import { sealPinForPairing } from "../card/sealed-pin.js";
import { CardError, sdkError, throwIfAborted } from "../errors.js";
import { type MessageLink, unlessAborted, within } from "../link/message-link.js";
import { Handshake, type HandshakeResult } from "../noise/handshake.js";
import { type StaticKey, softwareKey } from "../noise/static-key.js";
import { checkCardCertificate } from "../pairing/card-certificate.js";
import type { Pairing, PairingStore } from "../pairing/pairing-store.js";
import { identifierKey, PAIR_PATTERN, pairingPsk, pairPrologue } from "./names.js";
import { SecureSession, type SessionListener } from "./secure-session.js";

export type PairStep = "connecting" | "greeting" | "certificate" | "keeping" | "confirming" | "done";

export interface PairOptions {
  /** What the card calls this phone, 1 to 32 octets of UTF-8. */
  readonly phoneName: string;
  /** The card's PIN, where one is set. */
  readonly pin?: string;
  /** The maker's Ed25519 public key, 32 octets: which cards are genuine. */
  readonly makerRoot: Uint8Array;
  readonly store: PairingStore;
  readonly signal?: AbortSignal;
  readonly onProgress?: (step: PairStep) => void;
  /** How long finding the card, connecting, and each of its answers may take, ms; 10 s each unless told. */
  readonly timeoutMs?: number;
  /** Seconds since 1970; the phone's clock unless told. */
  readonly now?: () => number;
}

export interface Paired {
  readonly pairing: Pairing;
  readonly session: SecureSession;
  readonly info: CardInfo;
}

const TIMEOUT_MS = 10_000;

/** Before anybody is connected to. @throws {CardError} `ARGUMENT_INVALID` */
export function checkPhoneName(phoneName: string): void {
  const { length } = utf8(phoneName);
  if (length < 1 || length > PHONE_NAME_MAX) throw sdkError("ARGUMENT_INVALID", "phoneName: 1 to 32 octets");
}

/**
 * Pairs over `link` with the card that `code` names. A refusal of the last message proves nothing: the keys stay, unconfirmed, and
 * where the card has taken them after all, it can be opened with them.
 *
 * @throws {CardError} `PAIRING_FAILED` (another card's code), `PAIRING_CLOSED`, `PIN_REQUIRED`, `PIN_WRONG`, `PIN_LOCKED`;
 * `CARD_NOT_GENUINE` and `CARD_CERTIFICATE_…`; `PAIRING_STORE_FAILED`; `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`
 */
export async function pairOver(
  link: MessageLink,
  code: PairingCode,
  options: PairOptions,
  listener: SessionListener,
): Promise<Paired> {
  const { store, signal, onProgress, timeoutMs = TIMEOUT_MS } = options;
  onProgress?.("greeting");
  const phoneKey = await newKey(store);
  const handshake = new Handshake({
    pattern: PAIR_PATTERN,
    initiator: true,
    prologue: pairPrologue(code.cardId),
    staticKey: phoneKey,
    psks: [pairingPsk(code)],
  });
  const first = await handshake.write(new Uint8Array(0));
  const second = await link.exchange(MessageType.Pair1, first, MessageType.Pair2, { timeoutMs, signal });

  onProgress?.("certificate");
  const { certificate, pinNonce } = await readSecond(handshake, second);
  const cardKey = handshake.remoteStatic!;
  const now = options.now?.() ?? Math.floor(Date.now() / 1000);
  const { keys: certified } = checkCardCertificate(certificate, {
    makerRoot: options.makerRoot,
    cardId: code.cardId,
    session: cardKey,
    now,
  });
  const sealedPin =
    options.pin === undefined
      ? null
      : await sealPinForPairing(options.pin, { cardId: code.cardId, pinKey: certified.pin, pinNonce });
  throwIfAborted(signal);

  const third = await handshake.write(cborEncode([options.phoneName, sealedPin]));
  const keys = handshake.finish();
  const pairing: Pairing = {
    cardId: code.cardId,
    phoneKey,
    cardKey,
    certificate,
    identifierKey: identifierKey(keys.hash),
    phoneName: options.phoneName,
    confirmed: false,
  };
  onProgress?.("keeping");
  await store.save(pairing);
  throwIfAborted(signal);

  onProgress?.("confirming");
  // Whatever fails from here on, the keys stay: a refusal comes in clear, so anybody may have written it while the card took its owner.
  const confirmed = await confirm(link, third, keys, listener, { timeoutMs, signal });
  await store.save({ ...pairing, confirmed: true });
  onProgress?.("done");
  return { pairing: { ...pairing, confirmed: true }, ...confirmed };
}

/** @throws {CardError} `PAIRING_STORE_FAILED` */
async function newKey(store: PairingStore): Promise<StaticKey> {
  try {
    return (await store.newKey?.()) ?? softwareKey();
  } catch (cause) {
    throw sdkError("PAIRING_STORE_FAILED", "no key", { cause });
  }
}

async function readSecond(
  handshake: Handshake,
  message: Uint8Array,
): Promise<{ certificate: Uint8Array; pinNonce: Uint8Array }> {
  let payload: Uint8Array;
  try {
    payload = await handshake.read(message);
  } catch (cause) {
    // The prologue names the card: this is another card than the sheet's, or somebody between.
    throw new CardError("PAIRING_FAILED", "This is not the card that the pairing code belongs to: scan its own sheet", {
      cause,
    });
  }
  try {
    const [certificate, pinNonce] = asArray(cborDecode(payload), "pairing answer", 2, 2);
    return {
      certificate: asBytes(certificate, "certificate"),
      pinNonce: asBytes(pinNonce, "pinNonce", PIN_NONCE_SIZE),
    };
  } catch (cause) {
    throw sdkError("CARD_ANSWER_MALFORMED", "pairing", { cause });
  }
}

/** Sends the last message and waits for the card's first sealed one: only then do both sides hold the pairing. */
async function confirm(
  link: MessageLink,
  third: Uint8Array,
  keys: HandshakeResult,
  listener: SessionListener,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<{ session: SecureSession; info: CardInfo }> {
  let session: SecureSession | undefined;
  const first = new Promise<CardInfo>((resolve, reject) => {
    session = new SecureSession(link, keys, {
      event(event, body) {
        if (event === CardEvent.Challenge) resolve(decodeCardInfo(body));
        listener.event(event, body);
      },
      ended(reason) {
        reject(reason);
        listener.ended(reason);
      },
    });
  });
  first.catch(() => undefined);
  const { timeoutMs, signal } = options;
  await unlessAborted(link.send(MessageType.Pair3, third, { signal, chunkTimeoutMs: timeoutMs }), signal);
  const info = await within(first, timeoutMs, signal);
  return { session: session!, info };
}
