// The ATT server by the book (Core 6.0, Vol 3 Part F): what it answers to every PDU that a client may send, and to those that none may. Handles are the
// table's (firmware/link/bluetooth/gatt.ts): 1-7 Generic Access, 8-13 Generic Attribute, 14-20 Device Information, 21-23 Battery, 24-29 the card, 30-33 SMP.

import {
  CARD_RX,
  CARD_SERVICE,
  CARD_TX,
  cardUuid,
  fromHex,
  Mail,
  MessageType,
  ModuleId,
  SMP_CHARACTERISTIC_UUID,
  SMP_SERVICE_UUID,
  Status,
  toHex,
} from "@enabling-card/wire";
import { expect } from "chai";
import { ATT, LinkHost, le } from "../support/link-host.js";

const onAir = (number: number) => toHex(fromHex(cardUuid(number).replaceAll("-", "")).reverse());
const reversed = (uuid: string) => toHex(fromHex(uuid.replaceAll("-", "")).reverse());
const BASE = "fb349b5f80000080001000000028000000".slice(0, 24);
const long = (uuid: string) => `${BASE}${uuid}0000`;
const LISTEN = "12 1d00 0100";

// [what, PDU of the client, PDUs of the server], at an MTU of 23
const CASES: readonly [string, string, ...string[]][] = [
  // 3.4.2 MTU
  ["Exchange MTU", "02 1700", "03f700"],
  ["Exchange MTU too short", "02 17", "0102000004"],
  ["Exchange MTU too long", "02 1700 00", "0102000004"],
  // 3.4.3.1 Find Information
  ["Find Information, short UUIDs", "04 0100 0300", "05010100002802000328030000 2a"],
  ["Find Information stops where UUIDs become long", "04 1900 ffff", "0501190003 28"],
  ["Find Information, long UUIDs", "04 1a00 ffff", `05021a00${onAir(CARD_RX)}`],
  ["Find Information behind the end", "04 2200 ffff", "010422000a"],
  ["Find Information from 0", "04 0000 ffff", "0104000001"],
  ["Find Information backwards", "04 0500 0400", "0104050001"],
  ["Find Information too short", "04 0100 03", "0104010004"],
  // 3.4.3.3 Find By Type Value
  ["Find By Type Value, a service", "06 0100 ffff 0028 0f18", "0715001700"],
  ["Find By Type Value, the card's service", `06 0100 ffff 0028 ${onAir(CARD_SERVICE)}`, "0718001d00"],
  ["Find By Type Value, SMP's service", `06 0100 ffff 0028 ${reversed(SMP_SERVICE_UUID)}`, "071e002100"],
  [
    "Find By Type Value, SMP's service but for an octet",
    `06 0100 ffff 0028 85${reversed(SMP_SERVICE_UUID).slice(2)}`,
    "010601000a",
  ],
  ["Find By Type Value, no such service", "06 0100 ffff 0028 0d18", "010601000a"],
  ["Find By Type Value, another length", "06 0100 ffff 0028 0f", "010601000a"],
  ["Find By Type Value, a characteristic", "06 0100 ffff 0328 020300002a", "0702000300"],
  ["Find By Type Value, a characteristic with a descriptor", "06 0100 ffff 0328 200a00052a", "0709000b00"],
  ["Find By Type Value, the last characteristic of a service", "06 0100 ffff 0328 020d002a2b", "070c000d00"],
  ["Find By Type Value, no group", "06 0100 ffff 012a 0000", "0705000500"],
  ["Find By Type Value passes over what cannot be read", `06 0100 ffff 052a`, "010601000a"],
  ["Find By Type Value too short", "06 0100 ffff 00", "0106010004"],
  // 3.4.4.1 Read By Type
  ["Read By Type, a value", "08 0100 ffff 192a", "0903170057"],
  ["Read By Type, the UUID in its long form", `08 0100 ffff ${long("192a")}`, "0903170057"],
  [
    "Read By Type, values of one length together",
    "08 0100 0700 0328",
    "0907 02000203 00002a 04000205 00012a 06000207 00042a",
  ],
  ["Read By Type, a value cut to the MTU", "08 0100 ffff 2a2b", "09120d006b2bc25c87266490e0a281c9240f8e95"],
  ["Read By Type, nothing of the type", "08 0100 ffff 252a", "010801000a"],
  ["Read By Type, what cannot be read", `08 0100 ffff ${onAir(CARD_TX)}`, "01081c0002"],
  ["Read By Type, SMP's characteristic", `08 0100 ffff ${reversed(SMP_CHARACTERISTIC_UUID)}`, "0108200002"],
  ["Read By Type, a UUID of 4 octets", "08 0100 ffff 192a0000", "0108010004"],
  ["Read By Type from 0", "08 0000 ffff 192a", "0108000001"],
  // 3.4.4.3 Read, 3.4.4.5 Read Blob
  ["Read", "0a 0300", "0b6563617264"],
  ["Read of no attribute", "0a 2200", "010a220001"],
  ["Read of handle 0", "0a 0000", "010a000001"],
  ["Read of what cannot be read", "0a 1a00", "010a1a0002"],
  ["Read too long", "0a 0300 00", "010a030004"],
  ["Read Blob", "0c 0300 0200", "0d617264"],
  ["Read Blob at the end", "0c 0300 0500", "0d"],
  ["Read Blob behind the end", "0c 0300 0600", "010c030007"],
  ["Read Blob of what cannot be read", "0c 1c00 0000", "010c1c0002"],
  ["Read Blob too short", "0c 0300", "010c030004"],
  // 3.4.4.7, 3.4.4.11 Read Multiple: not offered
  ["Read Multiple", "0e 0300 0500", "010e000006"],
  ["Read Multiple Variable", "20 0300 0500", "0120000006"],
  // 3.4.4.9 Read By Group Type
  ["Read By Group Type", "10 0100 ffff 0028", "1106 01000700 0018 08000d00 0118 0e001400 0a18"],
  ["Read By Group Type stops where UUIDs become long", "10 1500 ffff 0028", "1106 15001700 0f18"],
  ["Read By Group Type, the card's service", "10 1800 ffff 0028", `1114 18001d00${onAir(CARD_SERVICE)}`],
  ["Read By Group Type, long form", `10 1500 ffff ${long("0028")}`, "1106 15001700 0f18"],
  ["Read By Group Type of what is no group", "10 0100 ffff 0328", "0110010010"],
  ["Read By Group Type of secondary services", "10 0100 ffff 0128", "011001000a"],
  ["Read By Group Type of secondary services, long form", `10 0100 ffff ${long("0128")}`, "011001000a"],
  ["Read By Group Type of includes", "10 0100 ffff 0228", "0110010010"],
  ["Read By Group Type behind the last", "10 1f00 ffff 0028", "01101f000a"],
  ["Read By Group Type, a UUID of 3 octets", "10 0100 ffff 002800", "0110010004"],
  // 3.4.5 Writes
  ["Write of a configuration", LISTEN, "13"],
  ["Write of a configuration, one octet", "12 1d00 01", "01121d000d"],
  ["Write of a configuration, three octets", "12 1d00 010000", "01121d000d"],
  ["Write of a configuration, what Tx does not do", "12 1d00 0200", "01121d0013"],
  ["Write of a configuration, what Service Changed does not do", "12 0b00 0100", "01120b0013"],
  ["Write of a configuration, Service Changed", "12 0b00 0200", "13"],
  ["Write of what cannot be written", "12 0300 00", "0112030003"],
  ["Write of no attribute", "12 2200 00", "0112220001"],
  ["Write of a configuration, SMP's", "12 2100 0100", "13"],
  ["Write of a configuration, what SMP's does not do", "12 2100 0200", "0112210013"],
  ["Write of SMP, which takes commands alone", "12 2000 00", "0112200003"],
  ["Write too short", "12 1a", "0112000004"],
  ["Write of a chunk by whom nobody could answer", "12 1a00 80", "01121a00fd"],
  ["Write Command too short", "52 1a"],
  ["Write Command of what takes requests alone", "52 1d00 0100"],
  ["Write Command of no attribute", "52 0000 00"],
  ["Signed Write Command", "d2 1a00 00 000000000000000000000000"],
  ["an unknown command", "7f 00"],
  // 3.4.6 Queued writes: not offered, the phone cuts its messages
  ["Prepare Write", "16 1a00 0000 0102", "0116000006"],
  ["Execute Write", "18 01", "0118000006"],
  ["Execute Write, cancel", "18 00", "0118000006"],
  // 3.3.1: unknown requests; what only servers send
  ["an unknown request", "14 0000", "0114000006"],
  ["request 0", "00", "0100000006"],
  ["a request of the future", "3e", "013e000006"],
  ["an Error Response", "01 02 0000 04"],
  ["a response to nothing", "0b 00"],
  ["a notification", "1b 0300 00"],
  ["a Multiple Handle Value Notification", "23 0300 0100 00"],
  ["an indication, which wants its confirmation", "1d 0300 00", "1e"],
  ["an indication longer than the MTU", `1d 0300 ${"00".repeat(21)}`, "1e"],
  ["an indication of nothing", "1d", "1e"],
  ["a confirmation of nothing", "1e"],
  ["a PDU of no octets", ""],
  // 3.2.8, 3.4.1.1
  ["a request longer than the MTU", `12 1a00 ${"00".repeat(21)}`, "01121a0004"],
  ["a command longer than the MTU", `52 1a00 ${"00".repeat(21)}`],
];

