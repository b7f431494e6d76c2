// The card's log on a Cortex-M: what happened to the machine, in order; and of what a card must not tell, nothing.

import { recordsOf } from "@enabling-card/sdk";
import { LOG_RECORD_SIZE, LOG_RECORDS, ModuleId } from "@enabling-card/wire";
import { expect } from "chai";
import { imageOrSkip } from "../support/mcu-image.js";
import { qemuWithPhone } from "../support/qemu-with-phone.js";

describe("the log of a card on a Cortex-M", () => {
  it("tells of starts, phones, passes and modules that were started anew, and keeps the last", async function () {
    this.timeout(120_000);
    const built = imageOrSkip(this);
    const { qemu, phone, grant, close } = await qemuWithPhone(built, { seed: "log" });
    try {
      await phone.load(await grant(phone));
      await phone.present({ when: "now" });
      await qemu.trap(ModuleId.Authenticator);
      await phone.close();
      const records = recordsOf(await qemu.log());
      const passes = qemu.passes.length;
      expect(records.map(({ event }) => event)).to.deep.equal([
        ...["started", "line up", ...Array<string>(passes).fill("played"), "trapped", "line down"],
      ]);
      expect(records.map(({ number }) => number)).to.deep.equal(records.map((_, i) => i + 1));
      const trapped = records.find(({ event }) => event === "trapped")!;
      expect(trapped).to.include({ level: "warning", detail: "authenticator was started anew" });
      for (const [i, { ms }] of records.entries()) expect(ms).to.be.at.least(records[i - 1]?.ms ?? 0);

      for (let i = 0; i < LOG_RECORDS; i++) await qemu.trap(ModuleId.Authenticator);
      const octets = await qemu.log();
      expect(octets).to.have.length(LOG_RECORDS * LOG_RECORD_SIZE);
      expect(recordsOf(octets).at(-1)!.number).to.equal(records.length + LOG_RECORDS);
      expect(recordsOf(octets.subarray(0, -1)), "a record that is cut is none").to.have.length(LOG_RECORDS - 1);
    } finally {
      await close();
    }
  });
});
