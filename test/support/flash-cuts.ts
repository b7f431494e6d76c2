// What flash holds where the power goes at a write of a board in QEMU: the machine is halted before each program and erase, and amid its octets, by QEMU's
// stub for debuggers. Image and loader are those that are built, and know nothing of it.

import { execFileSync } from "node:child_process";
import type { QemuCard, QemuHalt, QemuHalts } from "@enabling-card/emulator";
import type { BuiltImage } from "@enabling-card/tools";

export interface BoardWrite {
  readonly kind: "program" | "erase";
  /** From the flash region's first octet. */
  readonly at: number;
  readonly length: number;
}

export interface FlashCut extends BoardWrite {
  /** What was going on, as `step` said. */
  readonly step: string;
  readonly when: "before" | "amid";
  /** Passes that the coil had begun. */
  readonly begun: number;
  /** All flash. */
  readonly memory: Uint8Array;
}

const REGIONS = { an386: 0x21000000, an505: 0x80000000 } as const;
const SECTOR = 4096;
/** Arguments are in r0 to r2; r15 is the program counter (Procedure Call Standard for the Arm Architecture). */
const PC = 15;

/** Where a function of a program begins; undefined where it has none of this name. */
export function addressOf(elf: string, name: string): number | undefined {
  const symbols = execFileSync("arm-none-eabi-nm", [elf], { encoding: "utf8" });
  const found = new RegExp(`^([0-9a-f]+) [tT] ${name}$`, "m").exec(symbols)?.[1];
  return found === undefined ? undefined : Number.parseInt(found, 16);
}

export class FlashCuts {
  readonly cuts: FlashCut[] = [];
  /** Undefined: nothing is cut. */
  step: string | undefined;
  /** The card, once it runs. */
  qemu: QemuCard | undefined;
  #begun = 0;
  #amid: BoardWrite | undefined;
  readonly #base: number;
  readonly #program: readonly number[];
  readonly #erase: readonly number[];
  readonly #play: number;
  readonly #wants: (write: BoardWrite, step: string) => readonly FlashCut["when"][];

  /** @param wants - Asked of each write: which cuts are kept; both, unless told. */
  constructor(
    { elf, loader, board }: BuiltImage,
    wants: (write: BoardWrite, step: string) => readonly FlashCut["when"][] = () => ["before", "amid"],
  ) {
    const both = (name: string) => [elf, loader].map((file) => addressOf(file, name)!);
    this.#base = REGIONS[board];
    this.#program = both("board_flash_program");
    this.#erase = both("board_flash_erase");
    this.#play = addressOf(elf, "Z_coilZ_play")!;
    this.#wants = wants;
  }

  get halts(): QemuHalts {
    const at = [...this.#program, ...this.#erase, this.#play];
    return {
      at,
      onHalt: async ({ registers, watched }: QemuHalt, machine) => {
        const amid = this.#amid;
        if (watched && amid !== undefined) {
          await machine.unwatch(this.#middleOf(amid));
          this.#keep(amid, "amid");
          this.#amid = undefined;
        } else if (registers[PC] === this.#play) this.#begun++;
        else {
          const isErase = this.#erase.includes(registers[PC]!);
          const length = isErase ? SECTOR : registers[2]!;
          const write: BoardWrite = { kind: isErase ? "erase" : "program", at: registers[0]!, length };
          const wanted = this.step === undefined ? [] : this.#wants(write, this.step);
          if (wanted.includes("before")) this.#keep(write, "before");
          if (length < 2 || !wanted.includes("amid")) return;
          this.#amid = write;
          await machine.watch(this.#middleOf(write));
        }
      },
    };
  }

  #middleOf({ at, length }: BoardWrite): number {
    return this.#base + at + (length >> 1) - 1;
  }

  #keep(write: BoardWrite, when: FlashCut["when"]): void {
    if (this.step === undefined || this.qemu === undefined) return;
    this.cuts.push({ ...write, when, step: this.step, begun: this.#begun, memory: this.qemu.memory() });
  }
}
