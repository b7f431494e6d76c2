// A card at a serial line that says more than its line may carry.

import { encodeLineFrame, LineFrames, LineKind } from "@enabling-card/wire";
import { expect } from "chai";
import { type CardError, serialTransport, type UpdateLine } from "../src/index.js";

/** A card that gives its log when it is asked. */
function cardAtLine() {
  const heard = new LineFrames();
  const kinds: number[] = [];
  let say: (octets: Uint8Array) => void = () => undefined;
  const line: UpdateLine = {
    async write(octets) {
      for (const { kind } of heard.push(octets)) {
        kinds.push(kind);
        if (kind === LineKind.Log) say(encodeLineFrame(LineKind.Log));
      }
    },
    onOctets(listener) {
      say = listener;
      return () => undefined;
    },
    onClose: () => () => undefined,
    close: async () => undefined,
  };
  return { line, kinds, says: (octets: number) => say(encodeLineFrame(LineKind.Chunk, new Uint8Array(octets))) };
}

describe("a chunk of a card at a serial line", () => {
  it("is heard where it is as long as may be, and one octet more ends the link, unheard", async () => {
    const { line, kinds, says } = cardAtLine();
    const link = await serialTransport(async () => line, { mtu: 23 }).connect("serial");
    const heard: number[] = [];
    let ended: CardError | undefined;
    await link.subscribe(({ length }) => heard.push(length));
    link.onDisconnect((reason) => {
      ended = reason;
    });
    says(20);
    expect(ended).to.equal(undefined);
    kinds.length = 0;
    says(21);
    says(20);
    expect(heard).to.deep.equal([20]);
    expect(ended).to.have.property("code", "LINK_LOST");
    await new Promise((resolve) => setImmediate(resolve));
    expect(kinds, "the card is told, and thanked for nothing").to.deep.equal([LineKind.Down]);
  });
});
