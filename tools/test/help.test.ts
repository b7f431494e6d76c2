import { expect } from "chai";
import { descendants } from "../src/cli.js";
import { build, createContext } from "../src/index.js";
import { ecard } from "./run-ecard.js";

const program = build(createContext(new AbortController().signal));
const verbs = descendants(program).map((command) => {
  const path: string[] = [];
  for (let at: typeof command | null = command; at?.parent; at = at.parent) path.unshift(at.name());
  return path;
});

describe("help", () => {
  it("lists every command, the exit codes and the colours", async () => {
    const { stdout } = await ecard(["--help"]);
    for (const [first] of verbs) expect(stdout).to.contain(`  ${first} `);
    for (const code of [0, 1, 2, 3, 4, 5, 130]) expect(stdout).to.match(new RegExp(`^ {2}${code} +[a-z]`, "m"));
    expect(stdout).to.contain("Colours: green done, yellow refused on purpose, red failed");
  });

  it("is what ecard alone shows, as wrong use", async () => {
    const { code, stdout, stderr } = await ecard([]);
    expect(code).to.equal(2);
    expect(stdout).to.equal("");
    expect(stderr).to.contain("Commands:");
  });

  it("to a machine is an error that names it", async () => {
    for (const [line, named] of [
      ["--json", "ecard --help"],
      ["pos --json", "ecard pos --help"],
    ] as const) {
      const { code, stderr, facts } = await ecard(line.split(" "));
      expect(code).to.equal(2);
      expect(stderr).to.equal("");
      expect(facts()).to.deep.equal([{ error: { code: "WRONG_USE", message: `missing command: see ${named}` } }]);
    }
  });

  it("says how the command is called inside its repository", async () => {
    expect((await ecard(["--help"])).stdout).to.contain("npx ecard");
  });

  it("of the reader's bench says that it is a short run without options, and what gives the one that is asked for", async () => {
    const said = (await ecard(["bench", "reader", "--help"])).stdout.replaceAll(/\s+/g, " ");
    expect(said).to.contain("100 unless told, which is a short run");
    expect(said).to.contain("what is asked is asked of 1000 swipes a row, which --swipes 1000 reads");
  });

  for (const path of verbs) {
    it(`of ${path.join(" ")} has an example that the command line takes`, async () => {
      const { code, stdout } = await ecard([...path, "--help"]);
      expect(code).to.equal(0);
      const examples = [...stdout.matchAll(/^ {2}.*?\becard ([^"|>)\n]+)/gm)].map((found) => found[1]!.trim());
      expect(examples.length).to.be.greaterThan(0);
      expect(stdout, "a default as one would write it").not.to.match(/\(default:\s*[{[]/);
      expect(examples.some((line) => line.startsWith(path.join(" ")))).to.equal(true);
      for (const line of examples) {
        // Every option in an example is known: help wins over running it.
        expect((await ecard([...line.split(/\s+/), "--help"])).code, line).to.equal(0);
        const known = (await ecard([...namesOf(line), "--help"])).stdout;
        for (const option of line.match(/--[a-z-]+/g) ?? []) expect(known, line).to.contain(option);
      }
    });

    it(`of ${path.join(" ")} fits a terminal of 80 columns`, async () => {
      const { stdout } = await ecard([...path, "--help"]);
      for (const line of stdout.split("\n")) expect(line.length, line).to.be.at.most(80);
    });
  }
});

/** The words of `line` that name a command. */
function namesOf(line: string): string[] {
  const names: string[] = [];
  let command = program;
  for (const word of line.split(/\s+/)) {
    const child = command.commands.find((one) => one.name() === word);
    if (child === undefined) break;
    names.push(word);
    command = child;
  }
  return names;
}
