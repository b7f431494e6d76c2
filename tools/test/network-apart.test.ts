// ecard network start of one service: three real processes that find each other, over files of their own and over one PostgreSQL. A card of the emulator pays
// by a stripe and behind an authentication; each of them is killed and started again, and nothing but that is done about it.

import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EmulatedCard, MemoryBlock } from "@enabling-card/emulator";
import { keysFromSeeds } from "@enabling-card/issuer";
import { coilSignal, readSamples, Terminal } from "@enabling-card/pos-sim";
import { Card, CardError, DomainPlugIn, IssuerClient, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import { Channel, Indicator } from "@enabling-card/wire";
import { expect } from "chai";
import { freePort } from "../../network/embedded/test/start.js";
import { hasPostgresql, postgresql } from "../../test/support/postgresql.js";
import { builtFirmware, developmentLog, makeCard } from "../src/index.js";
import { ecard, spawnEcard, testFolder } from "./run-ecard.js";

const MERCHANT = "CORNER BAKERY";
type Service = "issuer" | "processor" | "acs";
type Listening = { readonly url: string; readonly iso: { readonly host: string; readonly port: number } };

describe("ecard network start, each service apart", function () {
  this.timeout(120_000);
  const folder = testFolder();
  const running = new Map<Service, ChildProcess>();
  let said = "";
  afterEach(async () => {
    for (const child of running.values()) child.kill("SIGKILL");
    await Promise.all([...running.values()].map((child) => child.exitCode ?? child.signalCode ?? once(child, "exit")));
    running.clear();
  });

  for (const engine of ["sqlite", "postgresql"] as const) {
    it(`pays by a stripe and behind an authentication, whichever of them was killed and is there again (${engine})`, async function () {
      if (engine === "postgresql" && !hasPostgresql()) this.skip();
      const store = engine === "postgresql" ? await (await postgresql()).database() : undefined;
      const network = await networkOf(engine, store);
      const { card, emulator, client, plugIn, terminal, domainToken, token } = await network.withCard();
      const paysByStripe = async () => {
        const grant = await client.grant({
          ...{ cardId: card.cardId, tokenRef: token, maxEmissions: 1, kind: "online" as const },
          ...{ challenge: card.info.challenge, checkpointSize: card.info.checkpointSize },
          domain: {
            requestor: "Test wallet",
            merchant: MERCHANT,
            channel: Channel.Swipe,
            country: 276,
            maxAmount: 1250,
          },
        });
        await card.load(grant);
        return (await terminal.authorise(await swiped(card, emulator), { amount: 950 })).approved;
      };
      const order = {
        requestor: "Test wallet",
        merchant: MERCHANT,
        mcc: 5462,
        country: 276,
        currency: "978",
        amount: 1250,
      };
      const paysBehindAuthentication = async () => {
        await card.load(await pressing(emulator, plugIn.grant(card, { ...order, tokenRef: domainToken })));
        return (await terminal.authorise(await swiped(card, emulator), { amount: 950 })).approved;
      };
      expect(await paysByStripe()).to.equal(true);
      expect(await paysBehindAuthentication()).to.equal(true);
      for (const service of ["issuer", "processor", "acs"] as const) {
        await network.kill(service);
        const refused = await plugIn.grant(card, { ...order, tokenRef: domainToken }).catch((error) => error);
        expect(refused, service).to.be.instanceOf(CardError).with.property("code", "ISSUER_UNREACHABLE");
        await network.start(service);
        expect(await paysBehindAuthentication(), `behind an authentication, with another ${service}`).to.equal(true);
        expect(await paysByStripe(), `by a stripe, with another ${service}`).to.equal(true);
      }
      await card.close();
      emulator.stop();
      for (const name of ["issuer", "processor", "acs", "operator"]) {
        const keys = readFileSync(join(folder(), engine, name === "operator" ? "operator.keys" : `${name}.json`));
        const secrets =
          name === "operator" ? [keys.toString("base64url")] : (keys.toString().match(/[\w-]{22,}/g) ?? []);
        expect(secrets).not.to.deep.equal([]);
        for (const secret of secrets) expect(said, "a key in what they say").not.to.contain(secret);
      }
    });
  }

  /** Starts all three, in an order in which none finds the others there. */
  async function networkOf(engine: string, store: string | undefined) {
    const keys = join(folder(), engine);
    expect((await ecard(["network", "keys", "--out", keys])).code).to.equal(0);
    const [http, line, codes, iso, acs] = await Promise.all(Array.from({ length: 5 }, freePort));
    const at = (port: number | undefined) => `http://127.0.0.1:${port}`;
    const env = {
      ...process.env,
      ...{ ECARD_ISSUER_URL: at(http), ECARD_PROCESSOR_URL: at(codes), ECARD_ACS_URL: at(acs) },
      ...{ ECARD_ISSUER_LINE: `127.0.0.1:${line}`, ...(store !== undefined && { ECARD_NETWORK_STORE: store }) },
    };
    const doors: Record<Service, readonly string[]> = {
      issuer: ["--http", `${http}`, "--line", `${line}`],
      processor: ["--codes", `${codes}`, "--iso", `${iso}`, "--watch", "0"],
      acs: ["--acs", `${acs}`],
    };
    const start = async (service: Service) => {
      const dir = join(keys, `${service}'s`);
      const file = join(keys, `${service}.json`);
      // Of one of them the environment holds the keys.
      const own = service === "acs" ? [] : ["--keys", file];
      const child = spawnEcard(["network", "start", service, "--json", ...doors[service], "--dir", dir, ...own], {
        env: { ...env, ...(service === "acs" && { ECARD_NETWORK_KEYS: readFileSync(file, "utf8") }) },
      });
      running.set(service, child);
      for (const stream of [child.stdout, child.stderr])
        stream!.on("data", (bytes) => {
          said += bytes;
        });
      const line = execCommandLine(child.pid!);
      if (line !== undefined) expect(line).not.to.match(/[\w-]{43}/);
      const [first] = (await Promise.race([once(child.stdout!, "data"), once(child, "exit").then(() => [said])])) as [
        Buffer,
      ];
      const told = JSON.parse(String(first)) as Listening & { event: string; service: string };
      expect(told).to.include({ event: "listening", service });
      expect("iso" in told, "terminals' door").to.equal(service === "processor");
      return told;
    };
    await start("acs");
    const processor = await start("processor");
    const issuer = await start("issuer");
    const kill = async (service: Service) => {
      const child = running.get(service)!;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    };
    const withCard = async () => {
      const cardKeys = keysFromSeeds(Uint8Array.from(readFileSync(join(keys, "operator.keys"))));
      const block = new MemoryBlock();
      const now = Math.floor(Date.now() / 1000);
      const made = await makeCard(block, { keys: cardKeys, log: developmentLog(cardKeys), now });
      const emulator = (await EmulatedCard.create({ firmware: await builtFirmware(), block })).start();
      const card = await Card.pair(memoryTransport([emulator], { mtu: 247 }), made.pairingCode, {
        ...{ phoneName: "Ada's phone", makerRoot: cardKeys.makerRoot.publicKey, store: new MemoryPairingStore() },
      });
      const client = new IssuerClient({ baseUrl: issuer.url });
      const { accessKey } = await client.enrol(card.certificate, "Ada's phone");
      const { tokenRef: token } = await client.createToken(card.cardId, "LOVELACE/ADA");
      const { tokenRef: domainToken } = await client.createToken(card.cardId, "LOVELACE/ADA", { domainOnly: true });
      const plugIn = new DomainPlugIn({ baseUrl: processor.url, accessKey });
      const terminal = new Terminal({
        ...processor.iso,
        merchantId: MERCHANT,
        merchantType: "5462",
        chipCapable: false,
      });
      return { card, emulator, client, plugIn, terminal, token, domainToken };
    };
    return { start, kill, withCard };
  }

  /** Whoever holds the card presses its button twice, each time it asks. */
  async function pressing<T>(emulator: EmulatedCard, work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = work.finally(() => {
      isOver = true;
    });
    over.catch(() => undefined);
    void (async () => {
      while (!isOver) {
        await Promise.race([emulator.shows(Indicator.Ask), over.catch(() => undefined)]);
        if (isOver) return;
        emulator.pressTwice();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    return over;
  }

  async function swiped(card: Card, emulator: EmulatedCard) {
    emulator.coil.clear();
    await pressing(emulator, card.present({ when: "now" }));
    const { edgesNs, durationNs } = emulator.coil.emission()!;
    const edges = Float64Array.from(edgesNs.flatMap((pass) => [...pass]));
    const { samples, sampleRateHz } = coilSignal({ edgesNs: edges, durationNs }, { sampleRateHz: 48_000 });
    return readSamples(samples, sampleRateHz).reads;
  }

  describe("is refused", () => {
    const refusal = async (line: string, env: NodeJS.ProcessEnv = {}) => {
      const { code, stderr } = await ecard(["network", "start", ...line.split(" ")], { env });
      return { code, stderr };
    };

    it("with an option that is another's: WRONG_USE", async () => {
      for (const line of [
        "acs --iso 1",
        "issuer --iso 1",
        "issuer --watch 1",
        "processor --line 1",
        "--line 1",
        "--keys x",
      ]) {
        const { code, stderr } = await refusal(line);
        expect(code, line).to.equal(2);
        expect(stderr, line).to.contain("[WRONG_USE]");
      }
      expect((await refusal("acs --issuer-url ftp://x")).stderr).to.contain("[WRONG_USE]");
      expect((await refusal("processor --issuer-line 7085")).stderr).to.contain("[WRONG_USE]");
      expect((await refusal("ledger")).code).to.equal(2);
    });

    it("with sample keys where other machines could reach it: SAMPLE_KEYS_LOOPBACK", async () => {
      for (const service of ["issuer", "processor", "acs"]) {
        expect((await refusal(`${service} --host 0.0.0.0`)).stderr).to.contain("[SAMPLE_KEYS_LOOPBACK]");
      }
    });

    it("with keys that others can read, that are another service's, or none: KEYS_INVALID, and none is told", async () => {
      const out = join(folder(), "refused");
      const { facts } = await ecard(["network", "keys", "--json", "--out", out]);
      const files = facts()[0]!.keys as string[];
      for (const file of files) expect(statSync(file).mode & 0o777).to.equal(0o600);
      const acs = join(out, "acs.json");
      const text = readFileSync(acs, "utf8");
      const cases: [string, NodeJS.ProcessEnv?][] = [
        [`processor --keys ${acs}`],
        [`acs --keys ${join(out, "none.json")}`],
        [`acs --keys ${join(out, "operator.keys")}`],
        ["acs", { ECARD_NETWORK_KEYS: "{}" }],
        ["acs", { ECARD_NETWORK_KEYS: text.replace(/"master":"./, '"master":"') }],
        ["acs", { ECARD_NETWORK_KEYS: text.replace("}", ',"more":"AA"}') }],
        ["issuer", { ECARD_NETWORK_KEYS: text }],
      ];
      for (const [line, env] of cases) {
        const { code, stderr } = await refusal(line, env);
        expect(code, line).to.equal(2);
        expect(stderr, line).to.contain("[KEYS_INVALID]");
        for (const secret of text.match(/[\w-]{22,}/g)!) expect(stderr).not.to.contain(secret);
      }
      chmodSync(acs, 0o644);
      expect((await refusal(`acs --keys ${acs}`)).stderr)
        .to.contain("chmod 600")
        .and.to.contain("[KEYS_INVALID]");
      writeFileSync(acs, text);
      expect((await ecard(["network", "keys", "--out", out])).stderr).to.contain("[KEYS_THERE]");
    });
  });
});

/** What anybody on the machine may see of a process, where the system shows it. */
function execCommandLine(pid: number): string | undefined {
  try {
    return execFileSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return undefined;
  }
}
