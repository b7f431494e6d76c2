import { ACS_ERRORS, AcsError, type AcsErrorCode } from "@enabling-card/acs";
import { EmulatorError, type EmulatorErrorCode } from "@enabling-card/emulator";
import { ISSUER_ERRORS, IssuerError, type IssuerErrorCode } from "@enabling-card/issuer";
import { PosError, type PosErrorCode } from "@enabling-card/pos-sim";
import { PROCESSOR_ERRORS, ProcessorError, type ProcessorErrorCode } from "@enabling-card/processor";
import { CardError, type CardErrorCode, SDK_ERROR_CODES } from "@enabling-card/sdk";
import { IMAGE_ERROR_CODES, ImageError, type ImageErrorCode, STATUS_CODES, WireError } from "@enabling-card/wire";
import { expect } from "chai";
import { CommandError, EXIT, type ExitCode, exitCodeOf } from "../src/index.js";
import { ecard } from "./run-ecard.js";

// Types hold these tables complete: a new code without a line here does not compile.
const POS: Record<PosErrorCode, ExitCode> = {
  BAD_ARGUMENT: 2,
  WAV_EMPTY: 1,
  WAV_NOT_WAV: 1,
  WAV_CUT: 1,
  WAV_UNSUPPORTED: 1,
  WAV_UNREADABLE: 1,
  PCM_IS_WAV: 2,
  HOST_UNREACHABLE: 3,
  HOST_LOST: 4,
  HOST_TIMEOUT: 4,
  HOST_BAD_REPLY: 1,
  ABORTED: 130,
};

const EMULATOR: Record<EmulatorErrorCode, ExitCode> = {
  IMAGE_INVALID: 3,
  IMPORT_REFUSED: 3,
  EXPORT_MISSING: 3,
  BUDGET_EXCEEDED: 3,
  MODULE_DEAD: 3,
  NOT_PERSONALISED: 3,
  ALREADY_PERSONALISED: 1,
  PERSONALISATION_INVALID: 2,
  STORE_CORRUPT: 1,
  STORE_FULL: 1,
  STORE_WRONG_SIZE: 2,
  CARD_OFF: 3,
  LINE_BUSY: 3,
  LINE_CLOSED: 4,
  LINE_CHUNK_INVALID: 2,
  LINE_MTU_INVALID: 2,
  COURIER_UNKNOWN: 2,
  SCENARIO_INVALID: 2,
  SCENARIO_FAILED: 1,
  LOADER_LISTENS: 3,
  QEMU_FAILED: 3,
  APPLIANCE_NO_CODE: 2,
  APPLIANCE_UNANSWERED: 4,
};

/** Of the phone's own codes and the card's statuses; every other one is a refusal: 5. */
const CARD: Partial<Record<CardErrorCode, ExitCode>> = {
  ABORTED: 130,
  ARGUMENT_INVALID: 2,
  PAIRING_CODE_INVALID: 2,
  PAIRING_UNKNOWN: 2,
  PIN_MALFORMED: 2,
  LINK_LOST: 4,
  LINK_TIMEOUT: 4,
  LINK_CLOSED: 4,
  CARD_NOT_FOUND: 4,
  CARD_NOT_CHOSEN: 1,
  BLUETOOTH_OFF: 3,
  BLUETOOTH_FORBIDDEN: 3,
  WEB_BLUETOOTH_MISSING: 3,
  FRAME_INVALID: 4,
  SESSION_ENDED: 4,
  PAIRING_STORE_FAILED: 3,
  REGISTRATION_STORE_FAILED: 3,
  ISSUER_UNREACHABLE: 3,
  ISSUER_ANSWER_INVALID: 1,
  CARD_ANSWER_MALFORMED: 1,
  LOADER_SILENT: 4,
  LOADER_ANSWER_MALFORMED: 1,
  UPDATE_REVERTED: 1,
};

/** Every other one is a refusal: 5. */
const ISSUER: Partial<Record<IssuerErrorCode, ExitCode>> = {
  BAD_REQUEST: 2,
  NAME_INVALID: 2,
  IIN_NOT_CONFIGURED: 2,
  SAMPLE_KEYS_LOOPBACK: 2,
  SAMPLE_KEYS_TEST_IIN: 2,
  INTERNAL: 1,
};

/** Every other one is a refusal: 5. */
const ACS: Partial<Record<AcsErrorCode, ExitCode>> = { BAD_REQUEST: 2, INTERNAL: 1 };
const PROCESSOR: Partial<Record<ProcessorErrorCode, ExitCode>> = { BAD_REQUEST: 2, INTERNAL: 1 };

/** Every other one is a failure: 1. */
const IMAGE: Partial<Record<ImageErrorCode, ExitCode>> = { IMAGE_VERSION_INVALID: 2, IMAGE_ARGUMENT_INVALID: 2 };

const exits = (make: (code: never) => Error, codes: readonly string[]) =>
  Object.fromEntries(codes.map((code) => [code, exitCodeOf(make(code as never))]));

