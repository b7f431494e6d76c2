// ecard flash and ecard serial as a shell has them; the card is the loader's module, behind a pseudo-terminal where a port is named.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FlashArea, LoaderVerdict } from "@enabling-card/wire";
import { expect } from "chai";
import { LoaderCard, partsOf, sealed, versionIn } from "../../test/support/loader-card.js";
import { needs } from "./programs.js";
import { ecard, testFolder } from "./run-ecard.js";

const PTY = fileURLToPath(new URL("pseudo-terminal.py", import.meta.url));
const ONE = sealed(partsOf(1, 5));
const TWO = sealed(partsOf(2, 6));

describe("ecard flash", () => {
  const folder = testFolder();
  const file = (name: string, octets: Uint8Array) => {
    writeFileSync(join(folder(), name), octets);
    return join(folder(), name);
  };

  it("flashes the card behind a serial port, with what it does in lines", async function () {
    this.timeout(30_000);
    needs(this, "python3");
    const card = await LoaderCard.create();
    card.install(FlashArea.Slot0, ONE);
    card.start();
    const python = spawn("python3", [PTY], { stdio: ["pipe", "pipe", "inherit"] });
    try {
      const [name] = (await once(python.stdout, "data")) as [Buffer];
      const line = card.line();
      line.onOctets((octets) => python.stdin.write(octets));
      python.stdout.on("data", (octets: Buffer) => void line.write(Uint8Array.from(octets)));
      const { code, stdout, stderr } = await ecard(["flash", file("two.img", TWO), "--port", name.toString().trim()]);
      expect(stderr).to.equal("");
      expect(code).to.equal(0);
      expect(stdout).to.match(/two\.img: version 2\.0\.0\+0 runs on an386, confirmed$/m);
      expect(stdout.split("\n").map((row) => row.trim().split(" ")[0])).to.include.members([
        ...["checked", "connected", "sent", "testing", "confirmed"],
      ]);
      expect(card.start()).to.equal(LoaderVerdict.Boot);
      expect(versionIn(card.flash.areas[FlashArea.Slot0])).to.equal(2);
    } finally {
      python.kill();
    }
  });

  for (const [what, options, exit, said] of [
    ["names no card", [], 2, "[WRONG_USE]"],
    ["names two", ["--port", "/dev/null", "--device", "qemu"], 2, "[WRONG_USE]"],
    ["wants a port's flash kept", ["--port", "/dev/null", "--memory", "card.flash"], 2, "[WRONG_USE]"],
    ["names a port and a card of the air", ["--port", "/dev/null", "--ble", "ecard"], 2, "[WRONG_USE]"],
    ["names QEMU and a card of the air", ["--device", "qemu", "--ble", "ecard"], 2, "[WRONG_USE]"],
    [
      "names no device that there is",
      ["--device", "tcp:1"],
      2,
      "give qemu, ble, or ble:PATH of a controller [WRONG_USE]",
    ],
    ["wants the flash of the air kept", ["--device", "ble", "--memory", "card.flash"], 2, "[WRONG_USE]"],
    ["names a port that is not there", ["--port", "/dev/no-such-port"], 3, "[PORT_UNUSABLE]"],
    ["names a key that is none", ["--device", "qemu", "--key", PTY], 2, "[KEY_INVALID]"],
  ] as const)
    it(`is refused where it ${what}`, async () => {
      const { code, stderr } = await ecard(["flash", file("good.img", TWO), ...options]);
      expect(stderr).to.contain(said);
      expect(code).to.equal(exit);
    });

  it("opens no port for what is no image", async () => {
    const { code, stderr } = await ecard([
      "flash",
      file("no.img", ONE.subarray(0, 3000)),
      "--port",
      "/dev/no-such-port",
    ]);
    expect(stderr).to.contain("[IMAGE_CUT]");
    expect(code).to.equal(1);
  });
});

describe("ecard serial", () => {
  it("lists ports, or says what is missing", async () => {
    const { code, stdout, stderr } = await ecard(["serial"]);
    if (code === 0) expect(stdout).to.match(/^(no serial ports|\/dev\/\S+.*|COM\d+.*)$/m);
    else {
      expect(code).to.equal(3);
      expect(stderr).to.match(/^ecard: The system does not list its serial ports .*\[SERIAL_UNAVAILABLE\]\n$/);
    }
  });
});
