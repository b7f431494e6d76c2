// Where the loader is, as flash has it: records appended to one of two sectors, of which the last whole one counts. When a sector is full the
// other is erased and takes the next record; until that is whole, the full one still has the last. So a cut at any octet leaves the old or the new.
// Record = sequence u32, counter u32, phase u8, sectors u8, step u8, 0, crc16 u16 of these, magic u16; little-endian.
import { erase, program, read } from "../ports/slots";
import { FlashArea, SECTOR_SIZE } from "../../wire/loader";
import { crc16 } from "./crc16";
import { slotSectors } from "./settings";

export const enum Phase {
  /** Slot 0 is to run, and confirmed. */
  Idle = 0,
  /** At the next start slots are swapped, for a trial or for good. */
  PendingTest = 1,
  PendingKeep = 2,
  /** They are being swapped: `step` says how far. */
  SwapTest = 3,
  SwapKeep = 4,
  SwapBack = 5,
  /** Slot 0 is new, and has not run yet. */
  Swapped = 6,
  /** It has, and nobody has confirmed it: the next start goes back. */
  Trial = 7,
}

const RECORD: i32 = 16;
const COVERED: i32 = 12;
const MAGIC: u32 = 0x4c45;
const RECORDS: i32 = SECTOR_SIZE / RECORD;

const record: usize = memory.data(RECORD);
let sequence: u32 = 0;
let sector: i32 = 0;
/** First record of the sector that nothing was written to. */
let next: i32 = 0;

export let phase: i32 = Phase.Idle;
/** Lowest security counter that is taken. */
export let counter: u32 = 0;
export let sectors: i32 = 0;
export let step: i32 = 0;

export function loadState(): void {
  sequence = 0;
  counter = 0;
  phase = Phase.Idle;
  sectors = 0;
  step = 0;
  sector = 0;
  for (let at = 0; at < 2 * RECORDS; at++) {
    read(FlashArea.State, at * RECORD, record, RECORD);
    if (!isWhole() || load<u32>(record) <= sequence) continue;
    sequence = load<u32>(record);
    counter = load<u32>(record + 4);
    phase = load<u8>(record + 8);
    sectors = load<u8>(record + 9);
    step = load<u8>(record + 10);
    sector = at / RECORDS;
  }
  next = RECORDS;
  while (next > 0 && isBlank(next - 1)) next--;
}

/** Goes to another phase, with so many sectors to be swapped. */
export function enter(to: Phase, swapping: i32 = 0): void {
  phase = to;
  sectors = swapping;
  step = 0;
  append();
}

/** One more step of the swap is done. */
export function stepped(): void {
  step++;
  append();
}

/** Slot 0 is confirmed: nothing lower than `least` is taken from now on. */
export function confirm(least: u32): void {
  if (phase == Phase.Idle && least <= counter) return;
  if (least > counter) counter = least;
  enter(Phase.Idle);
}

function append(): void {
  if (next == RECORDS) {
    sector ^= 1;
    erase(FlashArea.State, sector * SECTOR_SIZE);
    next = 0;
  }
  store<u32>(record, ++sequence);
  store<u32>(record + 4, counter);
  store<u8>(record + 8, <u8>phase);
  store<u8>(record + 9, <u8>sectors);
  store<u8>(record + 10, <u8>step);
  store<u8>(record + 11, 0);
  store<u16>(record + COVERED, <u16>crc16(record, COVERED));
  store<u16>(record + COVERED + 2, <u16>MAGIC);
  program(FlashArea.State, sector * SECTOR_SIZE + next * RECORD, record, RECORD);
  next++;
}

function isWhole(): bool {
  if (<u32>load<u16>(record + COVERED + 2) != MAGIC || <u32>load<u16>(record + COVERED) != crc16(record, COVERED)) return false;
  // Nothing else was ever written; a fault of flash that keeps the CRC leads nowhere.
  const swapping: i32 = load<u8>(record + 9);
  return load<u8>(record + 8) <= <u8>Phase.Trial && swapping <= slotSectors() && <i32>load<u8>(record + 10) <= 3 * swapping;
}

function isBlank(at: i32): bool {
  read(FlashArea.State, sector * SECTOR_SIZE + at * RECORD, record, RECORD);
  return (load<u64>(record) & load<u64>(record + 8)) == u64.MAX_VALUE;
}
