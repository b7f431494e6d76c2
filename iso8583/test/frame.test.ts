import { expect } from "chai";
import fc from "fast-check";
import { FrameReader, frame } from "../src/index.js";

const joined = (messages: readonly Uint8Array[]): Uint8Array => Buffer.concat(messages.map(frame));

describe("a frame", () => {
  it("is two bytes of length, big-endian, and the message", () => {
    expect([...frame(new Uint8Array(258)).subarray(0, 2)]).to.deep.equal([1, 2]);
  });

  it("is refused when empty or longer than its prefix can say", () => {
    expect(() => frame(new Uint8Array(0)))
      .to.throw()
      .with.property("code", "FRAME_EMPTY");
    expect(() => frame(new Uint8Array(65_536)))
      .to.throw()
      .with.property("code", "FRAME_TOO_LONG");
  });
});

describe("a frame reader", () => {
  it("gives back every message, however the line cuts the stream", () => {
    const messages = fc.array(fc.uint8Array({ minLength: 1, maxLength: 600 }), { maxLength: 6 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), (sent, cuts) => {
        const stream = joined(sent);
        const reader = new FrameReader();
        const got: Uint8Array[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length]!;
          got.push(...reader.push(stream.subarray(at, at + size)));
          at += size;
        }
        reader.finish();
        expect(got.map((bytes) => [...bytes])).to.deep.equal(sent.map((bytes) => [...bytes]));
      }),
    );
  });

  it("refuses a long frame by its prefix alone, before it stores anything", () => {
    expect(() => new FrameReader(100).push(Uint8Array.of(0, 101)))
      .to.throw()
      .with.property("code", "FRAME_TOO_LONG");
  });

  it("refuses a frame of length zero", () => {
    expect(() => new FrameReader().push(Uint8Array.of(0, 0)))
      .to.throw()
      .with.property("code", "FRAME_EMPTY");
  });

  it("knows a stream that ended inside a frame", () => {
    for (const part of [[0], [0, 2], [0, 2, 65]]) {
      const reader = new FrameReader();
      reader.push(Uint8Array.from(part));
      expect(reader.idle).to.equal(false);
      expect(() => reader.finish())
        .to.throw()
        .with.property("code", "FRAME_CUT");
    }
  });
});
