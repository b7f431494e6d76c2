// L2CAP and the Security Manager on their fixed channels (Core 6.0, Vol 3 Parts A and H), and ACL data both ways: frames whole, in pieces, and with
// lengths that lie; notifications through a controller that has little room.

import {
  concat,
  fromHex,
  HANDSHAKE_MAX_MS,
  Mail,
  MessageType,
  ModuleId,
  MTU_MIN,
  Status,
  toHex,
} from "@enabling-card/wire";
import { expect } from "chai";
import { ATT, HANDLE, LinkHost, le } from "../support/link-host.js";

const SIGNALLING = 5;
const SECURITY = 6;
const NAME = fromHex("0a0300");
const NAME_READ = "0b6563617264";

const frame = (payload: Uint8Array, length = payload.length, channel = ATT) => concat(le(length), le(channel), payload);

describe("L2CAP", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start().connect();
    host.clear();
  });

  /** What link says to fragments, the first of which starts a frame. */
  function said(...fragments: Uint8Array[]): string[] {
    host.clear();
    for (const [i, data] of fragments.entries()) host.fragment(data, i === 0);
    return host.frames.map(({ payload }) => toHex(payload));
  }

  it("puts frames together however they were cut, header included", () => {
    const whole = frame(NAME);
    for (let cut = 1; cut < whole.length; cut++) {
      expect(said(whole.slice(0, cut), whole.slice(cut)), `cut at ${cut}`).to.deep.equal([NAME_READ]);
    }
    expect(said(...Array.from(whole, (octet) => Uint8Array.of(octet)))).to.deep.equal([NAME_READ]);
  });

  it("does not take what an older frame left for the length of one whose header has not come", () => {
    said(frame(NAME, 65_535), new Uint8Array(251));
    const whole = frame(NAME);
    expect(said(whole.slice(0, 1), whole.slice(1))).to.deep.equal([NAME_READ]);
  });

  it("takes fragments of no octets for what they are", () => {
    const whole = frame(NAME);
    const nothing = new Uint8Array(0);
    expect(said(nothing, whole.slice(0, 3), nothing, whole.slice(3))).to.deep.equal([NAME_READ]);
    expect(said(nothing)).to.deep.equal([]);
  });

  it("takes a frame as long as its longest, in pieces of 27", () => {
    host.att("02 f700");
    host.att("12 1d00 0100");
    host.clear();
    const chunk = concat(fromHex("c0f100"), new Uint8Array(241));
    const whole = frame(concat(fromHex("121a00"), chunk));
    expect(whole.length).to.equal(251);
    const pieces = Array.from({ length: 10 }, (_, i) => whole.slice(i * 27, (i + 1) * 27));
    expect(said(...pieces)).to.deep.equal(["13"]);
  });

  const LIES: readonly [string, (whole: Uint8Array) => Uint8Array[]][] = [
    ["a length of more than there is, and then a new frame", (whole) => [whole.slice(0, 5)]],
    ["a length of less than there is", () => [frame(NAME, 2)]],
    ["a length of nothing with octets behind it", () => [frame(NAME, 0)]],
    ["a length of nothing", () => [frame(new Uint8Array(0))]],
    ["a length over the longest", () => [frame(NAME, 248), new Uint8Array(245)]],
    ["a length of 65535", () => [frame(NAME, 65_535), new Uint8Array(251), new Uint8Array(251)]],
    ["more than it said in a later fragment", () => [frame(NAME.slice(0, 1), 3), new Uint8Array(40)]],
    ["half a header", (whole) => [whole.slice(0, 3)]],
    [
      "a continuation of nothing",
      () => [new Uint8Array(0), new Uint8Array(3), new Uint8Array(250), new Uint8Array(250)],
    ],
    ["a channel that is not there", () => [frame(NAME, 3, 0x40)]],
    ["the null channel", () => [frame(NAME, 3, 0)]],
  ];
  for (const [what, fragments] of LIES) {
    it(`drops ${what}, and hears the next`, () => {
      expect(said(...fragments(frame(NAME)))).to.deep.equal([]);
      expect(host.att(NAME)).to.deep.equal([NAME_READ]);
    });
  }

  it("drops a frame of an octet more than its longest, which comes in one packet", () => {
    host.att("02 f700");
    host.att("12 1d00 0100");
    const longest = concat(fromHex("120100"), new Uint8Array(244)); // refused: a service's declaration
    expect(said(frame(longest))).to.deep.equal(["0112010003"]);
    expect(said(frame(concat(longest, Uint8Array.of(0))))).to.deep.equal([]);
    expect(host.att(NAME)).to.deep.equal([NAME_READ]);
  });

  it("takes no frame that does not start as one", () => {
    host.fragment(frame(NAME), false);
    host.fragment(frame(NAME, 65_535));
    host.fragment(frame(NAME), false);
    expect(host.frames).to.deep.equal([]);
    expect(host.att(NAME)).to.deep.equal([NAME_READ]);
  });

  it("passes over data of another connection, and with a boundary flag that is none", () => {
    const whole = frame(NAME);
    host.fragment(whole, true, HANDLE + 1);
    host.packet(concat(Uint8Array.of(2), le(HANDLE | 0x3000), le(whole.length), whole));
    expect(host.frames).to.have.length(0);
    host.packet(concat(Uint8Array.of(2), le(HANDLE), le(whole.length), whole)); // a start that may not be flushed
    expect(host.frames).to.have.length(1);
  });

  // Vol 3 Part A 4
  const SIGNALS: readonly [string, string, ...string[]][] = [
    ["an unknown command", "30 07 0000", "01 07 0200 0000"],
    [
      "a request for our parameters' change, which is a central's to hear",
      "12 08 0800 0600 0600 0000 2a00",
      "01 08 0200 0000",
    ],
    ["a credit based connection", "14 09 0a00 8000 4000 1700 1700 0100", "01 09 0200 0000"],
    ["an identifier of 0", "30 00 0000"],
    ["a length that is not the frame's", "30 07 0100"],
    ["three octets", "30 07 00"],
    ["a reject", "01 07 0200 0000"],
    ["the answer to our request", "13 01 0200 0000"],
    ["a flow control credit", "16 07 0400 4000 0100"],
    ["more than the signalling MTU", `30 07 1400 ${"00".repeat(20)}`, "01 07 0400 0100 1700"],
  ];
  for (const [what, packet, ...answers] of SIGNALS) {
    it(`signalling: ${what}: ${answers.join(", ") || "silence"}`, () => {
      const frames = host.frame(SIGNALLING, fromHex(packet.replaceAll(" ", "")));
      const wanted = answers.map((answer) => [SIGNALLING, answer.replaceAll(" ", "")]);
      expect(frames.map(({ channel, payload }) => [channel, toHex(payload)])).to.deep.equal(wanted);
    });
  }

  it("signalling: one answer at a time: what comes before it has left gets none, and changes none", () => {
    host = new LinkHost({ aclBuffers: 1 }).start().connect();
    host.clear();
    host.autoComplete = false;
    const ask = (id: number) => host.fragment(frame(Uint8Array.of(0x30, id, 0, 0), 4, SIGNALLING));
    for (const id of [7, 8, 9]) ask(id); // one lies in the controller's buffer, one waits for it, one is lost
    host.complete(1);
    host.complete(1);
    expect(host.frames.map(({ payload }) => payload[1])).to.deep.equal([7, 8]);
  });

  it("signalling: an answer goes in the place of our own request for parameters, which waits", () => {
    host = new LinkHost().start().connect({ interval: 400 });
    host.att("12 1d00 0100");
    for (const type of [MessageType.Open2, MessageType.Sealed])
      host.post(ModuleId.Wallet, Uint8Array.of(Mail.Piece, 3, 3, 0, 1, type, 0));
    host.radio = Status.Busy;
    host.advance(HANDSHAKE_MAX_MS);
    host.frame(SIGNALLING, fromHex("30070000"));
    host.radio = Status.Ok;
    host.run(() => host.exports.onRadioReady!());
    expect(host.frames.map(({ payload }) => toHex(payload))).to.deep.equal(["010702000000"]);
  });

  it("answers signalling and pairing both, where the controller has one buffer", () => {
    for (const channels of [
      [SIGNALLING, SECURITY],
      [SECURITY, SIGNALLING],
    ]) {
      host = new LinkHost({ aclBuffers: 1 }).start().connect();
      host.clear();
      host.autoComplete = false;
      host.fragment(frame(NAME)); // its answer lies in the controller's buffer
      for (const channel of channels)
        host.fragment(frame(fromHex(channel === SECURITY ? "01030000100000" : "30070000"), undefined, channel));
      for (let left = 3; left > 0; left--) host.complete(1);
      expect(host.frames.map(({ channel, payload }) => [channel, toHex(payload)])).to.deep.equal([
        [ATT, NAME_READ],
        [SIGNALLING, "010702000000"],
        [SECURITY, "0505"],
      ]);
    }
  });

  it("refuses to pair, and says nothing to any other message of the Security Manager", () => {
    const asked = host.frame(SECURITY, fromHex("01040001100000"));
    expect(asked.map(({ channel, payload }) => [channel, toHex(payload)])).to.deep.equal([[SECURITY, "0505"]]);
    for (const other of ["", "02", "05 05", "0b 10", "0c".padEnd(130, "0")])
      expect(host.frame(SECURITY, fromHex(other.replaceAll(" ", "")))).to.deep.equal([]);
  });

  describe("towards the phone", () => {
    /** The wallet says a message of `length` octets. */
    function says(length: number): Uint8Array {
      const message = Uint8Array.from({ length }, (_, i) => i);
      for (let at = 0; at < length; ) {
        const first = at === 0;
        const part = message.slice(at, at + (first ? 252 : 254));
        const flags = (first ? 1 : 0) | (at + part.length === length ? 2 : 0);
        host.post(ModuleId.Wallet, concat(Uint8Array.of(Mail.Piece, flags), first ? le(length) : fromHex(""), part));
        at += part.length;
      }
      return message;
    }

    /** Octets of the chunks that were notified, without their headers. */
    function heard(): Uint8Array {
      const chunks = host.frames.map(({ payload }) => payload.slice(3));
      return concat(...chunks.map((chunk) => chunk.slice(chunk[0]! & 0x80 ? 3 : 1)));
    }

    for (const [aclOctets, aclBuffers, mtu] of [
      [27, 1, 247],
      [27, 2, MTU_MIN],
      [251, 1, 247],
      [64, 3, 185],
    ] as const) {
      it(`sends all of a message in order through ${aclBuffers} buffers of ${aclOctets} octets at MTU ${mtu}`, () => {
        host = new LinkHost({ aclOctets, aclBuffers }).start().connect();
        host.att(concat(Uint8Array.of(2), le(mtu)));
        host.att("12 1d00 0100");
        host.clear();
        host.autoComplete = false;
        const message = says(1200);
        for (let turns = 0; host.held > 0; turns++) {
          expect(turns, "it ends").to.be.below(200);
          host.complete(1);
        }
        expect(toHex(heard())).to.equal(toHex(message));
        for (const { payload } of host.frames) expect(payload.length).to.be.at.most(mtu);
      });
    }

    it("waits where the way to the controller is full, and goes on where it was", () => {
      host.att("02 f700");
      host.att("12 1d00 0100");
      host.clear();
      host.radio = Status.Busy;
      const message = says(600);
      expect(host.packets).to.have.length(0);
      host.radio = Status.Ok;
      host.run(() => host.exports.onRadioReady!());
      expect(toHex(heard())).to.equal(toHex(message));
    });

    it("never takes more credits back than it gave", () => {
      host = new LinkHost({ aclBuffers: 2 }).start().connect();
      host.autoComplete = false;
      host.packet(fromHex("0413050140000040")); // 16384 of them
      for (let asked = 0; asked < 4; asked++) host.att(NAME);
      expect(host.held, "as many as there are buffers").to.equal(2);
    });
  });
});
