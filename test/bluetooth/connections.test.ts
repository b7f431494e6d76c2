// Connections of the card's HCI (Core 6.0, Vol 4 Part E), from their beginning to their end, and what is due in between.

import { concat, HANDSHAKE_MAX_MS, Mail, MessageType, ModuleId, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { HANDLE, LinkHost, le } from "../support/link-host.js";

const RESET = 0x0c03;
const LE_BUFFERS = 0x2002;
const DATA_LENGTH = 0x2024;
const ADDRESS = 0x2005;
const PARAMETERS = 0x2006;
const SCAN_RESPONSE = 0x2009;
const ENABLE = 0x200a;
const RAND = 0x2018;
const KEY_NEGATIVE = 0x201b;
const DISCONNECT = 0x0406;
/** What a controller may have lost, and what the card shows. */
const SETTINGS = [0x0c01, 0x2001, LE_BUFFERS, DATA_LENGTH, PARAMETERS];
const SHOWN = [ADDRESS, 0x2008, SCAN_RESPONSE, ENABLE];
const AIR = [...SETTINGS, RAND, ...SHOWN];
const LISTEN = "12 1d00 0100";

const parametersOf = (host: LinkHost, opcode: number) => {
  const found = host.packets.filter((packet) => packet[0] === 1 && (packet[1]! | (packet[2]! << 8)) === opcode).at(-1);
  return found === undefined ? undefined : toHex(found.slice(4));
};
const identifier = (host: LinkHost, octets: Uint8Array) =>
  host.post(ModuleId.Wallet, concat(Uint8Array.of(Mail.Identifier), octets));
/** The wallet says a message of a type, as link sees it. */
const says = (host: LinkHost, type: MessageType) =>
  host.post(ModuleId.Wallet, Uint8Array.of(Mail.Piece, 3, 3, 0, 1, type, 0));

const inSession = (host: LinkHost, interval = 24) => {
  host.connect({ interval });
  host.att(LISTEN);
  says(host, MessageType.Open2);
  says(host, MessageType.Sealed);
};

describe("a connection", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start();
    host.connect();
    host.clear();
  });

  it("is followed by advertising, under another address, when it ends", () => {
    host.disconnect();
    expect(host.commands).to.deep.equal(AIR);
  });

  it("beside the one is ended, and the one lives on", () => {
    host.connect({ handle: HANDLE + 1 });
    expect(parametersOf(host, DISCONNECT)).to.equal("410013");
    expect(host.att("0a 0300")).to.deep.equal(["0b6563617264"]);
  });

  it("beside the one, and another before the first could be ended: the controller is reset, and none is left", () => {
    host.answer = () => undefined;
    host.event(0x3e, 5, le(HANDLE), new Uint8Array(10)); // a command is under way
    host.connect({ handle: HANDLE + 1 });
    expect(host.commands).to.deep.equal([KEY_NEGATIVE]);
    host.answer = () => [0];
    host.connect({ handle: HANDLE + 2 });
    expect(host.commands.slice(1, 2)).to.deep.equal([RESET]);
    expect(host.commands.at(-1)).to.equal(ENABLE);
    expect(host.connect().att("0a 0300")).to.deep.equal(["0b6563617264"]);
  });

  it("that comes while the line carries, before the controller has stopped to advertise, is ended", () => {
    host.disconnect().clear();
    host.answer = () => undefined;
    host.run(() => host.exports.onLineUp!());
    expect(parametersOf(host, ENABLE)).to.equal("00");
    host.connect({ handle: HANDLE + 1 });
    expect(host.att("0a 0300"), "nobody is heard").to.deep.equal([]);
    host.event(0x0e, 1, le(ENABLE), 0x0c);
    expect(parametersOf(host, DISCONNECT)).to.equal("410013");
  });

  it("whose end was missed is over when the controller knows it no more", () => {
    host.answer = (opcode) => (opcode === DISCONNECT ? [2] : [0]);
    host.advance(HANDSHAKE_MAX_MS + 999);
    expect(host.commands).to.deep.equal([DISCONNECT]);
    host.advance(1);
    expect(host.commands).to.deep.equal([DISCONNECT, RESET, ...AIR]);
    expect(host.connect().att("0a 0300")).to.deep.equal(["0b6563617264"]);
  });

  for (const [when, until] of [
    ["before the controller has answered", 0],
    ["before its buffers are told", 3],
    ["before the new address is set", 6],
    ["before advertising begins anew", 9],
  ] as const) {
    it(`that comes as advertising stops for another address, ${when}, is taken`, () => {
      host.disconnect().clear();
      host.answer = () => (host.commands.length > until ? undefined : [0]);
      identifier(host, new Uint8Array(0));
      expect(host.commands).to.deep.equal([ENABLE, ...AIR].slice(0, until + 1));
      host.connect();
      host.event(0x0e, 1, le([ENABLE, ...AIR][until]!), 0, new Uint8Array(8));
      expect(host.commands, "nothing else is asked for").to.have.length(until + 1);
      expect(host.att("0a 0300")).to.deep.equal(["0b6563617264"]);
    });
  }

  it("that comes before the controller has said that it advertises is the one, and another beside it is ended", () => {
    host.answer = (opcode) => (opcode === ENABLE ? undefined : [0]);
    host.disconnect().connect();
    host.event(0x0e, 1, le(ENABLE), 0);
    host.connect({ handle: HANDLE + 1 });
    expect(parametersOf(host, DISCONNECT)).to.equal("410013");
    expect(host.att("0a 0300")).to.deep.equal(["0b6563617264"]);
  });

  it("that comes by itself while the card goes on the air after another is ended, and the card goes on", () => {
    host.answer = (opcode) => (opcode === ADDRESS ? undefined : [0]);
    host.disconnect();
    host.connect({ handle: HANDLE + 1 });
    host.event(0x0e, 1, le(ADDRESS), 0);
    expect(parametersOf(host, DISCONNECT)).to.equal("410013");
    expect(host.commands).to.deep.equal([...SETTINGS, RAND, ADDRESS, DISCONNECT, ...SHOWN.slice(1)]);
  });

  it("that the card would have made itself is ended", () => {
    host.disconnect().connect({ role: 0 });
    expect(parametersOf(host, DISCONNECT)).to.equal("400013");
    expect(host.att("0a 0300")).to.deep.equal([]);
  });

  it("that ends while one is being torn down does not end another", () => {
    host.disconnect(HANDLE + 1);
    expect(host.att("0a 0300")).to.deep.equal(["0b6563617264"]);
    host.held = 0;
    host.event(0x05, 0x0c, le(HANDLE), 0x13); // not disconnected: a status that says so
    expect(host.att("0a 0300")).to.deep.equal(["0b6563617264"]);
  });

  it("has no long term key", () => {
    host.event(0x3e, 5, le(HANDLE), new Uint8Array(10));
    expect(parametersOf(host, KEY_NEGATIVE)).to.equal("4000");
  });

  it("without a handshake ends after 5 s", () => {
    host.att(LISTEN);
    host.advance(HANDSHAKE_MAX_MS - 1);
    expect(host.commands).to.deep.equal([]);
    host.advance(1);
    expect(parametersOf(host, DISCONNECT)).to.equal("400013");
  });

  it("has another 5 s once its handshake is answered, and not twice", () => {
    host.att(LISTEN);
    host.advance(4_000);
    says(host, MessageType.Pair2);
    host.advance(4_000);
    says(host, MessageType.Pair2);
    says(host, MessageType.Fault);
    host.advance(999);
    expect(host.commands).to.deep.equal([]);
    host.advance(1);
    expect(host.commands).to.deep.equal([DISCONNECT]);
  });

  it("in a session stays, and is asked for our parameters where its own are slow", () => {
    host.disconnect();
    inSession(host, 40);
    host.clear();
    host.advance(59_999);
    expect(host.commands).to.deep.equal([]);
    const asked = host.frames.map(({ channel, payload }) => [channel, toHex(payload)]);
    expect(asked).to.deep.equal([[5, "120108000c00180000009001"]]);
  });

  it("in a session is asked for nothing where it is fast, or has become so", () => {
    host.disconnect().connect({ interval: 40 });
    host.att(LISTEN);
    host.event(0x3e, 3, 0, le(HANDLE), le(12), le(0), le(400));
    says(host, MessageType.Sealed);
    host.clear();
    host.advance(60_000);
    expect(host.frames).to.deep.equal([]);
  });

  it("that is hung up ends once all of it was sent, and nothing is said any more", () => {
    host.att(LISTEN);
    host.autoComplete = false;
    says(host, MessageType.Sealed);
    host.clear();
    host.post(ModuleId.Wallet, Uint8Array.of(Mail.Hangup));
    expect(host.commands, "the controller still holds the last word").to.deep.equal([]);
    host.complete(1);
    expect(host.commands).to.deep.equal([DISCONNECT]);
  });

  it("that is hung up ends after a second in any case", () => {
    host.att(LISTEN);
    host.autoComplete = false;
    says(host, MessageType.Sealed);
    host.post(ModuleId.Wallet, Uint8Array.of(Mail.Hangup));
    host.clear();
    host.advance(1_000);
    expect(host.commands).to.deep.equal([DISCONNECT]);
  });
});
