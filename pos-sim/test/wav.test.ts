import { expect } from "chai";
import fc from "fast-check";
import wavefile from "wavefile";
import { encodeWav, PosError, readWavFile, wavBlocks } from "../src/index.js";
import { codeOf, DEPTHS, peerFile, pieces } from "./wav-files.js";

const { WaveFile } = wavefile;
/** Of the sub-formats of Microsoft, behind their tag. */
const GUID_END = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
/** Of an ambisonic recording's, which is PCM of a kind. */
const AMBISONIC_END = [0, 0, 0x21, 0x07, 0xd3, 0x11, 0x86, 0x44, 0xc8, 0xc1, 0xca, 0, 0, 0];

async function samplesOf(bytes: Uint8Array, sizes?: readonly number[]): Promise<number[][]> {
  const channels: number[][] = [];
  for await (const block of wavBlocks(pieces(bytes, sizes))) {
    block.channels.forEach((samples, c) => {
      channels[c] ??= [];
      for (const sample of samples) channels[c].push(sample);
    });
  }
  return channels;
}

/** Of a file that is no whole recording: what was thrown, or what its diagnosis says. */
const faultOf = async (bytes: Uint8Array): Promise<string | undefined> => {
  try {
    return (await readWavFile(pieces(bytes))).diagnosis?.code;
  } catch (error) {
    if (!(error instanceof PosError)) throw error;
    return error.code;
  }
};

