// SMP and its console: octets as Zephyr's documentation gives them, and whatever is not as it must be dropped or refused.

import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import {
  ConsoleReader,
  concat,
  crc16,
  decodeSmp,
  encodeSmp,
  fromHex,
  IMAGE_ERROR_CODES,
  ImageFault,
  imageFaultCode,
  SMP_HEADER_SIZE,
  type SmpMap,
  SmpOperation,
  SmpReader,
  toConsole,
  toHex,
  utf8,
  WireError,
} from "../index.js";

const ECHO = {
  operation: SmpOperation.Write,
  group: 0,
  sequence: 0x42,
  command: 0,
  body: new Map([["d", "hello"]]),
} as const;
// Made by Python's struct, base64 and binascii.crc_hqx, without this codec.
const PACKET = "0200000900004200a161646568656c6c6f";
const LINE = "060941424d434141414a41414243414b46685a47566f5a5778736238454a0a";

describe("an SMP packet", () => {
  it("has the octets that Zephyr's documentation gives it", () => {
    expect(toHex(encodeSmp(ECHO))).to.equal(PACKET);
    expect(decodeSmp(fromHex(PACKET))).to.deep.equal(ECHO);
  });

  it("is read with a map of no given length, keys in any order and long forms, as other servers write them", () => {
    const { body } = decodeSmp(concat(Uint8Array.of(1, 0, 0, 13, 0, 1, 7, 1), fromHex("bf636f666619001062726300ff")));
    expect([...body]).to.deep.equal([
      ["off", 16],
      ["rc", 0],
    ]);
  });

  const bad: readonly (readonly [what: string, hex: string])[] = [
    ["shorter than its header", "03000000000042"],
    ["whose length is too small", "03000001000042 00a0a0"],
    ["whose length is too large", "03000002000042 00a0"],
    ["without a map", "03000001000042 0080"],
    ["without anything", "03000000000042 00"],
    ["with a key twice", "03000007000042 00a2627263006272 6300"],
    ["with a key that is a number", "03000003000042 00a10100"],
    ["with octets behind its map", "03000002000042 00a000"],
    ["with a map that is cut", "03000003000042 00a16272"],
    ["nested without end", `0300${(201).toString(16).padStart(4, "0")}000042 00a16161${"81".repeat(197)}00`],
  ];
  for (const [what, hex] of bad)
    it(`${what} is refused: SMP_MALFORMED`, () => {
      expect(() => decodeSmp(fromHex(hex.replaceAll(" ", ""))))
        .to.throw(WireError)
        .with.property("code", "SMP_MALFORMED");
    });

  it("of arbitrary octets never throws anything but its own error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
        try {
          decodeSmp(concat(Uint8Array.of(1, 0, 0, octets.length, 0, 0, 0, 0), octets));
        } catch (error) {
          expect(error).to.be.instanceOf(WireError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("comes back as it was put together", () => {
    const value = fc.oneof(fc.nat(), fc.boolean(), fc.string({ maxLength: 20 }), fc.uint8Array({ maxLength: 100 }));
    const body = fc
      .dictionary(fc.string({ maxLength: 10 }), value, { maxKeys: 6 })
      .map((one): SmpMap => new Map(Object.entries(one)));
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.nat(0xffff),
        fc.nat(255),
        fc.nat(255),
        body,
        (operation, group, sequence, command, map) => {
          const packet = { operation: operation as SmpOperation, group, sequence, command, body: map };
          expect(new Map(decodeSmp(encodeSmp(packet)).body)).to.deep.equal(new Map(map));
        },
      ),
    );
  });
});

describe("SMP's console", () => {
  it("has the CRC that its name stands for (the check value of CRC-16/XMODEM)", () => {
    expect(crc16(utf8("123456789"))).to.equal(0x31c3);
  });

  it("carries a packet in lines as another hand makes them", () => {
    expect(toHex(toConsole(fromHex(PACKET)))).to.equal(LINE);
    const two = toConsole(Uint8Array.from({ length: 200 }, (_, i) => i));
    expect(createHash("sha256").update(two).digest("hex")).to.equal(
      "ce02d0662a87ed153b87b98a40ae584aa076525ec88e8e8a2dedacf276e1817d",
    );
  });

  it("gives back packets in whatever pieces their octets come, between lines of text", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: SMP_HEADER_SIZE, maxLength: 400 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 90 }),
        (packets, size) => {
          const octets = concat(...packets.flatMap((packet) => [utf8("boot: ok\r\n"), toConsole(packet)]));
          const reader = new ConsoleReader();
          const lines: string[] = [];
          const got: Uint8Array[] = [];
          for (let at = 0; at < octets.length; at += size)
            got.push(...reader.push(octets.subarray(at, at + size), (line) => lines.push(line)));
          expect(got).to.deep.equal(packets);
          expect(lines).to.deep.equal(packets.map(() => "boot: ok"));
        },
      ),
    );
  });

  it("drops a packet with any octet changed, and takes the next", () => {
    const octets = toConsole(fromHex(PACKET));
    for (let at = 0; at < octets.length - 1; at++) {
      const bent = octets.slice();
      bent[at]! ^= 0x40;
      const reader = new ConsoleReader();
      expect(reader.push(bent), `octet ${at}`).to.deep.equal([]);
      expect(reader.push(concat(Uint8Array.of(0x0a), octets)).map(toHex)).to.deep.equal([PACKET]);
    }
  });

  it("keeps little of a line that never ends", () => {
    const reader = new ConsoleReader();
    for (let i = 0; i < 100; i++) reader.push(new Uint8Array(10_000).fill(0x41));
    expect(reader.push(concat(Uint8Array.of(0x0a), toConsole(fromHex(PACKET)))).map(toHex)).to.deep.equal([PACKET]);
  });
});

