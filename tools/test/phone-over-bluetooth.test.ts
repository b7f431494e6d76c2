// A phone with noble's own stack in a process of its own, its controller at a pseudo-terminal: as a computer with a controller chip at a serial port.

import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { concat, toHex } from "@enabling-card/wire";
import { expect } from "chai";
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

  it("is refused what it cannot mean", async () => {
    const record = await ecard(["emulate", "--btsnoop", join(folder(), "x")]);
    expect([record.code, record.stderr.includes("[WRONG_USE]")]).to.deep.equal([2, true]);
    const both = await ecard(["emulate", "--pty", "--hci", join(folder(), "x")]);
    expect(both.code).to.equal(2);
    const taken = join(folder(), "taken");
    writeFileSync(taken, "");
    const { code, stderr } = await ecard(["emulate", "--hci", taken]);
    expect([code, stderr.includes("[EADDRINUSE]")]).to.deep.equal([3, true]);
  });
});
