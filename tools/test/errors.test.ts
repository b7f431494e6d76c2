import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ACS_ERRORS, AcsError, type AcsErrorCode } from "@enabling-card/acs";
import { ISSUER_ERRORS, IssuerError, type IssuerErrorCode } from "@enabling-card/issuer";
import { PROCESSOR_ERRORS, ProcessorError, type ProcessorErrorCode } from "@enabling-card/processor";
import { SDK_ERROR_CODES } from "@enabling-card/sdk";
import { IMAGE_ERROR_CODES, STATUS_CODES } from "@enabling-card/wire";
import { expect } from "chai";
import { Output } from "../src/index.js";
import { ecard, testFolder } from "./run-ecard.js";

function printed(error: unknown, options: { json?: boolean; tty?: boolean; verbose?: boolean } = {}) {
  const out = { stdout: "", stderr: "" };
  const sink = (name: "stdout" | "stderr") => ({
    isTTY: options.tty ?? false,
    write(text: string) {
      out[name] += text;
    },
  });
  new Output({ ...options, streams: { stdout: sink("stdout"), stderr: sink("stderr") }, env: {} }).error(error);
  return out;
}

describe("an error on the command line", () => {
  const folder = testFolder();

  it("is one line: what, what next, code", async () => {
    const empty = join(folder(), "empty.json");
    writeFileSync(empty, "{}");
    const golden: Record<string, string> = {
      "demo --fly": "ecard: unknown option '--fly': see ecard demo --help [WRONG_USE]\n",
      "pos raed": "ecard: unknown command 'raed': did you mean read? [WRONG_USE]\n",
      "pos read": "ecard: missing required argument 'file': see ecard pos read --help [WRONG_USE]\n",
      "bench --mtu 9":
        "ecard: option '--mtu <n>' argument '9' is invalid. It is a whole number from 23 to 517: see ecard bench --help [WRONG_USE]\n",
      "bench reader --sounds 5": "ecard: --sounds belongs to the long run: give --long, too [WRONG_USE]\n",
      "bench reader --picture x.svg": "ecard: --picture draws the long run: give --long, too [WRONG_USE]\n",
      "bench reader --long --only jitter":
        "ecard: --only picks rows of the short run, and --long has all: give one of them [WRONG_USE]\n",
      "emulate --dir /no/such":
        "ecard: There is no card in /no/such: make one with ecard personalise --dir /no/such [CARD_ABSENT]\n",
      "emulate --scenario /no/such.json":
        "ecard: The scenario /no/such.json cannot be read: there is no such file [SCENARIO_UNREADABLE]\n",
      [`emulate --scenario ${empty}`]: `ecard: ${empty}: Field "steps": expected a list of 1 to 1000 steps [SCENARIO_INVALID]\n`,
      "emulate --scenario /dev/zero":
        "ecard: The scenario /dev/zero cannot be read: it has more than 1048576 octets [SCENARIO_UNREADABLE]\n",
      "pos synth /no/such.json":
        "ecard: The conditions /no/such.json cannot be read: there is no such file [CONDITIONS_UNREADABLE]\n",
      "pos synth /dev/zero":
        "ecard: The conditions /dev/zero cannot be read: it has more than 65536 octets [CONDITIONS_UNREADABLE]\n",
      "personalise --class production":
        "ecard: A production card does not trust development keys: give --keys a file of your own [PRODUCTION_NEEDS_KEYS]\n",
      "image build /no/such.elf --board an386 --version 1.2.3 --counter 1 --out x.img":
        "ecard: The file /no/such.elf cannot be read: there is no such file [IMAGE_UNREADABLE]\n",
      "image build x.elf --board an386 --version 1.2 --counter 1 --out x.img":
        "ecard: The version cannot be written: give major.minor.revision+build, as 1.2.3+4 [IMAGE_VERSION_INVALID]\n",
      "image sign x.img --key /no/such.pem":
        "ecard: The key /no/such.pem cannot be read (ENOENT): check the name [KEY_INVALID]\n",
      "personalise --keys /no/such": "ecard: The key file /no/such cannot be read (ENOENT) [KEYS_INVALID]\n",
    };
    for (const [line, expected] of Object.entries(golden)) {
      const { stdout, stderr } = await ecard(line.split(" "));
      expect(stderr).to.equal(expected);
      expect(stdout, line).to.equal("");
    }
  });

  it("with --json is one JSON line on stdout, and nothing else anywhere", async () => {
    for (const line of ["demo --fly --json", "--json emulate --dir /no/such", "pos read --json"]) {
      const { stderr, facts } = await ecard(line.split(" "));
      expect(stderr).to.equal("");
      expect(facts()).to.have.length(1);
      expect(facts()[0]!.error).to.have.all.keys("code", "message");
    }
  });

  const sentences = [
    ...SDK_ERROR_CODES,
    ...STATUS_CODES.filter(({ code }) => code !== "OK"),
    ...IMAGE_ERROR_CODES,
    ...Object.keys(ISSUER_ERRORS).map((code) => ({ code, sentence: new IssuerError(code as IssuerErrorCode).message })),
    ...Object.keys(ACS_ERRORS).map((code) => ({
      code,
      sentence: new AcsError(code as AcsErrorCode).message,
    })),
    ...Object.keys(PROCESSOR_ERRORS).map((code) => ({
      code,
      sentence: new ProcessorError(code as ProcessorErrorCode).message,
    })),
  ];
  it(`has that form for each of the ${sentences.length} codes of phone, card, images and services`, () => {
    for (const { code, sentence } of sentences) {
      expect(printed(Object.assign(new Error(sentence), { code })).stderr).to.match(
        /^ecard: [A-Z][^\n]+ \[[A-Z0-9_]+\]\n$/,
      );
      expect(sentence, code).to.have.length.greaterThan(10);
    }
  });

  it("of the system names what to do, and the file or port", () => {
    const error = (code: string, more: object) => Object.assign(new Error(`${code}: raw words`), { code, ...more });
    expect(printed(error("EADDRINUSE", { port: 7117 })).stderr).to.equal(
      "ecard: That port is in use: choose another one (7117) [EADDRINUSE]\n",
    );
    expect(printed(error("EACCES", { path: "a/b" })).stderr).to.equal(
      "ecard: This user may not do that: check the permissions (a/b) [EACCES]\n",
    );
  });

  it("keeps to one line whatever was thrown; -v adds where", () => {
    expect(printed(new Error("one\ntwo\nthree")).stderr).to.equal("ecard: one [UNEXPECTED]\n");
    expect(printed("thrown text").stderr).to.equal("ecard: thrown text [UNEXPECTED]\n");
    expect(printed(undefined).stderr).to.equal("ecard: undefined [UNEXPECTED]\n");
    expect(printed(new Error("why"), { verbose: true }).stderr).to.contain("errors.test.ts");
  });

  it("is coloured on a terminal only", () => {
    expect(printed(new Error("why"), { tty: true }).stderr).to.contain("\x1b[31mecard:\x1b[0m");
    expect(printed(new Error("why")).stderr).not.to.contain("\x1b");
  });
});
