// The bench of Bluetooth: one run from the connection to the coil's first edge, beside the steps that it has.

import { expect } from "chai";
import { benchBluetooth } from "../src/bench/bluetooth-bench.js";

describe("the bench of Bluetooth", () => {
  it("measures one run from the connection to the first edge: its steps, and little between two of them", async () => {
    const { steps, toFirstEdge } = await benchBluetooth();
    const sum = steps.reduce((all, { intervals }) => all + intervals, 0);
    expect(toFirstEdge.intervals).to.be.within(sum - 0.5, sum + 0.5 * steps.length);
    expect(toFirstEdge.floor).to.equal(steps.reduce((all, { floor }) => all + floor, 0));
    // Two intervals an exchange, the table's hash one of them; the packets of the grant are in its floor.
    expect(toFirstEdge.intervals).to.be.within(toFirstEdge.floor, toFirstEdge.floor + 2 * steps.length);
  });
});
