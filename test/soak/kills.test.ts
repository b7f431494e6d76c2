import { expect } from "chai";
import { killedIssuers } from "./kills.js";

describe("an issuer that is killed while it decides", () => {
  it("keeps each approval that it told, and approves no grant twice", async () => {
    const kills = 10;
    const { answered, unanswered, ...rest } = await killedIssuers(kills, (kill) => kill / kills);
    expect(rest).to.deep.equal({ kills, lost: 0, refused: 0, doubled: 0 });
    // Some before, some behind their commit.
    expect(answered).to.be.greaterThan(0);
    expect(unanswered).to.be.greaterThan(0);
  }).timeout(120_000);
});
