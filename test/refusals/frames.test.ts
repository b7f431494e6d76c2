// Frames and messages that no honest phone sends: each has its answer, none has an effect, and the card goes on.

import {
  decodeMessage,
  encodeMessage,
  fromHex,
  MESSAGE_MAX,
  MessageType,
  Op,
  Status,
  toChunks,
} from "@enabling-card/wire";
import { expect } from "chai";
import fc from "fast-check";
import { type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectError, expectRefusal } from "../support/expect-refusal.js";
import { rawLine, rawSession } from "../support/raw-session.js";

describe("frames", () => {
  let w: World;
  let phone: Phone;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
    await phone.card.close();
  });
  afterEach(async () => {
    expect(w.emulator.traps).to.deep.equal([]);
    expect(w.emulator.violations).to.deep.equal([]);
    await w.close();
  });

  const message = encodeMessage(MessageType.Open1, new Uint8Array(48));
  const chunks = () => toChunks(message, 20);

  const CASES: readonly [string, Status, () => Uint8Array[]][] = [
    ["an empty chunk", Status.FrameOutOfOrder, () => [fromHex("80")]],
    ["a first chunk without its length", Status.FrameOutOfOrder, () => [fromHex("8005")]],
    ["a first chunk without data", Status.FrameOutOfOrder, () => [fromHex("c00500")]],
    ["a chunk without a first one", Status.FrameOutOfOrder, () => [chunks()[1]!]],
    ["a chunk that is missing", Status.FrameOutOfOrder, () => [chunks()[0]!, chunks()[2]!]],
    ["a chunk that came twice", Status.FrameOutOfOrder, () => [chunks()[0]!, chunks()[1]!, chunks()[1]!]],
    ["chunks in the wrong order", Status.FrameOutOfOrder, () => [chunks()[0]!, chunks()[2]!, chunks()[1]!]],
    ["more data than announced", Status.FrameOutOfOrder, () => [fromHex("80040001020304050607")]],
    ["a last chunk too early", Status.FrameOutOfOrder, () => [fromHex("c0090001020304")]],
    ["an announced length of nothing", Status.FrameOutOfOrder, () => [fromHex("c0000001")]],
    [
      "an announced length over 5 KiB",
      Status.MessageTooLong,
      () => [Uint8Array.from([0x80, (MESSAGE_MAX + 1) & 0xff, (MESSAGE_MAX + 1) >> 8, 1])],
    ],
    [
      "a long message before there is a session",
      Status.MessageTooLong,
      () => [Uint8Array.from([0x80, 0x01, 0x01, 1, 4, 0])],
    ],
  ];
  for (const [name, status, bad] of CASES) {
    it(`${name}: status ${status}, and the next message is heard`, async () => {
      const line = rawLine(w, 23);
      for (const chunk of bad()) await line.chunk(chunk);
      expect(line.fault()).to.equal(status);
      await line.send(MessageType.Sealed, new Uint8Array(30));
      expect(line.fault()).to.equal(Status.NoSession);
      await line.line.close();
    });
  }

  it("a message cut short is dropped by the next first chunk, without a word", async () => {
    const line = rawLine(w, 23);
    await line.chunk(chunks()[0]!);
    expect(line.answers).to.have.length(0);
    await line.send(MessageType.Sealed, new Uint8Array(30));
    expect(line.fault()).to.equal(Status.NoSession);
  });

  const MESSAGES: readonly [string, Status, number, Uint8Array, number?][] = [
    ["another protocol version", Status.UnknownVersion, MessageType.Open1, new Uint8Array(48), 2],
    ["version 0", Status.UnknownVersion, MessageType.Open1, new Uint8Array(48), 0],
    ["a type that nobody knows", Status.UnknownMessage, 9, new Uint8Array(3)],
    ["the card's own types", Status.UnknownMessage, MessageType.Pair2, new Uint8Array(48)],
    ["a sealed message without a session", Status.NoSession, MessageType.Sealed, new Uint8Array(40)],
    ["an open of a stranger", Status.NotPaired, MessageType.Open1, new Uint8Array(48).fill(5)],
    ["an open that is too short", Status.MessageMalformed, MessageType.Open1, new Uint8Array(47)],
    ["a third pairing message without the first", Status.MessageMalformed, MessageType.Pair3, new Uint8Array(80)],
    ["a pairing while the card has an owner", Status.PairingClosed, MessageType.Pair1, new Uint8Array(48)],
  ];
  for (const [name, status, type, body, version] of MESSAGES) {
    it(`${name}: status ${status}`, async () => {
      const line = rawLine(w);
      await line.send(type, body, version);
      expect(line.fault()).to.equal(status);
      await line.line.close();
    });
  }

  it("a message of one octet is a fault, not a crash", async () => {
    const line = rawLine(w);
    await line.chunk(fromHex("c0010001"));
    expect(line.fault()).to.equal(Status.MessageMalformed);
  });

  it("every fault has version 1 in front", async () => {
    const line = rawLine(w);
    await line.send(9, new Uint8Array(1));
    expect(decodeMessage(line.answers[0]!.subarray(3))).to.include({ version: 1, type: MessageType.Fault });
  });

  const REQUESTS: readonly [string, string, number, unknown][] = [
    ["an operation that nobody knows", "OPERATION_UNKNOWN", 99, null],
    ["a load of something else", "MESSAGE_MALFORMED", Op.Load, [1, 2]],
    ["a present at another time", "MESSAGE_MALFORMED", Op.Present, [3, null]],
    ["a present with a PIN that is too long", "MESSAGE_MALFORMED", Op.Present, [0, new Uint8Array(81)]],
    ["a present of nothing", "NO_GRANT", Op.Present, [0, null]],
    ["a confirmation of nothing", "NO_GRANT", Op.Present, [2, null]],
    ["a disarm with a body", "MESSAGE_MALFORMED", Op.Disarm, 1],
    ["a state object that is none", "MESSAGE_MALFORMED", Op.State, [1]],
    ["a PIN in clear", "MESSAGE_MALFORMED", Op.SetPin, "1234"],
    ["an unpair with a body", "MESSAGE_MALFORMED", Op.Unpair, "now"],
  ];
  for (const [name, code, op, body] of REQUESTS) {
    it(`${name}: ${code}, and the session lives on`, async () => {
      const session = await rawSession(w);
      await expectRefusal(w, () => session.request(op, body as never), code);
      await session.request(Op.State, null);
      await session.close();
    });
  }

  it("whatever bytes come as chunks, nothing traps, nothing is written, nothing is sent", async function () {
    this.timeout(60_000);
    const line = rawLine(w, 517);
    const before = w.emulator.store.writes;
    const header = fc.constantFrom(0x80, 0xc0, 0x40, 0x00, 0x01, 0x41, 0x81);
    const tail = fc.uint8Array({ minLength: 0, maxLength: 200 });
    const framed = fc
      .tuple(fc.constantFrom(1, 2, 3, 4, 5, 6, 7), tail)
      .map(([type, body]) => toChunks(encodeMessage(type, body), 514)[0]!);
    const wild = fc.tuple(header, tail).map(([first, rest]) => Uint8Array.from([first, ...rest]));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(framed, wild), { minLength: 1, maxLength: 8 }), async (sequence) => {
        for (const chunk of sequence) await line.line.write(chunk);
      }),
      { numRuns: 400 },
    );
    expect(w.emulator.store.writes).to.equal(before);
    expect(w.emulator.coil.emission()).to.equal(undefined);
    await line.line.close();
    const session = await rawSession(w);
    await session.request(Op.State, null);
  });

  it("a replayed message is refused and changes nothing: SESSION_AUTH_FAILED", async () => {
    const chunks: Uint8Array[] = [];
    const session = await rawSession(w, { onWrite: (chunk) => chunks.push(chunk.slice()) });
    await session.request(Op.State, null);
    const request = chunks.at(-1)!;
    await session.write(request);
    await expectError(() => session.request(Op.State, null), "SESSION_AUTH_FAILED");
    await session.close();
  });

  it("an altered message is refused, and the card's side of the session lives on", async () => {
    const faults: number[] = [];
    const session = await rawSession(w, {
      onChunk: (chunk) => chunk[4] === MessageType.Fault && faults.push(chunk[5]!),
    });
    await session.request(Op.State, null);
    await session.write(toChunks(encodeMessage(MessageType.Sealed, new Uint8Array(40)), 200)[0]!);
    expect(faults).to.deep.equal([Status.SessionAuthFailed]);
    await session.close();
  });
});
