// For tests of single parts of a module: the ports without the machine.

export { ModuleMemory } from "./memory.js";
export { cryptoPort } from "./ports/crypto.js";
