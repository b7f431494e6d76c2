// --json on every verb: JSON Lines of the documented shape on stdout, and nothing else, on either stream.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeWav, swipeSignal, synthesise } from "@enabling-card/pos-sim";
import { expect } from "chai";
import { descendants } from "../src/cli.js";
import { build, createContext } from "../src/index.js";
import { networkVerbs } from "./json-network.js";
import { phoneVerbs } from "./json-phone.js";
import {
  AIR,
  BUILT,
  CARD,
  CHARGED,
  CHECK,
  CYCLES,
  check,
  DEBUGGED,
  FIELDS_OF_VERBS,
  FLASH_PROGRESS,
  FLASHED,
  FLASHING,
  HEARD,
  HEARD_ALL,
  HEARD_FAILED,
  INSPECTED,
  ISSUER,
  JOURNEY,
  KEY,
  LABEL,
  LENGTH,
  LISTENING,
  LISTENING_TO,
  LOG_FRAME,
  LOGGED,
  MCU,
  NETWORK,
  PAGE,
  PAYMENT,
  PERHAPS,
  PLAYED,
  READER,
  READING,
  SCENARIO,
  SERIAL_PORT,
  SIGNED,
  STEP,
  TLV,
  TRACE,
  UPLOAD,
  VERIFIED,
} from "./json-shapes.js";
import { ecard, testFolder } from "./run-ecard.js";

const MCU_IMAGE = fileURLToPath(new URL("../../build/mcu/an386/card.elf", import.meta.url));
const SCENARIO_FILE = fileURLToPath(new URL("../../emulator/scenarios/swipe-twice-pressed.json", import.meta.url));

/** The line that makes an unsigned image, `name`, of a few octets. */
function buildLine(folder: string, name: string): string[] {
  // Stack and beginning of a program that has two octets behind its vector table.
  writeFileSync(join(folder, "program.bin"), Buffer.from("00c00020090401210000", "hex"));
  const what = ["--board", "an386", "--version", "1.2.3+4", "--counter", "7"];
  return ["image", "build", "--json", join(folder, "program.bin"), ...what, "--out", join(folder, name)];
}

/** An unsigned image and a key of the same name. */
async function imageIn(folder: string, name: string): Promise<void> {
  await ecard(buildLine(folder, `${name}.img`));
  await ecard(["image", "key", "--out", join(folder, `${name}.pem`)]);
}

function imageFiles(folder: string, name: string, key: string): string[] {
  return [join(folder, `${name}.img`), "--key", join(folder, `${name}.${key}`)];
}

