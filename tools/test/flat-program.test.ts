// An ELF file's way to a flat program: ELF files made by hand, in every way that is wrong.

import type { ImageBoard } from "@enabling-card/wire";
import { expect } from "chai";
import fc from "fast-check";
import { flatProgram } from "../src/index.js";

const BOARD: ImageBoard = { name: "an505", loadAddress: 0x10000000, slotSize: 4096 };

interface Segment {
  readonly type?: number;
  readonly at: number;
  readonly octets: readonly number[];
  /** Said to be in the file; those of `octets` where it is left out. */
  readonly size?: number;
}

/** ELF32 for Arm, executable, as the System V gABI has it: header, program headers, octets. */
function elf(...segments: readonly Segment[]): Uint8Array {
  const heads = 52 + 32 * segments.length;
  const bytes = new Uint8Array(heads + segments.reduce((sum, { octets }) => sum + octets.length, 0));
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  for (const [at, value] of [
    [16, 2], // ET_EXEC
    [18, 40], // EM_ARM
    [40, 52],
    [42, 32],
    [44, segments.length],
  ] as const)
    view.setUint16(at, value, true);
  view.setUint32(20, 1, true);
  view.setUint32(28, 52, true);
  let offset = heads;
  segments.forEach(({ type = 1, at, octets, size = octets.length }, i) => {
    const words = [type, offset, 0x20000000 + i, at, size, size];
    words.forEach((word, j) => {
      view.setUint32(52 + 32 * i + 4 * j, word, true);
    });
    bytes.set(octets, offset);
    offset += octets.length;
  });
  return bytes;
}

const TEXT: Segment = { at: 0x10000000, octets: [1, 2, 3, 4] };
const changed = (at: number, ...octets: number[]) => {
  const bytes = elf(TEXT);
  bytes.set(octets, at);
  return bytes;
};

describe("a flat program", () => {
  it("is what an ELF file's segments put at their load addresses, with erased flash between", () => {
    const data: Segment = { at: 0x10000006, octets: [9] };
    const [bss, note]: Segment[] = [
      { at: 0x38000000, octets: [] },
      { type: 4, at: 0, octets: [7] },
    ];
    expect([...flatProgram(elf(data, TEXT, bss!, note!), BOARD)]).to.deep.equal([1, 2, 3, 4, 0xff, 0xff, 9]);
  });

  it("is what is given, where that is no ELF file", () => {
    for (const octets of [[1], [0x7f, 0x45, 0x4c], [0, 1, 2, 3, 4]])
      expect([...flatProgram(Uint8Array.from(octets), BOARD)]).to.deep.equal(octets);
  });

  it("fills the slot, and no octet more", () => {
    const octets = Array.from({ length: 4096 }, () => 5);
    expect(flatProgram(elf({ at: 0x10000000, octets }), BOARD)).to.have.length(4096);
    expect(() => flatProgram(elf({ at: 0x10000000, octets: [...octets, 5] }), BOARD))
      .to.throw()
      .with.property("code", "IMAGE_TOO_LARGE");
  });

  const refused: readonly (readonly [what: string, file: Uint8Array, code: string])[] = [
    ["no octets", new Uint8Array(0), "IMAGE_BODY_EMPTY"],
    ["an image that is one already", Uint8Array.of(0x3d, 0xb8, 0xf3, 0x96, 0), "IMAGE_BUILT"],
    ["an ELF file with nothing to load", elf(), "IMAGE_BODY_EMPTY"],
    ["an ELF file whose segments have no octets", elf({ at: 0x10000000, octets: [] }), "IMAGE_BODY_EMPTY"],
    ["an ELF file of 64 bits", changed(4, 2), "ELF_INVALID"],
    ["a big-endian one", changed(5, 2), "ELF_INVALID"],
    ["one that is not linked", changed(16, 1), "ELF_INVALID"],
    ["one of another machine", changed(18, 62), "ELF_INVALID"],
    ["one with segment heads of another size", changed(42, 56), "ELF_INVALID"],
    ["one with more segments than a linker makes", changed(44, 65), "ELF_INVALID"],
    ["one whose list of segments is behind its end", changed(28, 0xff, 0xff, 0xff, 0xff), "ELF_INVALID"],
    ["one whose segment is behind its end", changed(52 + 4, 0xff, 0xff, 0xff, 0xff), "ELF_INVALID"],
    ["one whose segment runs over its end", elf({ ...TEXT, size: 5 }), "ELF_INVALID"],
    ["one whose segments overlap", elf(TEXT, { at: 0x10000003, octets: [1] }), "ELF_INVALID"],
    ["one with a segment within another", elf(TEXT, { at: 0x10000000, octets: [1, 2] }), "ELF_INVALID"],
    ["one for another address", elf({ at: 0, octets: [1] }), "ELF_ADDRESS"],
    ["one with octets for RAM", elf(TEXT, { at: 0x38000000, octets: [1] }), "ELF_ADDRESS"],
    ["one that begins behind the slot's first address", elf({ at: 0x10000004, octets: [1] }), "ELF_ADDRESS"],
  ];
  for (const [what, file, code] of refused) {
    it(`is not made of ${what}: ${code}`, () => {
      expect(() => flatProgram(file, BOARD))
        .to.throw()
        .with.property("code", code);
    });
  }

  it("is not made of an ELF file that is cut, anywhere", () => {
    const whole = elf(TEXT);
    for (let length = 4; length < whole.length; length++)
      expect(() => flatProgram(whole.subarray(0, length), BOARD), `${length} octets`)
        .to.throw()
        .with.property("code", "ELF_INVALID");
  });

  it("or an error with a code comes of any ELF file whatever", () => {
    const whole = elf(TEXT, { at: 0x10000010, octets: [5, 6] });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 4, max: whole.length - 1 }), fc.nat(255))), (changes) => {
        const bytes = whole.slice();
        for (const [at, octet] of changes) bytes[at] = octet;
        try {
          expect(flatProgram(bytes, BOARD).length).to.be.within(1, BOARD.slotSize);
        } catch (error) {
          expect((error as { code?: string }).code).to.be.oneOf([
            "ELF_INVALID",
            "ELF_ADDRESS",
            "IMAGE_BODY_EMPTY",
            "IMAGE_TOO_LARGE",
          ]);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
