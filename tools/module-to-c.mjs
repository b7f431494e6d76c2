// What wasm2c makes of a module, with memory whose place and size are constants: as safe as with checks by pointer, and faster.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run-program.mjs";

const SEGMENT = /static const u8 data_segment_data_w2c_d(\d+)\[\] = \{([^}]*)\};\n\n/g;
const LOADED = / {2}LOAD_DATA\(instance->w2c_memory, (\d+)u, data_segment_data_w2c_d(\d+), (\d+)\);\n/g;

/** One call for each of a module's data segments is some 20 octets of code: a table of where they go, and one loop. */
function segmentsInTable(source) {
  const octets = new Map([...source.matchAll(SEGMENT)].map(([, segment, text]) => [segment, text.trim()]));
  const loaded = [...source.matchAll(LOADED)].map(([, at, segment, size]) => ({ at, segment, size }));
  if (octets.size === 0 || loaded.length !== octets.size)
    throw new Error(`wasm2c's output has changed: ${octets.size} data segments, and ${loaded.length} of them loaded`);
  const table = `static const u8 SEGMENT_OCTETS[] = {
${loaded.map(({ segment }) => octets.get(segment)).join("\n")}
};
static const struct { u16 at, size; } SEGMENTS[] = {
${loaded.map(({ at, size }) => `  { ${at}, ${size} },`).join("\n")}
};

`;
  const loop = `  const u8* from = SEGMENT_OCTETS;
  for (u32 i = 0; i < sizeof SEGMENTS / sizeof *SEGMENTS; from += SEGMENTS[i++].size)
    LOAD_DATA(instance->w2c_memory, SEGMENTS[i].at, from, SEGMENTS[i].size);
`;
  const once = (replacement) => {
    let isFirst = true;
    return () => {
      const text = isFirst ? replacement : "";
      isFirst = false;
      return text;
    };
  };
  const whole = source.replace(SEGMENT, once(table)).replace(LOADED, once(loop));
  if (whole.includes("data_segment_data")) throw new Error("wasm2c's output has changed: data that is used elsewhere");
  return whole;
}

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
  // What fills and copies say of their length is anybody's: longer than all memory, the difference would wrap. Of a constant nothing is left of it.
  swap(
    "if (UNLIKELY(offset + (uint64_t)len > mem->size))",
    "if (UNLIKELY((uint64_t)len > MODULE_MEMORY || (uint64_t)offset > MODULE_MEMORY - (u32)len))",
    1,
  );
  swap("&mem->data[addr]", "&MODULE_OCTETS[addr]", 2);
  // Once each: their checks stand at some hundred places otherwise.
  for (const name of ["fill", "copy"])
    swap(`static inline void memory_${name}(`, `static __attribute__((noinline)) void memory_${name}(`, 1);
  source = segmentsInTable(source);
  const header = name === "loader" ? "loader-module.h" : `${name}.h`;
  if (header !== `${name}.h`) writeFileSync(join(out, header), readFileSync(join(out, `${name}.h`)));
  swap(`#include "${name}.h"`, `#include "${header}"\nextern u8 MODULE_OCTETS[MODULE_MEMORY];`, 1);
  writeFileSync(file, source);
}
