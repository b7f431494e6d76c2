// A recording as pictures: an SVG and an HTML page of what was read, or of why nothing was.

import { writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { inspectionPage, inspectionSvg, type TrackNumber } from "@enabling-card/pos-sim";
import { checkFolder, makeFolder } from "../make-folder.js";
import { printable } from "../output.js";
import { type RecordingResult, readRecordings } from "./read-recordings.js";

/** Reads that are pictured; all are listed. */
const PICTURED = 12;

export interface InspectOptions {
  readonly folder: string;
  readonly track?: "auto" | TrackNumber;
  readonly signal?: AbortSignal;
  /** What `-` stands for. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  readonly onProgress?: (file: string, seconds: number, ofSeconds: number | undefined) => void;
}

export interface Inspected extends RecordingResult {
  /** Paths of what was written; absent where the file is no recording. */
  readonly written?: { readonly svg: string; readonly html: string };
}

/** Reads a recording and writes its pictures. @throws {CommandError} `FOLDER_FAILED` @throws {PosError} `ABORTED` */
export async function inspectRecording(file: string, options: InspectOptions): Promise<Inspected> {
  const { folder, ...reading } = options;
  checkFolder(folder);
  for await (const result of readRecordings([file], { ...reading, pictured: PICTURED })) {
    const { about } = result;
    if (about === undefined) return result;
    const inspection = { ...result, ...about, name: file === "-" ? "standard input" : printable(basename(file)) };
    const name = file === "-" ? "stdin" : basename(file, extname(file));
    const written = { svg: join(folder, `${name}.svg`), html: join(folder, `${name}.html`) };
    await makeFolder(folder);
    await writeFile(written.svg, inspectionSvg(inspection));
    await writeFile(written.html, inspectionPage(inspection));
    return { ...result, written };
  }
  throw new Error("one file gives one result");
}
