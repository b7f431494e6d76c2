// Whether a store keeps what it is given is looked at once a second at most, however many ask.

import { expect } from "chai";
import { SqlError, StoreHealth } from "../src/index.js";

describe("a store's health", () => {
  const { now } = performance;
  let clock = 0;
  let looks = 0;
  let isWell = true;
  let health: StoreHealth;
  beforeEach(() => {
    [clock, looks, isWell] = [0, 0, true];
    performance.now = () => clock;
    health = new StoreHealth(async () => {
      looks++;
      if (!isWell) throw new SqlError("STORE_UNAVAILABLE");
    });
  });
  afterEach(() => {
    performance.now = now;
  });
  const said = () =>
    health.check().then(
      () => "well",
      ({ code }) => code,
    );

  it("is looked at once for all who ask at once, and who ask within the second", async () => {
    expect(new Set(await Promise.all(Array.from({ length: 100 }, said)))).to.deep.equal(new Set(["well"]));
    for (clock = 0; clock <= 1000; clock += 100) expect(await said()).to.equal("well");
    expect(looks).to.equal(1);
  });

  it("is looked at anew behind it, whether it was well or not", async () => {
    expect(await said()).to.equal("well");
    isWell = false;
    clock += 1001;
    for (let i = 0; i < 10; i++) expect(await said()).to.equal("STORE_UNAVAILABLE");
    isWell = true;
    expect(await said(), "as it was found within the second").to.equal("STORE_UNAVAILABLE");
    clock += 1001;
    expect(await said()).to.equal("well");
    expect(looks).to.equal(3);
  });

  it("is looked at once at a time, however long that takes", async () => {
    let done = () => {};
    let begun = 0;
    const slow = new StoreHealth(() => {
      begun++;
      return new Promise<void>((resolve) => {
        done = resolve;
      });
    });
    const asked = [slow.check()];
    clock += 5000;
    asked.push(slow.check());
    done();
    await Promise.all(asked);
    expect(begun).to.equal(1);
  });
});
