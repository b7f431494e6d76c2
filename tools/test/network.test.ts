// ecard network: what whoever watches sees, and what nobody may see.

import { once } from "node:events";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { IsoCaller } from "@enabling-card/doors";
import { sampleKeys } from "@enabling-card/issuer";
import {
  type Authenticating,
  type Network,
  openWatchDoor,
  startNetwork,
  type WatchDoor,
  watched,
} from "@enabling-card/network";
import { expect } from "chai";
import { enrolledCard, purchase, takeGrant, tracksOf } from "../../network/issuer/test/issuer-support.js";
import { sequenceLine } from "../src/network/sequence.js";
import { ecard } from "./run-ecard.js";

describe("ecard network watch", () => {
  let watch: WatchDoor;
  let network: Network;

  beforeEach(async () => {
    watch = await openWatchDoor(0);
    // The issuer's tests have a clock that stands still.
    network = await startNetwork({ keys: sampleKeys(), now: () => 1_800_000_000, onMessage: watch.tell });
  });
  afterEach(async () => {
    await network.close();
    await watch.close();
  });

  async function swipe() {
    const { issuer } = network.issuer;
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    return tracksOf(await takeGrant(issuer, card, tokenRef));
  }

  /** What is printed of one purchase, and of its repeat that another terminal makes of the same swipe. */
  async function printed(...options: string[]) {
    const tracks = await swipe();
    const abort = new AbortController();
    const terminal = new IsoCaller(network.processor.iso);
    let text = "";
    const watching = ecard(["network", "watch", "--url", watch.url, ...options], {
      signal: abort.signal,
      onOut: (more) => {
        text += more;
        if (text.split("\n").length > 8) abort.abort();
      },
    });
    while (watch.watchers === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await terminal.ask(purchase(tracks, { 4: "000000000950" }));
    await terminal.ask(purchase(tracks, { 41: "POS00002" }));
    const { stdout, code } = await watching;
    terminal.close();
    expect(code).to.equal(130);
    return { stdout, tracks };
  }

  it("draws each message between its two columns, in its direction, with what it says", async () => {
    const { stdout, tracks } = await printed();
    const shown = `${tracks.track2.slice(0, 6)}******${tracks.track2.slice(12, 16)}`;
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).to.equal("terminal        processor          acs           issuer");
    expect(lines[1])
      .to.match(/^ {4}\|--0100-{8}>\| {15}\| {15}\| {2}9\.50 978 /)
      .and.to.contain(shown);
    expect(lines[2]).to.match(/^ {4}\| {15}\|--0100-{24}>\| {2}9\.50 978 /);
    expect(lines[3]).to.match(/^ {4}\| {15}\|<-{24}0110--\| {2}00 approved \d{6} STAN \d{6}$/);
    expect(lines[4]).to.match(/^ {4}\|<-{8}0110--\| {15}\| {15}\| {2}00 approved \d{6} STAN \d{6}$/);
    expect(lines[8]).to.match(/^ {4}\|<-{8}0110--\| {15}\| {15}\| {2}94 ATC_REPLAYED STAN \d{6}$/);
  });

  it("is watched from this machine alone", async () => {
    const door = await openWatchDoor(0);
    const port = Number(new URL(door.url).port);
    // On Linux all of 127/8 is this machine, and a door that listens everywhere is there, too.
    const others = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const hosts = others.filter(({ internal, family }) => !internal && family === "IPv4").map(({ address }) => address);
    if (process.platform === "linux") hosts.push("127.0.0.2");
    for (const host of hosts) {
      const line = connect(port, host);
      const [said] = await Promise.race([once(line, "connect").then(() => ["connected"]), once(line, "error")]).catch(
        (error) => [error],
      );
      line.destroy();
      expect((said as NodeJS.ErrnoException).code ?? said, host).to.equal("ECONNREFUSED");
    }
    expect((await fetch(door.url, { method: "HEAD" })).status).to.equal(404);
    await door.close();
  });

  it("ends lines that say nothing, however many, and lets in who comes then", async () => {
    const door = await openWatchDoor(0, Date.now, 200);
    const port = Number(new URL(door.url).port);
    const silent = Array.from({ length: 100 }, () =>
      connect(port, "127.0.0.1")
        .on("error", () => undefined)
        .resume(),
    );
    await Promise.all(silent.map((line) => once(line, "close")));
    const abort = new AbortController();
    const watching = await fetch(door.url, { signal: abort.signal });
    expect([watching.status, door.watchers]).to.deep.equal([200, 1]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(door.watchers, "one who watches says nothing more, and stays").to.equal(1);
    abort.abort();
    await door.close();
  });

  it("draws no request as an answer, whatever it says", () => {
    const message = { mti: "0100", fields: { 4: "000000000950", 11: "000001", 38: "ABC123", 39: "00", 49: "978" } };
    const plain = (_colour: string, text: string) => text;
    expect(sequenceLine(watched(0, "terminal", "processor", message), plain as never)).to.match(
      /9\.50 978 STAN 000001 $/,
    );
  });

  it("draws an authentication as well, without the account's number and what secrets it makes", async () => {
    const paint = (_colour: string, text: string) => text;
    const transIDs = { threeDSServerTransID: "one", acsTransID: "two", messageVersion: "2.2.0" } as const;
    const shown = (from: "processor" | "acs", message: Authenticating) =>
      sequenceLine(watched(0, from, from === "acs" ? "processor" : "acs", message), paint as never);
    const asked: Authenticating = {
      ...{
        ...transIDs,
        messageType: "AReq",
        messageCategory: "01",
        deviceChannel: "01",
        threeDSRequestorName: "Wallet",
      },
      ...{
        acctNumber: "9999990000000008",
        cardExpiryDate: "3012",
        merchantName: "CORNER BAKERY",
        purchaseExponent: "2",
      },
      ...{ merchantCountryCode: "276", purchaseAmount: "1250", purchaseCurrency: "978", messageExtension: [] },
    };
    expect(shown("processor", asked)).to.equal(
      "    |               |--AReq-------->|               |  12.50 978 999999******0008 CORNER BAKERY",
    );
    const result: Authenticating = {
      ...{ ...transIDs, messageType: "RReq", messageCategory: "01", transStatus: "Y", eci: "05" },
      ...{ authenticationValue: "AQIDBAUGBwgJCgsMDQ4PEBESExQ=" },
    };
    expect(shown("acs", result)).to.equal(
      "    |               |<--------RReq--|               |  Y authenticated ECI 05",
    );
    expect(JSON.stringify(watched(0, "acs", "processor", result))).not.to.contain("AQIDBAU");
  });

  it("shows no number whole, no track's end and no name, with --json either", async () => {
    for (const options of [[], ["--json"]]) {
      const { stdout, tracks } = await printed(...options);
      for (const secret of [
        tracks.track2.slice(0, 16),
        tracks.track2.slice(-8),
        tracks.track1.slice(-16),
        "LOVELACE",
      ]) {
        expect(stdout).not.to.contain(secret);
      }
    }
  });

  it("says what to do where no network is: NETWORK_UNREACHABLE", async () => {
    for (const url of ["http://127.0.0.1:9/v1/messages", `${network.issuer.url}/v1/health`]) {
      const { code, stderr } = await ecard(["network", "watch", "--url", url]);
      expect(code).to.equal(3);
      expect(stderr).to.contain("start it with ecard network start").and.to.contain("[NETWORK_UNREACHABLE]");
    }
  });

  it("leaves behind whoever does not read, and serves no more than sixteen", async () => {
    const many = await Promise.all(Array.from({ length: 16 }, () => fetch(watch.url)));
    expect((await fetch(watch.url)).status).to.equal(503);
    const message = { mti: "0100", fields: { 42: "x".repeat(15), 43: "y".repeat(40) } };
    for (let i = 0; i < 60_000; i++) {
      watch.tell("terminal", "processor", message);
      if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const end = await Promise.race([
      many[0]!.text().catch(() => "cut"),
      new Promise((resolve) => setTimeout(() => resolve("not cut"), 20_000)),
    ]);
    expect(end).to.equal("cut");
    await Promise.all(many.map((one) => one.body?.cancel().catch(() => undefined)));
  });
});
