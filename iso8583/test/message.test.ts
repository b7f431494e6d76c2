import { expect } from "chai";
import fc from "fast-check";
import { DATA_ELEMENTS, decode, encode, Iso8583Error, type Message, padField } from "../src/index.js";
import { message } from "./arbitraries.js";

const REQUEST: Message = {
  mti: "0100",
  fields: { 3: "000000", 4: "000000001250", 11: "000042", 35: "9999990000000011=30121010000000000000", 41: "POS00001" },
};

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Iso8583Error) return `${error.code} ${error.de}`;
    throw error;
  }
  return "none";
}

describe("an ISO 8583 message", () => {
  it("lays out type, bitmap and fields as the standard has it", () => {
    const bytes = Buffer.from(encode({ mti: "0110", fields: { 3: "000000", 39: "00", 44: "OK" } }));
    expect(bytes.toString("latin1", 0, 4)).to.equal("0110");
    expect(bytes.toString("hex", 4, 12)).to.equal("2000000002100000");
    expect(bytes.toString("latin1", 12)).to.equal("0000000002OK");
  });

  it("grows a second bitmap only when a field needs it", () => {
    const short = encode({ mti: "0100", fields: { 64: new Uint8Array(8) } });
    const long = encode({ mti: "0100", fields: { 128: new Uint8Array(8) } });
    expect(short).to.have.length(4 + 8 + 8);
    expect(long).to.have.length(4 + 16 + 8);
    expect(long[4]).to.equal(0x80);
  });

  it("comes back as it went, whatever legal fields it has", () => {
    fc.assert(fc.property(message(), (sent) => void expect(decode(encode(sent))).to.deep.equal(sent)));
  });

  it("owns its bytes after decoding", () => {
    const bytes = encode({ mti: "0100", fields: { 64: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) } });
    const decoded = decode(bytes);
    bytes.fill(0);
    expect(decoded.fields[64]).to.deep.equal(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  });

  it("does not depend on the order in which fields were given", () => {
    const { mti, fields } = REQUEST;
    const reversed = Object.fromEntries(Object.entries(fields).reverse());
    expect(encode({ mti, fields: reversed })).to.deep.equal(encode({ mti, fields }));
  });

  const refusals: [string, unknown, string][] = [
    ["a type of three digits", { mti: "100", fields: {} }, "BAD_MTI 0"],
    ["a type with a letter", { mti: "01O0", fields: {} }, "BAD_MTI 0"],
    ["a data element outside the table", { mti: "0100", fields: { 5: "1" } }, "UNKNOWN_FIELD 5"],
    ["the bitmap's own number", { mti: "0100", fields: { 1: "1" } }, "UNKNOWN_FIELD 1"],
    ["an inherited name", { mti: "0100", fields: { constructor: "1" } }, "UNKNOWN_FIELD NaN"],
    ["a fixed field too short", { mti: "0100", fields: { 4: "1250" } }, "BAD_LENGTH 4"],
    ["a fixed field too long", { mti: "0100", fields: { 39: "000" } }, "BAD_LENGTH 39"],
    ["an empty variable field", { mti: "0100", fields: { 44: "" } }, "BAD_LENGTH 44"],
    ["a variable field too long", { mti: "0100", fields: { 2: "9".repeat(20) } }, "BAD_LENGTH 2"],
    ["a letter among digits", { mti: "0100", fields: { 11: "00004A" } }, "BAD_VALUE 11"],
    ["a line break in text", { mti: "0100", fields: { 41: "POS\n0001" } }, "BAD_VALUE 41"],
    ["a sentinel in track 2", { mti: "0100", fields: { 35: ";9999?" } }, "BAD_VALUE 35"],
    ["a letter beyond ASCII", { mti: "0100", fields: { 44: "\u0141" } }, "BAD_VALUE 44"],
    ["a thirteenth month", { mti: "0100", fields: { 7: "1331120000" } }, "BAD_VALUE 7"],
    ["a day that is none", { mti: "0100", fields: { 7: "0100120000" } }, "BAD_VALUE 7"],
    ["the thirty-first of June", { mti: "0100", fields: { 13: "0631" } }, "BAD_VALUE 13"],
    ["the thirtieth of February", { mti: "0100", fields: { 7: "0230120000" } }, "BAD_VALUE 7"],
    ["an hour that is none", { mti: "0100", fields: { 12: "240000" } }, "BAD_VALUE 12"],
    ["a date with a thirty-second day", { mti: "0100", fields: { 13: "1232" } }, "BAD_VALUE 13"],
    ["a number for text", { mti: "0100", fields: { 11: 42 } }, "BAD_VALUE 11"],
    ["text for bytes", { mti: "0100", fields: { 64: "12345678" } }, "BAD_VALUE 64"],
  ];
  for (const [what, bad, code] of refusals) {
    it(`is not sent with ${what}`, () => expect(codeOf(() => encode(bad as Message))).to.equal(code));
  }

  it("has the last day of each month, the 29th of February of any year", () => {
    const lasts = ["31", "29", "31", "30", "31", "30", "31", "31", "30", "31", "30", "31"];
    for (const [i, last] of lasts.entries()) {
      const month = String(i + 1).padStart(2, "0");
      const codes = [last, String(Number(last) + 1)].map((day) =>
        codeOf(() => encode({ mti: "0100", fields: { 13: month + day } })),
      );
      expect(codes, month).to.deep.equal(["none", "BAD_VALUE 13"]);
    }
  });

  const hex = (mti: string, bitmap: string, rest = ""): Uint8Array =>
    Buffer.concat([Buffer.from(mti), Buffer.from(bitmap, "hex"), Buffer.from(rest, "latin1")]);
  const arrivals: [string, Uint8Array, string][] = [
    ["nothing", new Uint8Array(0), "CUT_MESSAGE 0"],
    ["half a type", Buffer.from("01"), "CUT_MESSAGE 0"],
    ["a type that is no number", hex("01x0", "0000000000000000"), "BAD_MTI 0"],
    ["half a bitmap", hex("0100", "00000000"), "CUT_MESSAGE 1"],
    ["a second bitmap that is missing", hex("0100", "8000000000000000"), "CUT_MESSAGE 1"],
    ["a field outside the table", hex("0100", "0800000000000000", "1"), "UNKNOWN_FIELD 5"],
    ["a third bitmap", hex("0100", "80000000000000008000000000000000"), "UNKNOWN_FIELD 65"],
    ["a field that is cut", hex("0100", "2000000000000000", "00"), "CUT_MESSAGE 3"],
    ["a length that is cut", hex("0100", "4000000000000000", "1"), "CUT_MESSAGE 2"],
    ["a length that is no number", hex("0100", "4000000000000000", "1x9"), "BAD_LENGTH 2"],
    ["a length over the limit", hex("0100", "4000000000000000", "20999"), "BAD_LENGTH 2"],
    ["a length of zero", hex("0100", "4000000000000000", "00"), "BAD_LENGTH 2"],
    ["a byte above ASCII", hex("0100", "0000000002000000", "0\xb9"), "BAD_VALUE 39"],
    ["bytes after the end", hex("0100", "0000000002000000", "00!"), "TRAILING_BYTES 0"],
  ];
  for (const [what, bytes, code] of arrivals) {
    it(`is refused on arrival with ${what}`, () => expect(codeOf(() => decode(bytes))).to.equal(code));
  }

  it("is refused with a code when cut at any byte", () => {
    const whole = encode(REQUEST);
    for (let cut = 0; cut < whole.length; cut++) expect(codeOf(() => decode(whole.subarray(0, cut)))).to.match(/^CUT/);
  });

  it("never throws anything but a coded error, whatever bytes arrive", () => {
    const mutated = fc
      .tuple(message(), fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 4 }))
      .map(([sent, changes]) => {
        const bytes = encode(sent);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (bytes) => void codeOf(() => decode(bytes))),
      {
        numRuns: 1000,
      },
    );
  });

  it("never quotes a value in an error: it may be a PAN", () => {
    expect(() => encode({ mti: "0100", fields: { 2: "99999900000000X1" } })).to.throw(
      /^DE 2 \(.*\) has a character outside/,
    );
  });
});

describe("padField", () => {
  it("aligns digits to the right and text to the left", () => {
    expect(padField(4, "1250")).to.equal("000000001250");
    expect(padField(41, "POS1")).to.equal("POS1    ");
    expect(padField(44, "OK")).to.equal("OK");
  });
  it("leaves what is too long for encode to refuse", () => expect(padField(3, "1234567")).to.equal("1234567"));
});

describe("the table", () => {
  it("holds the data elements that terminal and network agreed on", () => {
    expect(DATA_ELEMENTS.join()).to.equal(
      "2,3,4,7,11,12,13,14,18,19,22,25,32,33,35,37,38,39,41,42,43,44,45,48,49,53,64,70,90,128",
    );
  });
});
