// What a controller keeps from its host (Core 6.0, Vol 4 Part E 7.3.1, 7.8.1), what a trace says of each packet, and what a connection does with what it cannot say.

import { concat, fromHex, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { Air, BtSnoop, Controller } from "../src/index.js";
import { Connection } from "../src/radio/connection.js";
import type { LinkEnd, Medium } from "../src/radio/link-layer.js";

const RESET = "01030c00";
const ALL = "01010c08ffffffffffffff3f";
const ALL_LE = "01012008ff00000000000000";
const SCAN = ["010b200701100010000000", "010c20020100"];
const REPORT = "043e";
const FAILED = "0410";

function host(air: Air, ...said: readonly string[]) {
  const controller = new Controller(air);
  const heard: string[] = [];
  controller.onPacket((packet) => heard.push(toHex(packet)));
  const say = (...packets: readonly string[]) => {
    for (const packet of packets) controller.send(fromHex(packet));
  };
  say(RESET, ...said);
  return { controller, heard, say, of: (start: string) => heard.filter((packet) => packet.startsWith(start)).length };
}

describe("an event that a host has masked", () => {
  // Hardware Error is bit 15, LE Meta bit 61 of the one mask; LE Advertising Report is bit 1 of the other.
  for (const [what, mask, leMask, failures, hasReports] of [
    ["none", ALL, ALL_LE, 1, true],
    ["Hardware Error", "01010c08ff7fffffffffff3f", ALL_LE, 0, true],
    ["LE Meta", "01010c08ffffffffffffff1f", ALL_LE, 1, false],
    ["LE Advertising Report", ALL, "01012008fd00000000000000", 1, false],
  ] as const) {
    it(`is not told: ${what}`, () => {
      const air = new Air({ time: "virtual" });
      host(air).say("0106200fa000a0000000000000000000000700", "010a200101");
      const { controller, of, say } = host(air, mask, leMask);
      say(...SCAN);
      air.advance(500);
      expect(of(REPORT) > 0).to.equal(hasReports);
      controller.fail();
      expect(of(FAILED)).to.equal(failures);
      air.close();
    });
  }
});

describe("a scan from a random address", () => {
  it("is refused until one is set", () => {
    const { heard, say } = host(new Air({ time: "virtual" }));
    say("010b200701100010000100", SCAN[1]!);
    expect(heard.at(-1)).to.equal("040e04010c2012");
    say("01052006010203040546", SCAN[1]!);
    expect(heard.at(-1)).to.equal("040e04010c2000");
  });
});

describe("a trace", () => {
  it("says of each packet whose it is, and whether it is data", () => {
    const air = new Air({ time: "virtual" });
    const { controller, say } = host(air);
    const trace = new BtSnoop(controller);
    say(RESET, "02400001 0000".replace(" ", ""));
    const file = trace.file();
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    const seen: [string, number][] = [];
    for (let at = 16; at < file.length; at += 24 + view.getUint32(at))
      seen.push([toHex(file.slice(at + 24, at + 25)), view.getUint32(at + 8)]);
    // Bit 0: to the host; bit 1: a command or an event.
    expect(seen).to.deep.equal([
      ["01", 2],
      ["04", 3],
      ["02", 0],
    ]);
  });
});

describe("a connection event", () => {
  /** An air whose next event is played by `next`, and whose packets are lost as `lost` says. */
  function begin(lost: boolean[]) {
    const due: (() => void)[] = [];
    const heard: string[] = [];
    const end = (name: string): LinkEnd => ({
      pduOctets: 27,
      connected: () => undefined,
      received: (_, { data }) => void heard.push(`${name} hears ${toHex(data)}`),
      sent: () => undefined,
      updated: () => undefined,
      disconnected: (_, reason) => void heard.push(`${name} ends ${reason}`),
    });
    const [central, peripheral] = [end("central"), end("peripheral")];
    const air = {
      nowUs: 0,
      loss: 0.5,
      packetsPerEvent: 6,
      clock: { schedule: (_: number, fire: () => void) => void due.push(fire) },
      random: () => (lost.shift() ? 0 : 1),
      reaches: () => true,
      forget: () => undefined,
    };
    const parameters = { intervalUs: 15_000, latency: 0, supervisionUs: 1_000_000 };
    const connection = new Connection(air as unknown as Medium, central, peripheral, parameters, 0);
    const next = () => {
      due.shift()!();
      return heard.splice(0);
    };
    return { air, connection, central, peripheral, next };
  }
  const pdu = (octet: number) => ({ start: true, data: concat(Uint8Array.of(octet)), last: true });

  it("ends with the first packet that is lost, which comes again in the next", () => {
    const { connection, central, peripheral, next } = begin([true]);
    connection.send(central, pdu(1));
    connection.send(peripheral, pdu(2));
    expect(next()).to.deep.equal([]);
    expect(next()).to.deep.equal(["peripheral hears 01", "central hears 02"]);
  });

  it("that ends the connection is told to whoever has power, and nobody else", () => {
    const { air, connection, central, next } = begin([]);
    connection.die(central);
    air.nowUs = 1_000_000;
    expect(next()).to.deep.equal(["peripheral ends 8"]);
  });
});
