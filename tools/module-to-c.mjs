// What wasm2c makes of a module, with memory whose place and size are constants: as safe as with checks by pointer, and faster.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run-program.mjs";

/** Writes `name`.c and its header into a folder; a module called loader has the header loader-module.h. Throws where wasm2c's output has changed. */
export function moduleToC(wasm, name, out) {
  const file = join(out, `${name}.c`);
  run("wasm2c", [wasm, "-n", name, "-o", file]);
  let source = readFileSync(file, "utf8");
  const swap = (from, to, least) => {
    const parts = source.split(from);
    if (parts.length <= least)
      throw new Error(`wasm2c's output has changed: "${from}" occurs ${parts.length - 1} times`);
    source = parts.join(to);
  };
  swap(
    "if (UNLIKELY(offset + (uint64_t)len > mem->size))",
    "if (UNLIKELY((uint64_t)offset > MODULE_MEMORY - (uint64_t)len))",
    1,
  );
  swap("&mem->data[addr]", "&MODULE_OCTETS[addr]", 2);
  // Once each: their checks stand at some hundred places otherwise.
  for (const name of ["fill", "copy"])
    swap(`static inline void memory_${name}(`, `static __attribute__((noinline)) void memory_${name}(`, 1);
  const header = name === "loader" ? "loader-module.h" : `${name}.h`;
  if (header !== `${name}.h`) writeFileSync(join(out, header), readFileSync(join(out, `${name}.h`)));
  swap(`#include "${name}.h"`, `#include "${header}"\nextern u8 MODULE_OCTETS[MODULE_MEMORY];`, 1);
  writeFileSync(file, source);
}
