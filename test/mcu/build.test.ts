// What npm run build:mcu takes for built: all that others read of it, of these sources, wherever the folder lies.

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { upToDate } from "../../tools/build-mcu.mjs";
import { testFolder } from "../../tools/test/run-ecard.js";

describe("a build for a microcontroller", () => {
  const folder = testFolder();
  const files = ["card.elf", "loader.elf", "card.img", "card.map", "wallet.c"];
  const make = (name: string, report: object = { digest: "these", files, flash: 1, ram: 2 }): string => {
    const out = join(folder(), name);
    mkdirSync(out);
    for (const file of files) writeFileSync(join(out, file), "");
    writeFileSync(join(out, "size.json"), JSON.stringify(report));
    return out;
  };

  it("is there where each of its files is, and only of the same sources", () => {
    const out = make("whole");
    expect(upToDate(out, "these")).to.include({ flash: 1, ram: 2, elf: join(out, "card.elf") });
    expect(upToDate(out, "others")).to.equal(undefined);
    for (const file of [...files, "size.json"]) {
      const cut = make(`without ${file}`);
      rmSync(join(cut, file));
      expect(upToDate(cut, "these"), file).to.equal(undefined);
    }
    expect(upToDate(make("older", { digest: "these", elf: join(out, "card.elf") }), "these")).to.equal(undefined);
  });

  it("may be moved, and is then where it was moved to", () => {
    const to = join(folder(), "moved");
    renameSync(make("made"), to);
    const [elf, loader, image] = ["card.elf", "loader.elf", "card.img"].map((name) => join(to, name));
    expect(upToDate(to, "these")).to.include({ elf, loader, image });
  });
});
