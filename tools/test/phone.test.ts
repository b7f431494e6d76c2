// The commands of a cardholder without a screen, against an emulated card on a port and an issuer.

import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Indicator } from "@enabling-card/wire";
import { expect } from "chai";
import { type CardOnPort, cardOnPort } from "./card-on-port.js";
import { ecard, ended, spawnEcard, testFolder } from "./run-ecard.js";

describe("a phone at the command line", () => {
  const folder = testFolder();
  let on: CardOnPort;
  let count = 0;
  beforeEach(async () => {
    on = await cardOnPort(folder(), `card-${count++}`);
  });
  afterEach(() => on.close());

  const pair = () => on.phone("pair", on.sheet, "--issuer", on.issuer);
  const phoneFolder = () => `${on.sheet}-phone`;

  it("pairs, enrols, lists, pays and unpairs", async () => {
    const paired = await pair();
    expect(paired.stdout).to.contain(`card ${on.cardId} is this phone's, with token 999999******`);
    expect(paired.code).to.equal(0);

    const { stdout: cards } = await on.phone("cards");
    expect(cards).to.match(new RegExp(`^${on.cardId}  token 999999\\*{6}\\d{4} at ${on.issuer}\n$`));
    const { stdout: near } = await on.phone("cards", "--near", "1");
    expect(near).to.equal(`127.0.0.1:${on.port}  card ${on.cardId.slice(0, 6)}…, this phone's\n`);

    const paid = await on.phone("pay", "9.50", "--merchant", "Corner Coffee");
    expect(paid.stdout).to.contain("Corner Coffee, up to 9.50 EUR").and.contain("✓ sent: 2 passes");
    expect(on.card.coil.emission()?.passes).to.have.length(2);

    expect((await on.phone("unpair")).code).to.equal(0);
    expect((await on.phone("cards")).stdout).to.contain("no card yet");
    expect(on.card.advertised()).to.equal(undefined);

    const again = await pair();
    expect(again.stdout, "the same account").to.contain(/token 999999\*{6}\d{4}/.exec(paired.stdout)![0]);
    expect((await on.phone("pay", "2")).code).to.equal(0);
  });

  it("goes on where the issuer was lost behind the enrolment", async () => {
    await on.phone("pair", on.sheet);
    const accounts = join(phoneFolder(), "accounts.json");
    await pair();
    const { accounts: kept } = JSON.parse(readFileSync(accounts, "utf8"));
    const { token, ...half } = kept[on.cardId];
    expect(token).to.include.keys("tokenRef", "iin", "last4");
    writeFileSync(accounts, JSON.stringify({ accounts: { [on.cardId]: half } }));
    expect((await on.phone("pay", "1")).stderr).to.contain("[CARD_NOT_ENROLLED]");
    expect((await pair()).stdout).to.contain("token 999999******");
    expect((await on.phone("pay", "1")).code).to.equal(0);
  });

  it("arms a card for a swipe, and says whether it came", async () => {
    await pair();
    const paying = on.phone("pay", "3", "--when", "swipe");
    await on.card.shows(Indicator.Armed);
    on.card.touchHead();
    const { code, stdout } = await paying;
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/armed +\d+ s left to swipe it/)
      .and.contain("✓ sent: ");
  });

  it("takes an armed payment back where it is interrupted", async () => {
    await pair();
    const abort = new AbortController();
    const { code } = await on.phoneWith(
      { signal: abort.signal, onOut: (text) => text.includes("left to swipe") && abort.abort() },
      ...["pay", "3", "--when", "swipe"],
    );
    expect(code).to.equal(130);
    expect(on.card.indicators.now).not.to.equal(Indicator.Armed);
    expect(on.card.coil.emission()).to.equal(undefined);
  });

  it("takes a payment back that another call armed and left, and says where none waits", async () => {
    await pair();
    const env = { ...process.env, ECARD_DEVICE: `tcp:${on.port}`, ECARD_PHONE: phoneFolder() };
    const paying = spawnEcard(["pay", "3", "--when", "swipe"], { env });
    await on.card.shows(Indicator.Armed);
    paying.kill("SIGKILL");
    await ended(paying);
    expect(on.card.indicators.now, "it is armed still").to.equal(Indicator.Armed);
    expect((await on.phone("pay", "3")).stderr).to.contain("[BUSY]");
    const back = await on.phone("disarm");
    expect(back.code).to.equal(0);
    expect(back.stdout).to.contain("✓ the payment was taken back\n");
    expect(on.card.indicators.now).not.to.equal(Indicator.Armed);
    expect((await on.phone("disarm")).stdout).to.contain("✓ no payment was waiting\n");
    expect((await on.phone("pay", "3")).code).to.equal(0);
  });

  it("suspends a card that is in reach, and one that is not; then nothing is granted until it is resumed", async () => {
    await pair();
    expect((await on.phone("suspend", "--json")).facts().at(-1)).to.deep.equal({ state: "suspended", cardKnows: true });
    const refused = await on.phone("pay", "2");
    expect([refused.code, refused.stderr]).to.deep.equal([
      5,
      "ecard: The issuer refused: The token is suspended: resume it first [ISSUER_REFUSED]\n",
    ]);
    expect((await on.phone("suspend", "--resume")).stdout).to.contain("✓ active");
    expect((await on.phone("pay", "2")).code).to.equal(0);
    await on.cardOff();
    expect((await on.phone("suspend", "--json")).facts().at(-1)).to.deep.equal({
      state: "suspended",
      cardKnows: false,
    });
  }).timeout(60_000);

  it("shows how a token stands: synchronous by comparison alone, and else what leads on", async () => {
    expect((await on.phone("cards", "--states")).stdout).to.contain("no token yet");
    await pair();
    const states = async (...args: readonly string[]) =>
      (await on.phone("cards", "--states", "--json", ...args)).facts();
    const shown = { card: on.cardId, heldBy: [], cardKnows: true, inReach: true };
    const [first] = await states();
    expect(first).to.deep.include({ ...shown, indication: "synchronous", inputs: ["suspend", "deactivate"] });
    expect(first).not.to.have.any.keys("link", "why");
    expect((await on.phone("cards", "--states")).stdout).to.match(/ token 999999\*{6}\d{4} {2}synchronous\n$/);
    const nowhere = `ble:${join(folder(), "no-such-port")}`;
    await on.phone("suspend", "--device", nowhere);
    const held = { indication: "suspended", heldBy: ["cardholder"], link: "resume", inputs: ["resume", "deactivate"] };
    expect((await states("--device", nowhere))[0]).to.deep.include({ ...held, cardKnows: false, inReach: false });
    expect((await states())[0], "a card in reach hears of it").to.deep.include({ ...held, cardKnows: true });
    expect((await on.phone("cards", "--states")).stdout).to.contain("suspended by cardholder: resume it");
    await on.phone("suspend", "--resume", "--device", nowhere);
    expect((await states("--device", nowhere))[0]).to.deep.include({ indication: "pending", link: "bring" });
    expect((await states())[0]).to.deep.include({ ...shown, indication: "synchronous" });
    const accounts = join(phoneFolder(), "accounts.json");
    writeFileSync(accounts, readFileSync(accounts, "utf8").replaceAll(on.issuer, "http://127.0.0.1:1"));
    expect((await states())[0]).to.deep.include({ indication: "pending", link: "compare", why: "ISSUER_UNREACHABLE" });
    const both = await on.phone("cards", "--states", "--near");
    expect(both.code).to.equal(2);
  }).timeout(60_000);

  it("suspends a card where this computer cannot reach any", async () => {
    await pair();
    const nowhere = `ble:${join(folder(), "no-such-port")}`;
    const { code, facts } = await on.phone("suspend", "--json", "--device", nowhere);
    expect(code).to.equal(0);
    expect(facts().at(-1)).to.deep.equal({ state: "suspended", cardKnows: false, why: "CONTROLLER_UNAVAILABLE" });
    expect((await on.phone("pay", "2")).stderr).to.contain("The token is suspended");
    const { stdout } = await on.phone("suspend", "--resume", "--device", nowhere);
    expect(stdout).to.contain("✓ active; the card could not be told (CONTROLLER_UNAVAILABLE)");
  }).timeout(60_000);

  it("tells a path without a port as that, whatever was to be done there", async () => {
    await pair();
    const file = join(folder(), "no-port");
    writeFileSync(file, "");
    for (const path of [join(folder(), "no-such-port"), file])
      for (const args of [["cards", "--near"], ["pay", "1"], ["unpair"]]) {
        const { code, stdout, stderr } = await on.phone(...args, "--device", `ble:${path}`);
        expect([code, stdout.replace(/^ .*\n/gm, "")], `${args[0]} at ${path}`).to.deep.equal([3, ""]);
        expect(stderr).to.contain(`${path}: there is no serial port: give the path that ecard emulate --pty says`);
        expect(stderr).to.contain("[CONTROLLER_UNAVAILABLE]");
      }
  }).timeout(60_000);

  it("refuses before it begins any Bluetooth", async () => {
    const nowhere = ["--device", `ble:${join(folder(), "no-such-port")}`];
    const typo = join(folder(), "no-code.txt");
    writeFileSync(typo, "ECARD1:NONE");
    const refusals = [
      ["PHONE_EMPTY", "pay", "1"],
      ["PAIRING_CODE_INVALID", "pair", typo, "--maker-root", "00".repeat(32), "--id", "1"],
      ["ARGUMENT_INVALID", "pair", on.sheet, "--name", "n".repeat(33), "--id", "1"],
    ] as const;
    for (const [told, ...args] of refusals)
      expect((await on.phone(...args, ...nowhere)).stderr, args[0]).to.contain(`[${told}]`);
    await pair();
    expect((await on.phone("unpair", "--card", "ZZZZ", ...nowhere)).stderr).to.contain("[CARD_UNKNOWN]");
    expect((await on.phone("cards", "--near", "--device", "pigeon", "--phone", join(folder(), "none"))).code).to.equal(
      2,
    );
    expect(existsSync(join(folder(), "none")), "a folder for nothing").to.equal(false);
  });

  it("pairs and enrols again where an unpairing's answer was lost", async () => {
    await pair();
    const copy = join(folder(), `${on.cardId}-copy`);
    cpSync(phoneFolder(), copy, { recursive: true });
    expect((await on.phone("unpair")).code).to.equal(0);
    const again = await on.phone("pair", on.sheet, "--issuer", on.issuer, "--phone", copy);
    expect([again.code, again.stderr]).to.deep.equal([0, ""]);
    expect((await on.phone("pay", "2", "--phone", copy)).code).to.equal(0);
  }).timeout(60_000);

  it("takes a PIN from standard input, and says where there is none", async () => {
    await pair();
    const wrong = await on.phoneWith({ stdin: Buffer.from("123456\n") }, "pay", "2", "--ask-pin");
    expect([wrong.code, /\[(\w+)\]/.exec(wrong.stderr)?.[1]]).to.deep.equal([5, "PIN_NOT_SET"]);
    const none = await on.phoneWith({}, "pay", "2", "--ask-pin");
    expect([none.code, /\[(\w+)\]/.exec(none.stderr)?.[1]]).to.deep.equal([2, "PIN_MISSING"]);
  });

  it("takes the code from a file or standard input, and says nothing of it", async () => {
    const code = readFileSync(join(on.sheet, "pairing-code.txt"));
    const makerRoot = ["--maker-root", readFileSync(join(on.sheet, "maker-root.txt"), "utf8").trim()];
    const piped = await on.phoneWith({ stdin: code }, "pair", "-", ...makerRoot, "-v");
    expect(piped.code).to.equal(0);
    expect(piped.stdout + piped.stderr).not.to.contain(code.toString().trim().slice(-20));
  });

  it("keeps its secrets from everybody else", async () => {
    await pair();
    expect(statSync(phoneFolder()).mode & 0o077).to.equal(0);
    for (const file of readdirSync(phoneFolder()))
      expect(statSync(join(phoneFolder(), file)).mode & 0o077, file).to.equal(0);
  });

  it("forgets a lost card, here alone", async () => {
    await pair();
    await on.cardOff();
    const forgotten = await on.phone("unpair", "--forget", "--json");
    expect(forgotten.facts()).to.deep.equal([{ card: on.cardId, forgotten: true, cardKnows: false }]);
    expect((await on.phone("pay", "1")).stderr).to.contain("[PHONE_EMPTY]");
  });

  it("names one of several cards", async () => {
    await pair();
    const other = await cardOnPort(folder(), `other-${count}`);
    try {
      const here = { env: { ECARD_DEVICE: `tcp:${other.port}`, ECARD_PHONE: phoneFolder() } };
      await ecard(["pair", other.sheet], here);
      const which = await ecard(["unpair", "--json"], here);
      expect(which.code).to.equal(2);
      expect(which.facts()[0]).to.have.nested.property("error.code", "CARD_AMBIGUOUS");
      expect((await ecard(["unpair", "--card", "zzzz"], here)).stderr).to.contain("[CARD_UNKNOWN]");
      expect((await ecard(["pay", "1", "--card", other.cardId.slice(0, 8)], here)).stderr).to.contain(
        "[CARD_NOT_ENROLLED]",
      );
      expect((await ecard(["unpair", "--card", other.cardId.toLowerCase()], here)).code).to.equal(0);
    } finally {
      await other.close();
    }
  });

  const refusals: [string, (on: CardOnPort) => readonly string[], number, string][] = [
    ["a sheet that is not there", () => ["pair", "/nowhere/sheet"], 2, "SHEET_UNREADABLE"],
    ["a code without the maker's key", (on) => ["pair", join(on.sheet, "pairing-code.txt")], 2, "MAKER_ROOT_MISSING"],
    ["a key that is none", (on) => ["pair", on.sheet, "--maker-root", "12"], 2, "WRONG_USE"],
    ["another maker's key", (on) => ["pair", on.sheet, "--maker-root", "00".repeat(32)], 5, "CARD_NOT_GENUINE"],
    [
      "an issuer that is not there",
      (on) => ["pair", on.sheet, "--issuer", "http://127.0.0.1:9"],
      3,
      "ISSUER_UNREACHABLE",
    ],
    ["an issuer that is no address", (on) => ["pair", on.sheet, "--issuer", "nonsense"], 2, "ARGUMENT_INVALID"],
    ["a name too long for a card", (on) => ["pair", on.sheet, "--name", "n".repeat(33)], 2, "ARGUMENT_INVALID"],
    ["an amount that is none", () => ["pay", "nine"], 2, "WRONG_USE"],
    ["an amount of nothing", () => ["pay", "0.00"], 2, "WRONG_USE"],
    ["a device that is none", () => ["cards", "--near", "--device", "pigeon"], 2, "WRONG_USE"],
    ["a phone without a card", () => ["pay", "1"], 2, "PHONE_EMPTY"],
  ];
  for (const [what, args, exit, code] of refusals)
    it(`refuses ${what}`, async () => {
      const { code: got, stderr } = await on.phone(...args(on));
      expect([got, /\[(\w+)\]/.exec(stderr)?.[1]]).to.deep.equal([exit, code]);
    });

  it("refuses a code that is none, without repeating it", async () => {
    const file = join(folder(), "typo.txt");
    writeFileSync(file, "ECARD1:SECRETSECRETSECRET");
    const { code, stderr } = await on.phone("pair", file, "--maker-root", "00".repeat(32));
    expect([code, stderr.includes("[PAIRING_CODE_INVALID]"), stderr.includes("SECRET")]).to.deep.equal([
      2,
      true,
      false,
    ]);
  });

  it("refuses a folder that is another program's, and touches nothing in it", async () => {
    await pair();
    writeFileSync(join(phoneFolder(), "accounts.json"), "mine");
    const { code, stderr } = await on.phone("pay", "1");
    expect([code, stderr.includes("[PHONE_UNREADABLE]"), stderr.includes("mine")]).to.deep.equal([2, true, false]);
    expect(readFileSync(join(phoneFolder(), "accounts.json"), "utf8")).to.equal("mine");
    expect(existsSync(join(phoneFolder(), "accounts.json.new"))).to.equal(false);
  });

  it("refuses a folder that was damaged, and repeats nothing of it", async () => {
    await pair();
    const accounts = join(phoneFolder(), "accounts.json");
    const pairings = join(phoneFolder(), "pairings.json");
    const [kept, keys] = [readFileSync(accounts, "utf8"), readFileSync(pairings, "utf8")];
    const damaged = [
      [accounts, "{}", "PHONE_UNREADABLE"],
      [accounts, "null", "PHONE_UNREADABLE"],
      [accounts, kept.replace(/("tokenRef": ")[0-9a-f]+/, "$1xyz"), "PHONE_UNREADABLE"],
      [accounts, kept.replace(/("accessKey": )"[^"]+"/, "$17"), "PHONE_UNREADABLE"],
      [accounts, kept.replace(/("checkpointSize": )\d+/, '$1"many"'), "PHONE_UNREADABLE"],
      [pairings, keys.slice(0, -40), "PAIRING_STORE_FAILED"],
      [pairings, keys.replace(/("phoneSecret": ")../, "$1"), "PAIRING_STORE_FAILED"],
      [pairings, keys.replace(/("cardId": ")[0-9a-f]+/, "$100"), "PAIRING_STORE_FAILED"],
    ] as const;
    for (const [file, text, told] of damaged) {
      expect(text).not.to.equal(file === accounts ? kept : keys);
      writeFileSync(file, text);
      for (const verb of [["pay", "1"], ["suspend"]])
        expect((await on.phone(...verb)).stderr, `${verb}: ${text}`).to.match(new RegExp(`^ecard: .+\\[${told}\\]\n$`));
      writeFileSync(accounts, kept);
      writeFileSync(pairings, keys);
    }
    expect((await on.phone("pay", "1")).code).to.equal(0);
  });

  it("refuses a card that nobody switched on", async () => {
    await pair();
    await on.cardOff();
    const { code, stderr } = await on.phone("pay", "1");
    expect([code, stderr.includes("[CARD_NOT_FOUND]")]).to.deep.equal([4, true]);
  }).timeout(60_000);
});
