// A hostile line in the middle of a pairing.

import type { CardTransport } from "@enabling-card/sdk";
import { MessageType } from "@enabling-card/wire";

/** A link that lets the third message through, hides what the card says then, and says `lie` in its place. */
export function lyingAfterThird(transport: CardTransport, lie: Uint8Array): CardTransport {
  return {
    discover: transport.discover,
    async connect(id, options) {
      const link = await transport.connect(id, options);
      let hear = (_chunk: Uint8Array) => {};
      let third = false;
      return {
        ...link,
        subscribe: (listener) => {
          hear = listener;
          return link.subscribe((chunk) => third || listener(chunk));
        },
        async write(chunk, how) {
          third ||= (chunk[0]! & 0x80) !== 0 && chunk[4] === MessageType.Pair3;
          await link.write(chunk, how);
          if (third && how.response) setTimeout(() => hear(lie), 20);
        },
      };
    },
  };
}
