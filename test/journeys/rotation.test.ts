// A network whose keys are changed under a card in use: what was fetched before pays, what is fetched then pays, and when the old keys are taken out they are
// refused at the card and at the issuer. Firmware in the emulator, all services, the POS simulator's reader and terminal.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmulatedCard, MemoryBlock } from "@enabling-card/emulator";
import { type IssuerKeys, keysFromSeeds, randomSeeds, rotatedSeeds } from "@enabling-card/issuer";
import { type Network, startNetwork } from "@enabling-card/network";
import { coilSignal, readSamples, Terminal } from "@enabling-card/pos-sim";
import { Card, IssuerClient, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import { builtFirmware, makeCard } from "@enabling-card/tools";
import { Indicator, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { DOMAIN } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";

describe("a card whose network's keys are changed", () => {
  const first = randomSeeds();
  const second = rotatedSeeds(first);
  const both = keysFromSeeds(second, { number: 1, before: first });
  const alone = keysFromSeeds(second, { number: 1 });
  let folder: string;
  let network: Network;
  let emulator: EmulatedCard;
  let card: Card;
  let accessKey: string;
  let now: number;

  const start = async (keys: IssuerKeys) => {
    network = await startNetwork({ keys, store: folder, now: () => now });
  };
  const restart = async (keys: IssuerKeys) => {
    await network.close();
    await start(keys);
  };
  const client = () => new IssuerClient({ baseUrl: network.issuer.url, accessKey });

  beforeEach(async () => {
    now = Math.floor(Date.now() / 1000);
    folder = mkdtempSync(join(tmpdir(), "ecard-changed-"));
    await start(keysFromSeeds(first));
    const { issuer } = network.issuer;
    const block = new MemoryBlock();
    const log = { ...issuer.log.identity, checkpoint: issuer.log.head() };
    const made = await makeCard(block, { keys: issuer.keys, log, now });
    emulator = (await EmulatedCard.create({ firmware: await builtFirmware(), block })).start();
    card = await Card.pair(memoryTransport([emulator], { mtu: 247 }), made.pairingCode, {
      ...{ phoneName: "Ada's phone", makerRoot: issuer.keys.makerRoot.publicKey, store: new MemoryPairingStore() },
    });
    ({ accessKey } = await new IssuerClient({ baseUrl: network.issuer.url }).enrol(card.certificate, "Ada's phone"));
  });
  afterEach(async () => {
    await card.close();
    expect(emulator.traps).to.deep.equal([]);
    expect(emulator.violations).to.deep.equal([]);
    emulator.stop();
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const grantOf = async (tokenRef: Uint8Array, isOffline = false) => {
    const { cardId, info } = card;
    return client().grant({
      ...{ cardId, tokenRef, checkpointSize: info.checkpointSize, domain: DOMAIN, maxEmissions: 1 },
      ...(isOffline ? { kind: "offline" as const } : { kind: "online" as const, challenge: info.challenge }),
    });
  };
  /** Its user says yes, and the card swipes what it holds; the terminal asks. */
  const pay = async () => {
    emulator.coil.clear();
    const over = card.present({ when: "now" });
    await emulator.shows(Indicator.Ask);
    emulator.pressTwice();
    await over;
    const { edgesNs, durationNs } = emulator.coil.emission()!;
    const edges = Float64Array.from(edgesNs.flatMap((pass) => [...pass]));
    const { samples, sampleRateHz } = coilSignal({ edgesNs: edges, durationNs }, { sampleRateHz: 48_000 });
    const terminal = new Terminal({
      ...{ ...network.processor.iso, merchantId: "CORNER BAKERY", merchantType: "5462", chipCapable: false },
    });
    const result = await terminal.authorise(readSamples(samples, sampleRateHz).reads, { amount: 950 });
    if (result.approved) return "APPROVED";
    return "ourCode" in result ? result.ourCode : result.outcome;
  };

  it("pays by a grant of before and by a new one, and by no old one once the old keys are taken out", async () => {
    const { tokenRef } = await client().createToken(card.cardId, "LOVELACE/ADA");
    const offline = (await client().createToken(card.cardId, "LOVELACE/ADA", { offline: true })).tokenRef;
    await card.load(await grantOf(tokenRef)); // sets the card's clock
    expect(await pay()).to.equal("APPROVED");
    const held = [await grantOf(offline, true), await grantOf(offline, true), await grantOf(offline, true)];
    await card.load(await grantOf(tokenRef));

    await restart(both);
    expect(await pay(), "loaded before").to.equal("APPROVED");
    const fresh = await grantOf(tokenRef);
    expect(toHex(fresh.issuerCert)).not.to.equal(toHex(held[0]!.issuerCert));
    await card.load(fresh);
    expect(await pay(), "fetched since").to.equal("APPROVED");
    // The card has seen more of the log by now than the receipt that came with these.
    await expectError(() => card.load(held[0]!), "CHECKPOINT_ROLLBACK");
    const { issuerCert } = held[0]!;
    const newest = () => client().receipt({ cardId: card.cardId, ...card.info }, { issuerCert });
    await card.load({ ...held[0]!, ...(await newest()) });
    expect(await pay(), "stored before").to.equal("APPROVED");
    const evidence = await newest();
    await card.load({ ...held[1]!, ...evidence });

    await restart(alone);
    expect(await pay(), "loaded under the old certificate").to.equal("KEY_RETIRED");
    await card.load(await grantOf(tokenRef));
    expect(await pay(), "fetched since").to.equal("APPROVED");
    expect((await expectError(newest, "ISSUER_REFUSED")).message).to.contain("taken out");
    const { log } = network.issuer.issuer;
    const revoked = { receipt: log.receipt(issuerCert), consistency: null };
    await expectError(() => card.load({ ...held[2]!, issuerCert, ...revoked }), "CERTIFICATE_REVOKED");
  });
});
