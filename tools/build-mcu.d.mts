export interface McuSize {
  readonly elf: string;
  readonly loader: string;
  /** Of a development build alone. */
  readonly image?: string;
  readonly flash: number;
  readonly ram: number;
}
export function buildMcu(
  board: "an386" | "an505",
  log?: (line: string) => void,
  options?: { readonly production?: string },
): Promise<McuSize>;
