// noble is stopped, and its port closed, once the controller has answered to the end of the scan; what fails behind that ends no program.

import { EventEmitter } from "node:events";
import { expect } from "chai";
import { leaving } from "../src/bluetooth/leave.js";
import type { StoppableNoble } from "../src/bluetooth/tamed.js";

/** As noble 2.8 does: its port loses its listeners as it is closed. */
class FakeNoble extends EventEmitter {
  readonly calls: string[] = [];
  readonly port = new EventEmitter();
  readonly _bindings = { _hci: { _socket: { _serialDevice: this.port } } };
  async startScanningAsync(): Promise<void> {
    this.calls.push("scan on");
  }
  stop(): void {
    this.calls.push("stop");
    this.port.removeAllListeners();
  }
}

describe("a noble with a serial port", () => {
  let noble: FakeNoble;
  let leave: () => Promise<void>;
  beforeEach(() => {
    noble = new FakeNoble();
    leave = leaving(noble as unknown as StoppableNoble);
  });

  it("is stopped when its scan has ended, and not before", async () => {
    await noble.startScanningAsync();
    const left = leave();
    await new Promise((resolve) => setImmediate(resolve));
    expect(noble.calls).to.deep.equal(["scan on"]);
    noble.emit("scanStop");
    await left;
    expect(noble.calls).to.deep.equal(["scan on", "stop"]);
  });

  it("is stopped at once where it does not scan, or no more", async () => {
    await noble.startScanningAsync();
    noble.emit("scanStop");
    void leave();
    expect(noble.calls).to.deep.equal(["scan on", "stop"]);
  });

  it("is stopped in the end where nobody answers", async () => {
    await noble.startScanningAsync();
    await leave();
    expect(noble.calls).to.deep.equal(["scan on", "stop"]);
  });

  it("ends no program by a write that fails behind its port's end", async () => {
    await leave();
    expect(() => noble.port.emit("error", new Error("EBADF"))).to.not.throw();
  });
});
