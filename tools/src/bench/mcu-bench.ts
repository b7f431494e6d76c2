// What the card costs a Cortex-M4: flash and RAM by part, instructions of a payment's steps and of an edge, stack, and how far edges lie from
// where they belong. QEMU counts instructions (-icount), so that they are the same on every machine, but for how often the card wakes: its serial
// lines bring octets, and its bench presses, when the host comes to it.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootTicks, MemoryBlock, QemuCard, type QemuPass, type QemuTraced } from "@enabling-card/emulator";
import { Card, type GrantBundle, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import { builtImage } from "../mcu-image.js";
import { setTable } from "../stage.js";
import { benchAttWrite } from "./att-bench.js";
import { disassembly, type PartSize, partSizes, reachedFrom, readMap } from "./mcu-image.js";
import { benchUpdate, type UpdateBench } from "./update-bench.js";

export const MCU_STEPS = ["pair", "reconnect", "load", "present", "first edge"] as const;
export type McuStep = (typeof MCU_STEPS)[number];

export interface McuBench {
  readonly board: "an386";
  /** Octets of the whole, as the build holds them to their limits: parts, gaps between them, and all of the stack. */
  readonly size: { readonly flash: number; readonly ram: number };
  /** Of the card's program. */
  readonly parts: readonly PartSize[];
  /** Octets of the loader, its crypto included. Its memory is the program's afterwards. */
  readonly loader: { readonly flash: number; readonly ram: number };
  /** From reset to the program: digest and signature of its image checked. */
  readonly bootInstructions: number;
  readonly update: UpdateBench;
  /** Instructions awake, `first edge` from `present` on. */
  readonly steps: readonly { readonly step: McuStep; readonly instructions: number }[];
  /** Of the coil's interrupt, the longest one: an edge, the last one of a pass, or a step of its current. */
  readonly edgeInstructions: number;
  /** Passes that edges are measured over, tracks 1 and 2 each, and requests that the session answered meanwhile. */
  readonly edges: { readonly passes: number; readonly requests: number };
  /** Of all edges, from the intervals that were asked for: the worst, and the last one's of the longest pass. Ticks of 40 ns. */
  readonly edgeErrorTicks: number;
  readonly driftTicks: number;
  /** From the last octet of a phone's write of 244 octets until its chunk is framed, at most. */
  readonly writeInstructions: number;
  /** Octets. */
  readonly stack: { readonly used: number; readonly size: number };
}

/** Of the board's timer. */
const TICK_NS = 40;
const INSTRUCTIONS_PER_TICK = 40;
/** Intervals are whole microseconds. */
const US = 1000;
/** A card that is traced on a machine that does much else is slow, and not lost: answers are waited for so long, ms. */
const PATIENCE_MS = 300_000;
/** Swipes of a grant that are played while the phone asks and asks: two passes each. */
const SWIPES = 3;
/** The coil's: of an edge, and of a step of its current. */
export const INTERRUPT = "timer0_interrupt";

/** @throws {CommandError} `IMAGE_MISSING`, `TOOL_MISSING`; {EmulatorError} `QEMU_FAILED` */
export async function benchMcu(signal?: AbortSignal): Promise<McuBench> {
  const built = builtImage("an386");
  const { elf } = built;
  const folder = mkdtempSync(join(tmpdir(), "ecard-bench-"));
  const file = join(folder, "trace.log");
  const code = reachedFrom(INTERRUPT, disassembly(elf));
  try {
    const { steps, stack, requests, passes, bootInstructions } = await benched({ file, code }, async (qemu, table) => {
      const phone = await payment(qemu, table, signal);
      const requests = await played(qemu, phone.card, await phone.grant(SWIPES));
      const { stackUsed: used, stackSize: size } = await qemu.counts();
      await phone.card.close();
      return { steps: phone.steps, stack: { used, size }, requests };
    });
    const errors = passes.map(edgeErrors);
    const longest = errors.reduce((most, one) => (one.length > most.length ? one : most));
    return {
      board: "an386",
      size: built.size,
      parts: partSizes(readMap(elf)),
      loader: loaderSize(built.loader),
      bootInstructions,
      update: await benchUpdate(),
      steps,
      edgeInstructions: longestRun(readFileSync(file, "utf8"), code[0]!.from),
      edges: { passes: passes.length, requests },
      edgeErrorTicks: Math.max(...errors.flat().map(Math.abs)),
      driftTicks: Math.abs(longest[longest.length - 1]!),
      // The least of two: where the host is busy the card looks at its lines more often meanwhile.
      writeInstructions: Math.min(await benchAttWrite(), await benchAttWrite()),
      stack,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A payment's steps alone, measured once more. @throws as `benchMcu` */
export function benchSteps(signal?: AbortSignal): Promise<Pick<McuBench, "steps" | "bootInstructions">> {
  return benched(undefined, async (qemu, table) => {
    const { card, steps } = await payment(qemu, table, signal);
    await card.close();
    return { steps };
  });
}

type Table = Awaited<ReturnType<typeof setTable>>;

/** Does `work` with a card of its own; with what its coil played, and what its start took. */
async function benched<T>(traced: QemuTraced | undefined, work: (qemu: QemuCard, table: Table) => Promise<T>) {
  const built = builtImage("an386");
  const block = new MemoryBlock();
  const table = await setTable({ block });
  const image = { ...built, flash: block.snapshot(), seed: "bench", icount: true, autoPress: true };
  let qemu: QemuCard | undefined;
  try {
    qemu = await QemuCard.start({ ...image, ...(traced && { traced }) });
    const result = await work(qemu, table);
    const bootInstructions = bootTicks(await qemu.stop()) * INSTRUCTIONS_PER_TICK;
    return { ...result, passes: qemu.passes, bootInstructions };
  } finally {
    await qemu?.stop();
    await table.service.close();
  }
}

function loaderSize(elf: string): McuBench["loader"] {
  const parts = partSizes(readMap(elf));
  const sum = (of: "flash" | "ram") => parts.reduce((total, part) => total + part[of], 0);
  return { flash: sum("flash"), ram: sum("ram") };
}

/** Pairs, comes back, loads and presents: what each takes. The second pass is traced, where anything is: the first edge was the first one's. */
async function payment(qemu: QemuCard, { made, makerRoot, client }: Table, signal?: AbortSignal) {
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
    Card.pair(air, made.pairingCode, { store, phoneName: "bench", makerRoot, timeoutMs: PATIENCE_MS }),
  );
  await first.close();
  const card = await measured("reconnect", () => Card.connect(air, { store, timeoutMs: PATIENCE_MS }));
  await client.enrol(card.certificate, "bench");
  const { tokenRef } = await client.createToken(card.cardId, "BENCH/CARD");
  const grant = (maxEmissions: number) =>
    client.grant({
      cardId: card.cardId,
      tokenRef,
      challenge: card.info.challenge,
      checkpointSize: card.info.checkpointSize,
      domain: { requestor: "bench", channel: 0, country: 276, maxAmount: 1000 },
      maxEmissions,
      kind: "online",
    });
  const bundle = await grant(1);
  await measured("load", () => card.load(bundle));
  await measured("present", async () => {
    const presenting = card.present({ when: "now", timeoutMs: PATIENCE_MS });
    await Promise.all([presenting, qemu.played(1).then(() => qemu.trace(true))]);
  });
  while ((await qemu.ramp()).at(-1)?.level !== 0) signal?.throwIfAborted();
  await qemu.trace(false);
  return { card, steps, grant };
}

/** Plays a grant's swipes, and asks and asks: how often it was answered. */
async function played(qemu: QemuCard, phone: Card, grant: GrantBundle): Promise<number> {
  await phone.load(grant);
  await phone.present({ when: "swipe", timeoutMs: PATIENCE_MS });
  return asking(phone, async () => {
    for (let swipe = 0; swipe < SWIPES; swipe++) {
      const { length: before } = qemu.passes;
      qemu.touchHead();
      await qemu.played(before + 2);
    }
  });
}

/** Asks for the card's state, again and again, until `work` is done: how often it was answered. */
async function asking(phone: Card, work: () => Promise<void>): Promise<number> {
  let requests = 0;
  let isDone = false;
  const asks = async (): Promise<void> => {
    for (; !isDone; requests++) await phone.refresh();
  };
  const end = (): void => {
    isDone = true;
  };
  await Promise.all([asks(), work().finally(end)]);
  return requests;
}

/** Cells of each plan's tracks, microseconds (firmware/wallet/plan.ts). */
const PLANS: readonly (readonly number[])[] = [[400], [300], [190, 530]];

/**
 * Of each edge, how far it lies from where F2F has it, ticks: cells of whole microseconds counted from the first edge, as long as the first
 * zeros, or as the other track's of the same plan; a one's middle after half of one (firmware/wallet/f2f.ts). Nothing is measured from the edge
 * before, so that drift shows.
 */
export function edgeErrors({ edgesNs }: Pick<QemuPass, "edgesNs">): number[] {
  const first = edgesNs[0]!;
  const zero = Math.round((edgesNs[ZEROS]! - first) / ZEROS / US);
  const cells = PLANS.find((plan) => plan.includes(zero)) ?? [zero];
  let begun = 0;
  let cell: number | undefined;
  return Array.from(edgesNs, (edgeNs, i) => {
    if (i === 0) return 0;
    const at = (edgeNs - first) / US;
    // In a one's middle the cell is known; else it may be a zero's end, or a one's middle.
    const ends = cell === undefined ? cells.flatMap((whole) => [whole, whole >> 1]) : [cell];
    const near = ends.reduce((best, end) => (distance(at, begun + end) < distance(at, begun + best) ? end : best));
    const error = at - begun - near;
    if (cell === undefined && !cells.includes(near)) cell = cells.find((whole) => whole >> 1 === near);
    else [begun, cell] = [begun + near, undefined];
    return Math.round((error * US) / TICK_NS);
  });
}

const distance = (a: number, b: number): number => Math.abs(a - b);

/** Cells at the beginning of a pass that are zeros, at least. */
const ZEROS = 8;

/**
 * Instructions from an entry at `entry` to the return from that interrupt, at most. Of a trace: a line an instruction, and one that says where the
 * instruction before was not done after all, but begun again (QEMU looks at a device, or its counter is at an end).
 */
export function longestRun(trace: string, entry: number): number {
  const first = entry.toString(16).padStart(8, "0");
  let longest = 0;
  let run = 0;
  for (const line of trace.split("\n")) {
    const at = /^Trace [^/]*\/([0-9a-f]{8})\//.exec(line)?.[1];
    if (at === first && run === 0) run = 1;
    else if (run === 0) continue;
    else if (at !== undefined) run++;
    else if (/^(cpu_io_recompile|Stopped)/.test(line)) run--;
    else if (line.startsWith("Exception return")) [longest, run] = [Math.max(longest, run), 0];
  }
  return longest;
}
