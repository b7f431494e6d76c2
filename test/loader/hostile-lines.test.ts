// What nobody means well: lines that are damaged, packets that lie, CBOR that does. Each is refused by its status, and the loader goes on.

import {
  ConsoleReader,
  concat,
  crc16,
  decodeSmp,
  FlashArea,
  fromHex,
  LoaderStart,
  SmpStatus,
  toConsole,
} from "@enabling-card/wire";
import { base64 } from "@scure/base";
import { expect } from "chai";
import fc from "fast-check";
import { LoaderCard, partsOf, sealed } from "../support/loader-card.js";

const ONE = sealed(partsOf(1, 5));

/** Header of a request: an echo unless told otherwise. */
const header = (length: number, { op = 2, group = 0, command = 0 } = {}) =>
  Uint8Array.of(op, 0, length >> 8, length, group >> 8, group, 0x42, command);
const request = (body: string, options?: { op?: number; group?: number; command?: number }) => {
  const octets = fromHex(body.replaceAll(" ", ""));
  return concat(header(octets.length, options), octets);
};
/** {"d": "hi"} */
const ECHO = "a1 6164 626869";

describe("the loader's line", () => {
  let card: LoaderCard;
  beforeEach(async () => {
    card = await LoaderCard.create();
    card.install(FlashArea.Slot0, ONE);
    card.start();
    card.start(LoaderStart.Listen);
  });

  /** What it answers to octets of the line: statuses, or what an echo gave back. */
  const answers = (octets: Uint8Array): unknown[] =>
    new ConsoleReader().push(card.hear(octets)).map((packet) => {
      const { body } = decodeSmp(packet);
      return body.get("rc") ?? body.get("r") ?? [...body.keys()].join();
    });
  const lineOf = (raw: Uint8Array, marker = [6, 9]) =>
    Uint8Array.from([...marker, ...Buffer.from(base64.encode(raw)), 0x0a]);
  const framed = (packet: Uint8Array, { crc = crc16(packet), length = packet.length + 2 } = {}) =>
    concat(Uint8Array.of(length >> 8, length), packet, Uint8Array.of(crc >> 8, crc));
  const alive = () => expect(answers(toConsole(request(ECHO)))).to.deep.equal(["hi"]);
  afterEach(() => alive());

  const lines: readonly (readonly [what: string, octets: () => Uint8Array, answers: readonly unknown[]])[] = [
    ["a CRC that is wrong", () => lineOf(framed(request(ECHO), { crc: 1 })), [SmpStatus.Corrupt]],
    ["a length that is one too long, and nothing after", () => lineOf(framed(request(ECHO), { length: 17 })), []],
    ["a length that is one too short", () => lineOf(framed(request(ECHO), { length: 15 })), [SmpStatus.TooLong]],
    ["a length of nothing", () => lineOf(Uint8Array.of(0, 0)), [SmpStatus.TooLong]],
    ["a length of a CRC alone", () => lineOf(Uint8Array.of(0, 2, 0, 0)), [SmpStatus.TooLong]],
    ["a length beyond its memory", () => lineOf(Uint8Array.of(4, 3, 0)), [SmpStatus.TooLong]],
    ["the longest length there is", () => lineOf(Uint8Array.of(0xff, 0xff, 0)), [SmpStatus.TooLong]],
    ["what is no base64", () => Buffer.from("\x06\x09AAA!BBBB\n", "latin1"), [SmpStatus.Corrupt]],
    ["base64 that is cut", () => Buffer.from("\x06\x09AAoAB\n", "latin1"), [SmpStatus.Corrupt]],
    ["padding within", () => Buffer.from("\x06\x09AA==AAAA\n", "latin1"), [SmpStatus.Corrupt]],
    ["too much padding", () => Buffer.from("\x06\x09A===\n", "latin1"), [SmpStatus.Corrupt]],
    ["a line longer than lines are", () => lineOf(new Uint8Array(96).fill(1)), [SmpStatus.TooLong]],
    ["a second line without a first", () => lineOf(framed(request(ECHO)), [4, 0x14]), []],
    ["half a marker", () => Uint8Array.of(6, 6, 6, 10), []],
    ["a console's chatter", () => Buffer.from("*** Booting ***\r\nuart:~$ \n"), []],
    ["a packet shorter than its header", () => toConsole(header(0).subarray(0, 7)), [SmpStatus.TooLong]],
    ["a header whose length lies", () => toConsole(concat(header(9), fromHex("a0"))), [SmpStatus.TooLong]],
    ["a group that nobody knows", () => toConsole(request("a0", { group: 8 })), [SmpStatus.Unsupported]],
    ["a group of memory statistics", () => toConsole(request("a0", { op: 0, command: 3 })), [SmpStatus.Unsupported]],
    ["a command that nobody knows", () => toConsole(request("a0", { group: 1, command: 9 })), [SmpStatus.Unsupported]],
    ["a reset that only reads", () => toConsole(request("a0", { op: 0, command: 5 })), [SmpStatus.Unsupported]],
    ["another version of SMP", () => toConsole(request(ECHO, { op: 0x12 })), [SmpStatus.Unsupported]],
    ["reserved bits", () => toConsole(request(ECHO, { op: 0x22 })), [SmpStatus.Unsupported]],
    ["an answer, which nobody answers", () => toConsole(request(ECHO, { op: 3 })), []],
    [
      "an echo longer than is sent back",
      () => toConsole(request(`a1 6164 790101 ${"61".repeat(257)}`)),
      [SmpStatus.TooLong],
    ],
  ];
  for (const [what, octets, wanted] of lines)
    it(`answers ${what}: ${wanted.join() || "not"}`, () => {
      expect(answers(octets())).to.deep.equal(wanted);
    });

  it("takes an echo of the next version, in lines that end as a terminal's do, in pieces", () => {
    const octets = toConsole(request(`a1 6164 7864 ${"61".repeat(100)}`, { op: 10 }));
    const text = Buffer.from(octets).toString("latin1").replaceAll("\n", "\r\n");
    const said = [...Buffer.from(text, "latin1")].map((octet) => card.hear(Uint8Array.of(octet)));
    const [packet] = new ConsoleReader().push(concat(...said));
    expect(decodeSmp(packet!).body.get("r")).to.equal("a".repeat(100));
  });

  it("sends back text of any script", () => {
    // RFC 3629 3: the first and the last of each length, and those around the surrogates.
    const text = "\u0000\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{3ffff}\u{40000}\u{10ffff}";
    const octets = Buffer.from(text).toString("hex");
    expect(answers(toConsole(request(`a1 6164 78${(octets.length / 2).toString(16)} ${octets}`)))).to.deep.equal([
      text,
    ]);
  });

  const taken: readonly (readonly [what: string, body: string])[] = [
    ["a map without an end given, as Jackson writes it", "bf 6164 626869 ff"],
    ["long forms", "b801 7801 64 7a00000002 6869"],
    ["keys that nobody knows", "a3 6161 01 6164 626869 65 666f726365 f5"],
  ];
  for (const [what, body] of taken)
    it(`takes ${what}`, () => {
      expect(answers(toConsole(request(body)))).to.deep.equal(["hi"]);
    });

  const maps: readonly (readonly [what: string, body: string])[] = [
    ["a key twice", "a2 6164 626869 6164 626869"],
    ["a key twice that nobody knows", "a3 6178 01 6164 626869 6178 02"],
    ["an array in place of the map", "82 6164 626869"],
    ["no map, but a text", "626869"],
    ["a key that is a number", "a1 01 626869"],
    ["a key that is octets", "a1 4164 626869"],
    ["a value of another kind", "a1 6164 01"],
    ["a text of octets", "a1 6164 426869"],
    ["a map that is cut after its key", "a1 6164"],
    ["a map that says more than it has", "a2 6164 626869"],
    ["a map of 2^32-1 entries", "ba ffffffff 6164 626869"],
    ["a map of 2^64-1 entries", "bb ffffffffffffffff 6164 626869"],
    ["a text of 2^32-1 octets", "a1 6164 7affffffff 6869"],
    ["a text that runs over the end by one", "a1 6164 63 6869"],
    ["octets behind the map", "a1 6164 626869 00"],
    ["a map without its end", "bf 6164 626869"],
    ["an end within a key", "bf 61ff ff"],
    ["a text of pieces", "a1 6164 7f 6168 6169 ff"],
    ["a container under a key that nobody knows", "a2 6161 80 6164 626869"],
    ["a thousand arrays in each other", `a2 6161 ${"81".repeat(900)} 01 6164 626869`],
    ["a thousand maps in each other", `${"a16161".repeat(300)} 01`],
    ["a tag", "c0 a1 6164 626869"],
    ["a float", "a2 6161 f97e00 6164 626869"],
    ["a reserved length", "a1 6164 7c 6869"],
    ["an echo that is no UTF-8: a follower alone", "a1 6164 61 80"],
    ["an echo that is cut in a character", "a1 6164 63 61e282"],
    ["an echo that leaves a character for another", "a1 6164 63 c36161"],
    ["an echo of two octets for one", "a1 6164 62 c1bf"],
    ["an echo of three octets for two", "a1 6164 63 e09fbf"],
    ["an echo of four octets for three", "a1 6164 64 f08fbfbf"],
    ["an echo of half a surrogate pair", "a1 6164 63 eda080"],
    ["an echo beyond the last character", "a1 6164 64 f4908080"],
    ["an echo of five octets for one character", "a1 6164 65 f888808080"],
    ["more keys that nobody knows than a request has", `aa ${"616101".repeat(9)} 6164 626869`],
  ];
  for (const [what, body] of maps)
    it(`refuses ${what}`, () => {
      expect(answers(toConsole(request(body)))).to.deep.equal([SmpStatus.Invalid]);
    });

  // Zephyr's img_mgmt, "Set state of images": a hash that is not there, empty or null is the running image's, where it is confirmed.
  const [HASH, CONFIRM] = ["6468617368", "67636f6e6669726d"];
  const states: readonly (readonly [what: string, body: string, answer: unknown])[] = [
    ["no hash", `a1 ${CONFIRM} f5`, "images,splitStatus"],
    ["a hash of null", `a2 ${HASH} f6 ${CONFIRM} f5`, "images,splitStatus"],
    ["a hash of no octets", `a2 ${CONFIRM} f5 ${HASH} 40`, "images,splitStatus"],
    ["a hash of null, to be tried", `a2 ${HASH} f6 ${CONFIRM} f4`, SmpStatus.Invalid],
    ["a hash of null, and no more", `a1 ${HASH} f6`, SmpStatus.Invalid],
    ["a hash of 31 octets", `a2 ${HASH} 581f ${"00".repeat(31)} ${CONFIRM} f5`, SmpStatus.Invalid],
    ["two hashes of null", `a3 ${HASH} f6 ${HASH} f6 ${CONFIRM} f5`, SmpStatus.Invalid],
    ["null for confirm", `a1 ${CONFIRM} f6`, SmpStatus.Invalid],
    ["undefined for a hash", `a2 ${HASH} f7 ${CONFIRM} f5`, SmpStatus.Invalid],
  ];
  for (const [what, body, answer] of states)
    it(`${answer === SmpStatus.Invalid ? "refuses a state" : "confirms what runs"} with ${what}`, () => {
      expect(answers(toConsole(request(body, { group: 1, command: 0 })))).to.deep.equal([answer]);
    });

  const uploads: readonly (readonly [what: string, body: string, status: number])[] = [
    ["no offset", "a2 636c656e 190800 6464617461 4101", SmpStatus.Invalid],
    ["no octets", "a2 636c656e 190800 636f6666 00", SmpStatus.Invalid],
    ["no length", "a2 636f6666 00 6464617461 4101", SmpStatus.Invalid],
    ["an offset before it began", "a2 636f6666 1864 6464617461 4101", SmpStatus.BadState],
    [
      "a hash of 31 octets",
      `a4 636c656e 190800 636f6666 00 6464617461 4101 63736861 581f ${"00".repeat(31)}`,
      SmpStatus.Invalid,
    ],
    ["a hash of null", "a4 636c656e 190800 636f6666 00 6464617461 4101 63736861 f6", SmpStatus.Invalid],
    ["another image's number", "a4 65696d616765 01 636c656e 190800 636f6666 00 6464617461 4101", SmpStatus.Invalid],
    ["an image of nothing", "a3 636c656e 00 636f6666 00 6464617461 40", SmpStatus.Image + 1],
    ["an image of a header's part", "a3 636c656e 1903ff 636f6666 00 6464617461 4101", SmpStatus.Image + 2],
    ["an image larger than the slot", "a3 636c656e 196001 636f6666 00 6464617461 4101", SmpStatus.Image + 17],
    ["an image of 2^32-1 octets", "a3 636c656e 1affffffff 636f6666 00 6464617461 4101", SmpStatus.Image + 17],
  ];
  for (const [what, body, status] of uploads)
    it(`refuses an upload with ${what}: ${status}`, () => {
      expect(answers(toConsole(request(body, { group: 1, command: 1 })))).to.deep.equal([status]);
    });

  it("refuses more octets than were announced", () => {
    const upload = (body: string) => answers(toConsole(request(body, { group: 1, command: 1 })));
    expect(upload(`a3 636c656e 190400 636f6666 00 6464617461 59 03e0 ${"00".repeat(992)}`)).to.deep.equal([0]);
    expect(upload(`a2 636f6666 1903e0 6464617461 58 21 ${"00".repeat(33)}`)).to.deep.equal([SmpStatus.Invalid]);
    expect(upload(`a2 636f6666 1903e0 6464617461 58 20 ${"00".repeat(32)}`)).to.deep.equal([SmpStatus.Image + 3]);
  });

  it("outlives whatever comes, in packets that are whole and in lines that are not", () => {
    const body = fc.uint8Array({ maxLength: 60 });
    const packet = fc
      .tuple(fc.nat(255), fc.constantFrom(0, 1, 64, 65, 0x100), fc.nat(10), body)
      .map(([op, group, command, octets]) =>
        command === 5 && group === 0
          ? toConsole(request(ECHO))
          : toConsole(concat(header(octets.length, { op, group, command }), octets)),
      );
    const noise = fc.uint8Array({ maxLength: 200 });
    const bent = fc.tuple(packet, fc.nat(), fc.nat(255)).map(([octets, at, value]) => {
      const out = octets.slice();
      out[at % out.length] = value;
      return out;
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(packet, noise, bent), { maxLength: 8 }), (said) => {
        for (const octets of said) card.hear(octets);
        card.hear(Uint8Array.of(0x0a));
        alive();
      }),
      { numRuns: 300 },
    );
  });
});
