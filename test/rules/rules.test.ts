// The twelve rules that keep this a payment card and not a copier (docs/rules.md). Each has a test here that fails when the rule is
// broken; where it is tested in more depth, the test says where.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MemoryBlock } from "@enabling-card/emulator";
import { IssuerError, keysFromSeeds, mintPan, randomSeeds, sampleKeys, startIssuer } from "@enabling-card/issuer";
import { coilSignal, type Read, readSamples, swipeSignal, Terminal } from "@enabling-card/pos-sim";
import { IssuerClient } from "@enabling-card/sdk";
import { makeCard } from "@enabling-card/tools";
import {
  DEVELOPMENT_ROOTS,
  EMISSION_MAX_MS,
  GrantKey,
  Indicator,
  Op,
  PASSES_MAX,
  Phase,
  TokenState,
  toHex,
} from "@enabling-card/wire";
import { expect } from "chai";
import { developmentImageRoot } from "../../tools/image-root.mjs";
import { type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectError, expectRefusal } from "../support/expect-refusal.js";
import { forge, forgeState } from "../support/forge.js";
import { rawSession, settle } from "../support/raw-session.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

let w: World;
let phone: Phone;

async function present(when: "now" | "swipe" = "now") {
  const presented = phone.card.present({ when });
  await w.emulator.shows(Indicator.Ask);
  w.emulator.pressTwice();
  return presented;
}

