// What an inspection is made of, and which of it becomes pictures.
import { swipeSvg } from "../export/swipe-svg.js";
import type { Profile } from "../measure/gauge.js";
import type { Levels } from "../measure/levels.js";
import type { Candidate } from "../reader/candidates.js";
import type { Diagnosis } from "../reader/diagnosis.js";
import type { Read } from "../reader/reader.js";
import { escaped, WIDTH } from "./chart.js";
import { jitterChart, levelChart, type Mark, speedChart } from "./charts.js";

/** A recording that was read with `measures` and `pictured`. */
export interface Inspection {
  /** Its name, for the heading. */
  readonly name: string;
  readonly durationS: number;
  readonly format: { readonly sampleRateHz: number; readonly channels: number; readonly bitsPerSample: number };
  readonly reads: readonly Read[];
  readonly candidates: readonly Candidate[];
  /** Of the reader, or of the file. */
  readonly diagnosis: (Omit<Diagnosis, "code"> & { readonly code: string }) | null;
  readonly levels?: Levels;
}

/** Where a diagnosis points to, on a chart of its attempt or of the whole recording. */
const PLACE_S = 0.002;

/** In fewer parts nothing is to be seen that a swipe's own picture, where there is one, does not show. */
const PARTS_MIN = 12;

/** The level of the whole recording, with its reads, or the place of the fault. */
export function overview({ levels, reads, diagnosis }: Inspection): string | undefined {
  if (levels === undefined || levels.partsDb.length === 0) return undefined;
  const pictured = diagnosis?.profile !== undefined || reads.some(({ profile }) => profile !== undefined);
  if (pictured && levels.partsDb.length < PARTS_MIN) return undefined;
  const marks = reads.map(
    ({ startS, endS }, i): Mark => ({ fromS: startS, toS: endS, name: `read ${i + 1}`, fault: false }),
  );
  return levelChart("Level of the whole recording", levels, [...marks, ...faultOf(diagnosis)]);
}

function faultOf(diagnosis: Inspection["diagnosis"]): Mark[] {
  if (diagnosis?.atS === undefined) return [];
  const { atS, code } = diagnosis;
  return [{ fromS: atS, toS: atS + PLACE_S, name: code, fault: true }];
}

/** The pictures of a read that has its profile: of a masked one only levels and the hand's speed. */
export function readPictures(read: Read, number: number): string[] {
  const { profile, signal } = read;
  if (profile === undefined || signal === undefined) return [];
  const { shown, ...coarse } = profile;
  if (read.masked || shown === undefined) return [veiled(coarse, []), speedChart(coarse, signal)];
  const title = `Read ${number}: its waveform, cells, bits and characters`;
  return [
    swipeSvg(shown, [read], { title, width: WIDTH, startS: shown.startS }),
    speedChart(profile, signal),
    ...(signal.jitter === undefined ? [] : [jitterChart(shown.cells)]),
  ];
}

/** Of what could not be read: nobody knows whose card it was, so it is drawn as a masked one. */
export function faultPictures(diagnosis: Inspection["diagnosis"]): string[] {
  if (diagnosis?.profile === undefined || diagnosis.signal === undefined) return [];
  const { shown: _, ...coarse } = diagnosis.profile;
  return [veiled(coarse, faultOf(diagnosis)), speedChart(coarse, diagnosis.signal)];
}

const veiled = ({ levels }: Profile, marks: readonly Mark[]): string =>
  levelChart("Level along the swipe; its waveform is not shown", levels, marks);

/** Between two pictures on one sheet, px. */
const GAP = 12;

/** All pictures of an inspection, one below the other: an SVG document. */
export function inspectionSvg(inspection: Inspection): string {
  const { name, reads, diagnosis } = inspection;
  const first = overview(inspection);
  const pictures = [
    ...(first === undefined ? [] : [first]),
    ...reads.flatMap((read, i) => readPictures(read, i + 1)),
    ...faultPictures(diagnosis),
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
