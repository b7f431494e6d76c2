// Who is let in to an update over the air, and what it leaves: firmware/mcu/runtime/update.c, compiled for this machine, with a loader's table of the harness.

import {
  Indicator,
  Mail,
  ModuleId,
  PIECE_FIRST,
  PIECE_LAST,
  SmpStatus,
  UPDATE_LEAVE_MS,
  UPDATE_MAX_MS,
  UPDATE_SILENCE_MS,
} from "@enabling-card/wire";
import { expect } from "chai";
import { BUDGET, mcuPorts } from "../support/mcu-ports.js";

const [Link, Wallet, Authenticator] = [ModuleId.Link, ModuleId.Wallet, ModuleId.Authenticator];

describe("on a microcontroller an update over the air", () => {
  const ask = mcuPorts();
  const START_MS = 100_000;
  const begin = [["time", START_MS]];
  const toLoader = (kind: Mail, hex = "") => ["update.mail", Link, ModuleId.Loader, `0${kind}${hex}`];
  const smp = (hex: string) => toLoader(Mail.Smp, hex);
  const shows = (indicator: Indicator, who = Wallet) => ["update.mail", who, Link, `0${Mail.Indicate}0${indicator}`];
  /** What link gets, of the machine or of the loader. */
  const said = (from: ModuleId, hex: string) => {
    const flags = (PIECE_FIRST | PIECE_LAST).toString(16);
    const length = (hex.length / 2).toString(16).padStart(2, "0");
    return `${from} ${Link} 0${Mail.Piece}0${flags}${length}00${hex}`;
  };
  const ECHO = "0200000900000700a16164656563617264";
  const DENIED = said(ModuleId.Machine, `0300000500000700a1627263${SmpStatus.Denied.toString(16).padStart(2, "0")}`);

  it("is let in while the wallet shows that it lets a phone in, and only the wallet can", () => {
    const rounds: readonly (readonly [readonly (string | number)[], string])[] = [
      [shows(Indicator.Off), DENIED],
      [shows(Indicator.Pairing, Authenticator), DENIED],
      [shows(Indicator.Ask), DENIED],
      [["update.start", 0], DENIED],
      [shows(Indicator.Pairing), said(ModuleId.Loader, ECHO)],
    ];
    const answers = ask([...begin, ...rounds.flatMap(([order]) => [order, smp(ECHO), ["mail.take"], ["update.on"]])]);
    expect(answers.filter((_, i) => i % 4 === 3)).to.deep.equal(rounds.map(([, answer]) => answer));
    expect(answers.filter((_, i) => i > 0 && i % 4 === 0)).to.deep.equal([0, 0, 0, 0, 1]);
  });

  it("is let in for a minute where the image is on trial", () => {
    const asked = (ms: number) =>
      ask([...begin, ["update.start", 1], ["time", START_MS + ms], smp(ECHO), ["mail.take"]]).at(-1);
    expect(asked(UPDATE_SILENCE_MS - 1)).to.equal(said(ModuleId.Loader, ECHO));
    expect(asked(UPDATE_SILENCE_MS)).to.equal(DENIED);
  });

  it("is refused where the loader's table is none, is another version's, or wants memory that is not the wallet's", () => {
    const asked = (...change: number[]) =>
      ask([["table", ...change], shows(Indicator.Pairing), smp(ECHO), ["mail.take"], ["update.on"]]).slice(-2);
    expect(asked(0, 0, 0, 0)).to.deep.equal([said(ModuleId.Loader, ECHO), 1]);
    expect(asked(0, 0, 8, -8), "less of it").to.deep.equal([said(ModuleId.Loader, ECHO), 1]);
    for (const change of [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, -1, 0],
      [0, 0, 0, 1],
    ])
      expect(asked(...change), change.join(" ")).to.deep.equal([DENIED, 0]);
  });

  it("takes the rest of what it refused for nothing else, until the link ends", () => {
    const long = ECHO.replace("0009", "01f4");
    const answers = ask([
      ...[smp(long), ["mail.take"], smp("00".repeat(244)), ["mail.take"]],
      ...[shows(Indicator.Pairing), smp("00".repeat(100)), ["mail.take"], ["update.on"]],
      ...[smp("0000"), ["mail.take"], toLoader(Mail.LineDown), smp(ECHO), ["mail.take"]],
    ]);
    expect(answers).to.deep.equal([
      0,
      DENIED,
      0,
      "none",
      0,
      0,
      "none",
      0,
      0,
      "none",
      0,
      0,
      said(ModuleId.Loader, ECHO),
    ]);
  });

  it("answers no answer, and nothing that has no header", () => {
    for (const hex of [`03${ECHO.slice(2)}`, ECHO.slice(0, 14)])
      expect(ask([smp(hex), ["mail.take"]])).to.deep.equal([0, "none"]);
  });

  it("wipes wallet and authenticator, their mail and their alarms", () => {
    const answers = ask([
      ...[Wallet, Authenticator].flatMap((who) => [
        ["poke", who, 8, "5ec2e7"],
        ["clock.wakeAt", who, START_MS + 1],
        ["mail.send", Link, who, 0, 1],
      ]),
      ...[shows(Indicator.Pairing), smp(ECHO), ["mail.take"], ["mail.take"]],
      ...[Wallet, Authenticator].map((who) => ["peek", who, 0, BUDGET]),
    ]);
    expect(answers.slice(-4)).to.deep.equal([
      said(ModuleId.Loader, ECHO),
      "none",
      "00".repeat(BUDGET),
      "00".repeat(BUDGET),
    ]);
  });

  it("ends after a minute of silence, after ten in all, and soon after its reset", () => {
    const orders = [...begin, shows(Indicator.Pairing), smp(ECHO), ["update.ends"]];
    const at = [30_000, 89_000, 130_000, 570_000].flatMap((ms) => [
      ["time", START_MS + ms],
      smp(ECHO),
      ["mail.take"],
      ["update.ends"],
    ]);
    const ends = ask([...orders, ...at]).filter((_, i) => [...orders, ...at][i]![0] === "update.ends");
    const times = [
      UPDATE_SILENCE_MS,
      30_000 + UPDATE_SILENCE_MS,
      89_000 + UPDATE_SILENCE_MS,
      130_000 + UPDATE_SILENCE_MS,
      UPDATE_MAX_MS,
    ];
    expect(ends).to.deep.equal(times.map((ms) => START_MS + ms));
    const left = ask([
      ...orders,
      ["mail.take"],
      smp("ee01"),
      ["mail.take"],
      ["mail.take"],
      ["update.ends"],
      smp(ECHO),
      ["mail.take"],
      toLoader(Mail.LineDown),
      ["update.ends"],
    ]);
    expect(left.slice(-7)).to.deep.equal([
      said(ModuleId.Loader, "ee01"),
      `${ModuleId.Loader} ${Link} 0${Mail.Hangup}`,
      START_MS + UPDATE_LEAVE_MS,
      ...[0, "none", 0, 0],
    ]);
  });

  it("answers in as many pieces as it takes", () => {
    const long = Array.from({ length: 300 }, (_, i) => (i & 255).toString(16).padStart(2, "0")).join("");
    // A write has 244 octets at most; what the loader says may be longer.
    const answers = ask([shows(Indicator.Pairing), smp(long.slice(0, 2 * 255)), ["mail.take"], ["mail.take"]]);
    expect(answers.slice(2)).to.deep.equal([
      `${ModuleId.Loader} ${Link} 0${Mail.Piece}0${PIECE_FIRST}ff00${long.slice(0, 2 * 252)}`,
      `${ModuleId.Loader} ${Link} 0${Mail.Piece}0${PIECE_LAST}${long.slice(2 * 252, 2 * 255)}`,
    ]);
  });
});
