import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWav, swipeSignal, synthesise } from "@enabling-card/pos-sim";
import { expect } from "chai";
import { ecard, testFolder } from "./run-ecard.js";

const TRACK2 = ";9999991234567893=29111011234567890?";
/** A made-up number outside the test range. */
const STRANGER = ";4000001234567899=30121011777700000042?";

const wav = (text: string): Uint8Array => {
  const { samples, sampleRateHz } = swipeSignal({ track: 2, text, ips: 12, sampleRateHz: 48_000 });
  return encodeWav([samples], sampleRateHz);
};

describe("ecard pos inspect", () => {
  const folder = testFolder();
  const file = (name: string, bytes: Uint8Array): string => {
    const path = join(folder(), name);
    writeFileSync(path, bytes);
    return path;
  };
  const pictures = (out: string, name: string) => ({
    svg: readFileSync(join(out, `${name}.svg`), "utf8"),
    html: readFileSync(join(out, `${name}.html`), "utf8"),
  });

  it("writes an SVG and a page, named as the recording, and says where", async () => {
    const out = join(folder(), "new", "pictures");
    const { code, stdout } = await ecard(["pos", "inspect", file("good.wav", wav(TRACK2)), "--out", out]);
    expect(code).to.equal(0);
    expect(stdout).to.contain(TRACK2).and.contain(join(out, "good.html")).and.contain(join(out, "good.svg"));
    const { svg, html } = pictures(out, "good");
    expect(svg)
      .to.match(/^<svg /)
      .and.contain("waveform, cells, bits and characters");
    expect(html).to.contain("<h1>good.wav</h1>").and.contain(`<code>${TRACK2}</code>`);
  });

  it("tells a read's confidence as pos read does", async () => {
    const good = file("good.wav", wav(TRACK2));
    const { stdout } = await ecard(["pos", "inspect", good, "--out", folder()]);
    const [, said] = /, confidence (.*)\n/.exec(stdout)!;
    expect(said).to.match(/^(over )?1 - 1?[0-9]e-[0-9]+$/);
    expect(pictures(folder(), "good").html).to.contain(`<td>${said}</td>`);
    expect((await ecard(["pos", "read", good])).stdout).to.contain(`, confidence ${said}\n`);
  });

  it("into a folder that exists writes again", async () => {
    const good = file("good.wav", wav(TRACK2));
    for (let i = 0; i < 2; i++) expect((await ecard(["pos", "inspect", good, "--out", folder()])).code).to.equal(0);
  });

  it("--json prints the facts of pos read --verbose, and the paths", async () => {
    const good = file("good.wav", wav(TRACK2));
    const { code, facts, stderr } = await ecard(["pos", "inspect", good, "--out", folder(), "--json"]);
    expect(code).to.equal(0);
    expect(stderr).to.equal("");
    const [read] = (await ecard(["pos", "read", good, "--json", "--verbose"])).facts();
    expect(facts()).to.deep.equal([{ ...read, svg: join(folder(), "good.svg"), html: join(folder(), "good.html") }]);
  });

  it("of what could not be read says why, and ends with 1; the pictures are there", async () => {
    const { samples, sampleRateHz } = synthesise(2, { dropouts: { count: 2, cells: 10 } });
    const path = file("scratch.wav", encodeWav([samples], sampleRateHz));
    const { code, stdout } = await ecard(["pos", "inspect", path, "--out", folder()]);
    expect(code).to.equal(1);
    expect(stdout).to.contain("[LOST_SYNC]").and.contain("no pulse for");
    expect(pictures(folder(), "scratch").html).to.contain("LOST_SYNC");
  });

  it("of what is no recording writes nothing, and ends with 1", async () => {
    const out = join(folder(), "untouched");
    for (const [path, expected] of [
      [file("text.wav", Buffer.from("this is no recording, whatever its name says")), "WAV_NOT_WAV"],
      ["/no/such.wav", "WAV_UNREADABLE"],
    ] as const) {
      const { code, facts } = await ecard(["pos", "inspect", path, "--out", out, "--json"]);
      expect(code).to.equal(1);
      expect(facts()[0]).to.deep.include({ reads: [], svg: null, html: null });
      expect(facts()[0]!.diagnosis).to.include({ code: expected });
      expect(existsSync(out)).to.equal(false);
    }
  });

  it("refuses a folder that cannot be made, before it reads", async () => {
    const good = file("good.wav", wav(TRACK2));
    for (const out of ["", join(good, "below")]) {
      const { code, stderr, stdout } = await ecard(["pos", "inspect", good, "--out", out]);
      expect(code).to.equal(3);
      expect(stderr).to.include("[FOLDER_FAILED]");
      expect(stdout).to.equal("");
    }
  });

  it("takes standard input as -", async () => {
    const { code, facts } = await ecard(["pos", "inspect", "-", "--out", folder(), "--json"], { stdin: wav(TRACK2) });
    expect(code).to.equal(0);
    expect(facts()[0]).to.include({ file: "-", html: join(folder(), "stdin.html") });
    expect(pictures(folder(), "stdin").html).to.include("<h1>standard input</h1>");
  });

  it("reads only the track asked for", async () => {
    const good = file("good.wav", wav(TRACK2));
    const { code, facts } = await ecard(["pos", "inspect", good, "--track", "1", "--out", folder(), "--json"]);
    expect(code).to.equal(1);
    expect(facts()[0]!.diagnosis).to.include({ code: "OTHER_TRACK" });
  });

  it("shows no number outside the test range, in no output and in no file", async () => {
    const path = file("stranger.wav", wav(STRANGER));
    const out: string[] = [];
    for (const options of [[], ["--json"], ["-v"], ["--track", "1"], ["--track", "3"]]) {
      const { stdout, stderr } = await ecard(["pos", "inspect", path, "--out", folder(), ...options]);
      const { svg, html } = pictures(folder(), "stranger");
      out.push(stdout, stderr, svg, html);
    }
    for (const text of out) {
      expect(text).not.to.contain("1234567").and.not.to.contain("777777");
      expect(text).not.to.match(/<text[^>]*>[01]<\/text>/);
      expect(text).not.to.contain("<circle");
    }
    expect(out.join()).to.contain("400000******7899");
  });

  it("is a call that a signal ends", async () => {
    const abort = new AbortController();
    abort.abort();
    const good = file("good.wav", wav(TRACK2));
    const { code } = await ecard(["pos", "inspect", good, "--out", folder()], { signal: abort.signal });
    expect(code).to.equal(130);
  });
});

