// Adapter for one card behind a WebSocket on this computer, for pages without Bluetooth: `ecard companion`. A message is a frame of framed-line.ts.
// Any page may open a WebSocket to loopback: what keeps others out is a token, said as a subprotocol so that no address and no log holds it, and that
// the server looks at the page's origin.

import { sdkError } from "../errors.js";
import type { CardTransport } from "./card-link.js";
import { CLOSE_MS, type FrameEvents, type FrameSocket, type LineOptions, lineTransport } from "./framed-line.js";

/** The part of a platform's WebSocket that is used. */
export interface WebSocketLike {
  binaryType: string;
  readonly protocol: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

export interface WebSocketTransportOptions extends LineOptions {
  /** `ws://` on loopback: 127.0.0.1, localhost or [::1]. */
  readonly url: string;
  /** What the server asks for: 1 to 128 characters of A-Z, a-z, 0-9, - and _. */
  readonly token: string;
  /** The platform's own unless told. */
  readonly open?: (url: string, protocols: string[]) => WebSocketLike;
}

/** The subprotocol that both speak; the token is offered beside it, behind `CARD_TOKEN`, and never chosen. */
export const CARD_PROTOCOL = "ecard.1";
export const CARD_TOKEN = "ecard.token.";
const TOKEN = /^[\w-]{1,128}$/;
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * The transport whose air holds the one card behind `url`.
 *
 * @throws {CardError} `ARGUMENT_INVALID` for another machine's address, or a token that is none
 */
export function webSocketTransport(options: WebSocketTransportOptions): CardTransport {
  const { url, token, open = (...args) => new WebSocket(...args) as WebSocketLike } = options;
  const known = URL.canParse(url) ? new URL(url) : undefined;
  if (known?.protocol !== "ws:" || !LOOPBACK.has(known.hostname))
    throw sdkError("ARGUMENT_INVALID", "url: ws:// and an address of this computer");
  if (!TOKEN.test(token)) throw sdkError("ARGUMENT_INVALID", "token: 1 to 128 of A-Z, a-z, 0-9, - and _");
  const dial = () => open(url, [CARD_PROTOCOL, CARD_TOKEN + token]);
  return lineTransport(known.host, (events) => webSocket(dial(), events), options);
}

function webSocket(socket: WebSocketLike, events: FrameEvents): FrameSocket {
  socket.binaryType = "arraybuffer";
  let opened = false;
  let gone = false;
  let whenGone: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    whenGone = resolve;
  });
  socket.onopen = () => {
    opened = true;
    if (socket.protocol !== CARD_PROTOCOL) events.broken();
  };
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) events.frame(new Uint8Array(data));
    else events.broken();
  };
  // An error is always followed by this, and says nothing.
  socket.onclose = () => {
    gone = true;
    whenGone();
    events.gone(opened ? undefined : new Error("the WebSocket was not opened"));
  };
  return {
    send: (frame, taken) => {
      // One that is closing drops what it is given: the receipt will be missed.
      socket.send(frame.slice());
      taken();
    },
    destroy: () => socket.close(),
    close: async () => {
      if (gone) return;
      socket.close();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_MS);
      });
      await Promise.race([over, late]);
      clearTimeout(timer);
    },
  };
}