describe("exit codes", () => {
  it("are seven, as documented", () => {
    expect(EXIT).to.deep.equal({
      done: 0,
      failed: 1,
      usage: 2,
      unavailable: 3,
      linkLost: 4,
      refused: 5,
      interrupted: 130,
    });
  });

  it("follow from every code of reader and terminal", () => {
    expect(exits((code) => new PosError(code, "why"), Object.keys(POS))).to.deep.equal(POS);
  });

  it("follow from every code of the emulator", () => {
    expect(exits((code) => new EmulatorError(code, "why"), Object.keys(EMULATOR))).to.deep.equal(EMULATOR);
  });

  it("follow from every code of phone and card", () => {
    const codes = [...SDK_ERROR_CODES, ...STATUS_CODES].map(({ code }) => code).filter((code) => code !== "OK");
    const expected = Object.fromEntries(codes.map((code) => [code, CARD[code as CardErrorCode] ?? EXIT.refused]));
    expect(exits((code) => new CardError(code, "why"), codes)).to.deep.equal(expected);
    expect(codes).to.include.members(Object.keys(CARD));
  });

  it("follow from every code of the issuer", () => {
    const codes = Object.keys(ISSUER_ERRORS) as IssuerErrorCode[];
    const expected = Object.fromEntries(codes.map((code) => [code, ISSUER[code] ?? EXIT.refused]));
    expect(exits((code) => new IssuerError(code), codes)).to.deep.equal(expected);
    expect(codes).to.include.members(Object.keys(ISSUER));
  });

  it("follow from every code of the processor", () => {
    const codes = Object.keys(PROCESSOR_ERRORS) as ProcessorErrorCode[];
    const expected = Object.fromEntries(codes.map((code) => [code, PROCESSOR[code] ?? EXIT.refused]));
    expect(exits((code) => new ProcessorError(code), codes)).to.deep.equal(expected);
    expect(codes).to.include.members(Object.keys(PROCESSOR));
  });

  it("follow from every code of the access control server", () => {
    const codes = Object.keys(ACS_ERRORS) as AcsErrorCode[];
    const expected = Object.fromEntries(codes.map((code) => [code, ACS[code] ?? EXIT.refused]));
    expect(exits((code) => new AcsError(code), codes)).to.deep.equal(expected);
    expect(codes).to.include.members(Object.keys(ACS));
  });

  it("follow from every code of an image", () => {
    const codes = IMAGE_ERROR_CODES.map(({ code }) => code);
    const expected = Object.fromEntries(codes.map((code) => [code, IMAGE[code] ?? EXIT.failed]));
    expect(exits((code) => new ImageError(code), codes)).to.deep.equal(expected);
    expect(codes).to.include.members(Object.keys(IMAGE));
  });

  it("follow from what the system, a command and a signal say", () => {
    expect(exitCodeOf(new WireError("PAIRING_CODE_INVALID", "why"))).to.equal(2);
    for (const code of ["ENOENT", "EACCES", "EADDRINUSE", "EISDIR", "ENOSPC"])
      expect(exitCodeOf(Object.assign(new Error("why"), { code })), code).to.equal(3);
    expect(exitCodeOf(Object.assign(new Error("why"), { code: "ERR_INVALID_ARG_TYPE" }))).to.equal(1);
    expect(exitCodeOf(new CommandError("X", "why", EXIT.linkLost))).to.equal(4);
    expect(exitCodeOf(AbortSignal.abort().reason)).to.equal(130);
    for (const odd of [new TypeError("a bug"), "text", undefined, null]) expect(exitCodeOf(odd)).to.equal(1);
  });

  const reached: readonly (readonly [ExitCode, string])[] = [
    [0, "--help"],
    [0, "--version"],
    [0, "completion bash"],
    [0, "help"],
    [0, "help demo"],
    [0, "pos help"],
    [0, "pos help read"],
    [1, "pos read /no/such/file.wav"],
    [2, ""],
    [2, "pos"],
    [2, "--json"],
    [2, "pos --json"],
    [2, "fly"],
    [2, "demo --fly"],
    [2, "demo --device toaster"],
    [2, "demo --device qemu --trace"],
    [2, "pos read"],
    [2, "pos read --track 4 x.wav"],
    [2, "emulate --mtu 22"],
    [2, "emulate --listen 65536"],
    [2, "emulate --scenario x.json --dir y"],
    [2, "emulate --scenario /no/such/scenario.json"],
    [2, "personalise --class gold"],
    [2, "personalise --class production"],
    [2, "bench --runs 0"],
    [2, "bench reader --long --only jitter"],
    [2, "completion tcsh"],
    [2, "image"],
    [2, "image build x.elf --board an386 --version 1.2.3 --counter 1"],
    [2, "image build x.elf --board an999 --version 1.2.3 --counter 1 --out x.img"],
    [2, "image verify x.img --key /no/such/key.pem"],
    [3, "emulate --dir /no/such/folder"],
  ];
  for (const [code, line] of reached) {
    it(`${code} ends \`ecard ${line}\``, async () => {
      expect((await ecard(line === "" ? [] : line.split(" "))).code).to.equal(code);
    });
  }

  it("130 ends a command that was cancelled before it began", async () => {
    for (const line of ["demo", "bench", "pos read x.wav", "emulate"]) {
      const { code, stderr } = await ecard(line.split(" "), { signal: AbortSignal.abort() });
      expect(code, line).to.equal(130);
      expect(stderr, line).to.equal("");
    }
  });
});
