// The air and its controllers, on virtual time: who hears whom, when data arrives, what is lost, and when a connection ends. Hosts are the tests' own.

import { fromHex, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { Air, type AirOptions, Controller, type ControllerOptions } from "../src/index.js";

const PERIPHERAL = "c0:ff:ee:00:00:0b";

class Host {
  readonly heard: { readonly packet: string; readonly atUs: number }[] = [];
  readonly controller: Controller;

  constructor(
    readonly air: Air,
    options: ControllerOptions = {},
  ) {
    this.controller = new Controller(air, options);
    this.controller.onPacket((packet) => this.heard.push({ packet: toHex(packet), atUs: air.nowUs }));
    this.say("01030c00", "01010c08ffffffffffffff3f", "01012008ff00000000000000");
    this.heard.length = 0;
  }

  say(...packets: string[]): void {
    for (const packet of packets) this.controller.send(fromHex(packet.replaceAll(" ", "")));
  }

  /** Packets heard that begin so. */
  of(start: string) {
    return this.heard.filter(({ packet }) => packet.startsWith(start));
  }

  advertise(): void {
    this.say("0106200fa000a000000000000000000000 0700", `01082020${"03020106".padEnd(64, "0")}`, "010a200101");
  }

  /** Scans all the time, actively, telling repeats unless they are filtered. */
  scan(filter = "00"): void {
    this.say("010b200701100010000000", `010c200201${filter}`);
  }

  /** Connects with an interval of so many 1.25 ms, and a supervision time-out of so many 10 ms. */
  connect(interval = 12, supervision = 100, own = "00"): void {
    const u16 = (value: number) => toHex(Uint8Array.of(value & 255, value >> 8));
    const peer = PERIPHERAL.split(":").reverse().join("");
    this.say(`010d2019${"60006000"}0000${peer}${own}${u16(interval)}${u16(interval)}0000${u16(supervision)}00000000`);
  }

  /** Handle of the newest connection, as four digits. */
  get handle(): string {
    return this.of("043e1301").at(-1)!.packet.slice(10, 14);
  }

  data(payload: string): void {
    const length = payload.length / 2;
    this.say(`02${this.handle}${toHex(Uint8Array.of(length & 255, length >> 8))}${payload}`);
  }
}

const ACL = "02";
const COMPLETED = "041305";
const GONE = "0405";

function pair(air: Air, interval = 12, options: ControllerOptions = {}): { central: Host; peripheral: Host } {
  const peripheral = new Host(air, { address: PERIPHERAL, ...options });
  const central = new Host(air, { address: "c0:ff:ee:00:00:0a" });
  peripheral.advertise();
  central.connect(interval);
  air.advance(500);
  expect(central.of("043e1301")).to.have.length(1);
  expect(peripheral.of("043e1301")).to.have.length(1);
  return { central, peripheral };
}

describe("the air", () => {
  it("lets a scanner hear an advertiser again and again, its answer to a scan too", () => {
    const air = new Air({ time: "virtual" });
    const peripheral = new Host(air, { address: PERIPHERAL });
    const central = new Host(air);
    peripheral.advertise();
    central.scan();
    air.advance(1_100);
    const reports = central.of("043e");
    expect(reports.length / 2).to.be.within(9, 11); // every 100 to 110 ms
    peripheral.say("010a200100");
    central.heard.length = 0;
    air.advance(1_000);
    expect(central.heard).to.deep.equal([]);
  });

  it("loses advertising of two at one time, and parts them by their random delays", () => {
    const air = new Air({ time: "virtual" });
    const hosts = Array.from({ length: 40 }, (_, i) => new Host(air, { address: `c0:ff:ee:00:01:${10 + i}` }));
    for (const host of hosts) host.advertise();
    const central = new Host(air);
    central.scan();
    air.advance(10_000);
    const reports = central.of("043e").length / 2;
    expect(reports, "of some 3,800").to.be.within(800, 1_400);
    const seen = new Set(central.of("043e").map(({ packet }) => packet.slice(12, 24)));
    expect(seen.size).to.equal(40);
  });

  it("loses both of two that advertise at one time", () => {
    const air = new Air({ time: "virtual" });
    air.random = () => 0; // they begin at once, and go on so
    for (const address of [PERIPHERAL, "c0:ff:ee:00:00:0c"]) new Host(air, { address }).advertise();
    const central = new Host(air);
    central.scan();
    air.advance(1_000);
    expect(central.of("043e")).to.deep.equal([]);
  });

  it("loses advertising as it loses data", () => {
    const heard = (loss: number) => {
      const air = new Air({ time: "virtual", loss });
      new Host(air, { address: PERIPHERAL }).advertise();
      const central = new Host(air);
      central.scan();
      air.advance(10_000);
      return central.of("043e").length / 2;
    };
    expect(heard(0)).to.be.within(90, 100);
    expect(heard(0.5)).to.be.within(30, 70);
    expect(heard(1)).to.equal(0);
  });

  it("tells a scanner each advertiser once where it wants no repeats, and once again in its next scan", () => {
    const air = new Air({ time: "virtual" });
    for (const address of [PERIPHERAL, "c0:ff:ee:00:00:0c"]) new Host(air, { address }).advertise();
    const central = new Host(air);
    for (const scans of [1, 2]) {
      central.scan("01");
      air.advance(1_000);
      central.say("010c20020000");
      const addresses = central.of("043e").map(({ packet }) => `${packet.slice(10, 12)} ${packet.slice(14, 26)}`);
      expect(addresses).to.have.length(4 * scans);
      expect(new Set(addresses).size, "of each what it advertises, and its answer").to.equal(4);
    }
  });

  it("lets nobody hear its own advertising", () => {
    const air = new Air({ time: "virtual" });
    const host = new Host(air, { address: PERIPHERAL });
    host.advertise();
    host.heard.length = 0;
    host.scan();
    air.advance(1_000);
    expect(host.of("043e")).to.deep.equal([]);
    new Host(air, { address: "c0:ff:ee:00:00:0c" }).advertise();
    air.advance(1_000);
    expect(host.of("043e").length).to.be.greaterThan(0);
  });

  it("carries data at connection events alone, both ways, in order, and gives buffers back", () => {
    const air = new Air({ time: "virtual" });
    const { central, peripheral } = pair(air, 12);
    const begun = air.nowUs;
    for (const octet of ["01", "02", "03"]) central.data(octet);
    peripheral.data("0a0b");
    air.advance(100);
    expect(peripheral.of(ACL).map(({ packet }) => packet.slice(10))).to.deep.equal(["01", "02", "03"]);
    expect(central.of(ACL).map(({ packet }) => packet.slice(10))).to.deep.equal(["0a0b"]);
    expect(central.of(COMPLETED)).to.have.length(3);
    for (const { atUs } of peripheral.of(ACL)) expect(atUs - begun).to.be.within(0, 15_000);
  });

  it("takes so many packets an event, and no more", () => {
    const air = new Air({ time: "virtual", packetsPerEvent: 2 });
    const { central, peripheral } = pair(air, 24);
    for (let i = 0; i < 6; i++) central.data(`0${i}`);
    air.advance(200);
    const times = peripheral.of(ACL).map(({ atUs }) => atUs);
    expect(new Set(times).size).to.equal(3);
    expect(times[2]! - times[0]!).to.equal(30_000);
  });

  it("answers at the next event at the soonest", () => {
    const air = new Air({ time: "virtual" });
    const { central, peripheral } = pair(air, 12);
    peripheral.controller.onPacket((packet) => packet[0] === 2 && peripheral.data("bb"));
    central.data("aa");
    air.advance(100);
    const sentAt = central.of(COMPLETED)[0]!.atUs;
    expect(central.of(ACL)[0]!.atUs - sentAt).to.equal(15_000);
  });

  it("sends what was lost again: all of it arrives once, in order", () => {
    const air = new Air({ time: "virtual", seed: "lossy" });
    const { central, peripheral } = pair(air, 12);
    air.loss = 0.4;
    for (let i = 0; i < 8; i++) central.data(`0${i}`);
    air.advance(2_000);
    expect(peripheral.of(ACL).map(({ packet }) => packet.slice(10))).to.deep.equal(
      Array.from({ length: 8 }, (_, i) => `0${i}`),
    );
    expect([...central.controller.held.values()][0]!.underWay).to.equal(0);
  });

  it("cuts data into PDUs of 27 octets unless one side asks for more", () => {
    const air = new Air({ time: "virtual" });
    const plain = pair(air);
    plain.central.data("cc".repeat(60));
    air.advance(100);
    expect(plain.peripheral.of(ACL).map(({ packet }) => packet.length / 2 - 5)).to.deep.equal([27, 27, 6]);
    expect(plain.central.of(COMPLETED)).to.have.length(1);
    plain.central.say(`01222006${plain.central.handle}fb004808`);
    plain.central.data("cc".repeat(60));
    air.advance(100);
    expect(plain.peripheral.of(ACL).at(-1)!.packet.length / 2 - 5).to.equal(60);
    plain.central.say(`01222006${plain.central.handle}28004808`);
    plain.central.data("cc".repeat(60));
    air.advance(100);
    const pdus = plain.peripheral.of(ACL).slice(-2);
    expect(
      pdus.map(({ packet }) => packet.length / 2 - 5),
      "as many as it asks for, and no more",
    ).to.deep.equal([40, 20]);
  });

  it("cuts data into PDUs of 27 octets where the other side takes no more, whatever is asked for", () => {
    const air = new Air({ time: "virtual" });
    const { central, peripheral } = pair(air, 12, { dataOctets: 27 });
    for (const [from, to] of [
      [central, peripheral],
      [peripheral, central],
    ] as const) {
      from.say(`01222006${from.handle}fb004808`);
      from.data("cc".repeat(60));
      air.advance(100);
      expect(to.of(ACL).map(({ packet }) => packet.length / 2 - 5)).to.deep.equal([27, 27, 6]);
    }
  });

  it("ends a connection at the supervision time-out where the two are out of reach, and not before", () => {
    const air = new Air({ time: "virtual" });
    const { central, peripheral } = pair(air, 12);
    air.setReach(central.controller, peripheral.controller, false);
    air.advance(980);
    expect([...central.of(GONE), ...peripheral.of(GONE)]).to.deep.equal([]);
    air.advance(50);
    for (const host of [central, peripheral]) expect(host.of(GONE)[0]!.packet.slice(-2)).to.equal("08");
  });

  it("keeps a connection whose two come back in time, and what was queued", () => {
    const air = new Air({ time: "virtual" });
    const { central, peripheral } = pair(air, 12);
    air.setReach(central.controller, peripheral.controller, false);
    central.data("dd");
    air.advance(900);
    air.setReach(central.controller, peripheral.controller, true);
    air.advance(3_000);
    expect(peripheral.of(ACL)).to.have.length(1);
    expect(central.of(GONE)).to.deep.equal([]);
  });

  it("tells both who ended it, and loses what was not sent by then", () => {
    const air = new Air({ time: "virtual" });
    const { central, peripheral } = pair(air, 12);
    peripheral.data("ee");
    peripheral.say(`01060403${peripheral.handle}13`);
    air.advance(100);
    expect(central.of(ACL)).to.deep.equal([]);
    expect(central.of(GONE)[0]!.packet.slice(-2)).to.equal("13");
    expect(peripheral.of(GONE)[0]!.packet.slice(-2)).to.equal("16");
  });

  it("tells nobody of a controller's reset: its peer hears its own supervision time-out, and not before", () => {
    const air = new Air({ time: "virtual" });
    const { central, peripheral } = pair(air, 12);
    peripheral.say("01030c00");
    air.advance(980);
    expect(central.of(GONE)).to.deep.equal([]);
    air.advance(50);
    expect(central.of(GONE)[0]!.packet.slice(-2)).to.equal("08");
    expect(peripheral.of(GONE)).to.deep.equal([]);
  });

  it("does not connect a second time to whoever is connected", () => {
    const air = new Air({ time: "virtual" });
    const { central, peripheral } = pair(air, 12);
    central.heard.length = 0;
    central.connect();
    expect(central.heard.map(({ packet }) => packet)).to.deep.equal(["040f040b010d20"]);
    peripheral.say(`01060403${peripheral.handle}13`);
    air.advance(100);
    central.heard.length = 0;
    central.connect();
    expect(central.heard.map(({ packet }) => packet)).to.deep.equal(["040f0400010d20"]);
  });

  it("carries nothing that is given behind the end, though that is on its way still", () => {
    const air = new Air({ time: "virtual" });
    const { central, peripheral } = pair(air, 12);
    peripheral.say(`01060403${peripheral.handle}13`);
    peripheral.data("ee");
    central.data("ee");
    air.advance(100);
    expect([...central.of(ACL), ...peripheral.of(ACL)]).to.deep.equal([]);
    expect(central.of(GONE)).to.have.length(1);
  });

  it("tells each of the other's address as it was used: public, or the random one", () => {
    for (const [own, type, address] of [
      ["00", "00", "0a0000eeffc0"],
      ["01", "01", "010203040506"],
    ] as const) {
      const air = new Air({ time: "virtual" });
      const peripheral = new Host(air, { address: PERIPHERAL });
      const central = new Host(air, { address: "c0:ff:ee:00:00:0a" });
      peripheral.advertise();
      central.say("01052006 010203040506");
      central.connect(12, 100, own);
      air.advance(500);
      expect(peripheral.of("043e1301")[0]!.packet.slice(16, 30)).to.equal(`${type}${address}`);
      expect(central.of("043e1301")[0]!.packet.slice(16, 18), "the advertiser's").to.equal("00");
    }
  });

  it("changes the interval six events after it was asked to", () => {
    const air = new Air({ time: "virtual" });
    const { central, peripheral } = pair(air, 40);
    const asked = air.nowUs;
    central.say(`0113200e${central.handle}0c000c000000 9001 0000 0000`);
    air.advance(1_000);
    const [update] = peripheral.of("043e0a03");
    expect(update!.packet.slice(14, 18)).to.equal("0c00");
    expect(update!.atUs - asked).to.be.within(300_000, 350_000);
  });

  it("notices a host that gives more than its controller has buffers for", () => {
    const air = new Air({ time: "virtual" });
    const { central } = pair(air);
    for (let i = 0; i < 9; i++) central.data("00");
    central.data("00".repeat(252));
    expect(central.controller.violations).to.deep.equal([
      "9 packets for 8 buffers",
      "252 octets for a buffer of 251",
      "10 packets for 8 buffers",
    ]);
  });

  it("refuses what a chip refuses: commands nobody knows, short ones, a random address that was not set", () => {
    const host = new Host(new Air({ time: "virtual" }));
    host.say("01ff3f00", "01052001 00", "0106200fa000a000000100000000000000 0700", "010a200101");
    expect(host.heard.map(({ packet }) => packet.slice(-2))).to.deep.equal(["01", "12", "00", "12"]);
  });

  it("gives hosts other random octets each time in real time, so that no two cards begin with one address, and the same ones where a run repeats", () => {
    expect(random({ time: "virtual" })).to.equal(random({ time: "virtual" }));
    expect(random({ time: "real" })).to.not.equal(random({ time: "real" }));
    expect(random({ time: "real", seed: "one" })).to.equal(random({ time: "real", seed: "one" }));
  });

  it("follows the wall clock, or runs as fast as it can, where it is asked to", async () => {
    for (const time of ["real", "free"] as const) {
      const air = new Air({ time });
      const { promise, done } = later();
      const begun = performance.now();
      air.clock.schedule(air.nowUs + 30_000, done);
      await promise;
      const tookMs = performance.now() - begun;
      if (time === "real") expect(tookMs).to.be.within(25, 2_000);
      else expect(air.nowUs).to.equal(30_000);
      air.close();
    }
  });
});

/** What LE Rand gives first. */
function random(options: AirOptions): string {
  const air = new Air(options);
  const host = new Host(air);
  host.say("01182000");
  air.close();
  return host.heard[0]!.packet.slice(-16);
}

function later(): { readonly promise: Promise<void>; readonly done: () => void } {
  let done: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    done = resolve;
  });
  return { promise, done };
}
