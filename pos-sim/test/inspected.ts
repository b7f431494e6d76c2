// Recordings that were inspected, and their pages taken apart.
import { expect } from "chai";
import {
  type Conditions,
  encodeWav,
  type Inspection,
  readWavFile,
  type Signal,
  synthesise,
  type TrackNumber,
  type WavReadOptions,
} from "../src/index.js";

/** A made-up number outside the test range. */
export const STRANGER = "4000001234567899";
export const STRANGERS: Readonly<Record<TrackNumber, string>> = {
  1: `%B${STRANGER}^DOE/JANE^30121011777700000042?`,
  2: `;${STRANGER}=30121011777700000042?`,
  3: `;01${STRANGER}=${"7".repeat(40)}?`,
};

export async function inspected(signals: readonly Signal[], options: WavReadOptions = {}): Promise<Inspection> {
  const bytes = encodeWav(
    signals.map(({ samples }) => samples),
    signals[0]!.sampleRateHz,
  );
  async function* file() {
    yield bytes;
  }
  return { ...(await readWavFile(file(), { measures: true, pictured: 3, ...options })), name: "a <b> & c.wav" };
}

export const made = (conditions: Conditions, seed = 2) => inspected([synthesise(seed, conditions)]);

export interface Element {
  readonly tag: string;
  readonly attributes: string;
  readonly text: string;
}

/** Elements in their order; tags nest, attributes are quoted, and no entity is unknown. */
export function parse(document: string): Element[] {
  const body = document.replace(/^<!doctype html>\n/, "").replace(/<style>[^<]*<\/style>/, "<style></style>");
  const open: string[] = [];
  const found: Element[] = [];
  let end = 0;
  for (const match of body.matchAll(/<(\/?)([a-z][a-z0-9]*)((?: [a-zA-Z0-9:-]+="[^"<>]*")*) ?(\/?)>([^<>]*)/g)) {
    const [whole, close, tag, attributes, self, text] = match as unknown as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    expect(match.index, body.slice(end, end + 80)).to.equal(end);
    end = match.index + whole.length;
    expect(text.replaceAll(/&(amp|lt|gt|quot|#[0-9]+);/g, "")).to.not.include("&");
    if (close === "/") expect(open.pop()).to.equal(tag);
    else {
      if (self !== "/") open.push(tag);
      found.push({ tag, attributes, text: text.trim() });
    }
  }
  expect(end).to.equal(body.length);
  expect(open).to.deep.equal([]);
  expect(document).to.not.match(/NaN|Infinity|undefined/);
  return found;
}

/** Coordinates of all paths: what a waveform would need. */
export const points = (document: string): number =>
  [...document.matchAll(/ d="([^"]*)"/g)].reduce((sum, [, d]) => sum + d!.split(/[MLHV]/).length - 1, 0);