function sources(room: string): { file: string; text: string }[] {
  return readdirSync(join(ROOT, room), { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(".ts") && !file.includes("node_modules") && !file.includes("test/"))
    .map((file) => ({ file: `${room}/${file}`, text: readFileSync(join(ROOT, room, file), "utf8") }));
}

/** Reads of the newest emission's first pass. */
function swipe(): readonly Read[] {
  const pass = w.emulator.coil.emission()!.passes[0]!;
  const signal = coilSignal({
    edgesNs: pass.edgesNs.map((edge) => edge - pass.startNs),
    durationNs: pass.endNs - pass.startNs,
  });
  return readSamples(signal.samples, signal.sampleRateHz).reads;
}

describe("the twelve rules", () => {
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
  });
  afterEach(() => w.close());

  it("Rule 1: loading a grant is the only way to the coil", async () => {
    const callers = sources("firmware").filter(({ file, text }) => /\bplay\b/.test(text) && !file.includes("/ports/"));
    expect(callers.map(({ file }) => file)).to.deep.equal(["firmware/wallet/f2f.ts"]);
    const players = sources("firmware").filter(({ text }) => text.includes("f2fPlay()"));
    expect(players.map(({ file }) => file).sort()).to.deep.equal(["firmware/wallet/f2f.ts", "firmware/wallet/life.ts"]);
    await phone.card.close();
    const session = await rawSession(w);
    for (let op = 0; op < 64; op++) {
      for (const body of [
        null,
        ";9999990000000013=2911101?",
        new Uint8Array(200).fill(0x55),
        [0, null],
        [1, null],
        [2, null],
      ]) {
        if (op !== Op.Unpair) await session.request(op, body).catch(() => undefined);
      }
    }
    w.emulator.pressTwice();
    w.emulator.touchHead();
    w.emulator.advance(60_000);
    expect(w.emulator.coil.emission()).to.equal(undefined);
  });

  it("Rule 2: grants are issuer-signed, bound to one card, receipt-checked; production refuses development roots", async () => {
    const other = await world();
    const otherPhone = await pairedPhone(other);
    const foreign = await forge(other, otherPhone);
    await expectRefusal(w, () => phone.card.load(foreign), "GRANT_SEAL_INVALID");
    // The other world's issuer has another root, as development and production have: sealed to this card, it is refused still.
    const devSigned = await forge(w, phone, { issuerCert: other.service.issuer.certificate });
    await expectRefusal(w, () => phone.card.load(devSigned), "CERTIFICATE_SIGNATURE_INVALID");
    const unlisted = await forge(w, phone, { receipt: Uint8Array.of(0x80) });
    await expectRefusal(w, () => phone.card.load(unlisted), "RECEIPT_MALFORMED");
    await other.close();
    // A production card is not made with the keys that everybody has: the maker's last look, for the card has no list of them.
    const sample = sampleKeys();
    expect(DEVELOPMENT_ROOTS).to.deep.equal(
      [sample.issuerRoot, sample.makerRoot, sample.node, developmentImageRoot()].map((k) => toHex(k.publicKey)),
    );
    const own = keysFromSeeds(randomSeeds());
    const log = (node: typeof own.node) => ({ origin: "test.example/log", nodeKeys: [node.publicKey], threshold: 1 });
    for (const [keys, node] of [
      [sample, own.node],
      [own, sample.node],
    ] as const) {
      const made = makeCard(new MemoryBlock(), { keys, log: log(node), cardClass: "production", now: 1_800_000_000 });
      expect(await made.catch((error) => error)).to.have.property("code", "PERSONALISATION_INVALID");
    }
    const production = { keys: own, log: log(own.node), cardClass: "production", now: 1_800_000_000 } as const;
    expect(await makeCard(new MemoryBlock(), production)).to.have.property("cardClass", "production");
  });

  it("Rule 3: nothing reads cards in; the reader masks; sdk and firmware never see pos-sim", () => {
    for (const { file, text } of [...sources("sdk"), ...sources("firmware"), ...sources("emulator")]) {
      expect(text, file).to.not.match(/from "(@enabling-card\/pos-sim|.*\/pos-sim\/)/);
    }
    const signal = swipeSignal({
      track: 2,
      text: `;${mintPan("999998")}=2911101000000000?`,
      ips: 20,
      sampleRateHz: 44_100,
    });
    const [read] = readSamples(signal.samples, signal.sampleRateHz).reads;
    expect(read).to.include({ track: 2, masked: true });
    expect(read!.data).to.match(/^;999998\*{6}\d{4}=/);
  });

  it("Rule 4: tokens only from a configured IIN list; issuer, SDK and firmware each refuse others", async () => {
    expect(mintPan("999999")).to.match(/^999999[0-8]\d{9}$/);
    const refused = await startIssuer({ keys: sampleKeys(), iins: ["411111"] }).catch((error: IssuerError) => error);
    expect(refused).to.be.instanceOf(IssuerError).with.property("code", "SAMPLE_KEYS_TEST_IIN");
    const fake = async () =>
      new Response(
        JSON.stringify({ tokenRef: "AAAAAAAAAAAAAAAAAAAAAA", iin: "411111", last4: "1111", expiry: "2911" }),
      );
    const client = new IssuerClient({ baseUrl: "http://127.0.0.1:9", accessKey: "x", fetch: fake as typeof fetch });
    await expectError(() => client.createToken(phone.card.cardId, "LOVELACE/ADA"), "ISSUER_TOKEN_OUTSIDE_IIN");
    const outside = mintPan("999998");
    const grant = await forge(w, phone, {
      grant: { track2: `${outside}=2911101`, track1: `B${outside}^LOVELACE/ADA^2911101` },
    });
    await expectRefusal(w, () => phone.card.load(grant), "TOKEN_OUTSIDE_IIN");
  });

  it("Rule 5: ATC strictly rising, at most 3 passes within 10 s an emission, at most 3 emissions a grant, then zeroised", async () => {
    await phone.card.load(await phone.grant({ maxEmissions: 3 }));
    await present("swipe");
    for (let touch = 0; touch < 6; touch++) {
      w.emulator.touchHead();
      w.emulator.advance(3000);
    }
    const emissions = w.emulator.coil.emissions();
    expect(emissions).to.have.length(3);
    for (const { passes, durationNs } of emissions) {
      expect(passes.length).to.be.within(1, PASSES_MAX);
      expect(durationNs / 1e6).to.be.at.most(EMISSION_MAX_MS);
    }
    await phone.card.state();
    expect(phone.card.info.phase).to.equal(Phase.Done);
    await expectError(() => phone.card.present({ when: "now" }), "GRANT_USED");
    const lower = await forge(w, phone, { grant: { atc: 1 } });
    await expectRefusal(w, () => phone.card.load(lower), "ATC_NOT_RISING");
  });

  it("Rule 6: the service code is signed; a terminal that reads chips refuses 2xx and 6xx swipes", async () => {
    for (const service of ["201", "601"]) {
      const pan = mintPan("999999");
      const tail = `2911${service}`;
      await phone.card.disarm();
      await phone.card.load(
        await forge(w, phone, { grant: { track2: `${pan}=${tail}`, track1: `B${pan}^LOVELACE/ADA^${tail}` } }),
      );
      w.emulator.coil.clear();
      await present();
      const terminal = new Terminal({ ...w.service.iso!, chipCapable: true });
      const answer = await terminal.authorise(swipe(), { amount: 100 });
      expect(answer).to.include({ outcome: "refused", approved: false });
      expect(answer.outcome === "refused" && answer.refusal.code).to.match(/CHIP/);
    }
  });

  it("Rule 7: no domain, no grant; a grant answers the card's challenge and lives 120 s", async () => {
    const noChallenge = await forge(w, phone, { grant: { challenge: new Uint8Array(16).fill(1) } });
    await expectRefusal(w, () => phone.card.load(noChallenge), "GRANT_CHALLENGE_UNKNOWN");
    const long = await forge(w, phone, { grant: { expires: w.service.issuer.now() + 600 } });
    await expectRefusal(w, () => phone.card.load(long), "GRANT_LIFETIME_TOO_LONG");
    await phone.card.load(await phone.grant());
    w.emulator.advance(121_000);
    await expectError(() => phone.card.present({ when: "now" }), "GRANT_EXPIRED");
    expect(GrantKey.Domain).to.equal(13); // a missing one is in test/refusals/load.test.ts
  });

  it("Rule 8: one owner at a time, visible unpair, suspended by one message of the issuer", async () => {
    await phone.card.load(await phone.grant());
    await present("swipe");
    await phone.card.state(forgeState(w, phone, { version: 1, state: TokenState.Suspended }));
    w.emulator.touchHead();
    w.emulator.advance(3000);
    expect(w.emulator.coil.emission()).to.equal(undefined);
    expect(w.emulator.advertised()).to.have.length(16);
    await phone.card.unpair();
    expect(w.emulator.advertised()).to.equal(undefined); // anybody can see that nobody owns it
  });

  it("Rule 9: presence for every grant, for at most 120 s, never from a background call", async () => {
    await phone.card.load(await phone.grant());
    await present("swipe");
    w.emulator.advance(121_000);
    w.emulator.touchHead();
    w.emulator.advance(3000);
    expect(w.emulator.coil.emission()).to.equal(undefined);
    await settle();
    await phone.card.load(await phone.grant());
    w.emulator.touchHead(); // loaded, and nobody has pressed anything
    w.emulator.advance(3000);
    expect(w.emulator.coil.emission()).to.equal(undefined);
    const presented = phone.card.present({ when: "now" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.advance(31_000);
    await expectError(() => presented, "USER_ABSENT");
    expect(w.emulator.coil.emission()).to.equal(undefined);
  });

  it("Rule 10: static verification values are never returned by any API", async () => {
    const bundle = await phone.grant();
    const seen = JSON.stringify([phone.token, phone.card.info, await phone.card.state(), bundle]);
    expect(seen).to.not.match(/cvv|cvc|verification|discretionary/i);
    for (const { file, text } of [...sources("network"), ...sources("sdk"), ...sources("wire")]) {
      expect(text, file).to.not.match(/\b(cvv2?|cvc2?|icvv)\b/i);
    }
  });

  it("Rule 11: services with sample keys bind to loopback and to the test range alone", async () => {
    const open = await startIssuer({ keys: sampleKeys(), host: "0.0.0.0" }).catch((error: IssuerError) => error);
    expect(open).to.be.instanceOf(IssuerError).with.property("code", "SAMPLE_KEYS_LOOPBACK");
  });

  it("Rule 12: what people read holds no PAN, key or discretionary digit (memories: memory-scan.test.ts)", async () => {
    await phone.card.load(await phone.grant());
    await present();
    const reads = swipe();
    const terminal = new Terminal({ ...w.service.iso!, merchantName: "Corner Bakery", merchantType: "5462" });
    const answer = await terminal.authorise(reads, { amount: 100 });
    expect(answer.approved).to.equal(true);
    const pan = /\d{16}/.exec(reads[0]!.data)![0];
    for (const text of [
      answer.receipt,
      JSON.stringify(w.emulator.trace.events),
      JSON.stringify(phone.token, (_, v) => (v instanceof Uint8Array ? "" : v)),
    ]) {
      expect(text).to.not.include(pan);
      expect(text).to.not.include(pan.slice(6, 12));
    }
  });
});
