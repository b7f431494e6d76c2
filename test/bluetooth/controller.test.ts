// What controllers say that link must not take for more than it is: events of other connections, events that say too little, answers to what was not asked, and no
// answer where there is no room.

import { concat, fromHex, Mail, MessageType, ModuleId, Status, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { HANDLE, LinkHost, le } from "../support/link-host.js";

const RESET = 0x0c03;
const MASK = 0x0c01;
const LE_MASK = 0x2001;
const BUFFERS = 0x1005;
const LE_BUFFERS = 0x2002;
const ENABLE = 0x200a;
const KEY_NEGATIVE = 0x201b;
const LISTEN = "12 1d00 0100";
const READ = "0a 0300";
const NAME = "0b6563617264";
const STRANGE = HANDLE + 1;
const asksForKey = (host: LinkHost, handle = HANDLE) => host.event(0x3e, 5, le(handle), new Uint8Array(10));
const signs = (host: LinkHost) => host.frame(5, fromHex("1401040000000000"));
const said = (host: LinkHost) => host.frames.map(({ channel, payload }) => [channel, toHex(payload)]);
const PARAMETERS = [5, "120108000c00180000009001"];
const inSession = (host: LinkHost, interval: number) => {
  host.connect({ interval });
  host.att(LISTEN);
  for (const type of [MessageType.Open2, MessageType.Sealed])
    host.post(ModuleId.Wallet, Uint8Array.of(Mail.Piece, 3, 3, 0, 1, type, 0));
  host.clear();
};

describe("a controller's word", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start();
  });

  // LE Connection Update Complete (7.7.65.3): status, handle, interval, latency, time-out
  for (const [what, parts] of [
    ["of another connection's", [0, le(STRANGE), le(12), le(0), le(400)]],
    ["that failed", [0x3b, le(HANDLE), le(12), le(0), le(400)]],
    ["cut short", [0, le(HANDLE), le(12), le(0)]],
  ] as const) {
    it(`of new parameters ${what} leaves the slow ones, and they are asked for`, () => {
      inSession(host, 40);
      host.event(0x3e, 3, ...parts);
      host.advance(5_000);
      expect(said(host)).to.deep.equal([PARAMETERS]);
    });
  }

  it("of another connection's key is passed over", () => {
    host.connect().clear();
    asksForKey(host, STRANGE);
    expect(host.commands).to.deep.equal([]);
  });

  it("of another connection's packets gives no buffer back", () => {
    host = new LinkHost({ aclBuffers: 1 }).start().connect();
    host.autoComplete = false;
    host.att(READ);
    host.att(READ);
    host.event(0x13, 1, le(STRANGE), le(1));
    expect(host.held).to.equal(1);
  });

  for (const [what, packet] of [
    ["Command Complete of one octet", "040e0100"],
    ["Command Complete of none", "040e00"],
    ["Command Status of two octets", "040f020000"],
    ["completed packets without a count", "041300"],
  ] as const) {
    it(`that is a ${what} says nothing of its room`, () => {
      host.connect().clear();
      const slot = host.exports.packetSlot!();
      new Uint8Array(host.exports.memory.buffer).fill(0, slot, slot + 16); // what an older packet may have left
      new Uint8Array(host.exports.memory.buffer).set(fromHex(packet), slot);
      host.run(() => host.exports.onPacket!(packet.length / 2));
      asksForKey(host);
      expect(host.commands).to.deep.equal([KEY_NEGATIVE]);
      host.advance(2_001);
      expect(host.commands).to.not.include(RESET);
    });
  }

  it("without a status is an answer all the same", () => {
    host = new LinkHost({ answer: (opcode) => (opcode === MASK ? [] : [0]) }).start();
    expect(host.commands).to.include(ENABLE);
  });

  it("of a command that it was not given is no answer to it", () => {
    host.connect();
    host.answer = () => undefined;
    host.disconnect();
    host.event(0x0e, 0, le(MASK), 0); // and no room
    host.clear();
    host.event(0x0e, 1, le(LE_MASK), 0);
    expect(host.commands).to.deep.equal([LE_MASK]);
  });

  it("of another command leaves it the time that it has for the one under way", () => {
    host = new LinkHost({ answer: (opcode) => (opcode === ENABLE ? undefined : [0]) }).start();
    host.advance(1_000);
    host.event(0x0e, 1, le(MASK), 0).clear();
    host.advance(1_000);
    expect(host.commands[0]).to.equal(RESET);
  });

  it("that it has no room is to be followed by another within 2 s", () => {
    host.event(0x0e, 0, le(0)).clear();
    host.advance(2_000);
    expect(host.commands[0]).to.equal(RESET);
  });
});

