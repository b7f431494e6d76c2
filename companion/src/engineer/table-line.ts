// The serial line of the table's card: a WebSocket of octets, which the server paces as a cable would. An empty message says that the line is ours.

import { CARD_PROTOCOL, CARD_TOKEN, CardError, type UpdateLine } from "@enabling-card/sdk";

/** Longest message that the server takes, octets. */
const MESSAGE_MAX = 512;

/** @throws {CardError} `CARD_NOT_FOUND` where the table is gone, or another page has the line */
export async function tableLine(url: string, token: string): Promise<UpdateLine> {
  const socket = new WebSocket(url, [CARD_PROTOCOL, CARD_TOKEN + token]);
  socket.binaryType = "arraybuffer";
  const octetEars = new Set<(octets: Uint8Array) => void>();
  const closeEars = new Set<() => void>();
  let gone = false;
  await new Promise<void>((resolve, reject) => {
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      if (data.byteLength === 0) resolve();
      else for (const hear of octetEars) hear(new Uint8Array(data));
    };
    socket.onclose = () => {
      gone = true;
      const sentence =
        "The table's serial line is not free: another page or program has it, or the table is gone; close that one, or open the address that the table printed";
      reject(new CardError("CARD_NOT_FOUND", sentence));
      for (const hear of closeEars) hear();
    };
  });
  return {
    async write(octets) {
      if (gone)
        throw new CardError("LINK_LOST", "The card's serial line is gone: check its cable and the table, then go on");
      for (let at = 0; at < octets.length; at += MESSAGE_MAX) socket.send(octets.slice(at, at + MESSAGE_MAX));
    },
    onOctets: (listener) => {
      octetEars.add(listener);
      return () => octetEars.delete(listener);
    },
    onClose: (listener) => {
      if (gone) listener();
      else closeEars.add(listener);
      return () => closeEars.delete(listener);
    },
    close: async () => socket.close(),
  };
}
