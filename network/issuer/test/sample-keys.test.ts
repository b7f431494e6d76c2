// Rules 4 and 11: keys that everybody has serve one machine and the test range, whoever brings them.

import { networkInterfaces } from "node:os";
import { expect } from "chai";
import { Issuer, keysFromSeeds, randomSeeds, SEEDS_SIZE, sampleKeys, startIssuer } from "../src/index.js";
import { enrolledCard, expectIssuerError } from "./issuer-support.js";

describe("sample keys", () => {
  it("bind to loopback alone: SAMPLE_KEYS_LOOPBACK (rule 11)", async () => {
    const own = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
    for (const host of [
      "0.0.0.0",
      "::",
      "",
      "192.0.2.1",
      "example.org",
      ...own.filter((a) => !/^(127\.|::1$)/.test(a)),
    ]) {
      await expectIssuerError(() => startIssuer({ keys: sampleKeys(), host }), "SAMPLE_KEYS_LOOPBACK");
    }
    for (const host of ["127.0.0.1", "localhost", undefined]) {
      const service = await startIssuer({ keys: sampleKeys(), isoPort: 0, ...(host && { host }) });
      expect(new URL(service.url).hostname).to.be.oneOf(["127.0.0.1", "localhost", "[::1]"]);
      await service.close();
    }
  });

  it("mint in the test range alone: SAMPLE_KEYS_TEST_IIN (rule 11)", async () => {
    for (const iins of [["400000"], ["999999", "400000"], ["999998"]]) {
      await expectIssuerError(() => Issuer.open({ keys: sampleKeys(), iins }), "SAMPLE_KEYS_TEST_IIN");
    }
    await (await Issuer.open({ keys: sampleKeys(), iins: ["999999"] })).close();
  });

  it("are known for what they are when they come from a file, one of them as well", () => {
    const own = randomSeeds();
    expect(keysFromSeeds(own).sample).to.equal(false);
    const sample = sampleKeys();
    expect(sample.sample).to.equal(true);
    const mixed = Uint8Array.from([...own.slice(0, 128), ...sample.master]);
    expect(keysFromSeeds(mixed).sample).to.equal(true);
    expect(keysFromSeeds(Uint8Array.from([...sample.master, ...own.slice(32)])).sample).to.equal(true);
  });

  it("are the same on every machine, and differ from one another", () => {
    const keys = sampleKeys();
    const all = [keys.issuerRoot, keys.makerRoot, keys.node, keys.sign].map(({ publicKey }) =>
      Buffer.from(publicKey).toString("hex"),
    );
    expect(new Set(all).size).to.equal(4);
    expect(sampleKeys().issuerRoot.publicKey).to.deep.equal(keys.issuerRoot.publicKey);
  });
});

describe("an issuer's number ranges", () => {
  const keys = keysFromSeeds(randomSeeds());

  it("are configured, six digits each, the test range unless told: IIN_NOT_CONFIGURED (rule 4)", async () => {
    for (const iins of [[], ["99999"], ["999999", "4"], ["99999x"]]) {
      await expectIssuerError(() => Issuer.open({ keys, iins }), "IIN_NOT_CONFIGURED");
    }
    for (const [iins, want] of [
      [undefined, "999999"],
      [["412345", "999999"], "412345"],
    ] as const) {
      const issuer = await Issuer.open({ keys, ...(iins && { iins }) });
      expect((await issuer.mint((await enrolledCard(issuer)).cardId, "Lovelace/Ada")).iin).to.equal(want);
      await issuer.close();
    }
  });

  it("need seeds of the right length", () => {
    for (const size of [0, 32, SEEDS_SIZE - 1, SEEDS_SIZE + 1]) {
      expect(() => keysFromSeeds(new Uint8Array(size))).to.throw(RangeError);
    }
  });
});

describe("a service that cannot have its port", () => {
  it("leaves nothing open", async () => {
    const first = await startIssuer({ keys: sampleKeys(), isoPort: 0 });
    const refused = await startIssuer({ keys: sampleKeys(), isoPort: first.iso!.port }).catch(
      (error: unknown) => error,
    );
    expect(refused).to.have.property("code", "EADDRINUSE");
    await first.close();
  });
});