describe("the ATT server", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start().connect();
  });

  for (const [what, pdu, ...answers] of CASES) {
    it(`${what}: ${answers.map((answer) => answer.replaceAll(" ", "")).join(", ") || "silence"}`, () => {
      expect(host.att(pdu)).to.deep.equal(answers.map((answer) => answer.replaceAll(" ", "")));
    });
  }

  it("agrees on the smaller MTU, never below 23 nor above 247", () => {
    for (const [theirs, agreed] of [
      [0, 23],
      [22, 23],
      [185, 185],
      [247, 247],
      [517, 247],
      [65535, 247],
    ] as const) {
      host.disconnect().connect();
      expect(host.att(`02 ${toHex(le(theirs))}`)).to.deep.equal(["03f700"]);
      expect(host.exports.mtu!()).to.equal(agreed);
    }
  });

  it("keeps to the MTU that was agreed where a client asks again, for less", () => {
    host.att("02 f700");
    expect(host.att("02 1700")).to.deep.equal(["03f700"]);
    expect(host.exports.mtu!()).to.equal(247);
  });

  it("answers more where the MTU takes more", () => {
    host.att("02 f700");
    const services = `18001d00${onAir(CARD_SERVICE)}1e002100${reversed(SMP_SERVICE_UUID)}`;
    expect(host.att("10 1800 ffff 0028")).to.deep.equal([`1114${services}`]);
    expect(host.att(`06 0100 ffff 0028 ${onAir(CARD_SERVICE)}`)).to.deep.equal(["0718001d00"]);
    expect(host.att("04 0100 ffff")[0]).to.have.length(2 * (2 + 25 * 4));
  });

  it("tells the wallet when the phone listens, and when it does so no more", () => {
    host.clear();
    host.att(LISTEN);
    expect(host.att("0a 1d00")).to.deep.equal(["0b0100"]);
    host.att(LISTEN); // once more changes nothing
    host.att("12 1d00 0000");
    const kinds = host.mail.map(({ to, bytes }) => [to, bytes[0]]);
    expect(kinds).to.deep.equal([
      [ModuleId.Wallet, Mail.LineUp],
      [ModuleId.Wallet, Mail.LineDown],
    ]);
  });

  it("forgets what a client asked for with its connection", () => {
    host.att("02 f700");
    host.att(LISTEN);
    host.disconnect().connect();
    expect(host.att("0a 1d00")).to.deep.equal(["0b0000"]);
    expect(host.exports.mtu!()).to.equal(23);
    expect(host.mail.at(-1)!.bytes[0]).to.equal(Mail.LineDown);
  });

  it("passes chunks on from requests and commands alike, and answers requests alone", () => {
    host.att(LISTEN);
    host.clear();
    expect(host.att("12 1a00 c00200 0104")).to.deep.equal(["13"]);
    expect(host.att("52 1a00 c00200 0104")).to.deep.equal([]);
    const pieces = host.mail.map(({ bytes }) => toHex(bytes));
    expect(pieces).to.deep.equal([`0103${"0200"}0104`, `0103${"0200"}0104`]);
  });

  it("passes over a Write Command that is longer than the MTU, and takes one that is as long", () => {
    host.att(LISTEN);
    host.clear();
    const write = (octets: number) => `52 1a00 c0${toHex(le(octets))} ${"04".repeat(octets)}`;
    expect(host.att(write(18))).to.deep.equal([]);
    expect(host.mail).to.deep.equal([]);
    host.att(write(17));
    expect(host.mail).to.have.length(1);
  });

  it("says what is wrong with a chunk as a notification, behind the answer to its write", () => {
    host.att(LISTEN);
    const fault = `c00300 01 ${toHex(Uint8Array.of(MessageType.Fault, Status.FrameOutOfOrder))}`.replaceAll(" ", "");
    const [first, second] = host.att("12 1a00 41 00");
    expect([first, second].sort()).to.deep.equal(["13", `1b1c00${fault}`]);
  });

  it("takes one request at a time: a second before the answer has left gets none", () => {
    host = new LinkHost({ aclBuffers: 1 });
    host.autoComplete = false;
    host.start().connect();
    expect(host.att("0a 0300")).to.have.length(1); // it lies in the controller's one buffer
    expect(host.att("0a 0500")).to.have.length(0); // waits for the buffer
    expect(host.att("0a 0700")).to.have.length(0); // is lost: its client broke the sequence
    host.complete(1);
    expect(host.frames.map(({ channel, payload }) => [channel, toHex(payload)])).to.deep.equal([[ATT, "0b0000"]]);
  });

  it("confirms an indication while an answer waits, once, and answers all the same", () => {
    host.radio = Status.Busy;
    host.att("0a 0300");
    for (const indication of ["1d 0300 00", "1d 0300 01"]) expect(host.att(indication)).to.deep.equal([]);
    host.radio = Status.Ok;
    host.run(() => host.exports.onRadioReady!());
    expect(host.frames.map(({ payload }) => toHex(payload)).sort()).to.deep.equal(["0b6563617264", "1e"]);
    expect(host.att("1d 0300 00"), "the next one").to.deep.equal(["1e"]);
  });

  for (const [what, channel, pdu] of [
    ["answer", ATT, "0a0300"],
    ["confirmation", ATT, "1d030000"],
    ["notification", ATT, "521a004100"],
    ["word on signalling", 5, "14010000"],
  ] as const) {
    it(`owes no ${what} to a connection that is gone`, () => {
      host.att(LISTEN);
      host.radio = Status.Busy;
      host.frame(channel, fromHex(pdu));
      host.disconnect();
      host.radio = Status.Ok;
      host.run(() => host.exports.onRadioReady!());
      host.clear();
      host.connect();
      host.run(() => host.exports.onRadioReady!());
      expect(host.frames).to.deep.equal([]);
    });
  }
});
