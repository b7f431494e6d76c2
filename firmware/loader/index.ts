// Loader: the boot module. Which image runs, and how a new one comes: slots, signatures, anti-rollback (docs/mcu.md), and the SMP server that mcumgr's
// clients speak with. The machine tells it the settings, calls `start`, and does what it says; it has flash, crypto and the line, and no more.
import { LoaderVerdict } from "../../wire/loader";
import { boot, startReason as reason } from "./boot";
import { answerRaw, consoleReset, hear, Heard, packet, packetLength } from "./console";
import { hearRaw, rawLength, rawReset } from "./raw";
import { settingsAt } from "./settings";
import { refuse, serve, setBefore } from "./smp";
import { loadState } from "./state";
import { forgetUpload } from "./upload";

const CHUNK_MAX: i32 = 64;
const chunk: usize = memory.data(CHUNK_MAX);

/** Where the machine puts the settings before `start`. */
export function settingsSlot(): usize {
  return settingsAt();
}

/** Where it puts octets of the line before `onChunk`: 64 at most. */
export function chunkSlot(): usize {
  return chunk;
}

export function heapBase(): usize {
  return __heap_base;
}

/** @param how - A `LoaderStart`; in its second octet why the image that hands over had been started, where one does. */
export function start(how: i32): LoaderVerdict {
  setBefore(how >> 8);
  loadState();
  consoleReset();
  forgetUpload();
  return boot(how & 0xff);
}

/** Why that led where it did: a `StartReason`, and `START_RESUMED` with it. */
export function startReason(): i32 {
  return reason();
}

/** Octets of the line, in any portions. `Serve` to go on listening, or `Reset`. */
export function onChunk(length: i32): LoaderVerdict {
  return take(length, false);
}

/** The same, of packets that come without a console's framing, one behind the other: SMP over Bluetooth. A length of 0 ends what was half way. */
export function onPiece(length: i32): LoaderVerdict {
  if (length == 0) rawReset();
  return take(length, true);
}

function take(length: i32, raw: bool): LoaderVerdict {
  answerRaw(raw);
  for (let i = 0; i < min(length, CHUNK_MAX); i++) {
    const octet: i32 = load<u8>(chunk + i);
    const heard = raw ? hearRaw(octet) : hear(octet);
    if (heard == Heard.Nothing) continue;
    const has = raw ? rawLength() : packetLength();
    if (heard != Heard.Packet) refuse(packet(), has, heard);
    else if (serve(packet(), has) == LoaderVerdict.Reset) return LoaderVerdict.Reset;
  }
  return LoaderVerdict.Serve;
}
