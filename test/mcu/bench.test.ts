// What the card costs a Cortex-M4: within what is asked, and as it was when the figures were kept.

import { readFileSync } from "node:fs";
import {
  ASKED,
  benchAttWrite,
  benchMcu,
  benchSteps,
  disassembly,
  edgeErrors,
  figuresOf,
  INTERRUPT,
  KEPT_FIGURES,
  longestRun,
  partSizes,
  reachedFrom,
  stepFigures,
  writeCost,
} from "@enabling-card/tools";
import { expect } from "chai";
import { BOARD_CORES, imageOrSkip } from "../support/mcu-image.js";

/** Of a kept figure, per cent: what is more has changed. */
const APART = 5;
/** Where the host was busy the card woke more often, and what it was told came at other times: runs of which the least is held to what was kept, and to what is asked. Edges are of the first. */
const RUNS = 4;
const WRITE = "a write over Bluetooth, instructions";

describe("the card's costs on a Cortex-M4", () => {
  it("are those that were kept, and what is asked", async function () {
    this.timeout(480_000);
    imageOrSkip(this);
    const kept = JSON.parse(readFileSync(KEPT_FIGURES, "utf8")) as Record<string, number>;
    const most = (name: string) => Math.max(kept[name]! * (1 + APART / 100), kept[name]! + 1);
    const first = await benchMcu();
    expect(first.edges.passes, "three swipes and one before them").to.equal(8);
    expect(first.edges.requests, "answered while they were played").to.be.at.least(3);
    let now = figuresOf(first);
    const over = (figures: Readonly<Record<string, number>>) =>
      Object.entries(ASKED).filter(([name, asked]) => !(figures[name]! <= asked));
    const isOver = () => over(now).length > 0 || Object.entries(now).some(([name, value]) => value > most(name));
    for (let run = 1; run < RUNS && isOver(); run++) {
      const again = { ...stepFigures(await benchSteps()), [WRITE]: await benchAttWrite() };
      for (const [name, value] of Object.entries(again)) now = { ...now, [name]: Math.min(value, now[name]!) };
    }
    expect(over(now), "over what is asked").to.deep.equal([]);
    expect(Object.keys(now)).to.deep.equal(Object.keys(kept));
    // What a change costs is seen where it is tested.
    for (const [name, value] of Object.entries(now)) {
      if (value !== kept[name]) console.log(`      ${name}: ${kept[name]} kept, ${value} now`);
    }
    for (const [name, value] of Object.entries(now)) {
      expect(value, name).to.be.at.most(most(name));
    }
  });
});

describe("edges", () => {
  const CELL_US = 451;
  const bits = [...new Array<number>(10).fill(0), 1, 1, 0, 1, 0, 0, 1, 1, 1, 0];
  const intervals = bits.flatMap((bit) => (bit === 1 ? [CELL_US >> 1, CELL_US - (CELL_US >> 1)] : [CELL_US]));
  /** As they are played, when each interval is late by some nanoseconds. */
  const errors = (lateNs: (i: number) => number) => {
    let at = 0;
    const edgesNs = Float64Array.from([0, ...intervals.map((us, i) => (at += 1000 * us + lateNs(i)))]);
    return edgeErrors({ edgesNs }).map(Math.abs);
  };

  it("lie where F2F has them, or are told by how many ticks they do not", () => {
    expect(Math.max(...errors(() => 0))).to.be.lessThan(1e-6);
    expect(Math.max(...errors((i) => (i === 15 ? 40 : 0)))).to.be.closeTo(1, 1e-6);
  });

  it("may be of two tracks with cells of their own", () => {
    const cells = [...new Array<number>(10).fill(190), ...new Array<number>(10).fill(530)];
    const late = (i: number, ns: number) => {
      let at = 0;
      const ones = cells.flatMap((cell, n) => (n % 3 === 2 && n > 9 ? [cell >> 1, cell - (cell >> 1)] : [cell]));
      return edgeErrors({
        edgesNs: Float64Array.from([0, ...ones.map((us, n) => (at += 1000 * us + (n === i ? ns : 0)))]),
      });
    };
    expect(Math.max(...late(0, 0).map(Math.abs))).to.equal(0);
    expect(late(20, 80).at(-1), "two ticks, and whatever follows").to.equal(2);
  });

  it("that are each late by a microsecond, or drift, are not taken for right", () => {
    expect(Math.max(...errors(() => 1000))).to.be.greaterThan(20);
    expect(errors((i) => (i < 10 ? 0 : 20)).at(-1)).to.be.greaterThan(5);
  });
});

