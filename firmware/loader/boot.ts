// What a start leads to: an interrupted swap is ended, a wanted one done, an image that nobody confirmed goes back. Then slot 0 runs, if it may.
import {
  FlashArea, ImageFault, LoaderStart, LoaderVerdict, SECTOR_SIZE, START_RESUMED, StartReason,
} from "../../wire/loader";
import { checkSlot, imageCounter, imageSize } from "./image";
import { slotSectors } from "./settings";
import { confirm, counter, enter, phase, Phase } from "./state";
import { swap } from "./swap";

let reason: i32 = StartReason.Unknown;

/** Why the last start led where it did: a `StartReason`, and `START_RESUMED` with it. */
export function startReason(): i32 {
  return reason;
}

export function boot(how: LoaderStart): LoaderVerdict {
  const before = phase;
  const cut = isSwapping();
  if (cut) finishSwap();
  const led = lead(how, before);
  reason = cut ? led | START_RESUMED : led;
  return led < StartReason.NoImage ? LoaderVerdict.Boot : LoaderVerdict.Serve;
}

function lead(how: LoaderStart, before: i32): i32 {
  if (how == LoaderStart.Listen) return StartReason.HandedOver;
  if (how == LoaderStart.Held) return StartReason.Held;
  if (how == LoaderStart.Panicked) {
    // Nobody is to confirm what fails, nor to start it over and over.
    if (phase != Phase.Trial) return StartReason.Panicked;
    revert();
    return phase == Phase.Trial ? StartReason.Panicked : run(StartReason.WentBackPanicked);
  }
  if (phase == Phase.PendingTest) begin(Phase.SwapTest);
  else if (phase == Phase.PendingKeep) return run(begin(Phase.SwapKeep) ? StartReason.Kept : StartReason.Plain);
  else if (phase == Phase.Trial) {
    revert();
    return run(phase == Phase.Trial ? StartReason.StillTrial : StartReason.WentBack);
  }
  // What a swap that was ended just now has led to.
  return run(before == Phase.SwapKeep ? StartReason.Kept : before == Phase.SwapBack ? StartReason.WentBack : StartReason.Plain);
}

/** @param led - Why slot 0 is to run. */
function run(led: i32): i32 {
  if (!runs(FlashArea.Slot0)) {
    // Nothing is lost by the other one.
    if (phase == Phase.Swapped || phase == Phase.Trial) {
      revert();
      led = StartReason.WentBack;
    } else {
      begin(Phase.SwapKeep);
      led = StartReason.Recovered;
    }
    if (!runs(FlashArea.Slot0)) return StartReason.NoImage;
  }
  if (phase == Phase.Swapped) {
    enter(Phase.Trial);
    return StartReason.Trial;
  }
  if (phase == Phase.Idle) confirm(imageCounter());
  return led;
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

/** Swaps as many sectors as the larger image has; where slot 1 may not run, nothing at all, and it is false. */
function begin(how: Phase): bool {
  if (!runs(FlashArea.Slot1)) {
    if (phase == Phase.PendingTest || phase == Phase.PendingKeep) enter(Phase.Idle);
    return false;
  }
  let sectors = sectorsOf(imageSize());
  sectors = max(sectors, runs(FlashArea.Slot0) ? sectorsOf(imageSize()) : slotSectors());
  enter(how, sectors);
  finishSwap();
  return true;
}

function finishSwap(): void {
  swap();
  enter(phase == Phase.SwapTest ? Phase.Swapped : Phase.Idle);
}

function sectorsOf(size: u32): i32 {
  return <i32>((size + SECTOR_SIZE - 1) / SECTOR_SIZE);
}
