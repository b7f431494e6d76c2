// What a host may tell a controller, and what is refused (Core 6.0, Vol 4 Part E 7): nothing that it says may harm whoever runs the controller.

import { concat, fromHex, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { Air, Controller } from "../src/index.js";
import { seededRandom } from "../src/ports/random.js";
import { COMMANDS, FILTER_LIST_MAX } from "../src/radio/commands.js";
import { Connection } from "../src/radio/connection.js";
import { OP, SUPPORTED_BIT } from "../src/radio/hci.js";

const hex = (text: string) => fromHex(text.replaceAll(" ", ""));
const le = (value: number) => Uint8Array.of(value & 0xff, value >> 8);

/** A controller, and what it says to its host. */
class Host {
  readonly heard: string[] = [];
  readonly controller: Controller;

  constructor(air: Air, address: string) {
    this.controller = new Controller(air, { address });
    this.controller.onPacket((packet) => this.heard.push(toHex(packet)));
    this.ask(OP.setEventMask, "ff".repeat(8));
    this.ask(OP.leSetEventMask, "ff".repeat(8));
  }

  /** What a command is answered with: the status, and what is returned behind it. */
  ask(opcode: number, parameters: string | Uint8Array = ""): { readonly status: number; readonly returned: string } {
    this.heard.length = 0;
    const octets = typeof parameters === "string" ? hex(parameters) : parameters;
    this.controller.send(concat(Uint8Array.of(1), le(opcode), Uint8Array.of(octets.length), octets));
    const code = toHex(le(opcode));
    const answers = this.heard.filter(
      (packet) =>
        (packet.startsWith("040e") && packet.slice(8, 12) === code) ||
        (packet.startsWith("040f") && packet.slice(10, 14) === code),
    );
    expect(answers, "one answer").to.have.length(1);
    const [answer] = answers;
    const isStatus = answer!.startsWith("040f");
    return {
      status: Number.parseInt(answer!.slice(isStatus ? 6 : 12, isStatus ? 8 : 14), 16),
      returned: isStatus ? "" : answer!.slice(14),
    };
  }
}

/** Parameters that are taken. */
const GOOD: Partial<Record<keyof typeof OP, string>> = {
  disconnect: "4000 13",
  leSetAdvertisingParameters: "a000 f000 00 00 00 000000000000 07 00",
  leSetAdvertisingData: `1f ${"00".repeat(31)}`,
  leSetScanResponse: `1f ${"00".repeat(31)}`,
  leSetAdvertisingEnable: "00",
  leSetScanParameters: "01 1000 1000 00 00",
  leSetScanEnable: "00 00",
  leCreateConnection: "6000 3000 00 00 0c0000eeffc0 00 1800 2800 0000 2a00 0000 0000",
  leConnectionUpdate: "4000 1800 2800 0000 2a00 0000 0000",
  leSetDataLength: "4000 fb00 4808",
  leWriteDefaultDataLength: "fb00 4808",
  leAddToFilterList: "00 010203040506",
  leRemoveFromFilterList: "ff 010203040506",
};

/** What else they may be, and what they may not: octets at a place. */
const BOUNDS: readonly [keyof typeof OP, string, at: number, good: readonly string[], bad: readonly string[]][] = [
  ["disconnect", "reason", 2, ["05", "15", "3b"], ["00", "08", "16", "ff"]],
  ["leSetAdvertisingParameters", "intervals", 0, ["20002000", "00400040"], ["00000000", "1f002000", "20000140"]],
  ["leSetAdvertisingParameters", "the longer interval first", 0, [], ["f000a000"]],
  ["leSetAdvertisingParameters", "type", 4, ["02", "03"], ["05", "ff"]],
  ["leSetAdvertisingParameters", "own address", 5, ["03"], ["04"]],
  ["leSetAdvertisingParameters", "peer's address", 6, ["01"], ["02"]],
  ["leSetAdvertisingParameters", "channels", 13, ["01"], ["00", "08"]],
  ["leSetAdvertisingParameters", "filter", 14, ["03"], ["04"]],
  ["leSetAdvertisingData", "octets", 0, ["00"], ["20", "ff"]],
  ["leSetScanResponse", "octets", 0, ["00"], ["20", "ff"]],
  ["leSetAdvertisingEnable", "on", 0, [], ["02", "ff"]],
  ["leSetScanParameters", "type", 0, ["00"], ["02"]],
  ["leSetScanParameters", "interval and window", 1, ["04000400", "00400040"], ["00000000", "03000300", "01400400"]],
  ["leSetScanParameters", "a window longer than the interval", 1, [], ["10001100"]],
  ["leSetScanParameters", "own address", 5, ["03"], ["04"]],
  ["leSetScanParameters", "filter", 6, ["03"], ["04"]],
  ["leSetScanEnable", "on", 0, [], ["02"]],
  ["leSetScanEnable", "filter", 1, ["01"], ["02"]],
  ["leCreateConnection", "scan", 0, ["04000400"], ["00000000", "03000300", "30003100", "01403000"]],
  ["leCreateConnection", "filter", 4, ["01"], ["02"]],
  ["leCreateConnection", "peer's address", 5, ["03"], ["04"]],
  ["leCreateConnection", "own address", 12, ["02"], ["04"]],
  ["leCreateConnection", "a random address that is not set", 12, [], ["01"]],
  ["leCreateConnection", "intervals", 13, ["06000600"], ["00000000", "05000600", "0600810c", "28001800"]],
  ["leCreateConnection", "latency", 17, ["0100"], ["f401", "ffff"]],
  ["leCreateConnection", "time-out", 19, ["800c"], ["0000", "0900", "0a00", "810c"]], // 0a00: as long as two intervals
  ["leCreateConnection", "latency too long for the time-out", 17, [], ["0400"]],
  ["leCreateConnection", "lengths of events", 21, ["01000200"], ["02000100"]],
  ["leConnectionUpdate", "intervals", 2, ["06000600"], ["00000000", "05000600", "0600810c", "28001800"]],
  ["leConnectionUpdate", "latency", 6, ["0300"], ["0400", "f401"]],
  ["leConnectionUpdate", "time-out", 8, ["800c"], ["0000", "0900", "0a00", "810c"]],
  ["leConnectionUpdate", "lengths of events", 10, ["01000200"], ["02000100"]],
  ["leSetDataLength", "octets", 2, ["1b00"], ["0000", "1a00", "fc00"]],
  ["leSetDataLength", "time", 4, ["4801", "9042"], ["0000", "4701", "9142"]],
  ["leWriteDefaultDataLength", "octets", 0, ["1b00"], ["0000", "1a00", "fc00"]],
  ["leWriteDefaultDataLength", "time", 2, ["4801", "9042"], ["0000", "4701", "9142"]],
  ["leAddToFilterList", "address", 0, ["01", "ff"], ["02", "fe"]],
  ["leRemoveFromFilterList", "address", 0, ["01"], ["02", "fe"]],
];

describe("a controller's commands", () => {
  let air: Air;
  let central: Host;
  let peripheral: Host;
  function begin(): void {
    air = new Air({ time: "virtual" });
    central = new Host(air, "c0:ff:ee:00:00:0a");
    peripheral = new Host(air, "c0:ff:ee:00:00:0b");
  }
  beforeEach(begin);

  /** The two connect, as 0x40 on both sides. */
  function connect(): void {
    peripheral.ask(OP.leSetAdvertisingParameters, GOOD.leSetAdvertisingParameters);
    peripheral.ask(OP.leSetAdvertisingEnable, "01");
    central.ask(OP.leCreateConnection, GOOD.leCreateConnection!.replace("0c0000", "0b0000"));
    air.advance(500);
    expect([...central.controller.held.keys()], "connected").to.deep.equal([0x40]);
  }

  for (const [name, what, at, good, bad] of BOUNDS) {
    it(`${name}: ${what}: what may be is taken, what may not is refused by 0x12 and does nothing`, () => {
      connect();
      const patched = (octets: string) => {
        const parameters = hex(GOOD[name]!);
        parameters.set(hex(octets), at);
        return parameters;
      };
      for (const octets of bad) expect(central.ask(OP[name], patched(octets)).status, octets).to.equal(0x12);
      air.advance(1_000);
      expect(central.controller.held.size, "still connected").to.equal(1);
      expect(central.controller.initiating).to.equal(undefined);
      for (const octets of [...good, ""]) {
        if (name === "disconnect") {
          begin();
          connect();
        }
        expect(central.ask(OP[name], patched(octets)).status, `${octets} is taken`).to.equal(0);
        if (name === "leCreateConnection") central.ask(OP.leCreateConnectionCancel);
      }
    });
  }

  for (const [name, parameters, returned] of [
    ["leSetDataLength", "4100 fb00 4808", "4100"],
    ["readRssi", "4100", "4100"],
    ["leKeyNegativeReply", "4100", "4100"],
    ["disconnect", "4100 13", ""],
    ["leConnectionUpdate", GOOD.leConnectionUpdate!.replace("4000", "4100"), ""],
    ["leReadRemoteFeatures", "4100", ""],
    ["readRemoteVersion", "4100", ""],
    ["leStartEncryption", `4100 ${"00".repeat(26)}`, ""],
  ] as const) {
    it(`${name}: a connection that is not there is 0x02`, () => {
      connect();
      expect(central.ask(OP[name], parameters)).to.deep.equal({ status: 0x02, returned });
    });
  }

  it("of a connection that are the central's are refused to a peripheral", () => {
    connect();
    expect(peripheral.ask(OP.leConnectionUpdate, GOOD.leConnectionUpdate).status).to.equal(0x0c);
    expect(peripheral.ask(OP.leStartEncryption, `4000 ${"00".repeat(26)}`).status).to.equal(0x0c);
  });

  it("refuse to advertise while a peripheral is connected", () => {
    connect();
    expect(peripheral.ask(OP.leSetAdvertisingEnable, "01").status).to.equal(0x0c);
    expect(peripheral.controller.isAdvertising).to.equal(false);
    expect(central.ask(OP.leSetAdvertisingEnable, "01").status, "a central may").to.equal(0);
  });

  it("change neither address nor parameters while it advertises, nor a scan's while it scans", () => {
    const address = "010203040546";
    peripheral.ask(OP.leSetAdvertisingEnable, "01");
    const before = { ...peripheral.controller.advertising };
    expect(peripheral.ask(OP.leSetRandomAddress, address).status).to.equal(0x0c);
    expect(peripheral.ask(OP.leSetAdvertisingParameters, GOOD.leSetAdvertisingParameters).status).to.equal(0x0c);
    expect(toHex(peripheral.controller.randomAddress)).to.equal("000000000000");
    expect(peripheral.controller.advertising).to.deep.equal(before);
    peripheral.ask(OP.leSetAdvertisingEnable, "00");
    expect(peripheral.ask(OP.leSetRandomAddress, address).status).to.equal(0);

    central.ask(OP.leSetScanEnable, "01 00");
    expect(central.ask(OP.leSetScanParameters, GOOD.leSetScanParameters).status).to.equal(0x0c);
    expect(central.ask(OP.leSetRandomAddress, address).status).to.equal(0x0c);
    central.ask(OP.leSetScanEnable, "00 00");
    central.ask(OP.leCreateConnection, GOOD.leCreateConnection);
    expect(central.ask(OP.leSetRandomAddress, address).status, "nor while it looks for whom to connect to").to.equal(
      0x0c,
    );
  });

  it("refuse advertising to one peer alone, and connect to none that may not be connected to", () => {
    for (const type of ["01", "04"])
      expect(
        peripheral.ask(OP.leSetAdvertisingParameters, `a000 f000 ${type} 00 00 000000000000 07 00`).status,
      ).to.equal(0x11);
    peripheral.ask(OP.leSetAdvertisingParameters, "a000 f000 03 00 00 000000000000 07 00");
    peripheral.ask(OP.leSetAdvertisingEnable, "01");
    central.ask(OP.leCreateConnection, GOOD.leCreateConnection!.replace("0c0000", "0b0000"));
    air.advance(500);
    expect(central.controller.held.size).to.equal(0);
  });

  it("keep a filter accept list of as many as are told, each once, while nothing looks at it", () => {
    const peer = (n: number, type = 0) => `0${type} 0${n}0203040506`;
    const [room] = fromHex(central.ask(OP.leReadFilterListSize).returned);
    expect(room).to.equal(FILTER_LIST_MAX);
    for (let n = 0; n < room!; n++)
      for (const _ of [1, 2]) expect(central.ask(OP.leAddToFilterList, peer(n)).status).to.equal(0);
    expect(central.ask(OP.leAddToFilterList, peer(room!)).status).to.equal(0x07);
    expect(central.controller.filterList).to.have.length(room!);
    central.ask(OP.leRemoveFromFilterList, peer(0, 1));
    expect(central.controller.filterList, "of another type: another one").to.have.length(room!);
    central.ask(OP.leRemoveFromFilterList, peer(0));
    expect(central.ask(OP.leAddToFilterList, peer(room!)).status).to.equal(0);
    central.ask(OP.leCreateConnection, GOOD.leCreateConnection!.replace("3000 00", "3000 01"));
    expect(central.ask(OP.leClearFilterList).status).to.equal(0x0c);
    expect(central.ask(OP.leAddToFilterList, peer(1)).status).to.equal(0x0c);
    expect(central.ask(OP.leRemoveFromFilterList, peer(1)).status).to.equal(0x0c);
    central.ask(OP.leCreateConnectionCancel);
    expect(central.ask(OP.leClearFilterList).status).to.equal(0);
    expect(central.controller.filterList).to.have.length(0);
  });

  it("are forgotten at a reset: whom it lists, what it advertises and how, its address", () => {
    const fresh = new Controller(air);
    peripheral.ask(OP.leAddToFilterList, GOOD.leAddToFilterList);
    peripheral.ask(OP.leSetRandomAddress, "010203040546");
    peripheral.ask(OP.leSetAdvertisingParameters, "2000 2000 03 01 00 000000000000 07 00");
    peripheral.ask(OP.leSetAdvertisingData, GOOD.leSetAdvertisingData);
    peripheral.ask(OP.leWriteDefaultDataLength, GOOD.leWriteDefaultDataLength);
    peripheral.ask(OP.leSetScanParameters, "01 1000 1000 01 01");
    peripheral.ask(OP.leCreateConnection, GOOD.leCreateConnection!.replace("c0 00 1800", "c0 01 1800"));
    expect(peripheral.controller.initiatingOwn).to.equal(1);
    peripheral.ask(OP.reset);
    for (const what of [
      "advertising",
      "advertisingOwn",
      "eventMask",
      "filterList",
      "initiatingOwn",
      "leEventMask",
      "randomAddress",
      "scan",
      "suggestedOctets",
    ] as const)
      expect(peripheral.controller[what], what).to.deep.equal(fresh[what]);
  });

  it("are said to be supported, and no others are", () => {
    const bits = fromHex(central.ask(OP.readLocalCommands).returned);
    expect(bits).to.have.length(64);
    const said = Array.from({ length: 512 }, (_, bit) => bit).filter((bit) => (bits[bit >> 3]! >> (bit & 7)) & 1);
    expect(said).to.deep.equal(Object.values(SUPPORTED_BIT).sort((a, b) => a - b));
    expect([...COMMANDS.keys()].sort()).to.deep.equal(Object.values(OP).sort());
    expect(new Set(said).size).to.equal(COMMANDS.size);
    expect(bits[25]! & 1, "LE Set Event Mask: octet 25, bit 0").to.equal(1);
    expect(bits[37]! & 0x30, "extended scanning: octet 37").to.equal(0);
  });

  it("whatever is in them, are answered once, and time goes on", () => {
    const random = seededRandom("any command");
    for (let round = 0; round < 40; round++) {
      begin();
      connect();
      for (const opcode of COMMANDS.keys()) {
        if (opcode === OP.reset) continue;
        const host = random(1)[0]! & 1 ? central : peripheral;
        const small = random(1)[0]! & 1;
        const length = Math.max(0, (COMMANDS.get(opcode)?.length ?? 0) + (random(1)[0]! % 3) - 1);
        const parameters = random(length).map((octet) => (small ? octet & 3 : octet));
        if (random(1)[0]! & 1) parameters.set([0x40, 0].slice(0, length));
        host.ask(opcode, parameters);
        central.controller.send(hex("02 4020 0400 00000400"));
      }
      air.advance(40_000);
    }
  });

  it("that were never to reach a connection do not stop its time", () => {
    const connection = new Connection(
      air,
      central.controller,
      peripheral.controller,
      { intervalUs: 0, latency: 0, supervisionUs: 0 },
      0,
    );
    air.setReach(central.controller, peripheral.controller, false);
    connection.wake();
    air.advance(100);
    expect(connection.counts.events).to.be.within(1, 14);
    const other = new Connection(
      air,
      central.controller,
      peripheral.controller,
      { intervalUs: 0, latency: 0, supervisionUs: 1e9 },
      air.nowUs,
    );
    other.wake();
    air.advance(1_000);
    expect(other.counts.events, "an event each 7.5 ms").to.be.within(133, 135);
  });
});