describe("--json", () => {
  const folder = testFolder();
  const lines = async (args: readonly string[], signal?: AbortSignal, onOut?: (text: string) => void) => {
    const { stderr, facts } = await ecard(args, { ...(signal && { signal }), ...(onOut && { onOut }), tty: true });
    expect(stderr).to.equal("");
    return facts();
  };

  const verbs: Readonly<Record<string, () => Promise<void>>> = {
    async demo() {
      const all = await lines(["demo", "--out", join(folder(), "demo"), "--trace", "--json"]);
      for (const line of all.slice(0, -1)) check(line, "trace" in line ? TRACE : STEP);
      check(all.at(-1)!, JOURNEY);
    },
    async emulate() {
      const played = await lines(["emulate", "--scenario", SCENARIO_FILE, "--json"]);
      for (const line of played.slice(0, -1)) check(line, PLAYED);
      check(played.at(-1)!, SCENARIO);
      const abort = new AbortController();
      const [listening, ...trace] = await lines(["emulate", "--json", "--show-code"], abort.signal, () =>
        abort.abort(),
      );
      check(listening!, LISTENING);
      for (const line of trace) check(line, TRACE);
    },
    async debug() {
      if (!existsSync(MCU_IMAGE)) return;
      const abort = new AbortController();
      const line = ["debug", "--json", "--show-code", "--gdb", "47117"];
      const [waiting] = await lines(line, abort.signal, () => abort.abort());
      check(waiting!, DEBUGGED);
    },
    async flash() {
      if (!existsSync(MCU_IMAGE)) return;
      const image = MCU_IMAGE.replace(/elf$/, "img");
      const all = await lines(["flash", image, "--device", "qemu", "--json"]);
      for (const line of all.slice(0, -1)) check(line, "progress" in line ? FLASH_PROGRESS : FLASHING);
      check(all.at(-1)!, FLASHED);
    },
    async flasher() {
      const [page] = await lines(["flasher", "--json", "--out", join(folder(), "flasher.html")]);
      check(page!, PAGE);
    },
    async serial() {
      for (const line of await lines(["serial", "--json"])) if (!("error" in line)) check(line, SERIAL_PORT);
    },
    async logs() {
      if (!existsSync(MCU_IMAGE)) return;
      const all = await lines(["logs", "--device", "qemu", "--once", "--raw", "--json"]);
      expect(all.length).to.be.greaterThan(1);
      for (const line of all) check(line, "frame" in line ? LOG_FRAME : LOGGED);
    },
    async personalise() {
      const all = await lines(["--json", "personalise", "--dir", join(folder(), "card")]);
      expect(all).to.have.length(1);
      check(all[0]!, CARD);
    },
    async issuer() {
      const abort = new AbortController();
      const line = ["issuer", "--json", "--http", "0", "--iso", "0"];
      const [listening] = await lines(line, abort.signal, () => abort.abort());
      check(listening!, ISSUER);
    },
    ...networkVerbs(folder, lines),
    async "pos charge"() {
      const { samples, sampleRateHz } = swipeSignal({
        track: 2,
        text: ";9999991234567893=49122011000000000000?",
        ips: 10,
      });
      writeFileSync(join(folder(), "chip.wav"), encodeWav([samples], sampleRateHz));
      const [refused] = await lines(["pos", "charge", join(folder(), "chip.wav"), "--amount", "1", "--json"]);
      check(refused!, CHARGED);
    },
    ...phoneVerbs(folder),
    async "pos read"() {
      const { samples, sampleRateHz } = swipeSignal({ track: 2, text: ";9999991234567893=2911101?", ips: 10 });
      writeFileSync(join(folder(), "swipe.wav"), encodeWav([samples], sampleRateHz));
      const all = await lines(["pos", "read", "--json", join(folder(), "swipe.wav"), join(folder(), "none.wav")]);
      expect(all.map((line) => Object.keys(line))).to.deep.equal([
        ["file", "reads", "failed", "diagnosis"],
        ["file", "reads", "failed", "diagnosis"],
      ]);
    },
    async "pos inspect"() {
      const { samples, sampleRateHz } = swipeSignal({ track: 2, text: ";9999991234567893=2911101?", ips: 10 });
      writeFileSync(join(folder(), "swipe.wav"), encodeWav([samples], sampleRateHz));
      const out = join(folder(), "pictures");
      const all = await lines(["pos", "inspect", join(folder(), "swipe.wav"), "--out", out, "--json"]);
      expect(all.map((line) => Object.keys(line))).to.deep.equal([
        ["file", "reads", "failed", "diagnosis", "svg", "html"],
      ]);
    },
    async "pos listen"() {
      const heard = async (snrDb: number) => {
        const file = join(folder(), "swipe.raw");
        writeFileSync(file, Buffer.concat([Buffer.from(synthesise(2, { snrDb }).samples.buffer), Buffer.of(0)]));
        return lines(["pos", "listen", "--json", "--format", "f32le", file]);
      };
      const shapes = (await heard(10)).entries();
      for (const [i, line] of shapes) check(line, [LISTENING_TO, HEARD, HEARD_ALL][i]!);
      const unsure = (await heard(-2)).entries();
      for (const [i, line] of unsure) check(line, [LISTENING_TO, PERHAPS, HEARD_FAILED, HEARD_ALL][i]!);
    },
    async doctor() {
      const all = await lines(["doctor", "--json"]);
      for (const line of all) check(line, CHECK);
    },
    async bench() {
      const [payment, ...readers] = await lines(["bench", "--json", "--runs", "1", "--seconds", "1"]);
      check(payment!, PAYMENT);
      expect(readers).to.have.length(13);
      for (const line of readers) check(line, READER);
    },
    async "bench reader"() {
      const all = await lines(["bench", "reader", "--json", "--swipes", "2", "--only", "white noise 20"]);
      expect(all).to.have.length(1);
      check(all[0]!, READING);
      expect(all[0]).to.include({ valid: 100, first: 100, wrong: 0, reached: true });
      const two = ["bench", "reader", "--json", "--swipes", "1", "--only", "clean", "--only", "50 ips"];
      expect((await lines(two)).map(({ row }) => row)).to.deep.equal(["clean", "50 ips"]);
      const short = ["bench", "reader", "--json", "--swipes", "1", "--seed", "1", "--only", "jitter 12 %"];
      const codes = [await ecard(short), await ecard([...short, "--check"])].map(({ code, facts }) => [
        code,
        facts().at(-1)!.reached,
      ]);
      expect(codes).to.deep.equal([
        [0, false],
        [1, false],
      ]);
      const long = await lines(["bench", "reader", "--long", "--json", "--swipes", "12", "--sounds", "1"]);
      expect(long.map(({ what }) => what)).to.deep.equal(["drawn", "swipes", "sounds"]);
      expect(long[0]!.valid).to.have.length(6);
      expect(long[1]).to.include({ swipes: 12, wrong: 0 });
      const decades = long[1]!.decades as { swipes: number; wrong: number }[];
      expect(decades.reduce((sum, { swipes }) => sum + swipes, 0)).to.be.within(7, 12);
      expect(long[2]).to.include({ recordings: 1, seconds: 10, wrong: 0 });
      const { stdout } = await ecard(["bench", "reader", "--long", "--swipes", "12", "--sounds", "1"]);
      expect(stdout).to.match(/\n1 recording of 10 s without a swipe: 0 reads\n/);
    },
    async "bench length"() {
      const all = await lines(["bench", "length", "--json", "--longest", "60"]);
      for (const line of all) check(line, LENGTH);
      expect(all.map(({ seconds, reads }) => [seconds, reads])).to.deep.equal([
        [1, 1],
        [10, 3],
        [60, 18],
      ]);
      // Of one minute no more is left than of a second, but for what the engine learns.
      const held = all.map(({ heapOctets, externalOctets }) => Number(heapOctets) + Number(externalOctets));
      expect(held[2]).to.be.lessThan(held[0]! + 4e6);
    },
    async "bench network"() {
      const asked = ["bench", "network", "--json", "--rate", "50", "--seconds", "1", "--tokens", "20"];
      const [line, ...more] = await lines(asked);
      check(line!, NETWORK);
      expect(more).to.have.length(0);
      expect(line).to.include({ engine: "sqlite", tokens: 20, asked: 50, approved: 50 });
    },
    async "bench bluetooth"() {
      const [air, upload, cycles] = await lines(["bench", "bluetooth", "--cycles", "3", "--json"]);
      check(air!, AIR);
      check(upload!, UPLOAD);
      const { rate, model, intervalMs } = upload!.upload as { rate: number; model: number; intervalMs: number };
      expect([intervalMs, model], "six writes of 244 octets each 15 ms").to.deep.equal([15, 97_600]);
      expect(rate / model).to.be.within(0.85, 1);
      check(cycles!, CYCLES);
      expect(cycles).to.include({ cycles: 3, violations: 0 });
      const steps = air!.steps as { step: string; intervals: number; floor: number }[];
      expect(steps.map(({ step }) => step)).to.deep.equal(["MTU", "services", "subscribe", "open", "load", "present"]);
      // An exchange takes two intervals at most, and a load those that its packets fill.
      for (const { step, intervals, floor } of steps) {
        if (step !== "services") expect(intervals, step).to.be.within(0, floor + 1);
      }
    },
    async "bench mcu"() {
      // Its image is not built where its tools are not to be had.
      if (!existsSync(MCU_IMAGE)) return;
      const [measured] = await lines(["bench", "mcu", "--json"]);
      check(measured!, MCU);
    },
    async "pos synth"() {
      const conditions = join(folder(), "conditions.json");
      writeFileSync(conditions, JSON.stringify({ snrDb: 10, repeats: { count: 2, cellUs: [300, 240] } }));
      const out = join(folder(), "corpus");
      const all = await lines(["pos", "synth", conditions, "--count", "3", "--out", out, "--json"]);
      expect(all).to.have.length(3);
      for (const line of all) check(line, LABEL);
      expect(all[0]!.swipes).to.have.length(2);
      expect((all[0]!.swipes as object[])[0]).to.have.all.keys("direction", "startS", "endS");
      const { labels } = JSON.parse(readFileSync(join(out, "labels.json"), "utf8"));
      expect(labels).to.have.length(3);
      expect(labels[2].swipes[1].cellsS).to.have.length(25 + 200 + 25 + 1);
      const starts = labels[2].swipes.map(({ cellsS }: { cellsS: number[] }) => cellsS[1]! - cellsS[0]!);
      expect(starts[0]).to.be.closeTo(300e-6, 1e-6);
      expect(starts[1]).to.be.closeTo(240e-6, 1e-6);
      expect(labels[2]).to.include({ file: all[2]!.file, text: all[2]!.text });
      const read = await lines(["pos", "read", "--json", ...all.map(({ file }) => join(out, String(file)))]);
      const texts = read.map(({ reads }) => (reads as { data: string }[]).map(({ data }) => data));
      expect(texts).to.deep.equal(all.map(({ text }) => [text, text]));
    },
    async "image key"() {
      const all = await lines(["image", "key", "--json", "--out", join(folder(), "keys/new.pem")]);
      expect(all).to.have.length(1);
      check(all[0]!, KEY);
    },
    async "image build"() {
      const all = await lines(buildLine(folder(), "built.img"));
      expect(all).to.have.length(1);
      check(all[0]!, BUILT);
    },
    async "image sign"() {
      await imageIn(folder(), "signed");
      const all = await lines(["image", "sign", "--json", ...imageFiles(folder(), "signed", "pem")]);
      expect(all).to.have.length(1);
      check(all[0]!, SIGNED);
    },
    async "image verify"() {
      await imageIn(folder(), "verified");
      const args = ["image", "verify", "--json", ...imageFiles(folder(), "verified", "pub.pem")];
      expect(await lines(args)).to.deep.equal([
        { error: { code: "IMAGE_UNSIGNED", message: "The image is not signed: sign it with ecard image sign" } },
      ]);
      await ecard(["image", "sign", ...imageFiles(folder(), "verified", "pem")]);
      const all = await lines(args);
      expect(all).to.have.length(1);
      check(all[0]!, VERIFIED);
    },
    async "image inspect"() {
      await imageIn(folder(), "inspected");
      const files = imageFiles(folder(), "inspected", "pub.pem");
      const unsigned = await lines(["image", "inspect", "--json", files[0]!]);
      const [withKey] = await lines(["image", "inspect", "--json", ...files]);
      await ecard(["image", "sign", ...imageFiles(folder(), "inspected", "pem")]);
      const [signed] = await lines(["image", "inspect", "--json", ...files]);
      for (const line of [unsigned[0]!, withKey!, signed!]) {
        check(line, INSPECTED);
        for (const tlv of line.tlvs as Record<string, unknown>[]) check(tlv, TLV);
      }
      expect(withKey!.key).to.include({ root: "development", refusal: "IMAGE_UNSIGNED" });
      expect(signed!.key).to.include({ root: "development", refusal: null });
    },
    async completion() {
      const all = await lines(["completion", "fish", "--json"]);
      expect(all).to.have.length(1);
      check(all[0]!, { shell: "string", script: "string" });
    },
  };

  for (const [verb, test] of Object.entries(verbs))
    it(`of ecard ${verb} is JSON Lines of the documented shape`, test).timeout(240_000);

  it("is tried on every verb that there is", () => {
    const leaves = descendants(build(createContext(new AbortController().signal))).filter(
      (command) => command.commands.length === 0 || command.name() === "bench", // which does something by itself too
    );
    const names = leaves.map((leaf) =>
      leaf.parent?.name() === "ecard" ? leaf.name() : `${leaf.parent?.name()} ${leaf.name()}`,
    );
    expect(Object.keys(verbs).sort()).to.deep.equal(names.sort());
  });

  it("and its fields are in the help of its verb", async () => {
    for (const [verb, shape] of FIELDS_OF_VERBS) {
      const { stdout } = await ecard([...verb.split(" "), "--help"]);
      for (const name of Object.keys(shape)) expect(stdout, verb).to.contain(`"${name.replace("?", "")}"`);
    }
  });
});
