// Coming back: Noise KK, one round trip (docs/protocol.md "Link"). Its first message acts on nothing: it could be replayed.

import { type CardInfo, cborDecode, decodeCardInfo, MessageType } from "@enabling-card/wire";
import { CardError, sdkError } from "../errors.js";
import type { MessageLink } from "../link/message-link.js";
import { Handshake } from "../noise/handshake.js";
import type { Pairing } from "../pairing/pairing-store.js";
import { OPEN_PATTERN, openPrologue } from "./names.js";
import { SecureSession, type SessionListener } from "./secure-session.js";

export interface Opened {
  readonly pairing: Pairing;
  readonly session: SecureSession;
  readonly info: CardInfo;
}

export interface OpenOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a session with the first of `pairings` that the card knows: after a cut pairing there may be two.
 *
 * @throws {CardError} `NOT_PAIRED` where it knows none, `SESSION_AUTH_FAILED`, `BUSY`, `LINK_LOST`, `LINK_TIMEOUT`, `ABORTED`
 */
export async function openOver(
  link: MessageLink,
  pairings: readonly Pairing[],
  options: OpenOptions,
  listener: SessionListener,
): Promise<Opened> {
  let last = sdkError("PAIRING_UNKNOWN");
  for (const pairing of pairings) {
    try {
      return await openWith(link, pairing, options, listener);
    } catch (error) {
      if (!(error instanceof CardError) || error.code !== "NOT_PAIRED") throw error;
      last = error;
    }
  }
  throw last;
}

async function openWith(
  link: MessageLink,
  pairing: Pairing,
  options: OpenOptions,
  listener: SessionListener,
): Promise<Opened> {
  const handshake = new Handshake({
    pattern: OPEN_PATTERN,
    initiator: true,
    prologue: openPrologue(pairing.cardId),
    staticKey: pairing.phoneKey,
    remoteStatic: pairing.cardKey,
  });
  const first = await handshake.write(new Uint8Array(0));
  const payload = await handshake.read(await link.exchange(MessageType.Open1, first, MessageType.Open2, options));
  const info = infoOf(payload);
  return { pairing, session: new SecureSession(link, handshake.finish(), listener), info };
}

function infoOf(payload: Uint8Array): CardInfo {
  try {
    return decodeCardInfo(cborDecode(payload));
  } catch (cause) {
    throw sdkError("CARD_ANSWER_MALFORMED", "card info", { cause });
  }
}
