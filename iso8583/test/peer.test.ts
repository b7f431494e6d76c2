// A second opinion: npm `iso_8583`, the same layout (ASCII, binary bitmaps, two-byte prefix). Development only.
// Left out: DE 64 and 128, which the peer takes as text, DE 53, which it has as a later edition does, and the characters that it does not know.
import { createRequire } from "node:module";
import { expect } from "chai";
import fc from "fast-check";
import { DATA_ELEMENTS, decode, encode, FrameReader, frame } from "../src/index.js";
import { message, SETS } from "./arbitraries.js";

interface Peer {
  getBufferMessage(): Buffer | { error: string };
  getIsoJSON(incoming: Buffer): Record<string, string>;
}
const require = createRequire(import.meta.url);
const peer = require("iso_8583") as new (data?: object) => Peer;

/** The peer always writes sixteen bytes of bitmap; with DE 90 so do we. */
const elements = DATA_ELEMENTS.filter((de) => de !== 53 && de !== 64 && de !== 128);
const sets = { ...SETS, an: SETS.an.trim(), ans: SETS.ans.replace(/[@#\\]/g, "") };
const sent = message(elements, sets)
  .filter(({ fields }) => fields[90] !== undefined)
  .map(({ fields }) => ({ mti: "0420", fields }));

describe("the codec and npm iso_8583", () => {
  it("write the same bytes", () => {
    fc.assert(
      fc.property(sent, (request) => {
        const theirs = new peer({ 0: request.mti, ...request.fields }).getBufferMessage();
        if (!(theirs instanceof Buffer)) expect.fail(JSON.stringify(theirs));
        expect(Buffer.from(frame(encode(request))).toString("latin1")).to.equal((theirs as Buffer).toString("latin1"));
      }),
    );
  });

  it("read each other", () => {
    fc.assert(
      fc.property(sent, (request) => {
        const ours = Buffer.from(frame(encode(request)));
        const { 0: mti, ...fields } = new peer().getIsoJSON(ours);
        expect({ mti, fields }).to.deep.equal({ mti: request.mti, fields: { ...request.fields } });
        const theirs = new peer({ 0: request.mti, ...request.fields }).getBufferMessage() as Buffer;
        expect(decode(new FrameReader().push(theirs)[0]!)).to.deep.equal(request);
      }),
    );
  });
});
