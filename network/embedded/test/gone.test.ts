// A store that is gone when its network is started again: nothing is made in its place, and above all no other log.

import { cpSync, existsSync, mkdtempSync, renameSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keysFromSeeds, randomSeeds, startIssuer } from "@enabling-card/issuer";
import { expect } from "chai";
import { enrolledCard, T0 } from "../../issuer/test/issuer-support.js";
import { startNetwork } from "../src/index.js";

describe("a store that is gone", () => {
  let folder: string;
  const keys = keysFromSeeds(randomSeeds());
  const start = () => startNetwork({ keys, store: folder, now: () => T0 });
  const refusal = () =>
    start().then(
      () => "started",
      ({ code }) => code,
    );
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ecard-gone-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is not made anew beside the others: STORE_GONE; back again, all is as it was", async () => {
    const network = await start();
    const card = await enrolledCard(network.issuer.issuer);
    await network.close();
    for (const name of ["issuer", "processor", "acs", "log"]) {
      const file = join(folder, `${name}.sqlite`);
      renameSync(file, `${file}.away`);
      expect(await refusal(), name).to.equal("STORE_GONE");
      expect(existsSync(file), name).to.equal(false);
      renameSync(`${file}.away`, file);
    }
    const again = await start();
    await again.issuer.issuer.authenticate(card.cardId, card.accessKey);
    await again.close();
  });

  it("is not made anew in a file that was cut, one or all, nor where nothing but its journal had what it held: STORE_GONE", async () => {
    const network = await start();
    await enrolledCard(network.issuer.issuer);
    const files = ["issuer", "processor", "acs", "log"].map((name) => join(folder, `${name}.sqlite`));
    // As a machine leaves it whose power fails: what was written last is in the journals alone.
    const journals = files.map((file) => `${file}-wal`);
    const before = mkdtempSync(join(tmpdir(), "ecard-gone-"));
    cpSync(folder, before, { recursive: true });
    await network.close();
    const again = () => {
      rmSync(folder, { recursive: true });
      cpSync(before, folder, { recursive: true });
    };
    for (const cut of [...files.map((file) => [file]), [files[0]!, files[3]!], files]) {
      again();
      for (const file of cut) truncateSync(file, 0);
      expect(await refusal(), cut.join()).to.equal("STORE_GONE");
      for (const file of cut) expect(existsSync(`${file}-wal`), "what is left stays").to.equal(true);
    }
    for (const journal of journals) {
      again();
      rmSync(journal);
      expect(await refusal(), journal).to.equal("STORE_GONE");
    }
    again();
    expect(await refusal(), "as it was").to.equal("started");
    rmSync(before, { recursive: true });
  });

  it("is made where the first start was killed before all were there", async () => {
    await (await start()).close();
    rmSync(join(folder, "stores"));
    rmSync(join(folder, "acs.sqlite"));
    await (await start()).close();
    rmSync(join(folder, "acs.sqlite"));
    expect(await refusal()).to.equal("STORE_GONE");
  });

  it("is no issuer's log any more, wherever its store is: LOG_GONE, for a new one and for an older copy", async () => {
    const [file, logFile] = [join(folder, "issuer.sqlite"), join(folder, "log.sqlite")];
    const open = () => startIssuer({ keys, file, logFile, now: () => T0 });
    const outcome = () =>
      open().then(
        (issuer) => issuer.close().then(() => "started"),
        ({ code }) => code,
      );
    const first = await open();
    await enrolledCard(first.issuer);
    await first.close();
    expect(await outcome(), "which tells how the log stands").to.equal("started");
    renameSync(logFile, `${logFile}.away`);
    expect(await outcome()).to.equal("LOG_GONE");
    for (const suffix of ["", "-wal", "-shm", "-lock"]) rmSync(logFile + suffix, { force: true });
    renameSync(`${logFile}.away`, logFile);
    expect(await outcome()).to.equal("started");
  });
});