describe("a controller that refused", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost({ answer: (opcode) => (opcode === MASK ? [1] : [0]) }).start();
    host.clear();
  });

  it("is tried again, whatever room it says it has", () => {
    host.event(0x0e, 1, le(0));
    host.advance(2_000);
    expect(host.commands[0]).to.equal(RESET);
  });

  it("is asked for nothing before", () => {
    host.post(ModuleId.Wallet, concat(Uint8Array.of(Mail.Identifier), new Uint8Array(16)));
    host.run(() => host.exports.onRadioReady!());
    host.advance(1_999);
    expect(host.commands).to.deep.equal([]);
  });
});

describe("a controller", () => {
  it("that is none is asked for nothing, whatever comes", () => {
    const host = new LinkHost();
    host.radio = Status.Absent;
    host.start();
    host.radio = Status.Ok;
    host.post(ModuleId.Wallet, concat(Uint8Array.of(Mail.Identifier), new Uint8Array(16)));
    expect(host.packets).to.deep.equal([]);
  });

  it("whose way is full as it is to be reset is reset when there is room", () => {
    const host = new LinkHost({ answer: (opcode) => (opcode === ENABLE ? undefined : [0]) }).start();
    host.radio = Status.Busy;
    host.advance(2_000).clear();
    host.answer = () => [0];
    host.radio = Status.Ok;
    host.run(() => host.exports.onRadioReady!());
    expect(host.commands[0]).to.equal(RESET);
    expect(host.commands).to.include(ENABLE);
  });

  it("that is being reset lets nobody in", () => {
    const host = new LinkHost().start();
    host.answer = () => undefined;
    host.event(0x10, 1); // Hardware Error
    host.connect();
    expect(host.exports.connection!()).to.be.below(0);
  });

  for (const [what, answer] of [
    ["has LE buffers of no octets", [0, 0, 0, 4]],
    ["has no LE buffer", [0, 251, 0, 0]],
  ] as const) {
    it(`that ${what} is asked for those it shares`, () => {
      const answers: Record<number, readonly number[]> = { [LE_BUFFERS]: answer, [BUFFERS]: [0, 64, 0, 0, 3, 0, 0, 0] };
      const host = new LinkHost({ aclOctets: 64, answer: (opcode) => answers[opcode] ?? [0] }).start();
      expect(host.commands).to.include.members([BUFFERS, ENABLE]);
    });
  }

  for (const [what, opcode, answer] of [
    ["its buffers but their size", LE_BUFFERS, [0, 251, 0]],
    ["its shared buffers but their size", BUFFERS, [0, 251, 0, 0, 4]],
  ] as const) {
    it(`that says nothing of ${what} is not used`, () => {
      const answers: Record<number, readonly number[]> = { [LE_BUFFERS]: [0, 0, 0, 0], [opcode]: answer };
      const host = new LinkHost({ answer: (asked) => answers[asked] ?? [0] }).start();
      expect(host.commands.at(-1)).to.equal(opcode);
    });
  }
});

describe("a key that a central asks for", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start().connect();
    host.clear();
  });

  it("is denied once there is room on the way to the controller", () => {
    host.radio = Status.Busy;
    asksForKey(host);
    host.radio = Status.Ok;
    host.run(() => host.exports.onRadioReady!());
    expect(host.commands).to.deep.equal([KEY_NEGATIVE]);
  });

  it("is not denied to the next one", () => {
    host.answer = () => undefined;
    asksForKey(host);
    asksForKey(host); // waits for the answer to the first
    host.disconnect();
    host.answer = () => [0];
    host.event(0x0e, 1, le(KEY_NEGATIVE), 0).connect();
    expect(host.att(READ)).to.deep.equal([NAME]);
    expect(host.commands.filter((opcode) => opcode === KEY_NEGATIVE)).to.have.length(1);
  });
});

describe("parameters that are too slow", () => {
  it("are not asked for over a word that waits", () => {
    const host = new LinkHost().start();
    inSession(host, 40);
    host.radio = Status.Busy;
    signs(host);
    host.advance(5_000);
    host.radio = Status.Ok;
    host.run(() => host.exports.onRadioReady!());
    expect(said(host)).to.deep.equal([[5, "010102000000"]]);
    expect(host.att(READ)).to.deep.equal([NAME]);
  });
});
