// The card's attributes as a client finds them: services, characteristics, their places; and the database hash, made anew here from what was read.

import {
  CARD_RX,
  CARD_SERVICE,
  CARD_TX,
  cardUuid,
  concat,
  FIRMWARE_VERSION,
  fromHex,
  SMP_CHARACTERISTIC_UUID,
  SMP_SERVICE_UUID,
  toHex,
} from "@enabling-card/wire";
import { cmac } from "@noble/ciphers/aes.js";
import { expect } from "chai";
import { LinkHost, le } from "../support/link-host.js";

/** A UUID as it lies on the air. */
const reversed = (uuid: string) => toHex(fromHex(uuid.replaceAll("-", "")).reverse());
const onAir = (number: number) => reversed(cardUuid(number));
const hex = (value: number) => toHex(le(value));
const hash = (octets: Uint8Array) => toHex(Uint8Array.from(cmac(octets, new Uint8Array(16))));
const text = (words: string) => toHex(new TextEncoder().encode(words));

describe("the card's attributes", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start().connect();
    host.att("02 f700");
  });

  /** Type of every attribute, in the order of their handles. */
  function types(): string[] {
    const found: string[] = [];
    for (;;) {
      const [answer] = host.att(`04 ${hex(found.length + 1)} ffff`);
      if (answer!.startsWith("01")) return found;
      const size = answer!.slice(2, 4) === "01" ? 4 : 32;
      for (let at = 4; at < answer!.length; at += 4 + size) found.push(answer!.slice(at + 4, at + 4 + size));
    }
  }

  const read = (handle: number) => host.att(`0a ${hex(handle)}`)[0]!;

  it("are six services in their order, the last two the card's and SMP's", () => {
    const services: string[] = [];
    for (let start = 1; start <= 0xffff; ) {
      const [answer] = host.att(`10 ${hex(start)} ffff 0028`);
      if (answer!.startsWith("01")) break;
      const entry = Number.parseInt(answer!.slice(2, 4), 16) * 2;
      for (let at = 4; at < answer!.length; at += entry) {
        const row = answer!.slice(at, at + entry);
        services.push(row.slice(8));
        start = (Number.parseInt(row.slice(4, 6), 16) | (Number.parseInt(row.slice(6, 8), 16) << 8)) + 1;
      }
    }
    expect(services).to.deep.equal(["0018", "0118", "0a18", "0f18", onAir(CARD_SERVICE), reversed(SMP_SERVICE_UUID)]);
  });

  it("are written to by Rx with and without response, and notified of by Tx; SMP's one is written to without, and notifies", () => {
    const all = types();
    const characteristics = all.flatMap((type, i) => (type === "0328" ? [read(i + 1).slice(2)] : []));
    expect(characteristics).to.include(`0c${hex(all.indexOf(onAir(CARD_RX)) + 1)}${onAir(CARD_RX)}`);
    expect(characteristics).to.include(`10${hex(all.indexOf(onAir(CARD_TX)) + 1)}${onAir(CARD_TX)}`);
    const smp = reversed(SMP_CHARACTERISTIC_UUID);
    expect(characteristics).to.include(`14${hex(all.indexOf(smp) + 1)}${smp}`);
    for (const declaration of characteristics) {
      const handle = Number.parseInt(declaration.slice(2, 4), 16);
      expect(all[handle - 1], "each declaration names the attribute behind it").to.equal(declaration.slice(6));
    }
  });

  it("tell the maker, the model and the firmware's version, and no serial number", () => {
    const all = types();
    const value = (uuid: string) => read(all.indexOf(uuid) + 1).slice(2);
    expect(value("292a")).to.equal(text("enabling-card"));
    expect(value("242a")).to.equal(text("1"));
    const version = [FIRMWARE_VERSION >> 16, (FIRMWARE_VERSION >> 8) & 255, FIRMWARE_VERSION & 255];
    expect(value("262a")).to.equal(text(version.join(".")));
    expect(value("002a")).to.equal(text("ecard"));
    expect(all).not.to.include("252a");
  });

  it("tell the battery as it is", () => {
    const handle = types().indexOf("192a") + 1;
    expect(read(handle)).to.equal("0b57");
    host.battery = 3;
    expect(read(handle)).to.equal("0b03");
  });

  it("are hashed as the Core Specification's example is (Vol 3 Part G, Appendix B)", () => {
    const example = [
      "010000280018 020003280a0300002a 04000328020500012a 060000280118 07000328200800052a 09000229 0a0003280a0b00292b 0c000328020d002a2b",
      "0e0000280818 0f000228140016000f18 10000328a21100182a 12000229 130000290000 140001280f18 15000328021600192a",
    ];
    expect(hash(fromHex(example.join("").replaceAll(" ", "")))).to.equal("f1ca2d48ecf58bac8a8830bbb9fba990");
  });

  // Core 6.0, Vol 3 Part G 7.3.1: declarations and extended properties whole, other descriptors without their values, by handles; key of zeros
  it("have the hash that is made of them", () => {
    const hashed = types().map((type, i) => {
      const head = concat(le(i + 1), fromHex(type));
      if (["0028", "0128", "0228", "0328", "0029"].includes(type)) return concat(head, fromHex(read(i + 1).slice(2)));
      return ["0129", "0229", "0329", "0429", "0529"].includes(type) ? head : new Uint8Array(0);
    });
    const found = host.att("08 0100 ffff 2a2b")[0]!;
    expect(found.slice(0, 8)).to.equal(`0912${hex(types().indexOf("2a2b") + 1)}`);
    expect(found.slice(8)).to.equal(toHex(fromHex(hash(concat(...hashed))).reverse()));
  });
});
