// A production build: another root, no bench, and nothing on any line that gives out memory.

import { execFileSync } from "node:child_process";
import { createPrivateKey, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MemoryBlock, QemuCard, type QemuDebugger, type QemuHalt, type QemuHalts } from "@enabling-card/emulator";
import { Card, type CardError, Loader, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import {
  buildImage,
  disassembly,
  flatProgram,
  makeImageKey,
  readBoard,
  setTable,
  signImage,
} from "@enabling-card/tools";
import { ModuleId, type SmpOperation, StartReason, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { buildMcu, type McuSize } from "../../tools/build-mcu.mjs";
import { developmentImageKey } from "../support/image-key.js";
import { imageOrSkip } from "../support/mcu-image.js";

const VERSION = { version: { major: 1, minor: 0, revision: 0, build: 0 }, counter: 1 };

describe("a production build", () => {
  const folder = mkdtempSync(join(tmpdir(), "ecard-production-"));
  const key = makeImageKey("production");
  const signer = {
    publicKey: key.publicKey,
    sign: (digest: Uint8Array) => Uint8Array.from(sign(null, digest, createPrivateKey(key.privatePem))),
  };
  let built: McuSize;
  let table: Awaited<ReturnType<typeof setTable>>;
  let store: Uint8Array;
  let qemu: QemuCard | undefined;
  before(async function () {
    this.timeout(180_000);
    imageOrSkip(this);
    const file = join(folder, "production.pub.pem");
    writeFileSync(file, key.publicPem);
    built = await buildMcu("an386", () => undefined, { production: file });
    const block = new MemoryBlock();
    table = await setTable({ block });
    store = block.snapshot();
  });
  after(async () => {
    await table?.service.close();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    await qemu?.stop();
    qemu = undefined;
  });
  const image = () => {
    const board = readBoard("an386");
    return signImage(buildImage(flatProgram(readFileSync(built.elf), board), { ...VERSION, board }), signer);
  };

  it("is made with no key that everybody has", async () => {
    const file = join(folder, "sample.pem");
    writeFileSync(file, `Image key of a production root\n${createPublicPem(developmentImageKey().publicKey)}`);
    const error = await buildMcu("an386", () => undefined, { production: file }).catch((cause: Error) => cause);
    expect(error)
      .to.be.instanceOf(Error)
      .with.property("message")
      .that.matches(/sample key, which everybody has/);
  });

  it("is made with no key but one that says it is production's", async () => {
    const file = join(folder, "other.pem");
    const unsaid = key.publicPem.slice(key.publicPem.indexOf("-----BEGIN"));
    for (const pem of [makeImageKey("development").publicPem, unsaid, `${unsaid}Image key of a production root\n`]) {
      writeFileSync(file, pem);
      const error = await buildMcu("an386", () => undefined, { production: file }).catch((cause: Error) => cause);
      expect(error)
        .to.be.instanceOf(Error)
        .with.property("message")
        .that.matches(/no key of a production root/);
    }
  });

  it("has no bench in it, and no breakpoint", () => {
    const symbols = execFileSync("arm-none-eabi-nm", [built.elf], { encoding: "utf8" });
    expect(symbols).to.contain("machine_run");
    expect(symbols).to.not.match(/bench_|machine_trap|semihosting/);
    for (const elf of [built.elf, built.loader])
      expect(execFileSync("arm-none-eabi-objdump", ["-d", elf], { encoding: "utf8", maxBuffer: 1 << 26 })).to.not.match(
        /\bbkpt\b/,
      );
  });

  it("pairs with a phone, and hears no order of the bench", async function () {
    this.timeout(60_000);
    qemu = await QemuCard.start({
      board: "an386",
      loader: built.loader,
      image: image(),
      flash: store,
      unheard: "card",
    });
    const { made, makerRoot } = table;
    const phone = { store: new MemoryPairingStore(), phoneName: "Ada's phone", makerRoot };
    const card = await Card.pair(memoryTransport([qemu]), made.pairingCode, phone);
    const silent = await Promise.race([
      Promise.all([qemu.trap(ModuleId.Wallet), qemu.counts(), qemu.crypto(0, [0, 8, 16], new Uint8Array(64))]),
      new Promise<string>((resolve) => setTimeout(resolve, 1000, "silent")),
    ]);
    expect(silent).to.equal("silent");
    expect(qemu.traps).to.deep.equal([]);
    await card.close();
    const again = await Card.connect(memoryTransport([qemu]), phone);
    expect(again.cardId).to.deep.equal(made.cardId);
    await again.close();
  });

  it("takes nothing from the bench's seed: with the same one, and all else the same, its challenges differ; without entropy it does not start", async function () {
    this.timeout(60_000);
    const board = { board: "an386", loader: built.loader, image: image(), flash: store, seed: "known" } as const;
    const { made, makerRoot } = table;
    const challenges: string[] = [];
    for (const entropy of [1, 2, 1].map((octet) => new Uint8Array(32).fill(octet))) {
      qemu = await QemuCard.start({ ...board, entropy, unheard: "card" });
      const phone = { store: new MemoryPairingStore(), phoneName: "Ada's phone", makerRoot };
      const card = await Card.pair(memoryTransport([qemu]), made.pairingCode, phone);
      challenges.push(toHex(card.info.challenge));
      await card.close();
      await qemu.stop();
    }
    expect(challenges[0]).to.not.equal(challenges[1]);
    expect(challenges[0], "of the same octets").to.equal(challenges[2]);
    for (const octet of [0, 0xff]) {
      qemu = await QemuCard.start({ ...board, entropy: new Uint8Array(32).fill(octet), unheard: "loader" });
      const loader = new Loader(qemu.loaderLine());
      await loader.echo("no entropy", { tries: 20, timeoutMs: 200 });
      expect((await loader.facts()).start).to.equal(StartReason.Panicked);
      loader.close();
      await qemu.stop();
    }
  });

  /** Stands in for a pin of the board's, as QEMU has neither buttons nor switches to turn: what the function that reads it answers is what a debugger says. */
  const pin = (elf: string, name: string, level: () => boolean): QemuHalts => {
    const block = /^[^\n]*\n(.*?bx\tlr)/s.exec(disassembly(elf).split(`<${name}>:`)[1]!)![1]!;
    const at = [...block.matchAll(/^\s*([0-9a-f]+):\t/gm)].at(-1)![1]!;
    const onHalt = (_: QemuHalt, machine: QemuDebugger) => machine.setRegister(0, level() ? 1 : 0);
    return { at: [Number.parseInt(at, 16)], onHalt };
  };
  const board = () => ({ board: "an386", loader: built.loader, image: image(), flash: store }) as const;

  it("hears the board's own button, and no other: a payment is let go by two presses of it", async function () {
    this.timeout(120_000);
    let down = false;
    const halts = pin(built.elf, "board_button", () => down);
    qemu = await QemuCard.start({ ...board(), unheard: "card", halts, autoPress: true });
    const { made, makerRoot, client } = table;
    const phone = { store: new MemoryPairingStore(), phoneName: "Ada's phone", makerRoot };
    const card = await Card.pair(memoryTransport([qemu]), made.pairingCode, phone);
    await client.enrol(card.certificate, "Ada's phone");
    const { tokenRef } = await client.createToken(card.cardId, "LOVELACE/ADA");
    const { challenge, checkpointSize } = card.info;
    const domain = { requestor: "test", channel: 0, country: 276, maxAmount: 1000 };
    const asked = { cardId: card.cardId, tokenRef, challenge, checkpointSize, domain };
    await card.load(await client.grant({ ...asked, maxEmissions: 1, kind: "online" }));
    let isOver = false;
    const presented = card.present({ when: "now" }).finally(() => {
      isOver = true;
    });
    await Promise.race([presented, qemu.pressTwice().then(() => delay(1000))]);
    expect(isOver, "by the bench's").to.equal(false);
    while (!isOver) {
      for (const level of [true, false, true, false]) {
        down = level;
        await delay(150);
      }
      await Promise.race([presented, delay(1500)]);
    }
    expect((await presented).passesSent).to.equal(2);
    await card.close();
  });

  it("starts its loader where that button is held at a reset", async function () {
    this.timeout(60_000);
    qemu = await QemuCard.start({
      ...board(),
      unheard: "loader",
      halts: pin(built.loader, "board_button", () => true),
    });
    const loader = new Loader(qemu.loaderLine());
    await loader.echo("held", { tries: 20, timeoutMs: 500 });
    expect((await loader.facts()).start).to.equal(StartReason.Held);
    loader.close();
  });

  it("has a radio where the board's own switch says that a controller is wired", async function () {
    this.timeout(60_000);
    for (const wired of [false, true]) {
      const heard: string[] = [];
      let tell = (): void => undefined;
      const first = new Promise<void>((resolve) => {
        tell = resolve;
      });
      const radio = {
        send: (packet: Uint8Array) => {
          heard.push(toHex(packet));
          tell();
        },
        onPacket: () => undefined,
        powerOff: () => undefined,
      };
      // The bench's switch is on in both.
      const halts = pin(built.elf, "board_is_wired", () => wired);
      qemu = await QemuCard.start({ ...board(), unheard: "card", radio, halts });
      await Promise.race([first, delay(wired ? 30_000 : 1000)]);
      expect(heard.slice(0, 1)).to.deep.equal(wired ? ["01030c00"] : []);
      await qemu.stop();
    }
  });

  it("boots no development image, and takes none", async function () {
    this.timeout(60_000);
    const development = imageOrSkip(this);
    qemu = await QemuCard.start({
      board: "an386",
      loader: built.loader,
      image: development.image,
      flash: store,
      unheard: "loader",
    });
    const loader = new Loader(qemu.loaderLine());
    await loader.echo("refused", { tries: 20, timeoutMs: 200 });
    expect(await loader.images()).to.deep.equal([]);
    // Short ones, as each octet takes its time; whether they would run, nobody asks.
    const board = readBoard("an386");
    const short = buildImage(new Uint8Array(2000).fill(1), { ...VERSION, board });
    const code = await loader.upload(signImage(short, developmentImageKey())).catch((error: CardError) => error.code);
    expect(code).to.equal("IMAGE_KEY_OTHER");
    await loader.upload(signImage(short, signer));
    // Groups that read memory, files, shells, statistics and settings in other servers: errors, and not an octet.
    for (const group of [0, 2, 3, 4, 5, 6, 7, 8, 9, 63, 64, 65])
      for (const operation of [0, 2] as SmpOperation.Read[])
        for (const command of [1, 2, 3, 4, 7, 8, 9]) {
          const refusal = await loader
            .request({ operation, group, command }, { tries: 1 })
            .catch((error: CardError) => error.code);
          expect(refusal, `group ${group}, command ${command}`).to.equal("LOADER_REQUEST_REFUSED");
        }
  });
});

function createPublicPem(publicKey: Uint8Array): string {
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), publicKey]);
  return `-----BEGIN PUBLIC KEY-----\n${der.toString("base64")}\n-----END PUBLIC KEY-----\n`;
}
