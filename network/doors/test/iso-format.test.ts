// Messages that are no good: what can be answered is, in the standard's words, and what came before and behind it is answered as ever.

import { connect } from "node:net";
import { decode, encode, FrameReader, frame, type Message } from "@enabling-card/iso8583";
import { expect } from "chai";
import fc from "fast-check";
import { answerFields, type IsoDoor, openIsoDoor, type Serve } from "../src/index.js";

const request = (stan: number, change: Message["fields"] = {}): Message => ({
  mti: "0100",
  fields: {
    ...{ 3: "000000", 4: "000000000950", 7: "1130120000", 11: String(stan).padStart(6, "0"), 32: "999999" },
    ...{ 41: "POS00001", 49: "978", ...change },
  },
});
const approve: Serve = (message, answer) => {
  const { mti, fields } = answerFields(message);
  answer({ mti, fields: { ...fields, 39: "00" } });
};
/** The octets of a message, altered behind its length. */
const altered = (message: Message, change: (bytes: Uint8Array) => unknown): Uint8Array => {
  const bytes = encode(message);
  const other = change(bytes);
  return other instanceof Uint8Array ? other : bytes;
};
const text = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
const put = (at: number, words: string) => (bytes: Uint8Array) => void text(bytes).write(words, at);

describe("a message that is no good", () => {
  let door: IsoDoor;
  let faults: string[];
  before(async () => {
    const onFault = (code: string) => faults.push(code);
    const served = ["0100", "0101", "0400"];
    door = await openIsoDoor({ host: "127.0.0.1", port: 0, served, serve: approve, onFault });
  });
  beforeEach(() => {
    faults = [];
  });
  after(() => door.close());

  /** What is said to all of `frames` before the line is closed, or this many answers have come. */
  const said = (frames: readonly Uint8Array[], count: number) =>
    new Promise<{ readonly answers: readonly Message[]; readonly isClosed: boolean }>((resolve) => {
      const reader = new FrameReader();
      const answers: Message[] = [];
      const socket = connect(door.port, door.host);
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        answers.push(...reader.push(chunk).map(decode));
        if (answers.length >= count) {
          resolve({ answers, isClosed: false });
          socket.destroy();
        }
      });
      socket.on("close", () => resolve({ answers, isClosed: true }));
      socket.write(Buffer.concat(frames));
    });
  const good = (stan: number) => frame(encode(request(stan)));
  const amid = (bad: Uint8Array) => said([good(1), frame(bad), good(3)], 3);

  const ANSWERED: readonly (readonly [what: string, bad: Uint8Array, mti: string, code: string])[] = [
    ["another kind of message", altered(request(2), put(0, "0200")), "0210", "MTI_UNSUPPORTED"],
    ["an advice", altered(request(2), put(0, "0120")), "0130", "MTI_UNSUPPORTED"],
    [
      "a letter in its currency",
      altered(request(2), (bytes) => put(bytes.length - 1, "x")(bytes)),
      "0110",
      "BAD_VALUE",
    ],
    ["a letter in its amount", altered(request(2), put(18, "A")), "0110", "BAD_VALUE"],
    ["a length that is none", altered(request(2), put(46, "xx")), "0110", "BAD_LENGTH"],
    ["a length that is too long", altered(request(2), put(46, "99")), "0110", "BAD_LENGTH"],
    ["its end missing", altered(request(2), (bytes) => bytes.slice(0, -2)), "0110", "CUT_MESSAGE"],
    [
      "more behind it",
      altered(request(2), (bytes) => Buffer.concat([bytes, Buffer.from("1")])),
      "0110",
      "TRAILING_BYTES",
    ],
    ["a field that nobody knows", altered(request(2), (bytes) => bytes.with(11, 2)), "0110", "UNKNOWN_FIELD"],
    [
      "a network management that is no echo",
      encode({ mti: "0800", fields: { 7: "1130120000", 11: "000002" } }),
      "0810",
      "MTI_UNSUPPORTED",
    ],
  ];
  for (const [what, bad, mti, code] of ANSWERED) {
    it(`has ${what}: it is answered 30 ${code}, and those around it as ever`, async () => {
      const { answers, isClosed } = await amid(bad);
      expect(isClosed).to.equal(false);
      const [before, refused, behind] = answers;
      expect([before!.fields[39], before!.fields[11], behind!.fields[39], behind!.fields[11]]).to.deep.equal([
        "00",
        "000001",
        "00",
        "000003",
      ]);
      expect(refused!.mti).to.equal(mti);
      expect(refused!.fields).to.include({ 7: "1130120000", 11: "000002", 39: "30", 44: code });
      expect(faults).to.deep.equal([code]);
    });
  }

  const CLOSED: readonly (readonly [what: string, bad: Uint8Array, fault: string])[] = [
    ["no message type", altered(request(2), put(0, "01x0")), "BAD_MTI"],
    ["an answer's type", altered(request(2), put(0, "0110")), "MTI_UNSUPPORTED"],
    ["no STAN that can be read", altered(request(2), put(40, "x")), "BAD_VALUE"],
    ["no field that can be read", altered(request(2), (bytes) => bytes.fill(255, 4, 12)), "BAD_LENGTH"],
    ["an empty bitmap", altered(request(2), (bytes) => bytes.fill(0, 4, 12)), "TRAILING_BYTES"],
  ];
  for (const [what, bad, fault] of CLOSED) {
    it(`has ${what}: nobody would know what is answered, and the line is closed behind what came before`, async () => {
      const { answers, isClosed } = await amid(bad);
      expect(isClosed).to.equal(true);
      expect(answers.map(({ fields }) => fields[11])).to.deep.equal(["000001"]);
      expect(faults).to.deep.equal([fault]);
    });
  }

  it("is no echo test: that is answered 0810 00, with its own code", async () => {
    const echo: Message = { mti: "0800", fields: { 7: "1130120000", 11: "000007", 70: "301" } };
    const { answers } = await said([frame(encode(echo))], 1);
    expect(answers).to.deep.equal([{ mti: "0810", fields: { ...echo.fields, 39: "00" } }]);
    expect(faults).to.deep.equal([]);
  });

  it("comes, whatever it is, and what was whole before it is answered; so is what comes behind it, or the line is closed", async () => {
    const change = fc.record({ at: fc.nat(70), octet: fc.nat(255) });
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(80), async (of, cut) => {
        const bytes = encode(request(2, { 35: "9999990000000008=30121011000112345678" })).slice(0, 100 - cut);
        for (const { at, octet } of of) if (at < bytes.length) bytes[at] = octet;
        const { answers, isClosed } = await amid(bytes);
        expect(answers[0]!.fields).to.include({ 11: "000001", 39: "00" });
        if (isClosed) {
          expect(answers).to.have.length(1);
          return;
        }
        expect(answers[2]!.fields).to.include({ 11: "000003", 39: "00" });
        expect(answers[1]!.mti).to.match(/^0\d[135]0$/);
        if (answers[1]!.fields[39] === "30") expect(answers[1]!.fields[44]).to.match(/^[A-Z_]{7,25}$/);
      }),
      { numRuns: 300 },
    );
  });
});
