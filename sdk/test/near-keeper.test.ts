// A phone that is near says so, as often as its card wants to hear it.

import { mock } from "node:test";
import { expect } from "chai";
import { NearKeeper } from "../src/card/near-keeper.js";

describe("a phone that is near", () => {
  let said = 0;
  const keeper = new NearKeeper(() => said++);
  beforeEach(() => {
    said = 0;
    mock.timers.enable({ apis: ["setTimeout"] });
  });
  afterEach(() => {
    keeper.keep(null);
    mock.timers.reset();
  });

  const after = (seconds: number) => {
    for (let i = 0; i < seconds; i++) mock.timers.tick(1000);
    return said;
  };

  it("says so each third of the time that its card waits, and never more often than each ten seconds", () => {
    keeper.keep(90);
    expect([after(29), after(1), after(29), after(1)]).to.deep.equal([0, 1, 1, 2]);
    keeper.keep(30);
    expect([after(9), after(1), after(20)]).to.deep.equal([2, 3, 5]);
  });

  it("says nothing where its card waits for ever", () => {
    keeper.keep(90);
    keeper.keep(null);
    expect(after(1000)).to.equal(0);
  });
});
