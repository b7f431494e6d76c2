// A module that reaches outside of its memory is caught and started anew on the board, and the others keep what they have.

import { MemoryBlock, QemuCard } from "@enabling-card/emulator";
import { Card, type CardError } from "@enabling-card/sdk";
import { setTable } from "@enabling-card/tools";
import { ModuleId } from "@enabling-card/wire";
import { expect } from "chai";
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
