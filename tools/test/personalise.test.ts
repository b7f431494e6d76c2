import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { randomSeeds } from "@enabling-card/issuer";
import { decodePairingCode, toBase32 } from "@enabling-card/wire";
import { expect } from "chai";
import decodeQR from "qr/decode.js";
import { ecard, testFolder } from "./run-ecard.js";

/** Pixels of a greyscale PNG of one bit a pixel, as RGB. A reader of its own: it shares nothing with png.ts. */
function pixelsOf(png: Buffer): { width: number; height: number; data: Uint8Array } {
  expect(png.subarray(0, 8).toString("latin1")).to.equal("\x89PNG\r\n\x1a\n");
  const parts = new Map<string, Buffer>();
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    parts.set(png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const header = parts.get("IHDR")!;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  expect([...header.subarray(8)]).to.deep.equal([1, 0, 0, 0, 0]);
  const rows = inflateSync(parts.get("IDAT")!);
  const stride = 1 + Math.ceil(width / 8);
  expect(rows.length).to.equal(stride * height);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const white = (rows[y * stride + 1 + (x >> 3)]! >> (7 - (x & 7))) & 1;
    data.fill(white ? 255 : 0, 3 * i, 3 * i + 3);
  }
  return { width, height, data };
}

const snapshot = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "base64")]));

