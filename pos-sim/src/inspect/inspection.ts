// What an inspection is made of, and which of it becomes pictures.
import { swipeSvg } from "../export/swipe-svg.js";
import type { Profile } from "../measure/gauge.js";
import type { Levels } from "../measure/levels.js";
import { COARSE_CELLS } from "../measure/places.js";
import type { SignalMeasures } from "../measure/report.js";
import type { FailedSwipe } from "../reader/attempts.js";
import type { Candidate } from "../reader/candidates.js";
import type { Diagnosis } from "../reader/diagnosis.js";
import type { Read } from "../reader/read.js";
import { escaped, WIDTH } from "./chart.js";
import { jitterChart, jitterShares, levelChart, type Mark, type Stretch, speedChart } from "./charts.js";

/** A diagnosis of the reader, or of the file. */
export type Fault = Omit<Diagnosis, "code"> & { readonly code: string };

/** A recording that was read with `measures` and `pictured`. */
export interface Inspection {
  /** Its name, for the heading. */
  readonly name: string;
  readonly durationS: number;
  readonly format: { readonly sampleRateHz: number; readonly channels: number; readonly bitsPerSample: number };
  readonly reads: readonly Read[];
  readonly candidates: readonly Candidate[];
  readonly failed: readonly FailedSwipe[];
  /** Of the reader, or of the file. */
  readonly diagnosis: Fault | null;
  readonly levels?: Levels;
}

/** Where a diagnosis points to, on a chart of its attempt or of the whole recording. */
const PLACE_S = 0.002;

/** In fewer parts nothing is to be seen that a swipe's own picture, where there is one, does not show. */
const PARTS_MIN = 12;

/** The level of the whole recording, with its reads and its failed swipes, or the place of the fault. */
export function overview({ levels, reads, failed, diagnosis }: Inspection): string | undefined {
  if (levels === undefined || levels.partsDb.length === 0) return undefined;
  const pictured = [diagnosis, ...failed, ...reads].some((one) => one?.profile !== undefined);
  if (pictured && levels.partsDb.length < PARTS_MIN) return undefined;
  const marks = [
    ...reads.map(({ startS, endS }, i): Mark => ({ fromS: startS, toS: endS, name: `read ${i + 1}`, fault: false })),
    ...failed.map(({ startS, endS }, i): Mark => ({ fromS: startS, toS: endS, name: `failed ${i + 1}`, fault: true })),
    ...(failed.length > 0 ? [] : faultOf(diagnosis)),
  ];
  return levelChart("Level of the whole recording", levels, marks);
}

function faultOf(diagnosis: Fault | null): Mark[] {
  if (diagnosis?.atS === undefined) return [];
  const { atS, code } = diagnosis;
  return [{ fromS: atS, toS: atS + PLACE_S, name: code, fault: true }];
}

/** The pictures of a read that has its profile: of a masked one only levels, the hand's speed, and how jitter is spread. */
export function readPictures(read: Read, number: number): string[] {
  const { profile, signal } = read;
  if (profile === undefined || signal === undefined) return [];
  const { shown } = profile;
  const of = `Read ${number}`;
  if (read.masked || shown === undefined) return veiled(of, profile, signal, []);
  const title = `${of}: its waveform, cells, bits and characters`;
  return [
    swipeSvg(shown, [read], { title, width: WIDTH, startS: shown.startS }),
    speedChart(of, profile, signal),
    ...(signal.jitter === undefined ? [] : [jitterChart(of, shown.cells)]),
  ];
}

/** Of what could not be read: nobody knows whose card it was, so it is drawn as a masked one. @param of - Which attempt. */
export function faultPictures(of: string, fault: Fault): string[] {
  const { profile, signal } = fault;
  return profile === undefined || signal === undefined ? [] : veiled(of, profile, signal, faultOf(fault));
}

/** Without its samples and single cells, whatever the profile comes with. */
function veiled(of: string, profile: Profile, signal: SignalMeasures, marks: readonly Mark[]): string[] {
  const { levels, speed, spread } = profile;
  return [
    levelChart(`${of}: level along the swipe; its waveform is not shown`, levels, marks, weakIn(signal)),
    speedChart(of, { levels, speed }, signal),
    ...(signal.jitter === undefined ? [] : [jitterShares(of, spread, signal.jitter)]),
  ];
}

/** Dropouts and pauses. A dropout begins somewhere in the 16 cells that its time tells. */
function weakIn({ dropouts, pauses, cellUs }: SignalMeasures): Stretch[] {
  return [
    ...dropouts.map(({ atS, lengthUs }) => ({
      fromS: atS,
      toS: atS + Math.max(lengthUs, COARSE_CELLS * cellUs) / 1e6,
    })),
    ...pauses.map(({ atS, lengthS }) => ({ fromS: atS, toS: atS + lengthS })),
  ];
}

/** What is pictured of what was not read: each swipe, or where there is none, what came nearest to one. */
export function faultsOf({ reads, failed, diagnosis }: Inspection): readonly (readonly [of: string, fault: Fault])[] {
  if (failed.length > 0) return failed.map((fault, i) => [`Failed swipe ${i + 1}`, fault]);
  return reads.length === 0 && diagnosis !== null ? [["The attempt that came nearest", diagnosis]] : [];
}

/** Between two pictures on one sheet, px. */
const GAP = 12;

/** All pictures of an inspection, one below the other: an SVG document. */
export function inspectionSvg(inspection: Inspection): string {
  const { name, reads } = inspection;
  const first = overview(inspection);
  const pictures = [
    ...(first === undefined ? [] : [first]),
    ...reads.flatMap((read, i) => readPictures(read, i + 1)),
    ...faultsOf(inspection).flatMap(([of, fault]) => faultPictures(of, fault)),
  ];
  let top = 0;
  const placed = pictures.map((picture) => {
    const at = top;
    top += Number(/ height="([0-9]+)"/.exec(picture)![1]) + GAP;
    return picture.replace("<svg ", `<svg y="${at}" `);
  });
  const height = Math.max(40, top);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">`,
    `<title>${escaped(`Inspection of ${name}`)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fdfdfb"/>`,
    ...placed,
    "</svg>",
    "",
  ].join("\n");
}
