// The page of an inspection: one HTML file, with everything in it, for light and dark, for eyes and for screen readers.
import { LIMITS_ORIGIN } from "../measure/limits.js";
import type { SignalMeasures } from "../measure/report.js";
import { byNoiseAlone } from "../measure/weaknesses.js";
import type { Candidate } from "../reader/candidates.js";
import { confidenceText, leastSure } from "../reader/confidence-text.js";
import type { Read } from "../reader/read.js";
import { escaped } from "./chart.js";
import { type Fault, faultPictures, faultsOf, type Inspection, overview, readPictures } from "./inspection.js";
import { measuresTable } from "./measures-table.js";

/** Rows of the table of reads, at most. */
const ROWS = 500;

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --paper: #ffffff; --line: #d5dae1; --fault: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e4; --soft: #aaaaa4; --paper: #161614; --line: #3d3d3a; --fault: #ff8a80; }
  figure svg { filter: invert(0.9) hue-rotate(180deg); }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 Inter, "Segoe UI", "DejaVu Sans", Arial, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 24px 24px 64px; }
h1 { font-size: 28px; line-height: 1.25; margin: 8px 0; overflow-wrap: anywhere; }
h2 { font-size: 21px; margin: 44px 0 8px; padding-top: 20px; border-top: 1px solid var(--line); }
p { margin: 8px 0; max-width: 80ch; }
code { font: 0.95em "JetBrains Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.soft, caption { color: var(--soft); }
.fault { color: var(--fault); font-weight: 600; }
figure { margin: 14px 0; }
figure svg { display: block; max-width: 100%; height: auto; border-radius: 6px; }
table { border-collapse: collapse; margin: 14px 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 4px 0; }
th, td { text-align: left; vertical-align: top; padding: 5px 18px 5px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
.wrap { white-space: normal; }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 400; }
@media (max-width: 760px) {
  table { display: block; overflow-x: auto; }
  .wrap { min-width: 20ch; }
}
`;

/** An HTML document. Reads must have been made with `measures`; those with a `profile` are pictured. */
export function inspectionPage(inspection: Inspection): string {
  const { name, reads, candidates } = inspection;
  const first = overview(inspection);
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8" />',
    '<meta name="viewport" content="width=device-width, initial-scale=1" />',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />`,
    `<title>${escaped(`Inspection of ${name}`)}</title>`,
    `<style>${STYLE}</style>`,
    "</head>",
    "<body>",
    "<main>",
    `<h1>${escaped(name)}</h1>`,
    ...summary(inspection),
    ...(first === undefined ? [] : [figure(first)]),
    ...(reads.length > 0 ? [readsTable(reads)] : []),
    ...reads.flatMap((read, i) => (read.profile === undefined ? [] : readSection(read, i + 1))),
    ...faultsOf(inspection)
      .slice(0, ROWS)
      .flatMap(([of, fault]) => faultSection(of, fault)),
    ...(candidates.length > 0 ? [candidatesTable(candidates)] : []),
    "<h2>How to read this</h2>",
    `<p>Limits: ${escaped(LIMITS_ORIGIN)}. The hand&#8217;s clock is a smooth curve through 12 cells on each side. Levels are dB of full scale.</p>`,
    "</main>",
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function summary({ reads, failed, durationS, format, diagnosis }: Inspection): string[] {
  const { sampleRateHz, channels, bitsPerSample } = format;
  const missed = failed.length === 0 || reads.length === 0 ? "" : ` ${failed.length} failed.`;
  const sound = channels === 1 ? "one channel" : `${channels} channels`;
  const many = reads.length === 0 ? "Nothing was read." : reads.length === 1 ? "One read." : `${reads.length} reads.`;
  const why = diagnosis === null ? "" : ` ${escaped(diagnosis.sentence)} <code>${escaped(diagnosis.code)}</code>`;
  return [
    `<p class="soft">${durationS.toFixed(3)} s, ${sampleRateHz} samples a second, ${bitsPerSample} bits, ${sound}</p>`,
    `<p${reads.length === 0 ? ' class="fault"' : ""}>${many}${missed}${why}</p>`,
  ];
}

const figure = (svg: string): string => `<figure>\n${svg}</figure>`;

function readsTable(reads: readonly Read[]): string {
  const rows = reads.slice(0, ROWS).map(({ track, direction, startS, confidence, data, masked, signal }, i) => {
    const weak = signal?.weaknesses[0]?.sentence ?? "none";
    return `<tr><th scope="row">${i + 1}</th><td>${track}</td><td>${direction}</td><td>${startS.toFixed(3)} s</td><td>${confidenceText(confidence)}</td><td class="wrap"><code>${escaped(data)}</code>${masked ? " (masked)" : ""}</td><td class="wrap">${escaped(weak)}</td></tr>`;
  });
  const pictured = reads.filter(({ profile }) => profile !== undefined).length;
  const notes = [
    ...(reads.length > ROWS ? [`the first ${ROWS} of ${reads.length} are listed`] : []),
    ...(pictured < reads.length ? [`the first ${pictured} found are pictured below`] : []),
  ];
  return [
    "<h2>Reads</h2>",
    ...(notes.length > 0 ? [`<p>Of the reads, ${notes.join("; ")}.</p>`] : []),
    "<table><caption>What was read, in the order of time</caption>",
    `<thead><tr>${["Read", "Track", "Direction", "At", "Confidence", "Data", "Weak in its signal"].map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead>`,
    `<tbody>${rows.join("\n")}</tbody></table>`,
  ].join("\n");
}

function readSection(read: Read, number: number): string[] {
  const { track, startS, signal, masked, data } = read;
  if (signal === undefined) return [];
  return [
    `<h2>Read ${number}: track ${track} at ${startS.toFixed(3)} s</h2>`,
    `<p><code>${escaped(data)}</code></p>`,
    ...(masked
      ? [
          "<p>The number lies outside the test range: it is masked, and so are its bits, cells and waveform, and what could tell them. Shown are the level in parts of several characters, the hand&#8217;s speed, how jitter is spread, and figures for the whole.</p>",
        ]
      : []),
    ...weaknesses(signal),
    ...readPictures(read, number).map(figure),
    measuresTable(signal, `Signal of read ${number}`),
    ...characters(`read ${number}`, read),
  ];
}

/** How sure each character is; nothing of a masked text, whose characters are not all there. */
function characters(of: string, text: Pick<Candidate, "data" | "characterConfidence">): string[] {
  const { data, characterConfidence } = text;
  const least = leastSure(characterConfidence);
  if (least === undefined) return [];
  const rows = characterConfidence.map(
    (one, i) =>
      `<tr><th scope="row">${i + 1}</th><td><code>${escaped(data[i]!)}</code></td><td>${confidenceText(one)}</td></tr>`,
  );
  return [
    `<details><summary>Each character of ${of}: least sure is number ${least.character}, ${confidenceText(least.confidence)}</summary>`,
    "<table><caption>The start sentinel is number 1</caption>",
    `<thead><tr>${["Number", "Character", "Confidence"].map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead>`,
    `<tbody>${rows.join("\n")}</tbody></table></details>`,
  ];
}

function weaknesses(signal: SignalMeasures): string[] {
  const byNoise = byNoiseAlone(signal);
  const found = signal.weaknesses.map(({ sentence }) => sentence);
  if (found.length + byNoise.length === 0) return ["<p>Its signal is within all bounds.</p>"];
  const list = (name: string, sentences: readonly string[]): string[] =>
    sentences.length === 0
      ? []
      : [`<p>${name}</p>`, `<ul>${sentences.map((one) => `<li>${escaped(one)}</li>`).join("")}</ul>`];
  return [...list("Weak in its signal:", found), ...list("Beyond a bound, and no fault of the card:", byNoise)];
}

function faultSection(of: string, fault: Fault): string[] {
  const { signal, atS, character, sentence, code } = fault;
  const failed = "startS" in fault;
  if (signal === undefined && !failed) return [];
  const place = [
    ...(atS === undefined ? [] : [`at ${atS.toFixed(3)} s`]),
    ...(character === undefined ? [] : [`character ${character}`]),
  ].join(", ");
  return [
    `<h2>${of}${place === "" ? "" : `, ${place}`}</h2>`,
    ...(failed ? [`<p class="fault">${escaped(sentence)} <code>${escaped(code)}</code></p>`] : []),
    ...(signal === undefined ? [] : faultSignal(of, fault, signal)),
  ];
}

function faultSignal(of: string, fault: Fault, signal: SignalMeasures): string[] {
  return [
    "<p>What could not be read may be anybody&#8217;s card: its waveform, cells and bits are not shown. Shown are the level in parts of several characters, the hand&#8217;s speed, how jitter is spread, and figures for the whole.</p>",
    ...weaknesses(signal),
    ...faultPictures(of, fault).map(figure),
    measuresTable(
      signal,
      of === "The attempt that came nearest" ? "Signal of the attempt" : `Signal of ${of.toLowerCase()}`,
    ),
  ];
}

function candidatesTable(candidates: readonly Candidate[]): string {
  const rows = candidates.map(
    ({ track, direction, startS, probability, data, masked }) =>
      `<tr><td>${confidenceText(probability)}</td><td>${track}</td><td>${direction}</td><td>${startS.toFixed(3)} s</td><td class="wrap"><code>${escaped(data)}</code>${masked ? " (masked)" : ""}</td></tr>`,
  );
  return [
    "<h2>Candidates</h2>",
    "<table><caption>Likely and not sure: no read</caption>",
    `<thead><tr>${["Probability", "Track", "Direction", "At", "Data"].map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead>`,
    `<tbody>${rows.join("\n")}</tbody></table>`,
    ...candidates.flatMap((one, i) => characters(`candidate ${i + 1}`, one)),
  ].join("\n");
}
