// Currencies of countries, and their minor units (ISO 4217).

import { expect } from "chai";
import { currencyOf, isSettled, minorUnitsOf } from "../index.js";

describe("a currency", () => {
  it("is that of the country, where the network settles in it", () => {
    const expected = { 276: "978", 250: "978", 756: "756", 826: "826", 840: "840", 392: undefined, 999: undefined };
    for (const [country, currency] of Object.entries(expected)) {
      expect(currencyOf(Number(country)), country).to.equal(currency);
    }
  });

  it("is settled where it is a country's of the network", () => {
    for (const currency of ["978", "756", "826", "840"]) expect(isSettled(currency), currency).to.equal(true);
    for (const currency of ["000", "999", "392", "97", ""]) expect(isSettled(currency), currency).to.equal(false);
  });

  it("has minor units: hundredths, but for those that have none, or smaller ones", () => {
    const expected = { "978": 2, "840": 2, "392": 0, "410": 0, "174": 0, "048": 3, "788": 3, "990": 4 };
    for (const [currency, digits] of Object.entries(expected))
      expect(minorUnitsOf(currency), currency).to.equal(digits);
  });
});
