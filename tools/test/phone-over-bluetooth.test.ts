// A phone with noble's own stack in a process of its own, its controller at a pseudo-terminal: as a computer with a controller chip at a serial port.

import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { buildImage, readBoard, signImage } from "@enabling-card/tools";
import { concat, Indicator, PAIRING_HOLD_MS, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { developmentImageKey } from "../../test/support/image-key.js";
import { partsOf } from "../../test/support/loader-card.js";
import { type CardOnPort, cardOnPort } from "./card-on-port.js";
import { needs } from "./programs.js";
import { ecard, ended, spawnEcard, testFolder } from "./run-ecard.js";

describe("a phone over Bluetooth", () => {
  const folder = testFolder();
  let on: CardOnPort | undefined;
  afterEach(() => on?.close());

  it("pairs, finds its card, pays and unpairs; and the record of it opens in tshark", async function () {
    this.timeout(120_000);
    needs(this, "socat");
    needs(this, "tshark");
    const pieces: Uint8Array[] = [];
    on = await cardOnPort(folder(), "card", { hci: "pty", onSnoop: (octets) => pieces.push(octets) });
    const env = { ...process.env, ECARD_DEVICE: `ble:${on.hci}`, ECARD_PHONE: join(folder(), "phone") };
    const phone = async (...args: string[]) => {
      const { code, stdout, stderr } = await ended(spawnEcard(args, { env }));
      expect([code, stderr], args.join(" ")).to.deep.equal([0, ""]);
      return stdout;
    };
    expect(await phone("pair", on.sheet, "--issuer", on.issuer)).to.contain(`card ${on.cardId} is this phone's`);
    expect(await phone("cards", "--near", "2")).to.match(
      new RegExp(`^[0-9a-f]{12}  card ${on.cardId.slice(0, 6)}…, this phone's  -\\d+ dBm\n$`),
    );
    expect(await phone("pay", "4.20")).to.contain("✓ sent: 2 passes");
    expect(on.card.coil.emission()?.passes).to.have.length(2);
    await phone("unpair");
    expect(on.card.advertised()).to.equal(undefined);

    const file = join(folder(), "card.btsnoop");
    writeFileSync(file, concat(...pieces));
    const tshark = (...args: string[]) =>
      execFileSync("tshark", ["-r", file, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    expect(tshark("-Y", "_ws.malformed || _ws.expert.severity >= 0x800000"), "what tshark finds wrong").to.equal("");
    const kinds = tshark("-T", "fields", "-e", "_ws.col.Protocol").trim().split("\n");
    expect([...new Set(kinds)].sort()).to.include.members(["ATT", "HCI_CMD", "HCI_EVT"]);
    expect(tshark("-Y", "btatt.opcode == 0x1b").trim().split("\n").length, "notifications").to.be.greaterThan(10);
  });

  it("takes an armed payment back where it is interrupted, and ends as an interrupted program does", async function () {
    this.timeout(120_000);
    needs(this, "socat");
    on = await cardOnPort(folder(), "armed", { hci: "pty" });
    const env = { ...process.env, ECARD_DEVICE: `ble:${on.hci}`, ECARD_PHONE: join(folder(), "armed-phone") };
    const paired = await ended(spawnEcard(["pair", on.sheet, "--issuer", on.issuer], { env }));
    expect([paired.code, paired.stderr]).to.deep.equal([0, ""]);
    const child = spawnEcard(["pay", "3", "--when", "swipe"], { env });
    child.stdout!.on("data", (text: Buffer) => text.includes("left to swipe") && child.kill("SIGINT"));
    const { code, stdout } = await ended(child);
    expect(code).to.equal(130);
    expect(stdout).to.match(/disarmed +the payment was taken back\n$/);
    expect(on.card.indicators.now).not.to.equal(Indicator.Armed);
    expect((await ended(spawnEcard(["pay", "3"], { env }))).code, "the card is free").to.equal(0);
  });

  it("updates its card, once the button is held, and tells how far it is", async function () {
    this.timeout(60_000);
    needs(this, "socat");
    on = await cardOnPort(folder(), "updated", { hci: "pty" });
    const { body } = partsOf(2, 2, 20_000);
    const version = { major: 2, minor: 0, revision: 0, build: 0 };
    const image = signImage(
      buildImage(body, { version, counter: 1, board: readBoard("an386") }),
      developmentImageKey(),
    );
    const file = join(folder(), "two.img");
    writeFileSync(file, image);
    const flash = spawnEcard(["flash", file, "--device", `ble:${on.hci}`, "--json"]);
    flash.stdout!.on("data", (said: Buffer) => said.includes('"waiting"') && on!.card.hold(PAIRING_HOLD_MS + 100));
    const { code, stdout, stderr } = await ended(flash);
    expect([code, stderr]).to.deep.equal([0, ""]);
    const facts = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const steps = facts.flatMap(({ step }) => (typeof step === "string" ? [step] : []));
    expect(steps).to.deep.equal(["checked", "waiting", "connected", "sent", "testing", "confirmed"]);
    const told = facts.flatMap(({ progress }) => (progress ? [progress as Record<string, number>] : []));
    expect(told.at(-1)).to.include({ sent: image.length, total: image.length, resumed: 0 });
    expect(facts.at(-1)).to.include({
      version: "2.0.0+0",
      octets: image.length,
      sentOctets: image.length,
      confirmed: true,
    });
    expect(on.card.starts).to.equal(3);
  });

  it("finds a controller on a socket, which one host has at a time, and which is as new for the next", async () => {
    const path = join(folder(), "hci");
    on = await cardOnPort(folder(), "card-on-socket", { hci: { path } });
    expect(on.hci).to.equal(path);
    const reset = Uint8Array.of(1, 3, 0x0c, 0);
    const ask = (octets: Uint8Array) =>
      new Promise<string>((resolve) => {
        const socket = connect(path, () => socket.write(octets));
        let heard = "";
        socket.on("data", (data) => {
          heard += toHex(Uint8Array.from(data));
          socket.end();
        });
        socket.on("error", () => undefined);
        socket.on("close", () => resolve(heard));
      });
    expect(await ask(reset)).to.equal("040e0401030c00");
    const holds = connect(path);
    await new Promise<void>((resolve) => holds.once("connect", resolve));
    expect(await ask(reset), "while another has it").to.equal("");
    holds.destroy();
    await new Promise<void>((resolve) => holds.once("close", resolve));
    let again = "";
    while (again === "") again = await ask(concat(Uint8Array.of(0xff, 0), reset));
    expect(again).to.equal("040e0401030c00");
    await on.close();
    on = undefined;
    expect(existsSync(path), "the socket is gone").to.equal(false);
  });

  it("is told of a port behind which no controller answers, and does not take that for no card", async () => {
    const args = ["cards", "--near", "1", "--device", "ble:/dev/null", "--phone", join(folder(), "nobody")];
    const { code, stdout, stderr } = await ended(spawnEcard(args));
    expect([code, stdout]).to.deep.equal([3, ""]);
    expect(stderr).to.match(/^ecard: \/dev\/null: no Bluetooth controller answers: .*\[CONTROLLER_UNAVAILABLE\]\n$/);
  }).timeout(60_000);

  it("is refused what it cannot mean", async () => {
    const record = await ecard(["emulate", "--btsnoop", join(folder(), "x")]);
    expect([record.code, record.stderr.includes("[WRONG_USE]")]).to.deep.equal([2, true]);
    const both = await ecard(["emulate", "--pty", "--hci", join(folder(), "x")]);
    expect(both.code).to.equal(2);
    const taken = join(folder(), "taken");
    writeFileSync(taken, "");
    const { code, stderr } = await ecard(["emulate", "--hci", taken]);
    expect(code).to.equal(3);
    expect(stderr).to.equal(
      `ecard: Something of that name is there already: choose another name (${taken}) [EADDRINUSE]\n`,
    );
  });
});
