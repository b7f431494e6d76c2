// Folders of QEMUs whose processes were killed: the next start sweeps them, and nothing else.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect } from "chai";
import { makeQemuFolder } from "../src/qemu/qemu-folder.js";

describe("the folder of a QEMU", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "ecard-folders-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  /** Of a process that has ended, and was waited for. */
  const gone = () => spawnSync(process.execPath, ["-e", ""]).pid;
  /** A name as this process gives it, but for some of its parts: a number, when that began, and in which numbering. */
  const named = (change: (parts: string[]) => void): string => {
    const folder = makeQemuFolder(root);
    rmSync(folder, { recursive: true });
    const parts = basename(folder).split("-");
    change(parts);
    return join(root, parts.join("-"));
  };
  const [PID, BEGUN, NUMBERING] = [2, 3, 4];
  const left = () => readdirSync(root).sort();

  it("stays while its process does, and takes others along that are nobody's any more", () => {
    const mine = makeQemuFolder(root);
    const of = (pid: number) =>
      named((parts) => {
        parts[PID] = String(pid);
      });
    const dead = of(gone());
    mkdirSync(dead);
    writeFileSync(join(dead, "flash.bin"), "flash");
    symlinkSync(mine, join(dead, "link"));
    const second = makeQemuFolder(root);
    expect(left()).to.deep.equal([basename(mine), basename(second)].sort());
  });

  it("is swept where another process has its number by now", function () {
    if (process.platform !== "linux") return this.skip();
    mkdirSync(
      named((parts) => {
        parts[BEGUN] = "1";
      }),
    );
    const mine = makeQemuFolder(root);
    expect(left()).to.deep.equal([basename(mine)]);
  });

  it("stays where its number counts elsewhere, where it is no folder, and where its name is another's", () => {
    const pid = String(gone());
    const dead = (change: (parts: string[]) => void = () => undefined) =>
      named((parts) => {
        parts[PID] = pid;
        change(parts);
      });
    const elsewhere = dead((parts) => {
      parts[NUMBERING] = String(Number(parts[NUMBERING]) + 1);
    });
    mkdirSync(elsewhere);
    const [file, link] = [dead(), `${dead()}x`];
    writeFileSync(file, "");
    const kept = join(root, "kept");
    mkdirSync(kept);
    symlinkSync(kept, link);
    for (const name of [`ecard-qemu-${pid}`, "ecard-qemu-AbCdEf", "ecard-report-1-0-0-AbCdEf"])
      mkdirSync(join(root, name));
    const before = left();
    const mine = makeQemuFolder(root);
    expect(left()).to.deep.equal([...before, basename(mine)].sort());
  });
});
