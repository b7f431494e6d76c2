import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ecard, testFolder } from "./run-ecard.js";

describe("ecard pos synth", () => {
  const folder = testFolder();

  it("counts its recordings as a person would", async () => {
    const synth = async (count: string): Promise<string> =>
      (await ecard(["pos", "synth", "--count", count, "--out", folder()])).stdout;
    expect(await synth("1")).to.match(/^1 recording and labels\.json in /);
    expect(await synth("2")).to.match(/^2 recordings and labels\.json in /);
  });

  it("says nothing with --quiet", async () => {
    const { code, stdout, stderr } = await ecard(["pos", "synth", "--count", "1", "--out", folder(), "-q"]);
    expect([code, stdout, stderr]).to.deep.equal([0, "", ""]);
    expect(readFileSync(join(folder(), "labels.json"), "utf8")).to.include('"seed":1');
  });

  it("takes its conditions from standard input, by -", async () => {
    const out = folder();
    const stdin = Buffer.from('{"snrDb": 3, "track": 1}');
    expect((await ecard(["pos", "synth", "-", "--count", "1", "--out", out], { stdin })).code).to.equal(0);
    const { conditions, labels } = JSON.parse(readFileSync(join(out, "labels.json"), "utf8"));
    expect(conditions).to.deep.equal({ snrDb: 3, track: 1 });
    expect(labels[0].track).to.equal(1);
  });

  it("says of what is no description why, by a code, and ends with 2", async () => {
    const file = (text: string): string => {
      const path = join(folder(), "bad.json");
      writeFileSync(path, text);
      return path;
    };
    const cases: (readonly [source: string, why: string, stdin?: string])[] = [
      [folder(), "it is a folder, name a file [CONDITIONS_UNREADABLE]"],
      ["-", "on standard input cannot be read: it is empty, write {} for a clean swipe [CONDITIONS_UNREADABLE]", ""],
      ["-", "on standard input cannot be read: it is not JSON, it ends too early [CONDITIONS_UNREADABLE]", '{"snrDb":'],
      ["-", "it has more than 65536 octets [CONDITIONS_UNREADABLE]", " ".repeat(70_000)],
      [file('{"track": 2,\n "snrDb": 3,}'), "it is not JSON from line 2, column 13 on [CONDITIONS_UNREADABLE]"],
    ];
    for (const [source, why, stdin = ""] of cases) {
      const given = { stdin: Buffer.from(stdin) };
      const { code, stdout, stderr } = await ecard(["pos", "synth", source, "--out", folder()], given);
      expect([code, stdout]).to.deep.equal([2, ""]);
      expect(stderr.endsWith(`${why}\n`), stderr).to.equal(true);
    }
  });
});
