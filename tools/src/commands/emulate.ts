// placeholder until the emulator's scenarios land
import type { Command } from "commander";
import type { Context } from "../context.js";
export function emulateCommand(_program: Command, _context: Context): void {}
