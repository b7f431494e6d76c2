// What the demonstration and its neighbours write, opened by programs that share nothing with this project.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type DemoResult, runDemo } from "../src/index.js";
import { needs } from "./programs.js";
import { ecard, testFolder } from "./run-ecard.js";

function program(name: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(name, args, { encoding: "utf8", timeout: 30_000 });
  if (error) throw error;
  expect(status, stderr).to.equal(0);
  return stdout;
}

describe("files of the demonstration in other programs", () => {
  const folder = testFolder();
  let demo: DemoResult;
  before(async () => {
    demo = await runDemo({ out: folder() });
  });

  it("swipe.wav in sox: its rate, its channel, its length; there is a signal in it", function () {
    needs(this, "sox");
    const file = join(folder(), "swipe.wav");
    expect(program("sox", "--i", "-r", file).trim()).to.equal("48000");
    expect(program("sox", "--i", "-c", file).trim()).to.equal("1");
    expect(program("sox", "--i", "-b", file).trim()).to.equal("16");
    const seconds = Number(program("sox", "--i", "-D", file));
    const sent = demo.emission.seconds;
    expect(seconds).to.be.within(sent - 0.3, sent + 0.3);
    const { stderr } = spawnSync("sox", [file, "-n", "stat"], { encoding: "utf8" });
    expect(Number(/Maximum amplitude: +([0-9.]+)/.exec(stderr)![1])).to.be.within(0.3, 1);
  });

  it("swipe.wav resampled by sox to other rates and forms is still read", async function () {
    needs(this, "sox");
    const file = join(folder(), "swipe.wav");
    const forms: readonly (readonly string[])[] = [
      ["-r", "44100"],
      ["-r", "96000", "-b", "24"],
      ["-e", "floating-point", "-b", "32"],
      ["-c", "2"],
      ["-b", "8"],
    ];
    for (const [i, form] of forms.entries()) {
      const other = join(folder(), `other${i}.wav`);
      program("sox", file, ...form, other);
      const { code, facts } = await ecard(["pos", "read", other, "--json"]);
      expect(code, form.join(" ")).to.equal(0);
      expect((facts()[0]!.reads as object[]).length, form.join(" ")).to.equal(demo.tracks.length);
    }
  });

  it("swipe.wav as raw samples of every format by sox is heard by pos listen", async function () {
    needs(this, "sox");
    const file = join(folder(), "swipe.wav");
    const raw = join(folder(), "swipe.raw");
    for (const [format, channels, rate, ...form] of [
      ["u8", "1", "48000", "-e", "unsigned-integer", "-b", "8"],
      ["s16le", "1", "44100", "-e", "signed-integer", "-b", "16"],
      ["s24le", "1", "48000", "-e", "signed-integer", "-b", "24"],
      ["s32le", "2", "48000", "-e", "signed-integer", "-b", "32"],
      ["f32le", "1", "96000", "-e", "floating-point", "-b", "32"],
    ] as const) {
      program("sox", file, "-t", "raw", "-L", "-c", channels, "-r", rate, ...form, raw);
      const { code, facts } = await ecard([
        ...["pos", "listen", raw, "--json", "--format", format, "--channels", channels, "--rate", rate],
      ]);
      expect(code, format).to.equal(0);
      expect(facts().at(-1), format).to.include({ event: "end", reads: demo.tracks.length });
      expect(facts().at(-1)!.seconds, format).to.be.closeTo((readFileSync(file).length - 44) / 2 / 48_000, 0.001);
    }
  });

  it("swipe.vcd in sigrok-cli: the coil's edges, one change of level each", function () {
    needs(this, "sigrok-cli");
    const file = join(folder(), "swipe.vcd");
    const values = readFileSync(file, "utf8").match(/^[01]!$/gm)!;
    const changes = values.filter((value, i) => i > 0 && value !== values[i - 1]).length;
    expect(changes).to.be.greaterThan(1000);
    expect(program("sigrok-cli", "-I", "vcd", "-i", file, "--show")).to.match(/coil: logic/);
    // The file counts nanoseconds; a sample every 10 us as text: every edge must still be there.
    const bits = program(
      "sigrok-cli",
      ...["-I", "vcd:downsample=10000", "-i", file, "-C", "coil", "-O", "bits:width=0"],
    )
      .split("\n")
      .filter((line) => line.startsWith("coil:"))
      .map((line) => line.slice("coil:".length).replaceAll(/[^01]/g, ""))
      .join("");
    let edges = 0;
    for (let i = 1; i < bits.length; i++) if (bits[i] !== bits[i - 1]) edges++;
    expect(edges).to.be.within(changes - 2, changes); // the edges at the very first and last instant
  });

  it("swipe.sr in sigrok-cli: every edge at its microsecond, and the emission's end", function () {
    needs(this, "sigrok-cli");
    const written = readFileSync(join(folder(), "swipe.vcd"), "utf8");
    const file = join(folder(), "swipe.sr");
    expect(program("sigrok-cli", "-i", file, "--show")).to.match(
      /Samplerate: 1000000\n(.*\n)*- coil: logic\n- active: logic/,
    );
    for (const [channel, wire] of [
      ["coil", "!"],
      ["active", "#"],
    ] as const) {
      const printed = program("sigrok-cli", "-i", file, "-C", channel, "-O", "bits:width=0");
      const bits = printed.split(`${channel}:`).slice(1).join("").replaceAll(/[^01]/g, "");
      const read: string[] = [];
      for (let i = 0; i < bits.length; i++) if (bits[i] !== (bits[i - 1] ?? "0")) read.push(`${i} ${bits[i]}`);
      expect(read.length).to.be.greaterThan(channel === "coil" ? 1000 : 1);
      expect(read).to.deep.equal(changesOf(written, wire));
    }
  });

  it("a made-up swipe as .sr in sigrok-cli: the samples of its WAV, to the last bit of that", async function () {
    needs(this, "sigrok-cli");
    const out = join(folder(), "synth");
    for (const format of ["wav", "sr", "csv", "vcd", "svg"]) {
      expect((await ecard(["pos", "synth", "--count", "1", "--format", format, "--out", out])).code).to.equal(0);
    }
    const file = join(out, "swipe-1.sr");
    expect(program("sigrok-cli", "-i", file, "--show")).to.match(/Samplerate: 48000\n(.*\n)*- head: analog/);
    const values = program("sigrok-cli", "-i", file, "-O", "csv")
      .split("\n")
      .filter((line) => /^-?[0-9.e+-]+$/.test(line))
      .map(Number);
    const vcd = program("sigrok-cli", "-I", "vcd", "-i", join(out, "swipe-1.vcd"), "--show");
    expect(vcd).to.match(/- flux: logic/);
    expect(readFileSync(join(out, "swipe-1.svg"), "utf8")).to.match(/^<svg /);
    const wav = readFileSync(join(out, "swipe-1.wav"));
    expect(values)
      .to.have.length((wav.length - 44) / 2)
      .and.to.be.greaterThan(1000);
    values.forEach((value, i) => {
      const sample = wav.readInt16LE(44 + 2 * i) / 0x8000;
      if (!(Math.abs(value - sample) < 1e-4)) throw new Error(`sample ${i} is ${value}, and ${sample} in the WAV`);
    });
    expect(readFileSync(join(out, "swipe-1.csv"), "utf8").trimEnd().split("\n")).to.have.length(values.length + 1);
  });
});

/** `microsecond level` of each change of a wire that begins low. */
function changesOf(vcd: string, wire: string): string[] {
  let us = 0;
  let level = "0";
  const changes: string[] = [];
  for (const line of vcd.slice(vcd.lastIndexOf("$end")).split("\n")) {
    if (line.startsWith("#")) us = Math.round(Number(line.slice(1)) / 1000);
    else if (line.endsWith(wire) && line[0] !== level) {
      level = line[0]!;
      changes.push(`${us} ${level}`);
    }
  }
  return changes;
}
