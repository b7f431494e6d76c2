// The measures of a signal as a table, with the standard's limits beside those that have some.
import type { Deviations, SignalMeasures, SpeedSwing } from "../measure/report.js";
import { escaped } from "./chart.js";

type Row = readonly [what: string, value: string, ofNew?: string, ofUsed?: string];

/** An HTML table. @param caption - Plain text. */
export function measuresTable(signal: SignalMeasures, caption: string): string {
  const rows = rowsOf(signal).map(
    ([what, value, ofNew = "", ofUsed = ""]) =>
      `<tr><th scope="row">${escaped(what)}</th><td class="wrap">${escaped(value)}</td><td>${escaped(ofNew)}</td><td>${escaped(ofUsed)}</td></tr>`,
  );
  return [
    `<table><caption>${escaped(caption)}</caption>`,
    `<thead><tr><th scope="col">Measure</th><th scope="col">Value</th><th scope="col">Of a new card&#8217;s limit</th><th scope="col">Of a used card&#8217;s limit</th></tr></thead>`,
    `<tbody>${rows.join("\n")}</tbody></table>`,
  ].join("\n");
}

function stepRow(step: SignalMeasures["levelStep"]): Row[] {
  if (step === undefined) return [];
  const { atS, pulsePercent, character } = step;
  const place = `${atS.toFixed(3)} s on${character === undefined ? "" : `, character ${character}`}`;
  return [["Level that changes and stays", `from ${place}, at ${pulsePercent.toFixed(0)} % of what was before`]];
}

function rowsOf(signal: SignalMeasures): Row[] {
  const { speed, jitter, dropouts, snrDb } = signal;
  return [
    ["Loudest sample", `${signal.peakDb.toFixed(1)} dB of full scale`],
    ["Usual swing of pulses", `${signal.swingDb.toFixed(1)} dB of full scale`],
    ["Lowest pulse", `${signal.lowestPulsePercent.toFixed(0)} % of those around it`],
    ["Mean speed", `${speed.meanIps.toFixed(1)} inches a second`],
    ["Slowest and fastest", `${speed.slowestIps.toFixed(1)} and ${speed.fastestIps.toFixed(1)} inches a second`],
    ...(speed.swing === undefined ? [] : [["Changes back and forth", swung(speed.swing)] as const]),
    ["Mean cell", `${signal.cellUs.toFixed(1)} \u00b5s, ${signal.cellSamples.toFixed(1)} samples`],
    ...(jitter === undefined
      ? [["Jitter", "not measured: too few samples a cell"] as const]
      : [
          [
            "Reversals, r.m.s. from the hand\u2019s clock",
            `${jitter.reversalsPercent.toFixed(1)} % of a cell`,
          ] as const,
          ...(jitter.noisePercent === undefined
            ? []
            : [["The same by the noise alone", `${jitter.noisePercent.toFixed(1)} % of a cell`] as const]),
          ...spread("Cells", "a cell", jitter.cells),
          ...(jitter.subintervals === undefined ? [] : spread("Subintervals", "half a cell", jitter.subintervals)),
        ]),
    [
      "Dropouts and weak stretches",
      dropouts.length === 0
        ? "none"
        : dropouts
            .map(
              ({ atS, lengthUs, character, pulsePercent }) =>
                `${(lengthUs / 1000).toFixed(2)} ms from ${atS.toFixed(3)} s on${character === undefined ? "" : `, character ${character}`}, ${pulsePercent === 0 ? "no pulse" : `pulses at ${pulsePercent.toFixed(0)} %`}`,
            )
            .join("; "),
    ],
    ...stepRow(signal.levelStep),
    ["Zeros before the data", zeros(signal.leadingZeros)],
    ["Zeros behind the data", zeros(signal.trailingZeros)],
    ...signal.pauses.map(
      ({ atS, lengthS }): Row => ["Pause", `${(1000 * lengthS).toFixed(0)} ms from ${atS.toFixed(3)} s on`],
    ),
    [
      "Mains hum",
      signal.humPercent === undefined ? "too short to tell" : `${signal.humPercent.toFixed(0)} % of a pulse`,
    ],
    ["Base line wanders by", `${signal.wanderPercent.toFixed(0)} % of a pulse`],
    ["Samples on flat tops", `${signal.clippedPercent.toFixed(1)} %`],
    ["Signal to noise", snrDb === undefined ? "no noise beside the swipe" : snrText(snrDb)],
  ];
}

function spread(name: string, of: string, deviations: Deviations): Row[] {
  const { rmsPercent, worstPercent, worstOfNewPercent, worstOfUsedPercent, worstCharacter } = deviations;
  const where = worstCharacter === undefined ? "" : `, character ${worstCharacter}`;
  return [
    [`${name}, r.m.s.`, `${rmsPercent.toFixed(1)} % of ${of}`],
    [
      `${name}, worst`,
      `${worstPercent.toFixed(1)} % of ${of}${where}`,
      `${worstOfNewPercent.toFixed(0)} %`,
      `${worstOfUsedPercent.toFixed(0)} %`,
    ],
  ];
}

function swung({ percent, character }: SpeedSwing): string {
  const where = character === undefined ? "" : `, character ${character}`;
  return `${Math.abs(percent).toFixed(1)} % ${percent > 0 ? "faster" : "slower"} for a moment${where}`;
}

/** Below 0 dB no tenths: it may be off by more than one. */
const snrText = (snrDb: number): string =>
  Math.round(snrDb) > 0 ? `${snrDb.toFixed(1)} dB` : `about ${Math.round(snrDb) || 0} dB`;

/** More than are counted. */
const MANY = 64;
const zeros = (count: number | undefined): string =>
  count === undefined ? "not followed" : count >= MANY ? `${MANY} or more` : String(count);
