// The issuer's files: what is not in them (rule 12), and what they refuse to be opened with.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { LedgerError, readCertificate } from "@enabling-card/ledger";
import { fromHex, toHex } from "@enabling-card/wire";
import Database from "better-sqlite3";
import { expect } from "chai";
import { closeGrant, Issuer, type IssuerOptions, keysFromSeeds, randomSeeds } from "../src/index.js";
import {
  answerTo,
  DAY,
  DOMAIN,
  enrolledCard,
  expectIssuerError,
  purchase,
  reversalOf,
  T0,
  takeGrant,
  takeOfflineGrant,
  tracksOf,
  wrongDigit,
} from "./issuer-support.js";

describe("the issuer's files", () => {
  let folder: string;
  let seeds: Uint8Array;
  let options: IssuerOptions & { readonly file: string; readonly logFile: string };
  let now: number;
  const opened: Issuer[] = [];

  const open = async (change: Partial<IssuerOptions> = {}) => {
    const issuer = await Issuer.open({ ...options, ...change });
    opened.push(issuer);
    return issuer;
  };

  beforeEach(() => {
    now = T0;
    folder = mkdtempSync(join(tmpdir(), "ecard-issuer-"));
    seeds = randomSeeds();
    options = {
      keys: keysFromSeeds(seeds),
      file: join(folder, "issuer.db"),
      logFile: join(folder, "log.db"),
      now: () => now,
    };
  });
  afterEach(async () => {
    for (const issuer of opened.splice(0)) await issuer.close();
    rmSync(folder, { recursive: true });
  });

  /** A day at the issuer: cards, tokens, grants, payments, refusals, repeats, states. Its secrets, by name. */
  async function aDay(issuer: Issuer): Promise<Map<string, Uint8Array | string>> {
    const secrets = new Map<string, Uint8Array | string>();
    for (let i = 0; i < 3; i++) {
      const card = await enrolledCard(issuer);
      secrets.set(`access key ${i}`, card.accessKey);
      const mint = async (kind: "online" | "offline") =>
        (await issuer.mint(card.cardId, "Lovelace/Ada", kind)).tokenRef;
      const [on, off] = [await mint("online"), await mint("offline")];
      const grants = [
        await takeGrant(issuer, card, on!),
        await takeGrant(issuer, card, on!),
        await takeOfflineGrant(issuer, card, off!),
      ];
      for (const [n, grant] of grants.entries()) {
        const { track1, track2 } = tracksOf(grant);
        for (const message of [
          purchase({ track1, track2 }),
          purchase({ track2 }),
          purchase({ track2: wrongDigit(track2, -1) }),
        ]) {
          await answerTo(issuer, message);
          await answerTo(issuer, { ...message, mti: "0101" });
        }
        const name = `${i}/${n}`;
        secrets.set(`PAN ${name}`, grant.track2.slice(0, 16));
        secrets.set(`PAN without range ${name}`, grant.track2.slice(6, 16));
        secrets.set(`track 2 ${name}`, grant.track2);
        secrets.set(`holder ${name}`, "LOVELACE");
        secrets.set(`cryptogram ${name}`, grant.cryptogram);
        secrets.set(`cryptogram as digits ${name}`, track2.slice(-8));
        secrets.set(`cryptogram in capitals ${name}`, track1.slice(-16));
        secrets.set(`cryptogram in hexadecimal ${name}`, toHex(grant.cryptogram));
      }
    }
    for (let i = 0; i < 5; i++) secrets.set(`seed ${i}`, seeds.slice(32 * i, 32 * (i + 1)));
    return secrets;
  }

  it("hold no PAN, cryptogram, key, name or track, in any form, journal included (rule 12)", async () => {
    const issuer = await open();
    const secrets = await aDay(issuer);
    const scan = () => {
      const files = readdirSync(folder);
      const bytes = Buffer.concat(files.map((name) => readFileSync(join(folder, name))));
      for (const [name, secret] of secrets) {
        const octets = Buffer.from(secret as Uint8Array); // of text, its octets: Buffer.from tells them apart
        for (const form of [octets, Buffer.from(octets.toString("hex")), Buffer.from(octets.toString("base64url"))]) {
          expect(bytes.includes(form), `${name} is in ${files}`).to.equal(false);
        }
        if (typeof secret === "string" && /^\d{16}$/.test(secret)) {
          expect(bytes.includes(Buffer.from(fromHex(secret))), `${name}, packed`).to.equal(false); // BCD
        }
      }
      return { files, bytes };
    };
    const live = scan();
    expect(live.files).to.include.members(["issuer.db-wal", "log.db-wal"]);
    expect(live.bytes.includes(Buffer.from(`"maxAmount":1250`))).to.equal(true); // the scan reads what is there
    await issuer.close();
    scan();
  });

  it("have no column that could hold a static verification value (rule 10)", async () => {
    await aDay(await open());
    const db = new Database(options.file, { readonly: true });
    const columns = db
      .prepare<[], { name: string }>(
        "SELECT p.name FROM sqlite_master AS m, pragma_table_info(m.name) AS p WHERE m.type = 'table'",
      )
      .all()
      .map(({ name }) => name);
    db.close();
    expect(columns.length).to.be.greaterThan(20);
    for (const name of columns) expect(name).not.to.match(/cv|cryptogram|discretionary|track|pin|service|atn/i);
  });

  it("find a PAN by a keyed name alone: whoever tries all PANs without the key finds none", async () => {
    const [mine, other] = [await open(), await Issuer.open({ keys: keysFromSeeds(randomSeeds()), now: () => T0 })];
    const pan = "9999990000000013";
    expect((await mine).secrets.panIndex(pan)).not.to.equal(other.secrets.panIndex(pan));
    expect((await mine).secrets.panIndex(pan)).to.equal(
      (await open({ file: ":memory:", logFile: ":memory:" })).secrets.panIndex(pan),
    );
    await other.close();
  });

  it("are for their owner's eyes", async () => {
    await open();
    for (const name of ["issuer.db", "issuer.db-wal"]) {
      expect(statSync(join(folder, name)).mode & 0o077, name).to.equal(0);
    }
  });

  it("bring back everything: certificate, cards, tokens, what was spent, what was answered", async () => {
    const first = await open();
    const card = await enrolledCard(first);
    const { tokenRef } = await first.mint(card.cardId, "Lovelace/Ada");
    const [spent, unspent] = [await takeGrant(first, card, tokenRef), await takeGrant(first, card, tokenRef)].map(
      tracksOf,
    );
    const message = purchase(spent!);
    expect(await answerTo(first, message)).to.equal("APPROVED");
    const checkpoint = first.log.checkpoint();
    await first.close();

    const again = await open();
    expect(again.certificate).to.deep.equal(first.certificate);
    expect(again.log.checkpoint()).to.deep.equal(checkpoint);
    await again.authenticate(card.cardId, card.accessKey);
    expect(await answerTo(again, { ...message, mti: "0101" })).to.equal("APPROVED");
    expect(await answerTo(again, purchase(spent!))).to.equal("ATC_REPLAYED");
    expect(await answerTo(again, purchase(unspent!))).to.equal("APPROVED");
    expect((await takeGrant(again, card, tokenRef)).atc).to.equal(3);
  });

  for (const [i, which] of ["issuer root", "maker root", "node", "signing key", "master"].entries()) {
    it(`are not opened with another ${which}: KEYS_MISMATCH`, async () => {
      await (await open()).close();
      const others = Uint8Array.from(seeds);
      others[32 * i]! ^= 1;
      const before = readFileSync(options.file);
      await expectIssuerError(() => open({ keys: keysFromSeeds(others) }), "KEYS_MISMATCH");
      await expectIssuerError(() => open({ keys: keysFromSeeds(others), logFile: ":memory:" }), "KEYS_MISMATCH");
      expect(readFileSync(options.file)).to.deep.equal(before);
      await open(); // and with theirs, still
    });
  }

  it("are not opened with a certificate of other keys in them: KEYS_MISMATCH", async () => {
    const first = await open();
    const foreign = await Issuer.open({ keys: keysFromSeeds(randomSeeds()), now: () => T0 });
    const sign = await Issuer.open({
      keys: { ...first.keys, master: first.keys.master, sign: foreign.keys.sign },
      now: () => T0,
    });
    for (const certificate of [foreign.certificate, sign.certificate, new Uint8Array(9)]) {
      await first.store.keepSetting("certificate", certificate);
      await expectIssuerError(() => open({ logFile: ":memory:" }), "KEYS_MISMATCH");
    }
    await foreign.close();
    await sign.close();
  });

  it("get a new certificate when the old one's time is over, with the same key, on the ledger", async () => {
    const first = await open();
    await first.close();
    now += 5 * 365 * DAY;
    const again = await open();
    expect(again.certificate).not.to.deep.equal(first.certificate);
    const [old, fresh] = [first, again].map(({ certificate }) => readCertificate(certificate).claims);
    expect(fresh!.keys.sign).to.deep.equal(old!.keys.sign);
    expect(again.log.size).to.equal(2);
    again.evidence(0);
  });

  it("are not opened by an issuer that was revoked", async () => {
    const first = await open();
    first.log.revoke(readCertificate(first.certificate).claims.serial);
    await first.close();
    expect(await failureOf(open()))
      .to.be.instanceOf(LedgerError)
      .with.property("code", "CERTIFICATE_REVOKED");
  });

  it("are not opened where the log was altered, and the store is let go again: LOG_DAMAGED", async () => {
    await (await open()).close();
    const db = new Database(options.logFile);
    db.exec("UPDATE entries SET time = time + 1");
    db.close();
    expect(await failureOf(open()))
      .to.be.instanceOf(LedgerError)
      .with.property("code", "LOG_DAMAGED");
    await open({ logFile: ":memory:" });
  });

  it("are refused where they are no store, or one of another version: STORE_DAMAGED", async () => {
    writeFileSync(
      options.file,
      "not a database, but long enough to be read as the header of one, or so it seems.".repeat(20),
    );
    await expectIssuerError(() => open(), "STORE_DAMAGED");
    rmSync(options.file);
    await (await open()).close();
    const db = new Database(options.file);
    db.pragma("user_version = 99");
    db.close();
    await expectIssuerError(() => open(), "STORE_DAMAGED");
    rmSync(options.file);
    const empty = new Database(options.file);
    empty.pragma("user_version = 99");
    empty.close();
    await expectIssuerError(() => open(), "STORE_DAMAGED");
    rmSync(options.file);
    const foreign = new Database(options.file);
    foreign.exec("CREATE TABLE somebody (elses)");
    foreign.close();
    await expectIssuerError(() => open(), "STORE_DAMAGED");
  });

  it("are brought to this version where they are of an earlier one, with all that they hold", async () => {
    const first = await open();
    const card = await enrolledCard(first);
    const { cardId } = card;
    const { tokenRef } = await first.mint(cardId, "Lovelace/Ada");
    const { track2 } = tracksOf(await takeGrant(first, card, tokenRef));
    expect(await answerTo(first, purchase(tracksOf(await takeGrant(first, card, tokenRef))))).to.equal("APPROVED");
    await first.close();
    const db = new Database(options.file);
    // As version 1 left them: it knew of no reversals, kept no hash beside a grant's domain, had no bucket of grants, no account apart from its tokens,
    // no phone's registration, no number of a key, nothing of what was said of a grant, and no rights that were handed out.
    db.exec(
      "DROP TABLE delegations; DROP TABLE delegated_counters; DROP INDEX grants_by_delegation; DROP INDEX grants_by_request",
    );
    for (const column of [
      ...["said", "request_name", "used_at", "reversed", "of_code", "delegation", "held_by", "counters"],
    ])
      db.exec(`ALTER TABLE grants DROP COLUMN ${column}`);
    db.exec("DROP TABLE reversals; ALTER TABLE grants DROP COLUMN domain_hash");
    db.exec("ALTER TABLE tokens DROP COLUMN level_s; ALTER TABLE tokens DROP COLUMN level_at");
    db.exec(
      "DROP TABLE accounts; ALTER TABLE tokens DROP COLUMN domain_only; ALTER TABLE tokens DROP COLUMN registration",
    );
    db.exec("ALTER TABLE grants DROP COLUMN key_number; ALTER TABLE tokens DROP COLUMN registration_key");
    db.exec("DROP TABLE answers; DROP TABLE taken_once"); // and answered each request anew
    db.pragma("user_version = 1");
    db.close();
    const issuer = await open();
    expect((await issuer.mint(cardId, "Lovelace/Ada")).last4).to.match(/^\d{4}$/);
    expect(await answerTo(issuer, purchase({ track2 }))).to.equal("APPROVED");
    expect(await answerTo(issuer, reversalOf(purchase({})))).to.equal("APPROVED");
    const close = (atc: number) => closeGrant(issuer, cardId, { tokenRef: toHex(tokenRef), atc });
    expect(await close(1)).to.deep.include({ outcome: "approved", amount: 950 });
    await expectIssuerError(() => close(2), "GRANT_OUTCOME_LOST");
  });

  it("have the same grant for a request that comes again, when the issuer was killed behind its count", async () => {
    const first = await open();
    const card = await enrolledCard(first);
    const { tokenRef } = await first.mint(card.cardId, "Lovelace/Ada");
    const asked = {
      ...{ cardId: card.cardId, tokenRef, challenge: new Uint8Array(16), checkpointSize: 0, domain: DOMAIN },
      ...{ maxEmissions: 1, kind: "online" as const },
    };
    const repeat = { owner: "Ada", key: "a-key-of-its-own", asked: "this" };
    const counted = await first.grants.count(asked, { hasOwnCryptogram: true, isOfCode: false }, repeat);
    const { sealed } = await first.grants.make(counted, first.grants.cryptogram(counted));
    await first.close();
    now += 60;
    const second = await open();
    expect(toHex((await second.grant(asked, { repeat })).sealed)).to.equal(toHex(sealed));
    expect((await second.store.token(toHex(tokenRef)))!.atc).to.equal(1);
  });

  it("say INTERNAL, and nothing of what is sealed, where a sealed value was altered", async () => {
    const issuer = await open();
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    const db = new Database(options.file);
    for (const value of [new Uint8Array(60), new Uint8Array(3)]) {
      db.prepare("UPDATE tokens SET pan = ?").run(value);
      await expectIssuerError(() => takeGrant(issuer, card, tokenRef), "INTERNAL");
    }
    db.close();
  });
});

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error) => error,
  );
}

describe("an issuer that is printed", () => {
  it("shows no secret, printed or as JSON (rule 12)", async () => {
    const seeds = randomSeeds();
    const issuer = await Issuer.open({ keys: keysFromSeeds(seeds), now: () => T0 });
    const text =
      inspect(issuer, { depth: 9, maxArrayLength: 1000 }) + JSON.stringify(issuer) + JSON.stringify(issuer.keys);
    for (let i = 0; i < 5; i++) {
      const seed = seeds.slice(32 * i, 32 * (i + 1));
      for (const form of [
        toHex(seed),
        toHex(seed).match(/../g)!.join(" "),
        seed.join(","),
        seed.slice(0, 8).join(", "),
      ]) {
        expect(text).not.to.contain(form);
      }
    }
    await issuer.close();
  });
});
