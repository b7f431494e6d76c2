export interface McuSize {
  /** ELF files. */
  readonly elf: string;
  readonly loader: string;
  /** Of a development build alone. */
  readonly image?: string;
  readonly flash: number;
  readonly ram: number;
}
/** What is built in a folder, where that is of the sources of `digest` and all there; undefined where it is not. */
export function upToDate(out: string, digest: string): McuSize | undefined;
export function buildMcu(
  board: "an386" | "an505",
  log?: (line: string) => void,
  options?: { readonly production?: string },
): Promise<McuSize>;
