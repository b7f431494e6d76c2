import { expect } from "chai";
import fc from "fast-check";
import { maskPan, maskTrack1, maskTrack2, printMessage } from "../src/index.js";
import { message } from "./arbitraries.js";

describe("a printed message", () => {
  it("shows of the card what a receipt would", () => {
    const text = printMessage({
      mti: "0100",
      fields: {
        2: "9999991234567893",
        35: "9999991234567893=30121011777700000042",
        45: "B9999991234567893^DOE/JANE^30121011777700000042",
        48: "DRC=0011223344556677",
        64: new Uint8Array(8),
        41: "POS00001",
      },
    });
    expect(text.split("\n")).to.deep.equal([
      "MTI 0100",
      "DE   2 Primary account number: 999999******7893",
      "DE  35 Track 2 data: 999999******7893=3012101...",
      "DE  41 Card acceptor terminal identification: POS00001",
      "DE  45 Track 1 data: B999999******7893^...^3012101...",
      "DE  48 Additional data, private: <20 hidden>",
      "DE  64 Message authentication code: <8 hidden>",
    ]);
  });

  it("never shows discretionary data, whatever the tracks hold", () => {
    fc.assert(
      fc.property(message([2, 35, 45, 48]), ({ fields }) => {
        const text = printMessage({ mti: "0100", fields });
        for (const de of [35, 45, 48] as const) {
          const secret = fields[de]?.slice(-12) ?? "";
          if (/^[0-9]{12}$/.test(secret)) expect(text).to.not.include(secret);
        }
        if ((fields[2]?.length ?? 0) > 10) expect(text).to.not.include(fields[2]);
      }),
    );
  });

  it("hides whole what it cannot take apart", () => {
    expect(maskPan("999999123456")).to.equal("************");
    expect(maskTrack2("=9999")).to.equal("<5 hidden>");
    expect(maskTrack1("9999991234567893")).to.equal("<16 hidden>");
  });
});
