// A card's end of a line to a phone in another process: what sdk/src/transport/framed-line.ts says, whatever carries the frames. One phone at a
// time, as the card has one line. A phone that says what makes no sense loses the line; the card hears of that as of a phone out of reach.

import { EmulatorError, type LineEnd } from "@enabling-card/emulator";
import { encodeGreeting } from "@enabling-card/sdk";
import { ATT_HEADER, MTU_MAX, MTU_MIN } from "@enabling-card/wire";

/** A card with a line, emulated or on a microcontroller. */
export interface ServedCard {
  readonly on: boolean;
  readonly lineUp: boolean;
  /** Largest ATT MTU that it takes. */
  readonly mtuLimit?: number;
  advertised(): Uint8Array | undefined;
  connectLine(options: { readonly mtu: number }): LineEnd;
}

/** The card's end of a connection. */
export interface PhoneSocket {
  send(frame: Uint8Array): void;
  /** Ends it behind what was sent. */
  end(): void;
  /** Ends it at once. */
  destroy(): void;
}

/** What is heard of the connection. */
export interface Attended {
  /** A frame of the phone; ends the connection where it makes no sense. */
  frame(frame: Uint8Array): void;
  gone(): void;
}

const EMPTY = new Uint8Array(0);
const MTU = 247;
/** Somebody who only looks goes by himself; who says nothing for this long is sent away, ms. */
const GREETED_MS = 5_000;

/** The ATT MTU that a line offers; 247 unless told. @throws {EmulatorError} `LINE_MTU_INVALID` */
export function mtuOf(mtu = MTU): number {
  if (!Number.isInteger(mtu) || mtu < MTU_MIN || mtu > MTU_MAX)
    throw new EmulatorError("LINE_MTU_INVALID", `An MTU has ${MTU_MIN} to ${MTU_MAX} octets`);
  return mtu;
}

/** Greets whoever is at `socket`, and gives him the card's line when he asks for it; undefined, and the end, where the card is not free. */
export function attend(card: ServedCard, socket: PhoneSocket, offered: number): Attended | undefined {
  if (!card.on || card.lineUp) {
    socket.end();
    return undefined;
  }
  const mtu = Math.min(offered, card.mtuLimit ?? MTU_MAX);
  const identifier = card.advertised();
  let line: LineEnd | undefined;
  const idle = setTimeout(() => socket.destroy(), GREETED_MS);
  socket.send(encodeGreeting({ maxWrite: mtu - ATT_HEADER, ...(identifier && { identifier }) }));
  return {
    frame(frame) {
      const asks = frame.length === 0;
      if (asks !== (line === undefined)) socket.destroy();
      else if (line === undefined) {
        clearTimeout(idle);
        line = takeLine(card, socket, mtu);
        if (line === undefined) socket.destroy();
      } else {
        // The card runs on the chunk before this returns; it may hang up while it does.
        line.write(frame).then(
          () => socket.send(EMPTY),
          () => socket.destroy(),
        );
      }
    },
    gone() {
      clearTimeout(idle);
      void line?.close();
    },
  };
}

/** The card's line for this phone; undefined where another one was faster, or the power went. */
function takeLine(card: ServedCard, socket: PhoneSocket, mtu: number): LineEnd | undefined {
  try {
    const line = card.connectLine({ mtu });
    socket.send(EMPTY);
    line.onChunk((chunk) => socket.send(chunk));
    line.onClose(() => socket.end());
    return line;
  } catch (error) {
    if (error instanceof EmulatorError) return undefined;
    throw error;
  }
}