describe("ecard pos read, of the signal", () => {
  const folder = testFolder();
  const recording = (name: string, conditions: Parameters<typeof synthesise>[1], seed = 2): string => {
    const { samples, sampleRateHz } = synthesise(seed, conditions);
    const path = join(folder(), name);
    writeFileSync(path, encodeWav([samples], sampleRateHz));
    return path;
  };

  it("says in words where a read is weak", async () => {
    const path = recording("weak.wav", { jitter: { normal: 0.04 } });
    const { stdout } = await ecard(["pos", "read", path]);
    expect(stdout).to.match(/^ {4}weak: worst cell [0-9]+ % off, [0-9]+ % of a new card's limit/m);
    expect((await ecard(["pos", "read", recording("good.wav", {})])).stdout).to.not.contain("weak");
  });

  it("says of each swipe why it was not read, beside those that were, and of one alone once", async () => {
    const bad = synthesise(1, { dropouts: { count: 2, cells: 10 } }).samples;
    const both = Float32Array.of(...bad, ...new Float32Array(48_000), ...synthesise(2).samples);
    const path = join(folder(), "both.wav");
    writeFileSync(path, encodeWav([both], 48_000));
    const { code, stdout } = await ecard(["pos", "read", path]);
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/: 1 read\n/)
      .and.match(/\n {2}not read, 0\.0[0-9]+ to 0\.[0-9]+ s: .*no pulse for .*\[LOST_SYNC\]\n/);
    const [fact] = (await ecard(["pos", "read", path, "--json", "-v"])).facts();
    const [failed, ...more] = fact!.failed as Record<string, unknown>[];
    expect(more).to.deep.equal([]);
    expect(failed).to.include({ code: "LOST_SYNC", channel: 1 }).and.to.include.keys("startS", "endS", "signal");
    const [plain] = (await ecard(["pos", "read", path, "--json"])).facts();
    expect((plain!.failed as object[])[0]).to.not.have.property("signal");
    writeFileSync(path, encodeWav([bad], 48_000));
    expect((await ecard(["pos", "read", path])).stdout.match(/LOST_SYNC/g)).to.have.length(1);
  });

  it("prints the measures of a read with --verbose, and of a failure always", async () => {
    const good = recording("good.wav", { snrDb: 20 });
    const measures = (fact: Record<string, unknown>) => (fact.reads as Record<string, unknown>[])[0]!.signal;
    expect(measures((await ecard(["pos", "read", good, "--json"])).facts()[0]!)).to.equal(undefined);
    const signal = measures((await ecard(["pos", "read", good, "--json", "-v"])).facts()[0]!) as object;
    expect(signal).to.have.all.keys([
      ...["peakDb", "swingDb", "speed", "cellUs", "cellSamples", "jitter", "lowestPulsePercent", "dropouts"],
      ...["pauses", "cut", "humPercent", "wanderPercent"],
      ...["leadingZeros", "trailingZeros", "clippedPercent", "snrDb", "weaknesses"],
    ]);
    const bad = recording("bad.wav", { dropouts: { count: 2, cells: 10 } });
    const [failed] = (await ecard(["pos", "read", bad, "--json"])).facts();
    const { signal: found } = failed!.diagnosis as { signal: { dropouts: { lengthUs: number; character: number }[] } };
    expect(found.dropouts[0]!.character).to.equal(7);
    expect(found.dropouts[0]!.lengthUs).to.be.closeTo(3000, 700);
  });

  it("prints them to what a head can tell apart", async () => {
    const { stdout } = await ecard(["pos", "read", recording("good.wav", { snrDb: 20 }), "--json", "-v"]);
    const [, signal] = /"signal":(\{.*?"weaknesses")/.exec(stdout)!;
    for (const [number] of signal!.matchAll(/-?[0-9.]+(?=[,}])/g)) expect(number).to.match(/^-?[0-9]+(\.[0-9]{1,3})?$/);
  });
});
