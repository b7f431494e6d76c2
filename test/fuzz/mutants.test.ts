// The checks that `npm run fuzz:mutants` takes out are those that are there.

import { readFileSync } from "node:fs";
import { expect } from "chai";
import { MUTANTS } from "./mutants.js";

describe("checks that can be taken out", () => {
  it("are ten or more, by names of their own", () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size)
      .to.equal(MUTANTS.length)
      .and.at.least(10);
  });

  for (const { name, file, text, replacement } of MUTANTS) {
    it(`${file}: ${name}`, () => {
      const source = readFileSync(new URL(`../../firmware/link/bluetooth/${file}`, import.meta.url), "utf8");
      expect(source.split(text).length - 1, "stands there once").to.equal(1);
      expect(replacement).to.not.equal(text);
    });
  }
});
