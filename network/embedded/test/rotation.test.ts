// Keys that are changed under a whole network: what was made by the old ones pays beside what is made by the new ones, until they are taken out. Over
// either engine, and in one process or apart.

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeAdditionalData } from "@enabling-card/iso8583";
import { type IssuerKeys, keysFromSeeds, rotatedSeeds } from "@enabling-card/issuer";
import { stripeMac } from "@enabling-card/processor";
import { AAD, decodeClaims, decodeSign1, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { storeOfRun } from "../../../test/support/postgresql.js";
import { compareMeans, registerMeans } from "../../issuer/src/registration.js";
import { changedKeys } from "../../issuer/test/changed-keys.js";
import { DOMAIN, expectIssuerError, takeGrant, tracksOf } from "../../issuer/test/issuer-support.js";
import { base64, domainNetwork, MERCHANT } from "./domain-support.js";

const serialIn = (certificate: Uint8Array) => decodeClaims(decodeSign1(certificate, AAD.certificate).payload).serial;

describe("keys that are changed", () => {
  const { second, old, both, alone } = changedKeys();
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ecard-rotation-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  let stores = 0;
  const { state, ...plugIn } = domainNetwork({
    keys: old,
    storeOf: async () => (await storeOfRun()) ?? join(folder, String(++stores)),
  });
  const { swiped, said, answered, swipeOf, remoteOf, paid, post } = plugIn;
  const restart = (keys: IssuerKeys) => state.restart(keys);
  const plain = async () => (await state.issuer.mint(state.card.cardId, "Lovelace/Ada")).tokenRef;
  const swipe = async (tokenRef: Uint8Array) => tracksOf(await takeGrant(state.issuer, state.card, tokenRef));

  it("pay by what either made, until the old ones are taken out: KEY_RETIRED", async () => {
    const tokenRef = await plain();
    const before = {
      swipes: [await swipe(tokenRef), await swipe(tokenRef)],
      domain: [await swipeOf(), await swipeOf()],
    };
    const remotes = [await remoteOf(), await remoteOf()];
    await restart(both);
    expect(await said(swiped(before.swipes[0]!))).to.equal("APPROVED");
    expect(await said(swiped(before.domain[0]!))).to.equal("APPROVED");
    expect(await said(paid(remotes[0]!))).to.equal("APPROVED");
    expect(await said(swiped(await swipe(tokenRef)))).to.equal("APPROVED");
    expect(await said(swiped(await swipeOf()))).to.equal("APPROVED");
    const fresh = await remoteOf();
    expect(Buffer.from(fresh.cavv, "base64").subarray(0, 4).toString("hex")).to.equal("01010000");
    expect(await said(paid(fresh))).to.equal("APPROVED");
    const kept = [await swipe(tokenRef), await swipeOf()];
    await restart(alone);
    expect(await said(swiped(before.swipes[1]!))).to.equal("KEY_RETIRED");
    expect(await said(swiped(before.domain[1]!))).to.equal("KEY_RETIRED");
    expect(await said(paid(remotes[1]!))).to.equal("KEY_RETIRED");
    expect(await said(swiped(kept[0]!))).to.equal("APPROVED");
    expect(await said(swiped(kept[1]!))).to.equal("APPROVED");
    expect(await said(swiped(await swipe(tokenRef)))).to.equal("APPROVED");
  });

  it("know a request again that came before: its repeat is not decided anew", async () => {
    const request = swiped(await swipe(await plain()));
    const [answer] = await answered(request);
    for (const keys of [both, alone]) {
      await restart(keys);
      const [again] = await answered({ ...request, mti: "0101" });
      expect(again!.fields[38]).to.equal(answer!.fields[38]);
    }
  });

  it("make the same grant again for a request of before: KEY_RETIRED once they are taken out", async () => {
    const tokenRef = await plain();
    const asked = {
      ...{ cardId: state.card.cardId, tokenRef, challenge: new Uint8Array(16), checkpointSize: 0, domain: DOMAIN },
      ...{ maxEmissions: 1, kind: "online" as const },
    };
    const repeat = { owner: "Ada", key: "a-key-of-its-own", asked: "this" };
    const made = await state.issuer.grant(asked, { repeat });
    await restart(both);
    const again = await state.issuer.grant(asked, { repeat });
    expect(toHex(again.sealed)).to.equal(toHex(made.sealed));
    expect(toHex(again.issuerCert)).to.equal(toHex(made.issuerCert));
    const fresh = await state.issuer.grant(asked);
    expect(toHex(fresh.issuerCert)).not.to.equal(toHex(made.issuerCert));
    await restart(alone);
    // What was kept under an idempotency key is sealed by the key that is gone.
    await expectIssuerError(() => state.issuer.grant(asked, { repeat }), "KEY_RETIRED");
  });

  it("give a receipt of either certificate, and of the old one none once it is taken out: KEY_RETIRED", async () => {
    const { certificate } = state.issuer;
    const serial = state.issuer.evidence(0).issuerCert;
    expect(toHex(serial)).to.equal(toHex(certificate));
    await restart(both);
    const named = serialIn(certificate);
    expect(toHex(state.issuer.evidence(0, named).issuerCert)).to.equal(toHex(certificate));
    expect(toHex(state.issuer.evidence(0).issuerCert)).to.equal(toHex(state.issuer.certificate));
    const { status, body } = await post(`${state.network.issuer.url}/v1/receipts`, {
      ...{ cardId: base64(state.card.cardId), checkpointSize: 0, serial: base64(named) },
    });
    expect([status, body.issuerCert]).to.deep.equal([200, base64(certificate)]);
    await restart(alone);
    await expectIssuerError(async () => state.issuer.evidence(0, named), "KEY_RETIRED");
  });

  it("keep codes and their devices, which live longer than any overlap", async () => {
    const key = randomBytes(16);
    const tokenRef = await plain();
    const url = () => state.network.processor.url;
    const account = { cardId: base64(state.card.cardId), tokenRef: base64(tokenRef) };
    const { device } = (await post(`${url()}/v1/devices`, { ...account, key: base64(key) })).body as { device: string };
    const asked = { ...account, device, provider: MERCHANT, maxCost: 1250, currency: "978", lifeS: 86_400 };
    const codeOf = async () => (await post(`${url()}/v1/codes`, asked)).body.code as string;
    const codes = [await codeOf(), await codeOf()];
    const shown = (code: string) => swiped({ track2: `${code}=30121011${"0001"}${stripeMac(key, code, 1)}` });
    for (const [i, keys] of [both, alone].entries()) {
      await restart(keys);
      expect(await said(shown(codes[i]!))).to.equal("APPROVED");
      expect(await said(shown(codes[i]!))).to.equal("CODE_USED");
    }
  });

  it("keep a phone's registration through the overlap, and no longer: REGISTRATION_OLD", async () => {
    const { cardId } = state.card;
    const tokenRef = await plain();
    const nonce = new Uint8Array(16);
    const { registration } = await registerMeans(state.issuer, cardId, toHex(tokenRef));
    const compare = async (of: Uint8Array) =>
      toHex((await compareMeans(state.issuer, cardId, toHex(tokenRef), { registration: of, nonce })).cryptogram);
    const cryptogram = await compare(registration);
    await restart(both);
    expect(await compare(registration)).to.equal(cryptogram);
    const other = await plain();
    const fresh = await registerMeans(state.issuer, cardId, toHex(other));
    await restart(alone);
    await expectIssuerError(() => compare(registration), "REGISTRATION_OLD");
    const { version } = await compareMeans(state.issuer, cardId, toHex(other), {
      registration: fresh.registration,
      nonce,
    });
    expect(version).to.equal(0);
  });

  it("are not gone back from, and none is skipped: KEYS_RETIRED, KEYS_NOT_YET, and nothing is lost by trying", async () => {
    const tokenRef = await plain();
    const refused = (keys: IssuerKeys) =>
      restart(keys).then(
        () => "open",
        (error: { code?: string }) => error.code,
      );
    expect(await refused(alone)).to.equal("KEYS_NOT_YET");
    const third = rotatedSeeds(second);
    expect(await refused(keysFromSeeds(third, { number: 2, before: second }))).to.equal("KEYS_NOT_YET");
    await restart(both);
    expect(await refused(old)).to.equal("KEYS_RETIRED");
    await restart(both);
    expect(await said(swiped(await swipe(tokenRef)))).to.equal("APPROVED");
    await restart(keysFromSeeds(third, { number: 2, before: second }));
    await restart(keysFromSeeds(third, { number: 2 }));
    expect(await refused(alone)).to.equal("KEYS_RETIRED");
    await restart(keysFromSeeds(third, { number: 2 }));
    expect(await said(swiped(await swipe(tokenRef)))).to.equal("APPROVED");
    expect(await said(swiped(await swipeOf()))).to.equal("APPROVED");
  });

  it("tell the processor's CAVV of a key that the issuer does not have: KEY_NOT_YET", async () => {
    const remote = await remoteOf();
    const cavv = Buffer.from(remote.cavv, "base64");
    cavv[1] = 1;
    expect(await said(paid({ ...remote, cavv: cavv.toString("base64") }))).to.equal("KEY_NOT_YET");
    expect(await said(paid(remote))).to.equal("APPROVED");
    expect(decodeAdditionalData(state.toIssuer.at(-1)!.fields[48]!).cavv).to.equal(remote.cavv);
  });
});
