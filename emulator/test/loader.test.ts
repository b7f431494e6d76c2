import { expect } from "chai";
import {
  compileFirmware,
  EmulatedCard,
  EmulatorError,
  MemoryBlock,
  MODULE_NAMES,
  MODULES,
  type ModuleName,
  personalise,
} from "../src/index.js";
import { compile, testFirmware, testModule } from "./test-modules.js";

const external = (port: string, name: string) => `
// @ts-ignore: decorator
@external("${port}", "${name}") declare function imported(): i32;
export function use(): i32 { return imported(); }`;

async function refused(module: ModuleName, image: Uint8Array): Promise<EmulatorError> {
  const firmware = { ...(await testFirmware({})), [module]: image };
  const error = await compileFirmware(firmware).catch((e: unknown) => e);
  expect(error).to.be.instanceOf(EmulatorError);
  return error as EmulatorError;
}

describe("the loader", () => {
  const ports = [...new Set(MODULE_NAMES.flatMap((name) => MODULES[name].imports))];

  for (const module of MODULE_NAMES) {
    const foreign = ports.filter((port) => !MODULES[module].imports.includes(port));
    it(`refuses a ${module} that imports ${foreign.join(", ")}, or anything else`, async () => {
      for (const port of [...foreign, "env", "wasi_snapshot_preview1", "antenna"]) {
        const error = await refused(module, await testModule(module, external(port, "anything")));
        expect(error.code, port).to.equal("IMPORT_REFUSED");
        expect(error.message).to.contain(`${port}.anything`);
      }
    });
  }

  it("gives only wallet the coil and the head, only authenticator the button, only link the line, the radio and the lights", () => {
    const holders = (port: string) => MODULE_NAMES.filter((name) => MODULES[name].imports.includes(port));
    expect(holders("coil")).to.deep.equal(["wallet"]);
    expect(holders("head")).to.deep.equal(["wallet"]);
    expect(holders("button")).to.deep.equal(["authenticator"]);
    expect(holders("line")).to.deep.equal(["link"]);
    expect(holders("radio")).to.deep.equal(["link"]);
    expect(holders("indicators")).to.deep.equal(["link"]);
    expect(holders("vault")).to.deep.equal(["wallet", "authenticator"]);
    expect(holders("crypto")).to.deep.equal(["wallet", "authenticator"]);
  });

  it("refuses a module that brings its memory in from outside: none is shared", async () => {
    // (module (import "mailbox" "memory" (memory 1)))
    const image = Uint8Array.of(
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...[2, 19, 1, 7, ...new TextEncoder().encode("mailbox"), 6, ...new TextEncoder().encode("memory"), 2, 0, 1],
    );
    expect((await refused("link", image)).code).to.equal("IMPORT_REFUSED");
  });

  it("refuses what is no module, and one that lacks an export, naming it", async () => {
    expect((await refused("wallet", Uint8Array.of(1, 2, 3))).code).to.equal("IMAGE_INVALID");
    const bare = await compile("export function start(): void {}");
    const error = await refused("wallet", bare);
    expect(error.code).to.equal("EXPORT_MISSING");
    expect(error.message).to.contain("mailSlot");
  });

  it("refuses to start a module whose static memory passes its budget, or that asks a port for what it has not", async () => {
    const block = new MemoryBlock();
    await personalise(block, {
      cardClass: "test",
      issuerRoot: new Uint8Array(32),
      ledger: { threshold: 1, nodeKeys: [new Uint8Array(32)], origin: "test.example/log" },
      iins: ["999999"],
      certify: () => new Uint8Array(100),
    });
    const start = async (source: string) => {
      const card = await EmulatedCard.create({ firmware: await testFirmware({ link: source }), block });
      try {
        card.start();
      } catch (error) {
        expect(card.on).to.equal(false);
        return (error as EmulatorError).code;
      }
      return "started";
    };
    expect(await start("const big: usize = memory.data(8192);\nexport function at(): usize { return big; }")).to.equal(
      "BUDGET_EXCEEDED",
    );
    expect(await start(external("line", "sniff"))).to.equal("IMPORT_REFUSED");
    expect(await start("")).to.equal("started");
  });
});
