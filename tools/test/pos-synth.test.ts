import { expect } from "chai";
import { ecard, testFolder } from "./run-ecard.js";

describe("ecard pos synth", () => {
  const folder = testFolder();

  it("counts its recordings as a person would", async () => {
    const synth = async (count: string): Promise<string> =>
      (await ecard(["pos", "synth", "--count", count, "--out", folder()])).stdout;
    expect(await synth("1")).to.match(/^1 recording and labels\.json in /);
    expect(await synth("2")).to.match(/^2 recordings and labels\.json in /);
  });
});
