// Types of build-firmware.mjs, which is plain JavaScript because set-up runs it before there are packages.
export interface ModuleRule {
  readonly entry: string;
  readonly imports: readonly string[];
  readonly memory: number;
}
export const MODULES: Readonly<Record<"wallet" | "authenticator" | "link" | "probe" | "guarded", ModuleRule>>;
export const WASM_MAX: number;
/** Octets of wasm, and of static memory. */
export interface ModuleSize {
  readonly wasm: number;
  readonly memory: number;
}
export const BLUETOOTH_MAX: ModuleSize;
export function bluetoothSize(): Promise<ModuleSize>;
/** What asc is called with, but for files. */
export const FLAGS: readonly string[];
export function moduleFaults(name: string, wasm: Uint8Array, rule: ModuleRule): Promise<string[]>;
export function buildFirmware(log?: (line: string) => void, out?: string): Promise<void>;
/** A module's WebAssembly, some of its files, by their paths from the repository on, replaced by other text. */
export function compile(
  name: string,
  rule: ModuleRule,
  replaced?: Readonly<Record<string, string>>,
): Promise<Uint8Array>;
