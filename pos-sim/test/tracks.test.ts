import { expect } from "chai";
import { hasLuhn, parseTrack1, parseTrack2, parseTrack3 } from "../src/index.js";

const PAN = "9999991234567893";

describe("a track 1", () => {
  it("gives number, name, expiry, service code and discretionary data", () => {
    expect(parseTrack1(`%B${PAN}^DOE/JANE Q ^30121011777700000042?`)).to.deep.equal({
      ok: true,
      track: 1,
      pan: PAN,
      name: "DOE/JANE Q",
      expiry: "3012",
      serviceCode: "101",
      discretionary: "1777700000042",
    });
  });

  it("may have separators in place of expiry and service code", () => {
    expect(parseTrack1(`%B${PAN}^DOE/J^^^1?`)).to.include({ ok: true, discretionary: "1" });
    expect(parseTrack1(`%B${PAN}^DOE/J^3012^1?`)).to.include({ expiry: "3012", serviceCode: undefined });
  });

  const refusals: [string, string, string, number][] = [
    ["no start sentinel", `B${PAN}^DOE/J^3012101?`, "NO_SENTINELS", 0],
    ["no end sentinel", `%B${PAN}^DOE/J^3012101`, "NO_SENTINELS", 0],
    ["nothing", "%?", "BAD_FORMAT_CODE", 1],
    ["more than 76 characters", `%B${PAN}^DOE/J^3012101${"1".repeat(60)}?`, "TOO_LONG", 77],
    ["another format code", `%A${PAN}^DOE/J^3012101?`, "BAD_FORMAT_CODE", 1],
    ["no separator", `%B${PAN}?`, "BAD_PAN", 2],
    ["a letter in its number", "%B99999912X4567895^DOE/J^3012101?", "BAD_PAN", 2],
    ["20 digits", "%B99999912345678931111^DOE/J^3012101?", "BAD_PAN", 2],
    ["a name of one letter", `%B${PAN}^D^3012101?`, "BAD_NAME", 19],
    ["a name that does not end", `%B${PAN}^DOE/JANE?`, "BAD_NAME", 19],
    ["month 13", `%B${PAN}^DOE/J^3013101?`, "BAD_EXPIRY", 25],
    ["a service code of letters", `%B${PAN}^DOE/J^3012AB1?`, "BAD_SERVICE_CODE", 29],
    ["a second start sentinel", `%B${PAN}^DOE/J^3012101%?`, "BAD_DISCRETIONARY_DATA", 32],
  ];
  for (const [what, data, code, at] of refusals) {
    it(`is refused with ${what}`, () => expect(parseTrack1(data)).to.include({ ok: false, code, at }));
  }
});

describe("a track 2", () => {
  it("gives number, expiry, service code and discretionary data", () => {
    expect(parseTrack2(`;${PAN}=30121011777700000042?`)).to.deep.equal({
      ok: true,
      track: 2,
      pan: PAN,
      expiry: "3012",
      serviceCode: "101",
      discretionary: "1777700000042",
    });
  });

  const refusals: [string, string, string, number][] = [
    ["no sentinels", `${PAN}=3012101`, "NO_SENTINELS", 0],
    ["38 characters", `;${PAN}=30121011${"0".repeat(13)}?`, "TOO_LONG", 38],
    ["no separator", `;${PAN}?`, "BAD_PAN", 1],
    ["no number", ";=3012101?", "BAD_PAN", 1],
    ["month 0", `;${PAN}=3000101?`, "BAD_EXPIRY", 18],
    ["no expiry", `;${PAN}=?`, "BAD_EXPIRY", 18],
    ["half a service code", `;${PAN}=301210?`, "BAD_SERVICE_CODE", 22],
    ["a letter", `;${PAN}=3012101A?`, "BAD_DISCRETIONARY_DATA", 25],
  ];
  for (const [what, data, code, at] of refusals) {
    it(`is refused with ${what}`, () => expect(parseTrack2(data)).to.include({ ok: false, code, at }));
  }
});

describe("a track 3", () => {
  it("gives format code and number", () => {
    const data = `;01${PAN}=9789780000?`;
    expect(parseTrack3(data)).to.deep.equal({ ok: true, track: 3, formatCode: "01", pan: PAN, rest: "9789780000" });
  });
  it("is refused without them", () => {
    expect(parseTrack3(";=?")).to.include({ ok: false, code: "BAD_FORMAT_CODE" });
    expect(parseTrack3(";01?")).to.include({ ok: false, code: "BAD_PAN" });
    expect(parseTrack3("01")).to.include({ ok: false, code: "NO_SENTINELS" });
  });
});

describe("the check digit", () => {
  it("is right on numbers that have it and wrong on their neighbours", () => {
    expect(hasLuhn(PAN)).to.equal(true);
    expect(hasLuhn("79927398713")).to.equal(true); // the example of ISO/IEC 7812-1
    for (const digit of "0123456789") expect(hasLuhn(`999999123456789${digit}`)).to.equal(PAN.endsWith(digit));
    expect(hasLuhn("")).to.equal(false);
    expect(hasLuhn("0")).to.equal(false);
  });
});
