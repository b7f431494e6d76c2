#!/usr/bin/env node
// The ecard command. Sources are TypeScript, run by tsx; the command itself is tools/src/cli.ts.
import { register } from "tsx/esm/api";

register();
const { main } = await import("../src/cli.ts");
await main(process.argv);
