// The log's file: what was signed comes back, and what was altered in between is not opened.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Role, toHex } from "@enabling-card/wire";
import Database from "better-sqlite3";
import { expect } from "chai";
import { type DevelopmentLog, readCertificate, signingKey } from "../src/index.js";
import { certificate, expectLedgerError, openLog, seed, T0 } from "./log-support.js";

describe("the development log's file", () => {
  const clock = { now: T0 };
  let folder: string;
  let file: string;
  let log: DevelopmentLog | undefined;
  const stored: Uint8Array[] = [];

  const open = (change: Parameters<typeof openLog>[1] = {}) => {
    log = openLog(clock, { file, ...change });
    return log;
  };
  /** Changes the closed file behind the log's back. */
  const alter = (sql: string, ...values: unknown[]) => {
    const db = new Database(file);
    db.prepare(sql).run(...values);
    db.close();
  };

  beforeEach(() => {
    clock.now = T0;
    folder = mkdtempSync(join(tmpdir(), "ecard-log-"));
    file = join(folder, "log.db");
    stored.splice(0, Number.POSITIVE_INFINITY, ...Array.from({ length: 5 }, () => certificate()));
    open();
    for (const octets of stored) log!.append(octets, Role.Issuer);
    log!.revoke(readCertificate(stored[1]!).claims.serial);
    log!.close();
  });
  afterEach(() => {
    log?.close();
    rmSync(folder, { recursive: true });
  });

  it("reopens with the very checkpoint and receipts it had", () => {
    const first = open();
    const [checkpoint, receipts] = [first.checkpoint(), stored.map((octets) => toHex(first.receipt(octets)))];
    first.close();
    const again = open();
    expect(again.checkpoint()).to.deep.equal(checkpoint);
    expect(stored.map((octets) => toHex(again.receipt(octets)))).to.deep.equal(receipts);
    again.append(certificate(), Role.Issuer);
    expect(again.size).to.equal(7);
  });

  it("keeps a checkpoint that was only refreshed, so that time does not go back over a restart", () => {
    clock.now += 4000;
    const { time } = open().head();
    const checkpoint = log!.checkpoint();
    log!.close();
    clock.now -= 4000;
    expect(open().head().time).to.equal(time);
    expect(log!.checkpoint()).to.deep.equal(checkpoint);
  });

  const other = certificate();
  const DAMAGE: readonly (readonly [what: string, sql: string, ...values: unknown[]])[] = [
    [
      "a certificate was replaced",
      "UPDATE entries SET body = ?, serial = ? WHERE position = 2",
      other,
      toHex(readCertificate(other).claims.serial),
    ],
    ["a body cannot be read", "UPDATE entries SET body = zeroblob(20) WHERE position = 2"],
    ["a time was altered", "UPDATE entries SET time = time + 1 WHERE position = 0"],
    ["an entry was filed under another serial", "UPDATE entries SET serial = ? WHERE position = 3", "00".repeat(16)],
    ["a serial is no hexadecimal", "UPDATE entries SET serial = 'zz' WHERE position = 3"],
    ["an entry is missing in the middle", "DELETE FROM entries WHERE position = 2"],
    ["the last entry, a revocation, is missing", "DELETE FROM entries WHERE position = 5"],
    ["all entries are missing", "DELETE FROM entries"],
    [
      "an entry was added",
      "INSERT INTO entries VALUES (6, 1, 1800000000, ?, ?)",
      toHex(readCertificate(other).claims.serial),
      other,
    ],
    [
      "a revocation was pointed at another",
      "UPDATE entries SET serial = ?, body = ? WHERE position = 5",
      "11".repeat(16),
      new Uint8Array(16).fill(0x11),
    ],
    ["an entry has no known kind", "UPDATE entries SET kind = 3 WHERE position = 1"],
    ["the checkpoint is missing", "DELETE FROM head"],
    ["the checkpoint was altered", "UPDATE head SET payload = zeroblob(80)"],
    ["the checkpoint's signature was altered", "UPDATE head SET signature = zeroblob(64)"],
    ["a table is missing a column", "ALTER TABLE entries RENAME COLUMN body TO text"],
  ];
  for (const [what, sql, ...values] of DAMAGE) {
    it(`is not opened when ${what}: LOG_DAMAGED`, () => {
      alter(sql, ...values);
      expectLedgerError(() => open(), "LOG_DAMAGED");
    });
  }

  it("is not opened when it is no database at all: LOG_DAMAGED", () => {
    writeFileSync(file, "not a database, but long enough to be read as the header of one, which it is not".repeat(20));
    expectLedgerError(() => open(), "LOG_DAMAGED");
  });

  it("is not opened with another node's key, or under another origin: LOG_OTHER_KEYS", () => {
    expectLedgerError(() => open({ node: signingKey(seed(77)) }), "LOG_OTHER_KEYS");
    expectLedgerError(() => open({ origin: "elsewhere" }), "LOG_OTHER_KEYS");
    expect(open().size).to.equal(6);
  });

  it("has one writer at a time: LOG_IN_USE", () => {
    const first = open();
    expectLedgerError(() => openLog(clock, { file }), "LOG_IN_USE");
    first.append(certificate(), Role.Issuer);
    expect(first.size).to.equal(7);
  });

  it("stays what it was when the disk says no", () => {
    const first = open();
    const before = first.checkpoint();
    first.close();
    const octets = certificate();
    // A trigger stands for the full disk.
    alter("CREATE TRIGGER full BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
    const full = open();
    expect(() => full.append(octets, Role.Issuer)).to.throw("disk is full");
    expect(full.size).to.equal(6);
    expect(full.checkpoint()).to.deep.equal(before);
    expectLedgerError(() => full.receipt(octets), "CERTIFICATE_UNKNOWN");
    for (const one of stored) full.receipt(one);
  });
});
