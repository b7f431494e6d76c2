// What a start leads to: an interrupted swap is ended, a wanted one done, an image that nobody confirmed goes back. Then slot 0 runs, if it may.
import { FlashArea, ImageFault, LoaderStart, LoaderVerdict, SECTOR_SIZE } from "../../wire/loader";
import { checkSlot, imageCounter, imageSize } from "./image";
import { slotSectors } from "./settings";
import { confirm, counter, enter, phase, Phase } from "./state";
import { swap } from "./swap";

export function boot(how: LoaderStart): LoaderVerdict {
  if (isSwapping()) finishSwap();
  if (how == LoaderStart.Listen) return LoaderVerdict.Serve;
  if (how == LoaderStart.Panicked) {
    // Nobody is to confirm what fails, nor to start it over and over.
    if (phase != Phase.Trial) return LoaderVerdict.Serve;
    revert();
    return phase == Phase.Trial ? LoaderVerdict.Serve : run();
  }
  if (phase == Phase.PendingTest) begin(Phase.SwapTest);
  else if (phase == Phase.PendingKeep) begin(Phase.SwapKeep);
  else if (phase == Phase.Trial) revert();
  return run();
}

function run(): LoaderVerdict {
  if (!runs(FlashArea.Slot0)) {
    // Nothing is lost by the other one.
    if (phase == Phase.Swapped || phase == Phase.Trial) revert();
    else begin(Phase.SwapKeep);
    if (!runs(FlashArea.Slot0)) return LoaderVerdict.Serve;
  }
  if (phase == Phase.Swapped) enter(Phase.Trial);
  else if (phase == Phase.Idle) confirm(imageCounter());
  return LoaderVerdict.Boot;
}

function runs(slot: i32): bool {
  return checkSlot(slot, 0, counter) == ImageFault.None;
}

function isSwapping(): bool {
  return phase == Phase.SwapTest || phase == Phase.SwapKeep || phase == Phase.SwapBack;
}

/** An image that nobody has confirmed goes back, where there is one to go back to. */
function revert(): void {
  if (runs(FlashArea.Slot1)) begin(Phase.SwapBack);
}

/** Swaps as many sectors as the larger image has; where slot 1 may not run, nothing at all. */
function begin(how: Phase): void {
  if (!runs(FlashArea.Slot1)) {
    if (phase == Phase.PendingTest || phase == Phase.PendingKeep) enter(Phase.Idle);
    return;
  }
  let sectors = sectorsOf(imageSize());
  sectors = max(sectors, runs(FlashArea.Slot0) ? sectorsOf(imageSize()) : slotSectors());
  enter(how, sectors);
  finishSwap();
}

function finishSwap(): void {
  swap();
  enter(phase == Phase.SwapTest ? Phase.Swapped : Phase.Idle);
}

function sectorsOf(size: u32): i32 {
  return <i32>((size + SECTOR_SIZE - 1) / SECTOR_SIZE);
}
