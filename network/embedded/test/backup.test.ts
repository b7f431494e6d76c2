// A network that is copied, goes on, is lost, and is restored from the copy: nothing that may have been used since is good again.

import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IsoCaller } from "@enabling-card/doors";
import { closeGrant, GRANT_S, GRANTS_AT_ONCE, keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { addDevice } from "@enabling-card/processor";
import { copyStore } from "@enabling-card/sql";
import { type SwipeGrant, TokenState, toHex } from "@enabling-card/wire";
import Database from "better-sqlite3";
import { expect } from "chai";
import {
  DAY,
  enrolledCard,
  openGrant,
  purchase,
  T0,
  type TestCard,
  takeGrant,
  takeOfflineGrant,
  tracksOf,
} from "../../issuer/test/issuer-support.js";
import { backUpNetwork, type Network, restoreNetwork, startNetwork } from "../src/index.js";

describe("a network that is restored from a copy", () => {
  let folder: string;
  let network: Network;
  let now: number;
  let card: TestCard;
  let tokenRef: Uint8Array;
  const keys = keysFromSeeds(randomSeeds());
  const at = (name: string) => join(folder, name);
  const start = async (name: string) => {
    network = await startNetwork({ keys, store: at(name), now: () => now });
  };

  beforeEach(async () => {
    now = T0;
    folder = mkdtempSync(join(tmpdir(), "ecard-backup-"));
    await start("first");
    card = await enrolledCard(network.issuer.issuer);
    ({ tokenRef } = await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada"));
  });
  afterEach(async () => {
    await network.close();
    rmSync(folder, { recursive: true });
  });

  const pay = async (grant: SwipeGrant) => {
    const terminal = new IsoCaller(network.processor.iso);
    const { fields } = await terminal.ask(purchase(tracksOf(grant)));
    terminal.close();
    return fields[39] === "00" ? "APPROVED" : fields[44];
  };
  it("is its owner's to read alone, and so are the copies and what they were made of", async () => {
    await backUpNetwork(at("first"), at("copy"), now);
    for (const name of readdirSync(at("copy"))) chmodSync(join(at("copy"), name), 0o644);
    restoreNetwork(at("copy"), at("second"), now);
    rmSync(at("copy"), { recursive: true });
    await backUpNetwork(at("first"), at("copy"), now);
    for (const folder of ["first", "copy", "second"]) {
      for (const name of readdirSync(at(folder))) {
        expect(statSync(join(at(folder), name)).mode & 0o077, `${folder}/${name}`).to.equal(0);
      }
      expect(statSync(at(folder)).mode & 0o077, folder).to.equal(0);
    }
  });

  const failure = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      ({ code }) => code,
    );
  const restored = async () => {
    await network.close();
    const report = restoreNetwork(at("copy"), at("second"), now);
    await start("second");
    return report;
  };

  it("gives out no ATC that may have been given out since, whatever happened, and its grants pay", async () => {
    await takeGrant(network.issuer.issuer, card, tokenRef);
    await backUpNetwork(at("first"), at("copy"), now);
    // What there can have been at once behind the copy, and then what came of each restored network: the same copy, again and again.
    let last = 1 + GRANTS_AT_ONCE;
    for (const seconds of [0, 20, 3600, 5 * DAY]) {
      now = T0 + seconds;
      rmSync(at("second"), { recursive: true, force: true });
      expect(await restored()).to.include({ copiedAt: T0, tokens: 1 });
      expect(await failure(takeGrant(network.issuer.issuer, card, tokenRef))).to.equal("GRANT_LIMIT");
      for (let i = 0; i < 2; i++) {
        now += GRANT_S;
        const grant = await takeGrant(network.issuer.issuer, card, tokenRef);
        expect(grant.atc).to.be.greaterThan(last);
        expect(await pay(grant)).to.equal("APPROVED");
        last = grant.atc;
      }
    }
  });

  it("is not made by a clock by which the copy is still to be made, as nobody could say what came behind it: CLOCK_BEHIND", async () => {
    await backUpNetwork(at("first"), at("copy"), now);
    expect(() => restoreNetwork(at("copy"), at("second"), now - 1))
      .to.throw()
      .with.property("code", "CLOCK_BEHIND");
    expect(readdirSync(folder)).to.have.members(["first", "copy"]);
  });

  it("asks no card whose grant for the payment could not follow: an authentication spends nothing until there are two", async () => {
    const { tokenRef } = await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada", "domain");
    await backUpNetwork(at("first"), at("copy"), now);
    await restored();
    const { issuer } = network.issuer;
    const ref = toHex(tokenRef);
    const { account } = await issuer.resolve(card.cardId, card.accessKey, ref);
    for (let i = 0; i < 5; i++) {
      now += i === 0 ? GRANT_S : 1;
      expect(await failure(issuer.vouch(card.cardId, ref, account))).to.equal("GRANT_LIMIT");
    }
    now += GRANT_S;
    expect(await failure(issuer.vouch(card.cardId, ref, account))).to.equal(undefined);
  });

  it("pays no grant of before the copy, which may have been spent since", async () => {
    const { issuer } = network.issuer;
    const { tokenRef: offline } = await issuer.mint(card.cardId, "Lovelace/Ada", "offline");
    const kept = await takeOfflineGrant(issuer, card, offline);
    await backUpNetwork(at("first"), at("copy"), now);
    expect(await pay(kept)).to.equal("APPROVED");
    expect(await restored()).to.include({ grantsEnded: 1 });
    expect(await pay(kept)).to.equal("ATC_REPLAYED");
  });

  it("suspends no card by what it was given behind the copy, which nobody can tell any more: ATC_UNKNOWN, and no wrong try", async () => {
    const { tokenRef: offline } = await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada", "offline");
    await backUpNetwork(at("first"), at("copy"), now);
    const kept = await takeOfflineGrant(network.issuer.issuer, card, offline);
    await restored();
    const { store } = network.issuer.issuer;
    for (let i = 0; i < 6; i++) expect(await pay(kept)).to.equal("ATC_UNKNOWN");
    expect(await store.token(toHex(offline))).to.include({ state: TokenState.Active });
    const { track2 } = tracksOf(kept);
    const never = { ...kept, atc: 9_000 };
    for (let i = 0; i < 5; i++) expect(await pay(never), track2).to.equal("ATC_UNKNOWN");
    expect(await store.token(toHex(offline)), "by ATCs that never were").to.include({ state: TokenState.Suspended });
  });

  it("has what was closed and paid before the copy still, and knows nothing of what was open then: GRANT_OUTCOME_LOST", async () => {
    const grants: SwipeGrant[] = [];
    while (grants.length < 4) grants.push(await takeGrant(network.issuer.issuer, card, tokenRef));
    const close = (atc: number) =>
      closeGrant(network.issuer.issuer, card.cardId, { tokenRef: toHex(tokenRef), atc }).then(
        ({ outcome }) => outcome,
        ({ code }) => code,
      );
    expect(await close(1)).to.equal("unused");
    expect(await pay(grants[1]!)).to.equal("APPROVED");
    await backUpNetwork(at("first"), at("copy"), now);
    expect(await close(3)).to.equal("unused");
    expect(await pay(grants[3]!)).to.equal("APPROVED");
    await takeGrant(network.issuer.issuer, card, tokenRef);
    await restored();
    const lost = "GRANT_OUTCOME_LOST";
    const told = [];
    for (const atc of [1, 2, 3, 4, 5]) told.push(await close(atc));
    expect(told).to.deep.equal(["unused", "approved", lost, lost, lost]);
    expect(await Promise.all(grants.map(pay))).to.deep.equal([
      "GRANT_CLOSED",
      ...["ATC_REPLAYED", "ATC_REPLAYED", "ATC_REPLAYED"],
    ]);
  });

  it("takes no code of before the copy", async () => {
    const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
    const account = { cardId: base64(card.cardId), accessKey: base64(card.accessKey), tokenRef: base64(tokenRef) };
    const device = await addDevice(network.processor.processor, account, new Uint8Array(16), "a-device");
    const order = { device, provider: "SHOP", maxCost: 100, currency: "978", lifeS: 3600 };
    const { codeRef } = await network.processor.processor.addCode({ ...account, ...order }, "a-key-of-a-phone");
    await backUpNetwork(at("first"), at("copy"), now);
    expect(await restored()).to.include({ codesEnded: 1 });
    expect(await network.processor.processor.codeState(account, codeRef)).to.equal("cancelled");
  });

  it("gives no grant for what was authenticated before the copy, and asks no card's old answer again", async () => {
    const { processor, issuer, acs } = network;
    const { tokenRef: ref } = await issuer.issuer.mint(card.cardId, "Lovelace/Ada", "domain");
    const text = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
    const named = { cardId: text(card.cardId), tokenRef: text(ref), challenge: text(card.cardId), checkpointSize: 0 };
    const asked = { ...named, accessKey: text(card.accessKey) };
    const purchase = {
      ...{
        requestor: "Test wallet",
        merchant: "CORNER BAKERY",
        channel: 0,
        country: 276,
        currency: "978",
        amount: 1250,
      },
    };
    const begin = async (key: string) => {
      const { question, ...begun } = await processor.domain!.authenticate({ ...asked, ...purchase }, key);
      const { cryptogram } = await openGrant(Uint8Array.from(Buffer.from(question.sealed, "base64url")), card);
      const { threeDSServerTransID, acsTransID } = begun;
      const named3ds = { messageType: "CReq", messageVersion: "2.2.0", threeDSServerTransID, acsTransID } as const;
      return { ...named3ds, challengeDataEntry: text(cryptogram) };
    };
    const [done, open] = [await begin("first purchase"), await begin("second purchase")];
    expect(await acs.acs.answer(done)).to.include({ transStatus: "Y" });
    await backUpNetwork(at("first"), at("copy"), now);
    await restored();
    const grant = network.processor.domain!.grant(
      { ...asked, threeDSServerTransID: done.threeDSServerTransID },
      "a grant",
    );
    expect(await failure(grant)).to.equal("ATN_USED");
    expect(await network.acs.acs.answer(open)).to.include({ transStatus: "N" });
  });

  it("signs states that every card takes for newer ones", async () => {
    const { issuer } = network.issuer;
    await backUpNetwork(at("first"), at("copy"), now);
    const ref = Buffer.from(tokenRef).toString("hex");
    await issuer.setState(ref, 2, "cardholder");
    const { version } = await issuer.stateObject(card.cardId, ref, 0);
    await restored();
    expect((await network.issuer.issuer.stateObject(card.cardId, ref, 0)).version).to.be.greaterThan(version);
  });

  it("is copied while it is used, and the copy is opened by nobody before it is restored: STORE_IS_COPY", async () => {
    const paying = Promise.all(
      Array.from({ length: 20 }, async () => pay(await takeGrant(network.issuer.issuer, card, tokenRef))),
    );
    await backUpNetwork(at("first"), at("copy"), now);
    const { size } = network.issuer.issuer.log;
    expect(size).to.be.greaterThan(1);
    expect(await paying).to.deep.equal(new Array(20).fill("APPROVED"));
    const opened = await startNetwork({ keys, store: at("copy"), now: () => now }).catch(({ code }) => code);
    expect(opened).to.equal("STORE_IS_COPY");
    const copies = readdirSync(at("copy"));
    expect(copies).to.have.members(["issuer.sqlite", "processor.sqlite", "acs.sqlite", "log.sqlite", "stores"]);
    const before = copies.map((name) => readFileSync(join(at("copy"), name)));
    await restored();
    expect(copies.map((name) => readFileSync(join(at("copy"), name)))).to.deep.equal(before);
    expect(network.issuer.issuer.log.size, "the ledger is in the copy").to.equal(size);
  });

  it("is not made of a store that somebody keeps to himself: STORE_UNAVAILABLE, and nothing half is left", async () => {
    const file = at("alone.sqlite");
    const alone = new Database(file);
    alone.pragma("locking_mode = EXCLUSIVE");
    alone.pragma("journal_mode = WAL");
    alone.exec("CREATE TABLE entries (n INTEGER)");
    expect(await failure(copyStore(file, at("copy.sqlite"), now))).to.equal("STORE_UNAVAILABLE");
    alone.close();
    expect(readdirSync(folder).filter((name) => name.startsWith("copy"))).to.deep.equal([]);
    await copyStore(file, at("copy.sqlite"), now);
  });

  it("has no store's name before it says that it is a copy, and a part that somebody left is in nobody's way", async () => {
    const [from, to] = [join(at("first"), "issuer.sqlite"), at("copy.sqlite")];
    writeFileSync(`${to}.part`, "what a copy was that somebody killed");
    const { exec } = Database.prototype;
    let isThere: boolean | undefined;
    Database.prototype.exec = function (text) {
      if (text.includes("copied")) isThere = existsSync(to);
      return exec.call(this, text);
    };
    try {
      await copyStore(from, to, now);
    } finally {
      Database.prototype.exec = exec;
    }
    const parts = readdirSync(folder).filter((name) => name.endsWith(".part"));
    expect([isThere, existsSync(to), parts]).to.deep.equal([false, true, ["copy.sqlite.part"]]);
    expect(statSync(to).mode & 0o077).to.equal(0);
  });

  it("is made once in a folder, of two that are made there at once, and whole: EEXIST", async () => {
    for (let round = 0; round < 5; round++) {
      const to = at(`copies ${round}`);
      const told = await Promise.all(
        [1, 2].map(() => backUpNetwork(at("first"), to, now).catch((error: { code: string }) => error.code)),
      );
      expect(told.filter((one) => one === "EEXIST")).to.have.length(1);
      const stores = ["issuer", "processor", "acs", "log"].map((name) => `${name}.sqlite`);
      expect(readdirSync(to).sort()).to.deep.equal([...stores, "stores"].sort());
    }
  });

  it("is not made over another, nor of what is no copy", async () => {
    const code = (work: () => unknown) => {
      try {
        return work();
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    await backUpNetwork(at("first"), at("copy"), now);
    expect(await backUpNetwork(at("first"), at("copy"), now).catch((error) => error.code)).to.equal("EEXIST");
    expect(code(() => restoreNetwork(at("copy"), at("first"), now))).to.equal("EEXIST");
    expect(code(() => restoreNetwork(at("nowhere"), at("second"), now))).to.equal("STORES_NONE");
    await network.close();
    expect(code(() => restoreNetwork(at("first"), at("third"), now))).to.equal("STORE_DAMAGED");
    expect(existsSync(at("third"))).to.equal(false);
    mkdirSync(at("third"));
    writeFileSync(join(at("third"), "acs.sqlite-wal"), ""); // of a store that somebody removed: not this one's
    expect(code(() => restoreNetwork(at("copy"), at("third"), now))).to.equal("EEXIST");
    await start("first");
  });

  it("is not made of some of its copies: COPIES_PARTIAL, STORES_NONE; nor is a copy of a network that is not all there: STORE_GONE", async () => {
    await backUpNetwork(at("first"), at("copy"), now);
    rmSync(join(at("copy"), "log.sqlite"));
    const code = (error: { code: string }) => error.code;
    const outcome = async () => restoreNetwork(at("copy"), at("second"), now);
    expect(await outcome().catch(code)).to.equal("COPIES_PARTIAL");
    rmSync(join(at("copy"), "stores")); // as whoever was killed meanwhile left it
    expect(await outcome().catch(code)).to.equal("COPIES_PARTIAL");
    expect(await backUpNetwork(at("nowhere"), at("third"), now).catch(code)).to.equal("STORES_NONE");
    await network.close();
    renameSync(join(at("first"), "log.sqlite"), at("away"));
    expect(await backUpNetwork(at("first"), at("third"), now).catch(code)).to.equal("STORE_GONE");
    expect(readdirSync(folder)).to.have.members(["first", "copy", "away"]);
    renameSync(at("away"), join(at("first"), "log.sqlite"));
    await start("first");
  });

  it("leaves no half of a copy, nor of a network, where it fails at the last of them", async () => {
    await backUpNetwork(at("first"), at("copy"), now);
    await network.close();
    writeFileSync(join(at("copy"), "issuer.sqlite"), "no store at all"); // the last that is made a store again
    const outcome = async (work: () => unknown) => work();
    const failed = outcome(() => restoreNetwork(at("copy"), at("second"), now));
    expect(await failed.catch(({ code }) => code)).to.equal("STORE_DAMAGED");
    mkdirSync(at("third"));
    writeFileSync(join(at("third"), "mine"), "");
    expect(await outcome(() => restoreNetwork(at("copy"), at("third"), now)).catch(() => "no")).to.equal("no");
    const log = join(at("first"), "log.sqlite"); // copied behind the others
    copyFileSync(log, at("away"));
    writeFileSync(log, "no store at all");
    expect(await failure(backUpNetwork(at("first"), at("fourth"), now))).to.equal("STORE_DAMAGED");
    expect(readdirSync(folder)).to.have.members(["first", "copy", "third", "away"]);
    expect(readdirSync(at("third"))).to.deep.equal(["mine"]);
    for (const suffix of ["-wal", "-shm"]) rmSync(log + suffix, { force: true });
    copyFileSync(at("away"), log);
    await start("first");
  });

  it("is named in its folder as one that was started: what is gone before it starts is not made anew", async () => {
    await backUpNetwork(at("first"), at("copy"), now);
    restoreNetwork(at("copy"), at("second"), now);
    rmSync(join(at("second"), "processor.sqlite"));
    const opened = startNetwork({ keys, store: at("second"), now: () => now });
    expect(await failure(opened)).to.equal("STORE_GONE");
  });
});
