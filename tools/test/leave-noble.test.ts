// noble is stopped, and its port closed, once the controller has answered to the end of the scan; what fails behind that ends no program.

import { EventEmitter, errorMonitor } from "node:events";
import { createRequire } from "node:module";
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

/** As much of noble's driver for serial ports (bluetooth-hci-socket 2.3, lib/uart.js) as is called here. */
interface UartSocket extends EventEmitter {
  readonly _serialDevice: EventEmitter & { readonly settings: { binding: unknown } };
  bindRaw(device: number, parameters: { uart: { port: string; baudRate: number } }): void;
  start(): void;
  stop(): void;
}

/** A port of the system's whose writes are under way until they fail, as one does whose descriptor was closed meanwhile. */
class StuckPort {
  isOpen = true;
  fail: ((error: Error) => void) | undefined;
  write(): Promise<void> {
    return new Promise((_, reject) => {
      this.fail = reject;
    });
  }
  read(): Promise<never> {
    return new Promise(() => undefined);
  }
  async close(): Promise<void> {
    this.isOpen = false;
  }
}

describe("a noble whose port is closed under a write", () => {
  it("ends no program: its own driver, and serialport's own stream, with nobody left who hears of the error", async () => {
    const { loadDriver } = createRequire(import.meta.url)("@stoprocent/bluetooth-hci-socket") as {
      loadDriver(name: string): new () => UartSocket;
    };
    const socket = new (loadDriver("uart"))();
    socket.bindRaw(0, { uart: { port: "/dev/none", baudRate: 1_000_000 } }); // writes Reset, once the port is open
    const { _serialDevice: device } = socket;
    const port = new StuckPort();
    device.settings.binding = { open: async () => port };
    socket.start();
    await new Promise((resolve) => device.once("open", resolve));
    const noble = Object.assign(new FakeNoble(), {
      _bindings: { _hci: { _socket: socket } },
      stop: () => socket.stop(),
    });
    const leave = leaving(noble as unknown as StoppableNoble);

    await leave();
    expect(port.isOpen).to.equal(false);
    expect(port.fail, "the write is under way").to.be.a("function");
    const heard = new Promise<Error>((resolve) => device.once(errorMonitor, resolve)); // which is no listener
    port.fail!(Object.assign(new Error("EBADF: bad file descriptor, write"), { code: "EBADF" }));
    expect(await heard).to.include({ code: "EBADF" });
  });
});