describe("a linker's map", () => {
  it("is told by part: code, constants and memory, a module's memory its own", () => {
    const map = `Discarded input sections

 .text.gone     0x00000000      0x100 /b/an386-wallet.c.o

Linker script and memory map

 .text.w2c_f1   0x00001000       0x10 /b/an386-wallet.c.o
 .rodata.a_very_long_name
                0x00002000       0x20 /b/an386-wallet.c.o
 .bss.wallet_octets
                0x20000000      0x400 /b/runtime-modules.c.o
 .bss.rings     0x20000400       0x30 /b/board-mps2.c.o
 .data.key      0x20000500        0x8 /b/sodium-utils.c.o
 .text          0x00003000       0x40 /lib/libgcc.a(_divdi3.o)
`;
    const { wallet, board, crypto, library, runtime } = Object.fromEntries(
      partSizes(map).map(({ part, flash, ram }) => [part, [flash, ram]]),
    );
    expect(wallet).to.deep.equal([0x30, 0x400]);
    expect(board).to.deep.equal([0, 0x30]);
    expect(crypto).to.deep.equal([8, 8]);
    expect(library).to.deep.equal([0x40, 0]);
    expect(runtime).to.deep.equal([0, 0]);
  });
});

describe("a trace of interrupts", () => {
  it("has the instructions of the longest one", () => {
    const line = (at: string) => `Trace 0: 0x7f95ac1ca640 [00800409/${at}/00000110/ff020201] timer0_interrupt`;
    const back = "Exception return: magic PC fffffff9 previous exception 24";
    const twice = [line("00009fc4"), "cpu_io_recompile: rewound execution of TB to 00009fc4", line("00009fc4")];
    const stopped = [line("000091d0"), "Stopped execution of TB chain before 0x7f95 [000091d0]", line("000091d0")];
    const foreground = ["000091d0", "000091d2", "000091d4", "000091d6"].map(line);
    const trace = [line("00009fc0"), back, ...foreground, line("00009fc0"), ...twice, ...stopped, back, ...foreground];
    expect(longestRun(trace.join("\n"), 0x9fc0)).to.equal(3);
  });
});

describe("a trace of a write", () => {
  const line = (at: string) => `Trace 0: 0x7f95ac1ca640 [00800409/0000${at}/00000110/ff020201] f`;
  const marks = { receives: 0x100, handsOn: 0x500, isDrain: (at: number) => at >= 0x200 && at < 0x300 };

  it("has all that drained the line, and what came behind the last interrupt", () => {
    // Two drained, then an octet, of whose interrupt two are counted; one drained; two more; the chunk is handed on.
    const addresses = ["0100", "0102", "0200", "0202", "0400", "0100", "0102", "0204", "0300", "0302", "0500", "0502"];
    expect(writeCost(addresses.map(line).join("\n"), marks)).to.equal(3 + 4);
  });

  it("of no write is told", () => {
    expect(() => writeCost(line("0100"), marks)).to.throw(RangeError);
  });
});

describe("the coil's interrupt", () => {
  for (const board of ["an386", "an505"] as const)
    it(`of a ${BOARD_CORES[board]} divides nothing, and gets to the coil, its timer and the list of events alone`, function () {
      const code = reachedFrom(INTERRUPT, disassembly(imageOrSkip(this, board).elf));
      expect(code.flatMap(({ instructions }) => instructions.filter((one) => /div/.test(one)))).to.deep.equal([]);
      const allowed = [
        INTERRUPT,
        "board_coil_disarm",
        "board_coil_drive",
        "board_coil_next",
        "coil_tick",
        "machine_post",
      ];
      expect(code.map(({ name }) => name).sort()).to.deep.equal(allowed.sort());
    });

  it("is all that its entry can get to, by calls, by jumps, and by one of them from another", () => {
    const text = `
00000100 <entry>:
 100:\tcbz\tr2, 10a <entry+0xa>
 102:\tbl\t200 <called>
 106:\tb.w\t300 <jumped>
 10a:\tbx\tlr
 10c:\t.word\t0x00000400

00000200 <called>:
 200:\tbne.n\t208 <called+0x8>
 202:\tpop\t{r4, pc}

00000300 <jumped>:
 300:\tbeq.w\t500 <further>

00000400 <data>:
 400:\tbx\tlr

00000500 <further>:
 500:\tbx\tlr\t@ the end
`;
    const code = reachedFrom("entry", text);
    expect(code.map(({ name }) => name)).to.deep.equal(["entry", "called", "jumped", "further"]);
    expect(code[0]).to.include({ from: 0x100 });
    expect(code[0]!.to).to.be.at.least(0x10c);
    for (const lost of ["blx\tr3", "bx\tr3", "ldr.w\tpc, [r0, r1]", "bl\t600 <nobody>"])
      expect(() => reachedFrom("called", text.replace("bne.n\t208 <called+0x8>", lost)), lost).to.throw(RangeError);
  });
});
