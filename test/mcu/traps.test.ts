// A module that reaches outside of its memory is caught and started anew on the board, and the others keep what they have.

import { setTimeout as delay } from "node:timers/promises";
import { MemoryBlock, QemuCard, type QemuDebugger, type QemuHalt } from "@enabling-card/emulator";
import { Card, type CardError } from "@enabling-card/sdk";
import { disassembly, setTable } from "@enabling-card/tools";
import { ModuleId } from "@enabling-card/wire";
import { expect } from "chai";
import { MODULES } from "../../tools/build-firmware.mjs";
import { BOARD_CORES, imageOrSkip } from "../support/mcu-image.js";
import { qemuWithPhone } from "../support/qemu-with-phone.js";

describe("a module that traps on a Cortex-M", () => {
  it("is started anew: link loses the line, authenticator its question, wallet its grant, and the card stays its owner's", async function () {
    this.timeout(120_000);
    const built = imageOrSkip(this);
    const { qemu, air, store, grant, close, ...paired } = await qemuWithPhone(built, { seed: "traps", icount: true });
    let { phone } = paired;
    try {
      const refused = (work: Promise<unknown>) =>
        work.then(
          () => "no refusal",
          (error: CardError) => error.code,
        );

      await phone.load(await grant(phone));
      const lost = new Promise<void>((resolve) => {
        phone.subscribe(({ type }) => type === "disconnected" && resolve());
      });
      await qemu.trap(ModuleId.Link);
      await lost;
      phone = await Card.connect(air, { store });
      await qemu.trap(ModuleId.Authenticator);
      await phone.present({ when: "now" });
      expect(qemu.passes, "the grant was the wallet's, and outlived both").to.have.length(2);

      await phone.load(await grant(phone));
      await qemu.trap(ModuleId.Wallet);
      await phone.close();
      phone = await Card.connect(air, { store });
      expect(await refused(phone.present({ when: "now" }))).to.equal("NO_GRANT");
      await phone.load(await grant(phone));
      await phone.present({ when: "now" });
      expect(qemu.passes).to.have.length(4);
      expect(qemu.traps).to.deep.equal([ModuleId.Link, ModuleId.Authenticator, ModuleId.Wallet]);
      await phone.close();
    } finally {
      await close();
    }
  });
});

describe("a module's own code that reaches outside of its memory on a Cortex-M", () => {
  const SIZE = MODULES.wallet.memory;
  /** Of a disassembly, the address of a function of the wallet's; each module has its own fill and copy. */
  const placeOf = (text: string, name: string): number =>
    Number.parseInt(new RegExp(`^([0-9a-f]+) <${name}>:\\n(?:.+\\n)*?.*#${SIZE}\\b`, "m").exec(text)![1]!, 16);
  /** Where generated code looks at the address of one octet, and which register has it: what is not below the memory's end goes. */
  const octetsIn = (text: string): ReadonlyMap<number, number> => {
    const checks = text.matchAll(
      new RegExp(`^\\s*([0-9a-f]+):\\tcmp(?:\\.w)?\\tr(\\d+), #${SIZE}\\b.*\\n.*\\tbc[cs]`, "gm"),
    );
    return new Map([...checks].map(([, at, register]) => [Number.parseInt(at!, 16), Number(register)]));
  };

  it("is stopped there: at a fill of more than all memory, at a copy from outside, and at one octet; and the card pays afterwards", async function () {
    this.timeout(120_000);
    const built = imageOrSkip(this);
    const text = disassembly(built.elf);
    const octets = octetsIn(text);
    expect(octets.size, "looks at one octet's address").to.be.greaterThan(5);
    // Arm's calling convention (AAPCS32 6.4): the fourth argument is in r3; of a fill its length, of a copy where it is from.
    const FOURTH = 3;
    const cases: readonly (readonly [what: string, at: ReadonlyMap<number, number>, value: number])[] = [
      ["a fill", new Map([[placeOf(text, "memory_fill"), FOURTH]]), 40_000],
      ["a copy", new Map([[placeOf(text, "memory_copy"), FOURTH]]), SIZE],
      ["an octet", octets, 0xfffffff0],
    ];
    const onMail = placeOf(text, "Z_walletZ_onMail");
    /** The case to come, and where the machine halts for it from the wallet's next letter on. */
    let next: (typeof cases)[number] | undefined;
    let places: ReadonlyMap<number, number> = new Map();
    const onHalt = async ({ registers }: QemuHalt, machine: QemuDebugger): Promise<void> => {
      const at = registers[15]!;
      if (next === undefined) return;
      if (at === onMail && places.size === 0) {
        places = next[1];
        for (const place of places.keys()) await machine.breakAt(place);
      }
      if (!places.has(at)) return;
      await machine.setRegister(places.get(at)!, next[2]);
      for (const place of places.keys()) await machine.unbreak(place);
      places = new Map();
      next = undefined;
    };
    const { qemu, air, store, grant, close, ...paired } = await qemuWithPhone(built, {
      halts: { at: [onMail], onHalt },
    });
    let { phone } = paired;
    try {
      for (const [i, one] of cases.entries()) {
        next = one;
        await phone.load(await grant(phone)).catch(() => undefined);
        while (qemu.traps.length <= i) await delay(5);
        expect([one[0], qemu.traps]).to.deep.equal([one[0], Array(i + 1).fill(ModuleId.Wallet)]);
        await phone.close();
        phone = await Card.connect(air, { store });
      }
      await phone.load(await grant(phone));
      await phone.present({ when: "now" });
      expect(qemu.passes).to.have.length(2);
      expect(qemu.traps).to.have.length(cases.length);
      await phone.close();
    } finally {
      await close();
    }
  });
});

describe("a program that goes deeper than its stack", () => {
  for (const board of ["an386", "an505"] as const) {
    it(`is stopped below it, and says why: ${BOARD_CORES[board]}`, async function () {
      this.timeout(60_000);
      const built = imageOrSkip(this, board);
      const block = new MemoryBlock();
      const { service } = await setTable({ block });
      const qemu = await QemuCard.start({ ...built, board, flash: block.snapshot(), seed: "deep" });
      try {
        qemu.overflowStack();
        expect(await qemu.ended()).to.contain("panic: the stack is too small");
      } finally {
        await qemu.stop();
        await service.close();
      }
    });
  }
});
