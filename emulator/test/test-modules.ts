// Small modules in AssemblyScript that stand in for the firmware: each does one thing that a test of the machine needs.

import asc from "assemblyscript/asc";
import { compileModule, type Firmware, MODULES, type ModuleName } from "../src/modules.js";

const FRAME = `
const slot: usize = memory.data(256);
export function mailSlot(): usize { return slot; }
export function heapBase(): usize { return __heap_base; }
`;

const DEFAULTS: Readonly<Record<string, string>> = {
  start: "export function start(): void {}",
  onMail: "export function onMail(sender: i32, length: i32): void {}",
  onAlarm: "export function onAlarm(): void {}",
  onCoilDone: "export function onCoilDone(): void {}",
  onHeadContact: "export function onHeadContact(): void {}",
  onButton: "export function onButton(): void {}",
  chunkSlot: "const chunk: usize = memory.data(520);\nexport function chunkSlot(): usize { return chunk; }",
  onChunk: "export function onChunk(length: i32): void {}",
  onLineUp: "export function onLineUp(): void {}",
  onLineDown: "export function onLineDown(): void {}",
  onLineReady: "export function onLineReady(): void {}",
  packetSlot: "const packet: usize = memory.data(258);\nexport function packetSlot(): usize { return packet; }",
  onPacket: "export function onPacket(length: i32): void {}",
  onRadioReady: "export function onRadioReady(): void {}",
};

const cache = new Map<string, Promise<Uint8Array>>();

/** Compiles AssemblyScript as the firmware is: stub runtime, no start section needed, every port an `@external`. */
export function compile(source: string): Promise<Uint8Array> {
  const known = cache.get(source);
  if (known) return known;
  const made = run(source);
  cache.set(source, made);
  return made;
}

/** A module of `name` whose exports are the defaults unless `source` has them. */
export function testModule(name: ModuleName, source = ""): Promise<Uint8Array> {
  const rest = MODULES[name].exports.filter(
    (wanted) => DEFAULTS[wanted] !== undefined && !source.includes(`function ${wanted}(`),
  );
  return compile(FRAME + source + rest.map((wanted) => `\n${DEFAULTS[wanted]}`).join(""));
}

/** Three modules that do nothing but what is given. */
export async function testFirmware(sources: Partial<Record<ModuleName, string>>): Promise<Firmware> {
  return {
    wallet: await testModule("wallet", sources.wallet),
    authenticator: await testModule("authenticator", sources.authenticator),
    link: await testModule("link", sources.link),
  };
}

export { compileModule };

async function run(source: string): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    ["module.ts", "--outFile", "module.wasm", "--runtime", "stub", "--optimizeLevel", "1", "--use", "abort="],
    {
      readFile: (name) => (name === "module.ts" ? source : null),
      writeFile: (name, contents) => {
        if (name === "module.wasm") binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error || binary === undefined) throw new Error(`asc: ${error?.message}\n${stderr.toString()}`);
  return binary;
}
