// How connections end: what of one must not outlive it, what ends it, and what does not.

import { fromHex, Mail, MessageType, ModuleId, Status, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { HANDLE, LinkHost, le } from "../support/link-host.js";

const DISCONNECT = 0x0406;
const LISTEN = "12 1d00 0100";
/** Whom link told the controller to end, and why. */
const ended = (host: LinkHost): string | undefined => {
  const found = host.packets.findLast((packet) => packet[0] === 1 && (packet[1]! | (packet[2]! << 8)) === DISCONNECT);
  return found === undefined ? undefined : toHex(found.slice(4));
};
/** The wallet says a message of a type, as link sees it. */
const says = (host: LinkHost, type: MessageType) =>
  host.post(ModuleId.Wallet, Uint8Array.of(Mail.Piece, 3, 3, 0, 1, type, 0));

describe("a connection of link's", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start().connect();
    host.clear();
  });

  it("that is gone gives its buffers back, and leaves nothing of a frame that was half said", () => {
    const small = new LinkHost({ aclBuffers: 2 }).start().connect();
    small.autoComplete = false;
    small.att("0a 0300");
    small.att("0a 0300");
    small.fragment(fromHex("030004000a"));
    small.disconnect().connect();
    small.fragment(fromHex("030004000a0300"), false);
    expect(small.frames).to.have.length(1); // of before
    expect(small.att("0a 0300")).to.deep.equal(["0b6563617264"]);
  });

  it("gets an answer of signalling and one of pairing, whole, which could not leave at once", () => {
    host.radio = Status.Busy;
    host.frame(5, fromHex("1401040000000000"));
    host.frame(6, fromHex("01030000100000"));
    host.radio = Status.Ok;
    host.run(() => host.exports.onRadioReady!());
    expect(host.frames.map(({ channel, payload }) => [channel, toHex(payload)])).to.deep.equal([
      [5, "010102000000"],
      [6, "0505"],
    ]);
  });

  for (const [what, channel, payload] of [
    ["an answer of signalling", 5, "1401040000000000"],
    ["the answer to a pairing", 6, "01030000100000"],
    ["a confirmation", 4, "1d0100"],
    ["a response", 4, "0a0500"],
  ] as const)
    it(`takes ${what} with it, which could not leave`, () => {
      host.radio = Status.Busy;
      host.frame(channel, fromHex(payload));
      host.disconnect();
      host.radio = Status.Ok;
      host.run(() => host.exports.onRadioReady!());
      host.connect();
      expect(host.att("0a 0300")).to.deep.equal(["0b6563617264"]);
    });

  it("ends 5 s after its session was given up, however often it comes and goes", () => {
    host.att(LISTEN);
    says(host, MessageType.Open2);
    says(host, MessageType.Sealed);
    host.advance(60_000);
    host.clear();
    host.att("12 1d00 0000");
    host.advance(3_000);
    host.att(LISTEN);
    host.att("12 1d00 0000");
    host.advance(1_999);
    expect(host.commands).to.deep.equal([]);
    host.advance(1);
    expect(host.commands).to.deep.equal([DISCONNECT]);
  });

  it("is over where its handle comes again: its end was missed, and nothing of it is left", () => {
    host.att(LISTEN);
    says(host, MessageType.Open2);
    says(host, MessageType.Sealed);
    host.clear();
    host.connect();
    expect(host.mail.map(({ to, bytes }) => [to, bytes[0]])).to.deep.equal([[ModuleId.Wallet, Mail.LineDown]]);
    expect(ended(host)).to.equal("400013");
    expect(host.exports.connection!()).to.be.lessThan(0);
  });

  it("does not end by what a controller says of a stray one's end", () => {
    host.autoComplete = false;
    host.att(LISTEN);
    host.answer = (opcode) => (opcode === DISCONNECT ? undefined : [0]);
    says(host, MessageType.Sealed);
    host.post(ModuleId.Wallet, Uint8Array.of(Mail.Hangup));
    host.connect({ handle: 0x41 });
    expect(ended(host)).to.equal("410013");
    host.event(0x0f, 2, 1, le(DISCONNECT));
    expect(host.exports.connection!()).to.equal(HANDLE);
  });
});