describe("ecard personalise", () => {
  const root = testFolder();
  const personalise = (dir: string, ...more: string[]) => ecard(["personalise", "--dir", join(root(), dir), ...more]);

  it("writes flash and sheet, for their owner's eyes, and prints no secret unless asked", async () => {
    const { code, stdout } = await personalise("one");
    expect(code).to.equal(0);
    expect(readdirSync(join(root(), "one")).sort()).to.deep.equal([
      "card.flash",
      "maker-root.txt",
      "pairing-code.png",
      "pairing-code.txt",
    ]);
    for (const name of readdirSync(join(root(), "one"))) {
      expect(statSync(join(root(), "one", name)).mode & 0o777, name).to.equal(0o600);
    }
    expect(statSync(join(root(), "one")).mode & 0o077).to.equal(0);
    const sheet = readFileSync(join(root(), "one/pairing-code.txt"), "utf8").trim();
    expect(stdout).to.match(/^card [A-Z2-7]{26}, class test, locked\nmaker root [0-9a-f]{64}\n/);
    expect(stdout).to.contain(`maker root ${readFileSync(join(root(), "one/maker-root.txt"), "utf8")}`);
    expect(stdout).not.to.contain(sheet);
    expect(stdout).to.contain(toBase32(decodePairingCode(sheet).cardId));
  });

  it("draws a QR code that a scanner reads as the sheet's text", async () => {
    await personalise("scanned");
    const text = readFileSync(join(root(), "scanned/pairing-code.txt"), "utf8").trim();
    const image = pixelsOf(readFileSync(join(root(), "scanned/pairing-code.png")));
    expect(image.width).to.equal(image.height);
    expect(decodeQR(image, { timeLimit: 5_000 })).to.equal(text);
  });

  it("tells the code where it is asked to, with --quiet and --json too", async () => {
    const shown = await personalise("shown", "--show-code");
    const quiet = await personalise("quiet", "--show-code", "--quiet");
    const json = await personalise("json", "--show-code", "--json");
    const sheet = (dir: string) => readFileSync(join(root(), dir, "pairing-code.txt"), "utf8").trim();
    expect(shown.stdout).to.contain(sheet("shown"));
    expect(quiet.stdout.trim().split("\n")[1]).to.equal(sheet("quiet"));
    expect(json.facts()[0]).to.have.all.keys("cardId", "cardClass", "makerRoot", "files", "pairingCode");
    expect(json.facts()[0]!.pairingCode).to.equal(sheet("json"));
  });

  it("draws the code on a terminal so that a camera reads it, and without colours in a pipe", async () => {
    const { stdout } = await personalise("drawn", "--show-code");
    expect(stdout).not.to.contain("\x1b");
    const lines = stdout.split("\n").filter((line) => /^[█▀▄ ]{20,}$/.test(line));
    const light = lines.flatMap((line) => {
      const halves = [...line];
      return [halves.map((half) => half === "█" || half === "▀"), halves.map((half) => half === "█" || half === "▄")];
    });
    const scale = 6;
    const [width, height] = [light[0]!.length * scale, light.length * scale];
    const data = new Uint8Array(width * height * 3);
    for (let i = 0; i < width * height; i++) {
      const lit = light[Math.floor(Math.floor(i / width) / scale)]![Math.floor((i % width) / scale)];
      data.fill(lit ? 255 : 0, 3 * i, 3 * i + 3);
    }
    const text = readFileSync(join(root(), "drawn/pairing-code.txt"), "utf8").trim();
    expect(decodeQR({ width, height, data }, { timeLimit: 5_000 })).to.equal(text);
    const onTerminal = await ecard(["personalise", "--dir", join(root(), "lit"), "--show-code"], { tty: true });
    expect(onTerminal.stdout).to.contain("\x1b[97;40m");
  });

  it("refuses a folder that holds a card, and changes nothing in it", async () => {
    await personalise("twice");
    const before = snapshot(join(root(), "twice"));
    const { code, stderr } = await personalise("twice");
    expect(code).to.equal(1);
    expect(stderr).to.contain("[CARD_EXISTS]");
    expect(snapshot(join(root(), "twice"))).to.deep.equal(before);
  });

  it("leaves no card behind where its sheet could not be written", async () => {
    mkdirSync(join(root(), "blocked/pairing-code.png"), { recursive: true });
    const { code } = await personalise("blocked");
    expect(code).not.to.equal(0);
    expect(readdirSync(join(root(), "blocked"))).not.to.include("card.flash");
  });

  it("does not trust a wider mode that an old sheet left behind", async () => {
    mkdirSync(join(root(), "old"));
    writeFileSync(join(root(), "old/pairing-code.txt"), "old", { mode: 0o644 });
    await personalise("old");
    expect(statSync(join(root(), "old/pairing-code.txt")).mode & 0o777).to.equal(0o600);
  });

  const refused: readonly (readonly [what: string, args: readonly string[], code: string, exit: number])[] = [
    ["a production card without keys", ["--class", "production"], "PRODUCTION_NEEDS_KEYS", 2],
    ["sample keys and a range outside the test space", ["--iin", "400000"], "SAMPLE_KEYS_TEST_IIN", 2],
    ["a truncated key file", ["--keys", "short.bin"], "KEYS_INVALID", 2],
    ["a key file that is too long", ["--keys", "long.bin"], "KEYS_INVALID", 2],
    ["a key file without an end", ["--keys", "/dev/zero"], "KEYS_INVALID", 2],
    ["a key file that is not there", ["--keys", "none.bin"], "KEYS_INVALID", 2],
    ["a range that is none", ["--keys", "own.bin", "--iin", "12ab"], "WRONG_USE", 2],
    ["a range that is no number", ["--iin", "abc"], "WRONG_USE", 2],
    ["a place that is a file", ["--dir", "own.bin"], "", 3],
  ];
  for (const [what, args, code, exit] of refused) {
    it(`refuses ${what}, and makes nothing`, async () => {
      writeFileSync(join(root(), "own.bin"), randomSeeds());
      writeFileSync(join(root(), "short.bin"), randomSeeds().subarray(0, 159));
      writeFileSync(join(root(), "long.bin"), Buffer.concat([randomSeeds(), Buffer.of(0)]));
      const placed = args.map((arg) => (arg.endsWith(".bin") ? join(root(), arg) : arg));
      const ran = await personalise("refused", ...placed);
      expect(ran.code).to.equal(exit);
      expect(ran.stderr).to.match(/^ecard: [^\n]+ \[[A-Z0-9_]+\]\n$/);
      if (code !== "") expect(ran.stderr).to.contain(`[${code}]`);
      expect(readdirSync(root())).not.to.include("refused");
    });
  }

  it("makes a production card with keys of one's own, for ranges of one's own", async () => {
    writeFileSync(join(root(), "own.bin"), randomSeeds());
    const { code, facts } = await personalise(
      "production",
      ...["--class", "production", "--keys", join(root(), "own.bin"), "--iin", "999999", "--json"],
    );
    expect(code).to.equal(0);
    expect(facts()[0]).to.include({ cardClass: "production" });
  });
});