describe("the WAV reader", () => {
  const recording = fc.record({
    depth: fc.constantFrom(...DEPTHS),
    rate: fc.constantFrom(8000, 22_050, 44_100, 48_000, 96_000, 192_000),
    frames: fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }), {
      minLength: 1,
      maxLength: 50,
    }),
    channels: fc.integer({ min: 1, max: 8 }),
    sizes: fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 }),
  });

  it("reads what npm wavefile writes: every depth, rate and number of channels, in pieces of any size", async () => {
    await fc.assert(
      fc.asyncProperty(recording, async ({ depth, rate, frames, channels, sizes }) => {
        const planes = Array.from({ length: channels }, (_, c) => frames.map((frame) => frame[c]!));
        const got = await samplesOf(peerFile(planes, rate, depth), sizes);
        const step = depth === "8" ? 1 / 64 : depth === "16" ? 1e-4 : 1e-6;
        expect(got).to.have.length(channels);
        got.forEach((plane, c) => {
          expect(plane).to.have.length(frames.length);
          plane.forEach((x, i) => void expect(x).to.be.closeTo(planes[c]![i]!, step));
        });
      }),
    );
  });

  it("is read by npm wavefile what it writes, in both encodings", () => {
    const planes = [Float32Array.of(0, 0.5, -0.5, 0.999, -1), Float32Array.of(0.25, -0.25, 2, -2, 0)];
    for (const [kind, clipped] of [
      ["int16", 1],
      ["float32", 2],
    ] as const) {
      const wav = new WaveFile(encodeWav(planes, 44_100, kind));
      const raw = wav.getSamples(false) as unknown as Float64Array[];
      const scale = kind === "int16" ? 0x8000 : 1;
      raw.forEach((plane, c) => {
        planes[c]!.forEach((x, i) => {
          expect(plane[i]! / scale).to.be.closeTo(Math.max(-clipped, Math.min(clipped, x)), 1e-4);
        });
      });
    }
  });

  it("refuses to write nothing, and channels that differ in length", () => {
    expect(() => encodeWav([], 44_100)).to.throw(PosError);
    expect(() => encodeWav([new Float32Array(1), new Float32Array(2)], 44_100)).to.throw(PosError);
  });

  const plain = encodeWav([Float32Array.of(0.5, -0.5, 0.25)], 44_100);
  /** `plain` with other bytes at a place. */
  const patched = (at: number, ...bytes: number[]): Uint8Array => {
    const copy = Uint8Array.from(plain);
    copy.set(bytes, at);
    return copy;
  };
  const chunk = (id: string, ...body: number[]): number[] => [
    ...Buffer.from(id),
    body.length,
    0,
    0,
    0,
    ...body,
    ...(body.length % 2 ? [0] : []),
  ];
  const withChunks = (before: number[], after: number[] = []): Uint8Array => {
    const bytes = Uint8Array.from([...plain.subarray(0, 36), ...before, ...plain.subarray(36), ...after]);
    new DataView(bytes.buffer).setUint32(4, bytes.length - 8, true);
    return bytes;
  };

  /** `plain` with a format of tag 1 (PCM) and a GUID that ends so. */
  const extensible = (end: readonly number[]): Uint8Array =>
    Uint8Array.from([
      ...plain.subarray(0, 12),
      ...chunk("fmt ", 0xfe, 0xff, ...plain.subarray(22, 36), 22, 0, 16, 0, 4, 0, 0, 0, 1, 0, ...end),
      ...plain.subarray(36),
    ]);

  const tolerated: [string, Uint8Array, number[]][] = [
    [
      "chunks of odd size before and after the samples",
      withChunks(chunk("LIST", 1, 2, 3), chunk("cue ", 7)),
      [0.5, -0.5, 0.25],
    ],
    [
      "a data size of zero from a writer that never came back",
      Uint8Array.from([...patched(4, 36, 0, 0, 0).subarray(0, 40), 0, 0, 0, 0, ...plain.subarray(44)]),
      [0.5, -0.5, 0.25],
    ],
    ["a data size of zero in a file whose own size is right", patched(40, 0, 0, 0, 0), [0.5, -0.5, 0.25]],
    ["a data size of 0xffffffff", patched(40, 255, 255, 255, 255), [0.5, -0.5, 0.25]],
    ["a stream that ends inside a frame", patched(40, 255, 255, 255, 255).subarray(0, 49), [0.5, -0.5]],
  ];
  for (const [what, bytes, samples] of tolerated) {
    it(`takes ${what}`, async () => expect(await samplesOf(bytes)).to.deep.equal([samples]));
  }

  it("takes WAVE_FORMAT_EXTENSIBLE and RF64", async () => {
    const u32 = (value: number): number[] => [...new Uint8Array(Uint32Array.of(value).buffer)];
    const fmt = [
      0xfe,
      0xff,
      1,
      0,
      ...u32(48_000),
      ...u32(96_000),
      2,
      0,
      16,
      0,
      22,
      0,
      16,
      0,
      ...u32(4),
      1,
      0,
      ...GUID_END,
    ];
    const ds64 = [...u32(0), ...u32(0), ...u32(4), ...u32(0), ...u32(2), ...u32(0), ...u32(0)];
    const head = [
      ...Buffer.from("RF64"),
      ...u32(0xffff_ffff),
      ...Buffer.from("WAVE"),
      ...chunk("ds64", ...ds64),
      ...chunk("fmt ", ...fmt),
    ];
    const bytes = Uint8Array.from([
      ...head,
      ...Buffer.from("data"),
      ...u32(0xffff_ffff),
      0,
      64,
      0,
      192,
      ...chunk("LIST", 1),
    ]);
    expect(await samplesOf(bytes)).to.deep.equal([[0.5, -0.5]]);
  });

  const refusals: [string, Uint8Array, string][] = [
    ["an empty file", new Uint8Array(0), "WAV_EMPTY"],
    ["a file without samples", withChunks([], []).subarray(0, 36), "WAV_EMPTY"],
    [
      "a data chunk of nothing, with another behind it",
      (() => {
        const bytes = Uint8Array.from([...plain.subarray(0, 40), 0, 0, 0, 0, ...chunk("LIST", 1, 2)]);
        new DataView(bytes.buffer).setUint32(4, bytes.length - 8, true);
        return bytes;
      })(),
      "WAV_EMPTY",
    ],
    ["a text", Buffer.from("Dear reader, this is not a recording."), "WAV_NOT_WAV"],
    ["one byte", Uint8Array.of(82), "WAV_NOT_WAV"],
    ["another RIFF file", patched(8, 65, 86, 73, 32), "WAV_NOT_WAV"],
    ["a header cut in two", plain.subarray(0, 8), "WAV_CUT"],
    ["a file cut in its format", plain.subarray(0, 30), "WAV_CUT"],
    ["a file cut in a chunk header", plain.subarray(0, 40), "WAV_CUT"],
    ["a file cut before its format", plain.subarray(0, 12), "WAV_CUT"],
    ["big-endian WAV", patched(3, 88), "WAV_UNSUPPORTED"],
    ["u-law", patched(20, 7), "WAV_UNSUPPORTED"],
    ["12 bits a sample", patched(34, 12), "WAV_UNSUPPORTED"],
    ["16-bit float", patched(20, 3), "WAV_UNSUPPORTED"],
    ["no channel", patched(22, 0), "WAV_UNSUPPORTED"],
    ["9 channels", patched(22, 9), "WAV_UNSUPPORTED"],
    ["frames that do not fit", patched(32, 3), "WAV_UNSUPPORTED"],
    ["a rate of zero", patched(24, 0, 0), "WAV_UNSUPPORTED"],
    ["a rate of 4 GHz", patched(24, 255, 255, 255, 255), "WAV_UNSUPPORTED"],
    [
      "a format chunk of 8 bytes",
      Uint8Array.from([...plain.subarray(0, 12), ...chunk("fmt ", 1, 0, 1, 0, 1, 2, 3, 4), ...plain.subarray(36)]),
      "WAV_UNSUPPORTED",
    ],
    [
      "samples before their format",
      Uint8Array.from([...plain.subarray(0, 12), ...plain.subarray(36)]),
      "WAV_UNSUPPORTED",
    ],
    ["an extensible format without extension", patched(20, 0xfe, 0xff), "WAV_UNSUPPORTED"],
    ["an extensible format with somebody's own GUID", extensible(GUID_END.with(-1, 0)), "WAV_UNSUPPORTED"],
    ["an extensible format of ambisonics", extensible(AMBISONIC_END), "WAV_UNSUPPORTED"],
    ["an extensible format cut in its GUID", extensible(GUID_END.slice(0, 9)), "WAV_UNSUPPORTED"],
  ];
  for (const [what, bytes, code] of refusals) {
    it(`refuses ${what}: ${code}`, async () => expect(await codeOf(readWavFile(pieces(bytes)))).to.equal(code));
  }

  it("says of each file that it does not read what to do with it", async () => {
    for (const [what, bytes, code] of refusals) {
      if (code !== "WAV_UNSUPPORTED" && code !== "WAV_NOT_WAV") continue;
      const error = await readWavFile(pieces(bytes)).catch((thrown: PosError) => thrown);
      expect((error as PosError).message, what).to.match(
        /(: (convert it, sox IN\.wav .*OUT\.wav|keep the head's, .* remix 1|record it again, or write it anew .*)|\. Convert another format, sox IN OUT\.wav; .*\.)$/,
      );
    }
    for (const [tag, said] of [
      [2, "Encoding ADPCM is not read, PCM and float are: convert it, sox IN.wav -e signed -b 16 OUT.wav"],
      [6, "Encoding A-law is not read, PCM and float are: convert it, sox IN.wav -e signed -b 16 OUT.wav"],
      [85, "Encoding MP3 is not read, PCM and float are: convert it, ffmpeg -i IN.wav -c:a pcm_s16le OUT.wav"],
      [77, "Encoding 77 is not read, PCM and float are: convert it, sox IN.wav -e signed -b 16 OUT.wav"],
    ] as const) {
      const error = await readWavFile(pieces(patched(20, tag))).catch((thrown: PosError) => thrown);
      expect((error as PosError).message).to.equal(said);
    }
  });

  it("reads what there is of samples that are cut, between frames or inside one, and says that they are", async () => {
    for (const end of [48, 49]) {
      const { reads, diagnosis, durationS } = await readWavFile(pieces(plain.subarray(0, end)));
      expect(reads).to.deep.equal([]);
      expect(diagnosis!.code).to.equal("WAV_CUT");
      expect(diagnosis!.sentence).to.match(
        /^The file is cut, or its header claims too much: [0-9]+ of [0-9]+ bytes of samples are missing\. [A-Z].*[.]$/,
      );
      expect(durationS).to.be.greaterThan(0);
    }
  });

  it("ends every file that is cut or altered with a code or a result, never otherwise", async () => {
    const cuts = Array.from({ length: plain.length }, (_, end) => plain.subarray(0, end));
    for (const bytes of cuts) expect(await faultOf(bytes)).to.match(/^WAV_/);
    await fc.assert(
      fc.asyncProperty(fc.nat(plain.length - 1), fc.nat(255), async (at, byte) => {
        const bytes = patched(at, byte);
        await readWavFile(pieces(bytes, [7])).catch((error: unknown) => void expect(error).to.be.instanceOf(PosError));
      }),
      { numRuns: 500 },
    );
  });
});
