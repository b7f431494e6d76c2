// Edges and samples as a sigrok session, `.sr`, which PulseView and sigrok-cli open: a ZIP of `version`, `metadata` (an INI file) and the
// samples, one octet each where they are logic, 32-bit floats, little-endian, where they are analog. One rate for all (libsigrok,
// session file format 2).
import { strToU8, type Zippable, zipSync } from "fflate";
import { PosError } from "../errors.js";
import type { Emission } from "../signal/coil.js";
import type { Signal } from "../signal/signal.js";

/** The card's intervals are whole microseconds: at this rate every edge stands at its place. */
const EDGE_RATE_HZ = 1_000_000;
const LONGEST_S = 60;
/** The earliest time that a ZIP can tell: the same emission gives the same file. */
const MTIME = new Date(1980, 0, 1);

/**
 * Two logic channels at a megahertz: `coil`, the direction of the current, and `active`, high from the first edge to the end of the
 * emission. Edges stand at the nearest microsecond.
 *
 * @throws {@link PosError} `BAD_ARGUMENT` for an emission of more than a minute.
 */
export function edgesSr(emission: Emission): Uint8Array {
  const { edgesNs, durationNs } = emission;
  if (!(durationNs >= 0 && durationNs <= LONGEST_S * 1e9)) {
    throw new PosError("BAD_ARGUMENT", `An emission of ${durationNs / 1e9} s; at most ${LONGEST_S} s are taken`);
  }
  const at = (ns: number): number => Math.round((ns * EDGE_RATE_HZ) / 1e9);
  // One sample behind the end, low again.
  const levels = new Uint8Array(at(durationNs) + 1);
  for (let i = 0; i < edgesNs.length; i++) {
    const coil = (i + 1) % 2;
    levels.fill(coil | 2, at(edgesNs[i]!), i + 1 < edgesNs.length ? at(edgesNs[i + 1]!) : at(durationNs));
  }
  if (edgesNs.length > 0) levels[levels.length - 1] = edgesNs.length % 2;
  return session(
    EDGE_RATE_HZ,
    ["capturefile=logic-1", "total probes=2", "probe1=coil", "probe2=active", "unitsize=1"],
    {
      "logic-1-1": levels,
    },
  );
}

/** One analog channel, `head`: full scale is one volt. */
export function samplesSr(signal: Signal): Uint8Array {
  const { samples, sampleRateHz } = signal;
  const octets = new Uint8Array(samples.length * 4);
  const view = new DataView(octets.buffer);
  for (let i = 0; i < samples.length; i++) view.setFloat32(4 * i, samples[i]!, true);
  return session(sampleRateHz, ["total analog=1", "analog1=head"], { "analog-1-1-1": octets });
}

function session(sampleRateHz: number, channels: readonly string[], samples: Zippable): Uint8Array {
  const metadata = [
    "[global]",
    "sigrok version=0.5.2",
    "",
    "[device 1]",
    `samplerate=${sampleRateHz} Hz`,
    ...channels,
    "",
  ];
  return zipSync(
    { version: strToU8("2"), metadata: strToU8(metadata.join("\n")), ...samples },
    { level: 6, mtime: MTIME, os: 3 },
  );
}
