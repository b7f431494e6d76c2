import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { needs } from "./programs.js";
import { ecard, testFolder } from "./run-ecard.js";

const SNAPSHOTS = new URL("./snapshots/", import.meta.url);

async function scriptOf(shell: string): Promise<string> {
  const { code, stdout } = await ecard(["completion", shell]);
  expect(code).to.equal(0);
  return stdout;
}

describe("ecard completion", () => {
  const folder = testFolder();

  for (const shell of ["bash", "zsh", "fish"]) {
    // UPDATE_SNAPSHOTS=1 writes what is now; read the difference before it is committed.
    it(`for ${shell} is as it was`, async () => {
      const file = new URL(`ecard.${shell}`, SNAPSHOTS);
      const script = await scriptOf(shell);
      if (process.env.UPDATE_SNAPSHOTS === "1") {
        mkdirSync(SNAPSHOTS, { recursive: true });
        writeFileSync(file, script);
      }
      expect(script).to.equal(readFileSync(file, "utf8"));
    });
  }

  it("in bash offers commands, then their options, then what an option may be, else files", async () => {
    const script = join(folder(), "ecard.bash");
    writeFileSync(script, await scriptOf("bash"));
    writeFileSync(join(folder(), "swipe.wav"), "");
    const offered = (...words: string[]) => {
      const call = `. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ecard; echo "\${COMPREPLY[*]}"`;
      const ran = spawnSync("bash", ["-c", call, "bash", script, "ecard", ...words], {
        cwd: folder(),
        encoding: "utf8",
      });
      expect(ran.stderr).to.equal("");
      return ran.stdout.trim();
    };
    expect(offered("em")).to.equal("emulate");
    expect(offered("pos", "")).to.equal("read listen inspect synth charge");
    expect(offered("pos", "read", "--tr")).to.equal("--track");
    expect(offered("pos", "read", "sw")).to.equal("swipe.wav");
    expect(offered("emulate", "--present", "")).to.equal("now swipe");
    expect(offered("--json", "dem")).to.equal("demo");
    expect(offered("completion", "")).to.equal("bash zsh fish");
  });

  for (const shell of ["zsh", "fish"]) {
    it(`for ${shell} is a script that ${shell} can read`, async function () {
      needs(this, shell);
      const script = join(folder(), `ecard.${shell}`);
      writeFileSync(script, await scriptOf(shell));
      const { status, stderr } = spawnSync(shell, ["-n", script], { encoding: "utf8" });
      expect(stderr).to.equal("");
      expect(status).to.equal(0);
    });
  }
});
