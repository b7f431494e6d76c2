// One scan for all who look.

import { expect } from "chai";
import { SharedScan } from "../src/transport/scan.js";

describe("a scan that two look at", () => {
  it("begins once, goes on for the one where the other has seen enough, and ends with the last", async () => {
    const calls: string[] = [];
    let find: (one: number) => void = () => undefined;
    const scan = new SharedScan<number>(
      {
        async start(found) {
          calls.push("start");
          find = found;
        },
        async stop() {
          calls.push("stop");
        },
      },
      { timeoutMs: 1_000 },
    );
    const [one, other] = [scan.listen(), scan.listen()];
    const first = Promise.all([one.next(), other.next()]);
    await scan.settled();
    find(1);
    expect((await first).map(({ value }) => value)).to.deep.equal([1, 1]);
    await one.return(undefined);
    await scan.settled();
    expect(calls).to.deep.equal(["start"]);
    find(2);
    expect((await other.next()).value).to.equal(2);
    await other.return(undefined);
    await scan.settled();
    expect(calls).to.deep.equal(["start", "stop"]);
  });
});
