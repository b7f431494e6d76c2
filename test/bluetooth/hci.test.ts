// HCI as the card speaks it (Core 6.0, Vol 4 Part E): from reset to the air, connections from their beginning to their end, what is due, and controllers
// that refuse, are silent, lie or fail.

import { CARD_SERVICE, cardUuid, concat, fromHex, Mail, ModuleId, Status, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { LinkHost, le } from "../support/link-host.js";

const RESET = 0x0c03;
const BUFFERS = 0x1005;
const LE_BUFFERS = 0x2002;
const DATA_LENGTH = 0x2024;
const ADDRESS = 0x2005;
const PARAMETERS = 0x2006;
const SCAN_RESPONSE = 0x2009;
const ENABLE = 0x200a;
const RAND = 0x2018;
const CHANNEL_MAP = 0x2015;
const DISCONNECT = 0x0406;
/** What a controller may have lost, and what the card shows. */
const SETTINGS = [0x0c01, 0x2001, LE_BUFFERS, DATA_LENGTH, PARAMETERS];
const SHOWN = [ADDRESS, 0x2008, SCAN_RESPONSE, ENABLE];
const AIR = [...SETTINGS, RAND, ...SHOWN];
const LISTEN = "12 1d00 0100";

const onAir = (number: number) => toHex(fromHex(cardUuid(number).replaceAll("-", "")).reverse());
const parametersOf = (host: LinkHost, opcode: number) => {
  const found = host.packets.filter((packet) => packet[0] === 1 && (packet[1]! | (packet[2]! << 8)) === opcode).at(-1);
  return found === undefined ? undefined : toHex(found.slice(4));
};
const identifier = (host: LinkHost, octets: Uint8Array) =>
  host.post(ModuleId.Wallet, concat(Uint8Array.of(Mail.Identifier), octets));

describe("HCI", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start();
  });

  it("goes from reset to the air, one command at a time", () => {
    expect(host.commands).to.deep.equal([RESET, ...AIR]);
  });

  it("advertises the service under a private address, and a name; nothing else before pairing", () => {
    const address = fromHex(parametersOf(host, ADDRESS)!);
    expect(toHex(address.slice(0, 5))).to.equal("0102030405");
    expect(address[5]! >> 6, "resolvable private: 01").to.equal(1);
    expect(parametersOf(host, 0x2008)).to.equal(`150201061107${onAir(CARD_SERVICE)}${"00".repeat(10)}`);
    expect(parametersOf(host, SCAN_RESPONSE)).to.equal(`0706096563617264${"00".repeat(24)}`);
    expect(parametersOf(host, PARAMETERS)!.slice(8, 12), "connectable, random address").to.equal("0001");
  });

  it("advertises the identifier once the wallet gives one, with a new address, and no more when it takes it back", () => {
    host.clear();
    const id = Uint8Array.from({ length: 16 }, (_, i) => 0xf0 + i);
    identifier(host, id);
    expect(host.commands).to.deep.equal([ENABLE, ...AIR]);
    expect(parametersOf(host, SCAN_RESPONSE)).to.equal(`1b06096563617264${"13ffffff"}${toHex(id)}${"00".repeat(4)}`);
    identifier(host, new Uint8Array(0));
    expect(parametersOf(host, SCAN_RESPONSE)).to.equal(`0706096563617264${"00".repeat(24)}`);
  });

  it("changes its address after a quarter of an hour on the air", () => {
    host.advance(899_000).clear();
    host.advance(1_000);
    expect(host.commands.slice(0, 1 + AIR.length)).to.deep.equal([ENABLE, ...AIR]);
  });

  it("gives its settings anew after each minute on the air, in which the controller may have lost them, under the address that it has", () => {
    for (let minute = 1; minute < 15; minute++) {
      host.advance(59_999).clear();
      host.advance(1);
      expect(host.commands).to.deep.equal([ENABLE, ...SETTINGS, ...SHOWN]);
    }
  });

  it("changes its address after a connection that crossed the giving of its settings", () => {
    host.clear();
    host.answer = () => undefined;
    host.advance(60_000).connect();
    host.answer = () => [0];
    host.event(0x0e, 1, le(ENABLE), 0).disconnect();
    expect(host.commands).to.deep.equal([ENABLE, CHANNEL_MAP, ...AIR]);
  });

  it("shows a new identifier under a new address, also where it comes while settings are given", () => {
    host.answer = (opcode) => (opcode === 0x0c01 ? undefined : [0]);
    host.advance(60_000);
    identifier(host, new Uint8Array(16).fill(1));
    host.answer = () => [0];
    host.event(0x0e, 1, le(0x0c01), 0);
    expect(host.commands.slice(-AIR.length)).to.deep.equal(AIR);
  });

  it("asks for the shared buffers where LE has none of its own", () => {
    const answers: Record<number, number[]> = { [LE_BUFFERS]: [0, 0, 0, 0], [BUFFERS]: [0, 64, 0, 0, 3, 0, 0, 0] };
    host = new LinkHost({ aclOctets: 64, aclBuffers: 3, answer: (opcode) => answers[opcode] ?? [0] }).start();
    expect(host.commands.slice(3, 5)).to.deep.equal([LE_BUFFERS, BUFFERS]);
    expect(host.commands).to.include(ENABLE);
    host.connect();
    host.att("02 f700");
    expect(host.att("04 0100 ffff"), "in fragments of 64").to.have.length(1);
  });

  it("is not led away from its way to the air by a connection that comes before", () => {
    host = new LinkHost({ answer: (opcode) => (opcode === LE_BUFFERS ? undefined : [0]) }).start();
    host.connect();
    host.event(0x0e, 1, le(LE_BUFFERS), 0, fromHex("fb0008"));
    expect(host.commands.slice(4)).to.deep.equal([DISCONNECT, ...AIR.slice(3)]);
  });

  it("goes on the air again where advertising ended without a connection", () => {
    host.clear();
    host.connect({ status: 0x3c });
    expect(host.commands).to.deep.equal(AIR);
  });

  it("does without data length extension", () => {
    host = new LinkHost({ answer: (opcode) => (opcode === DATA_LENGTH ? [1] : [0]) }).start();
    expect(host.commands).to.include(ENABLE);
  });

  for (const [what, opcode, answer] of [
    ["is busy at its reset", RESET, [0x3a]],
    ["refuses an event mask", 0x0c01, [1]],
    ["has buffers that are too short", LE_BUFFERS, [0, 26, 0, 4]],
    ["says too little of its buffers", LE_BUFFERS, [0, 27]],
    ["gives too few random octets", RAND, [0, 1, 2, 3]],
    ["gives zeros for random octets", RAND, [0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ["gives zeros for those of an address's random part", RAND, [0, 1, 2, 3, 0, 0, 0xc0, 1, 2]],
    ["gives ones for those of an address's random part", RAND, [0, 1, 2, 3, 0xff, 0xff, 0x3f, 1, 2]],
  ] as const) {
    it(`is quiet where its controller ${what}, and tries again from reset`, () => {
      host = new LinkHost({ answer: (asked) => (asked === opcode ? answer : [0]) }).start();
      expect(host.commands.at(-1)).to.equal(opcode);
      host.clear();
      host.answer = () => [0];
      host.advance(2_001);
      expect(host.commands[0]).to.equal(RESET);
      expect(host.commands).to.include(ENABLE);
    });
  }

  it("resets a controller that owes it an answer for 2 s", () => {
    host = new LinkHost({ answer: (opcode) => (opcode === ENABLE ? undefined : [0]) }).start();
    host.clear();
    host.advance(1_999);
    expect(host.commands).to.deep.equal([]);
    host.answer = () => [0];
    host.advance(2);
    expect(host.commands[0]).to.equal(RESET);
    expect(host.connect().att("0a 0300")).to.deep.equal(["0b6563617264"]);
  });

  it("says nothing more where the machine has no controller", () => {
    host = new LinkHost();
    host.radio = Status.Absent;
    host.start();
    host.radio = Status.Ok;
    host.advance(3_600_000);
    expect(host.packets).to.deep.equal([]);
  });

  it("starts over where the way to the controller was full, when it is free", () => {
    host = new LinkHost();
    host.radio = Status.Busy;
    host.start();
    host.radio = Status.Ok;
    host.run(() => host.exports.onRadioReady!());
    expect(host.commands).to.include(ENABLE);
  });

  it("gives no command while the controller has no room, and goes on at the NOP that has", () => {
    host.connect();
    host.answer = () => undefined;
    host.disconnect();
    expect(host.commands.at(-1)).to.equal(0x0c01);
    host.clear();
    host.event(0x0e, 0, le(0x0c01), 0);
    expect(host.commands).to.deep.equal([]);
    host.event(0x0e, 1, le(0));
    expect(host.commands).to.deep.equal([0x2001]);
  });

  it("starts over at a hardware error, and tells the wallet that the phone is gone", () => {
    host.connect();
    host.att(LISTEN);
    host.clear();
    host.event(0x10, 1);
    expect(host.commands[0]).to.equal(RESET);
    expect(host.commands).to.include(ENABLE);
    expect(host.mail.map(({ bytes }) => bytes[0])).to.deep.equal([Mail.LineDown]);
  });

  it("gives no buffer back for what lies behind an event that counts more than it has", () => {
    host = new LinkHost({ aclBuffers: 1 }).start().connect();
    host.autoComplete = false;
    host.att("0a 0300");
    host.att("0a 0300");
    expect(host.held).to.equal(1);
    // Two handles are said, one is there; behind it lies what an older packet left: the connection's.
    const octets = fromHex("041305024100010040000100");
    const slot = host.exports.packetSlot!();
    new Uint8Array(host.exports.memory.buffer).set(octets, slot);
    host.run(() => host.exports.onPacket!(8));
    expect(host.held).to.equal(1);
  });

  const MALFORMED: readonly [string, string][] = [
    ["no octets", ""],
    ["a type alone", "04"],
    ["a type that is none", "05000000"],
    ["an event shorter than it says", "040504004000"],
    ["an event longer than it says", "04050400400013ff"],
    ["a disconnection of three octets", "040503004000"],
    ["LE Connection Complete of 18 octets", "043e12010041000100010203040506180000002a00"],
    ["LE Meta of none", "043e00"],
    ["completed packets that count more than there are", "041303ff4000"],
    ["completed packets of none", "04130100"],
    ["Command Complete of two octets", "040e020103"],
    ["Command Status of three octets", "040f03000103"],
    ["an answer to what was not asked", "040e0401030c00"],
    ["ACL data shorter than it says", "024020080003000400"],
    ["ACL data longer than it says", "0240200100030004000a0300"],
    ["a long term key request of 11 octets", `043e0b05${"4000"}${"00".repeat(8)}`],
  ];
  for (const [what, packet] of MALFORMED) {
    it(`passes over ${what}`, () => {
      host.connect();
      host.clear();
      host.packet(fromHex(packet));
      expect(host.packets).to.deep.equal([]);
      expect(host.mail).to.deep.equal([]);
      expect(host.att("0a 0300")).to.deep.equal(["0b6563617264"]);
    });
  }
});