describe("SMP over Bluetooth", () => {
  const packet = (length: number) => {
    const octets = new Uint8Array(SMP_HEADER_SIZE + length).fill(7);
    octets.set([3, 0, length >> 8, length & 255, 0, 0, 1, 0]);
    return octets;
  };

  it("is put together however it is cut", () => {
    const whole = [fromHex(PACKET), packet(0), packet(300), fromHex(PACKET), packet(4096)];
    const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(cuts, (sizes) => {
        const reader = new SmpReader();
        const all = concat(...whole);
        const heard: Uint8Array[] = [];
        for (let at = 0, i = 0; at < all.length; at += sizes[i++ % sizes.length]!)
          heard.push(...reader.push(all.subarray(at, at + sizes[i % sizes.length]!)));
        expect(heard.map(toHex)).to.deep.equal(whole.map(toHex));
      }),
      { numRuns: 100 },
    );
  });

  it("drops what is longer than any answer, and hears what comes behind it", () => {
    for (const size of [1, 100, 70_000]) {
      const reader = new SmpReader();
      const all = concat(packet(4097), packet(0xffff), fromHex(PACKET));
      const heard: Uint8Array[] = [];
      for (let at = 0; at < all.length; at += size) heard.push(...reader.push(all.subarray(at, at + size)));
      expect(heard.map(toHex), `in portions of ${size}`).to.deep.equal([PACKET]);
    }
  });
});

describe("faults of images by number", () => {
  it("are codes that there are, each once, and none beyond", () => {
    const known = new Set(IMAGE_ERROR_CODES.map(({ code }) => code));
    const codes = Array.from({ length: ImageFault.CounterLower }, (_, i) => imageFaultCode(i + 1));
    expect(new Set(codes).size).to.equal(ImageFault.CounterLower);
    for (const code of codes) expect(known.has(code!), code).to.equal(true);
    expect([imageFaultCode(ImageFault.Digest), imageFaultCode(ImageFault.TlvMissing)]).to.deep.equal([
      "IMAGE_DIGEST",
      "IMAGE_TLV_MISSING",
    ]);
    expect([imageFaultCode(0), imageFaultCode(-256), imageFaultCode(25)]).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
