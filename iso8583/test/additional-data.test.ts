// DE 48: what terminal, processor and issuer tell each other beside the standard's elements.
import { expect } from "chai";
import fc from "fast-check";
import {
  type AdditionalData,
  decodeAdditionalData,
  encodeAdditionalData,
  Iso8583Error,
  readAdditionalData,
} from "../src/index.js";

const DATA: AdditionalData = {
  requestor: "Test wallet",
  drc: "0123456789ABCDEF",
  cavv: "AQIDBAUGBwgJCgsMDQ4PEBESExQ=",
  atnPart: "FEDCBA9876543210",
  atc: "17",
  tokenRef: "00112233445566778899AABBCCDDEEFF",
};

function refused(work: () => unknown): void {
  expect(work).to.throw(Iso8583Error).with.property("code", "BAD_VALUE");
}

describe("additional data (DE 48)", () => {
  it("comes back as it was told, and has the octets that docs/protocol.md shows", () => {
    const text = encodeAdditionalData(DATA);
    expect(text).to.equal(
      "RQ011Test walletDR0160123456789ABCDEFCV028AQIDBAUGBwgJCgsMDQ4PEBESExQ=AN016FEDCBA9876543210AC00217TR03200112233445566778899AABBCCDDEEFF",
    );
    expect(decodeAdditionalData(text)).to.deep.equal(DATA);
    expect(readAdditionalData(text)).to.deep.equal(DATA);
    expect(encodeAdditionalData({})).to.equal("");
  });

  it("may come in any order", () => {
    expect(decodeAdditionalData("AC0011DR0160123456789ABCDEF")).to.deep.equal({ atc: "1", drc: DATA.drc });
  });

  for (const [what, text] of [
    ["a subfield twice", "AC0011AC0012"],
    ["a name that nobody knows", "ZZ0011"],
    ["a length that is none", "AC0x11"],
    ["a length beyond the end", "AC0051"],
    ["a cut head", "AC00"],
    ["a leading zero in a counter", "AC00201"],
    ["a cryptogram in small letters", "DR0160123456789abcdef"],
    ["a short cryptogram", "DR0150123456789ABCDE"],
    ["an empty requestor", "RQ000"],
  ] as const) {
    it(`with ${what} is refused, and not quoted`, () => {
      refused(() => decodeAdditionalData(text));
      expect(readAdditionalData(text)).to.equal(undefined);
    });
  }

  it("refuses to say what it would not read", () => {
    refused(() => encodeAdditionalData({ atc: "01" }));
    refused(() => encodeAdditionalData({ requestor: "" }));
  });

  it("of anything at all is read as it was written, or refused", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (text) => {
        let data: AdditionalData;
        try {
          data = decodeAdditionalData(text);
        } catch (error) {
          return error instanceof Iso8583Error;
        }
        return encodeAdditionalData(data).length === text.length;
      }),
    );
  });
});
