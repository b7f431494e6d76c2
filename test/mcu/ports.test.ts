// Each port that modules import has one header in C that mirrors it: whoever brings up a board reads what to write.

import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";

const PORTS = new URL("../../firmware/ports/", import.meta.url);
const HEADERS = new URL("../../firmware/mcu/include/ports/", import.meta.url);
const text = (url: URL): string => readFileSync(url, "utf8");

describe("the ports of a microcontroller", () => {
  for (const file of readdirSync(PORTS)) {
    const port = file.replace(".ts", "");
    it(`${port}: each call has its declaration, of as many arguments, behind the module that asks`, () => {
      const header = text(new URL(`${port}.h`, HEADERS));
      const declared = [...header.matchAll(/Z_(\w+)Z_(\w+)\(struct module\*(.*?)\)/gs)].map(
        ([, of, call, more]) => `${of} ${call} ${more!.split(",").length - 1}`,
      );
      const imported = [
        ...text(new URL(file, PORTS)).matchAll(/@external\("(\w+)", "(\w+)"\)\nexport declare function \w+\((.*?)\)/gs),
      ].map(([, of, call, given]) => `${of} ${call} ${given === "" ? 0 : given!.split(",").length}`);
      expect(declared.sort()).to.deep.equal(imported.sort());
    });
  }
});
