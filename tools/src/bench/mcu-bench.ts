// What the card costs a Cortex-M4: flash and RAM by part, instructions of a payment's steps and of an edge, stack, and how far edges lie from
// where they belong. QEMU counts instructions (-icount), so that they are the same on every machine, but for one or two per cent that its serial lines take.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootTicks, MemoryBlock, QemuCard, type QemuPass } from "@enabling-card/emulator";
import { Card, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import { builtImage } from "../mcu-image.js";
import { setTable } from "../stage.js";
import { functionsOf, type PartSize, partSizes, readMap } from "./mcu-image.js";
import { benchUpdate, type UpdateBench } from "./update-bench.js";

export const MCU_STEPS = ["pair", "reconnect", "load", "present", "first edge"] as const;
export type McuStep = (typeof MCU_STEPS)[number];

export interface McuBench {
  readonly board: "an386";
  /** Of the card's program. */
  readonly parts: readonly PartSize[];
  /** Octets of the loader, its crypto included. Its memory is the program's afterwards. */
  readonly loader: { readonly flash: number; readonly ram: number };
  /** From reset to the program: digest and signature of its image checked. */
  readonly bootInstructions: number;
  readonly update: UpdateBench;
  /** Instructions awake, `first edge` from `present` on. */
  readonly steps: readonly { readonly step: McuStep; readonly instructions: number }[];
  /** Of an edge's interrupt, the longest one. */
  readonly edgeInstructions: number;
  /** Of all edges, from the intervals that were asked for: the worst, and the last one's of the longest pass. Ticks of 40 ns. */
  readonly edgeErrorTicks: number;
  readonly driftTicks: number;
  /** Octets. */
  readonly stack: { readonly used: number; readonly size: number };
}

/** Of the board's timer. */
const TICK_NS = 40;
const INSTRUCTIONS_PER_TICK = 40;
/** Intervals are whole microseconds. */
const US = 1000;
/** All that an edge's interrupt runs through. */
const INTERRUPT = ["timer0_interrupt", "coil_tick", "board_ticks", "board_coil_drive", "board_coil_next"];

/** @throws {CommandError} `IMAGE_MISSING`, `TOOL_MISSING`; {EmulatorError} `QEMU_FAILED` */
export async function benchMcu(signal?: AbortSignal): Promise<McuBench> {
  const built = builtImage("an386");
  const { elf } = built;
  const block = new MemoryBlock();
  const table = await setTable({ block });
  const folder = mkdtempSync(join(tmpdir(), "ecard-bench-"));
  const file = join(folder, "trace.log");
  const code = functionsOf(elf, INTERRUPT);
  const image = { ...built, flash: block.snapshot(), seed: "bench", icount: true, autoPress: true };
  let qemu: QemuCard | undefined;
  try {
    qemu = await QemuCard.start({ ...image, traced: { file, code } });
    const { steps, stack } = await payment(qemu, table, signal);
    const { passes } = qemu;
    const bootInstructions = bootTicks(qemu.memory()) * INSTRUCTIONS_PER_TICK;
    await qemu.stop();
    const errors = passes.map(edgeErrors);
    const longest = errors.reduce((most, one) => (one.length > most.length ? one : most));
    return {
      board: "an386",
      parts: partSizes(readMap(elf)),
      loader: loaderSize(built.loader),
      bootInstructions,
      update: await benchUpdate(),
      steps,
      edgeInstructions: longestRun(readFileSync(file, "utf8"), code.find(({ name }) => name === INTERRUPT[0])!.from),
      edgeErrorTicks: Math.max(...errors.flat().map(Math.abs)),
      driftTicks: longest[longest.length - 1]!,
      stack,
    };
  } finally {
    await qemu?.stop();
    await table.service.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function loaderSize(elf: string): McuBench["loader"] {
  const parts = partSizes(readMap(elf));
  const sum = (of: "flash" | "ram") => parts.reduce((total, part) => total + part[of], 0);
  return { flash: sum("flash"), ram: sum("ram") };
}

type Table = Awaited<ReturnType<typeof setTable>>;

/** Pairs, comes back, loads and presents; what each takes. */
async function payment(
  qemu: QemuCard,
  { made, makerRoot, client }: Table,
  signal?: AbortSignal,
): Promise<Pick<McuBench, "steps" | "stack">> {
  const air = memoryTransport([qemu]);
  const store = new MemoryPairingStore();
  const steps: { step: McuStep; instructions: number }[] = [];
  const measured = async <T>(step: McuStep, work: () => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    const before = await qemu.counts();
    const value = await work();
    const after = await qemu.counts();
    const since = (ticks: number): number => (ticks - before.awakeTicks) * INSTRUCTIONS_PER_TICK;
    steps.push({ step, instructions: since(after.awakeTicks) });
    if (after.firstEdgeTicks > 0) steps.push({ step: "first edge", instructions: since(after.firstEdgeTicks) });
    return value;
  };
  const first = await measured("pair", () =>
    Card.pair(air, made.pairingCode, { store, phoneName: "bench", makerRoot }),
  );
  await first.close();
  const phone = await measured("reconnect", () => Card.connect(air, { store }));
  await client.enrol(phone.certificate, "bench");
  const { tokenRef } = await client.createToken(phone.cardId, "BENCH/CARD");
  const bundle = await client.grant({
    cardId: phone.cardId,
    tokenRef,
    challenge: phone.info.challenge,
    checkpointSize: phone.info.checkpointSize,
    domain: { requestor: "bench", channel: 0, country: 276, maxAmount: 1000 },
    maxEmissions: 1,
    kind: "online",
  });
  await measured("load", () => phone.load(bundle));
  await measured("present", () => phone.present({ when: "now" }));
  const { stackUsed: used, stackSize: size } = await qemu.counts();
  await phone.close();
  return { steps, stack: { used, size } };
}

/**
 * Of each edge, how far it lies from where F2F has it, ticks: cells of whole microseconds counted from the first edge, of as many as the first
 * zeros have, a one's middle after half of them (firmware/wallet/f2f.ts). Nothing is measured from the edge before, so that drift shows.
 */
export function edgeErrors({ edgesNs }: Pick<QemuPass, "edgesNs">): number[] {
  const first = edgesNs[0]!;
  const cell = Math.round((edgesNs[ZEROS]! - first) / ZEROS / US);
  const half = cell >> 1;
  let begun = 0;
  let inMiddle = false;
  return Array.from(edgesNs, (edgeNs, i) => {
    if (i === 0) return 0;
    const at = (edgeNs - first) / US;
    const isMiddle = !inMiddle && at < begun + (half + cell) / 2;
    inMiddle = isMiddle;
    if (!isMiddle) begun += cell;
    return Math.round(((at - (isMiddle ? begun + half : begun)) * US) / TICK_NS);
  });
}

/** Cells at the beginning of a pass that are zeros, at least. */
const ZEROS = 8;

/** Instructions between one entry at `entry` and the next, at most: the trace has a line for each that belongs to an interrupt. */
export function longestRun(trace: string, entry: number): number {
  const address = entry.toString(16).padStart(8, "0");
  let [longest, run] = [0, 0];
  for (const line of trace.split("\n")) {
    const at = /\/([0-9a-f]{8})\//.exec(line)?.[1];
    if (at === undefined) continue;
    if (at === address) run = 0;
    longest = Math.max(longest, ++run);
  }
  return longest;
}
