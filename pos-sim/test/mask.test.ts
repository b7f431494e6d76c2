import { expect } from "chai";
import fc from "fast-check";
import { maskTracks } from "../src/index.js";
import { shownAs } from "../src/reader/mask.js";
import { legalText, TRACKS } from "./swipes.js";

describe("a masked track", () => {
  it("of the test range is shown as it is", () => {
    for (const track of [1, 2, 3] as const) {
      fc.assert(fc.property(legalText[track], (text) => maskTracks(text) === text));
      expect(maskTracks(TRACKS[track])).to.equal(TRACKS[track]);
    }
  });

  const cases: [string, string][] = [
    ["%B4000001234567899^DOE/JANE^30121011777700000042?", "%B400000******7899^...^3012101?"],
    ["%B4000 0012 3456 7899^DOE/J^^^1?", "%B400000******7899^...^^^?"],
    [";4000001234567899=30121011777700000042?", ";400000******7899=3012101?"],
    [";4000001234567899===1777700000042?", ";400000******7899===?"],
    [`;014000001234567899=${"7".repeat(40)}?`, ";014000********7899=?"],
    // Twenty digits are no PAN of track 2: this one can only be a track 3.
    [`;01400000123456789912=${"7".repeat(40)}?`, ";01400000********9912=?"],
    // Longer than a track 2 may be, and that of a track 3 would show eight of its first digits.
    [";4111111111111111=2512101000000000000000000?", ";411111******1111=?"],
    [";4199999912345678=2512101000000000000000000?", ";419999******5678=?"],
    // Separators that no standard knows.
    ["%B4111-1111-1111-1111^DOE/JANE^2512101?", "%B****-****-****-****^***/****^*******?"],
    [";4111>1111<1111:1111=?", ";****>****<****:****=?"],
    // A number of the test range in front of another one.
    ["%B9999991234567890^4111111111111111^2512101?", "%B999999******7890^...^2512101?"],
    ["%B9999991234567890^41/11 11.11 11-11^2512101?", "%B999999******7890^...^2512101?"],
    ["%B9999991234567890^4111111111111111?", "%B****************^****************?"],
    [";99999912>4111111111111111=2512101?", ";********>****************=*******?"],
    [";9999994111111111111111=2512101?", ";**********************=*******?"],
    // Data that breaks its standard but may hold a number: every digit goes.
    [";4000001234567899?", ";****************?"],
    ["%X4000001234567899?", "%X****************?"],
    [";12=4000001234567899?", ";**=****************?"],
    // A separator that was misread: what follows are the number's digits, and the first six and last four nearly all before.
    [";541234085=3394666=36?", ";*********=*******=**?"],
    ["%B541234085339^DOE/J^3012101?", "%B************^***/*^*******?"],
    // Too few digits to be a PAN.
    [";4000001234567899=752?", ";****************=***?"],
    [";1234567=8?", ";*******=*?"],
    [";12345?", ";12345?"],
  ];
  for (const [data, masked] of cases) it(`${data} is ${masked}`, () => expect(maskTracks(data)).to.equal(masked));

  it("of another range never shows the middle of its number or its discretionary data", () => {
    const digits = (length: number) =>
      fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: length, maxLength: length });
    fc.assert(
      fc.property(digits(6), digits(6), digits(4), digits(13), (iin, middle, last, secret) => {
        fc.pre(iin !== "999999" && new Set(middle).size > 2 && new Set(secret).size > 3);
        for (const data of [
          `;${iin}${middle}${last}=3012101${secret}?`,
          `%B${iin}${middle}${last}^DOE/J^3012101${secret}?`,
        ]) {
          const masked = maskTracks(data);
          expect(masked).to.include(`${iin}******${last}`).and.not.include(secret);
        }
      }),
    );
  });

  it("asked for as another track is shown only where both layouts allow it", () => {
    const looksTest = ";4199999900000004=3012101123456?"; // digits 3 to 8 are the test range, read as track 3
    const shown = shownAs(3, looksTest);
    expect(shown.masked).to.equal(true);
    expect(shown.data).to.equal(";419999******0004=?");
    expect(shownAs(3, TRACKS[2])).to.deep.equal({ data: ";999999******7893=?", masked: true });
    expect(shownAs(3, ";4111111111111111=2512101?").data).to.equal(";411111******1111=?");
    expect(shownAs(2, TRACKS[2])).to.deep.equal({ data: TRACKS[2], masked: false });
  });

  it("shows no more than six and four digits of a foreign number, whatever stands around it", () => {
    const other = fc.constantFrom(..." -./:<=>^0123456789AZ");
    fc.assert(
      fc.property(
        fc.constantFrom("%B", "%", ";", ";01", ";99", "%B9999991234560000^"),
        fc.array(other, { maxLength: 3 }),
        fc.integer({ min: 0, max: 12 }),
        fc.constantFrom<1 | 2 | 3>(1, 2, 3),
        (start, between, gap, asked) => {
          // Behind its own name, a test card's digits are its discretionary data.
          fc.pre(!start.endsWith("^") || !between.includes("^"));
          const pan = [..."4123567890123456"];
          for (let i = 4; i <= 12; i += 4) pan[i] = `${between.filter((c) => !/[0-9]/.test(c)).join("")}${pan[i]}`;
          const data = `${start}${pan.join("")}${start.startsWith("%") ? "^" : "="}${"7".repeat(gap)}?`;
          const shown = shownAs(start.startsWith("%") ? 1 : asked, data).data;
          // Digits 7 to 12 of the number, the seventh and eighth of a track 3's included.
          expect(shown.replaceAll(/[^0-9]/g, "")).not.to.include("7890123456".slice(0, 4));
        },
      ),
    );
  });

  it("follows the test ranges that it is given", () => {
    expect(maskTracks(TRACKS[2], [])).to.equal(";999999******7893=3012101?");
    expect(maskTracks(";4000001234567899=3012101?", ["400000"])).to.equal(";4000001234567899=3012101?");
  });
});
