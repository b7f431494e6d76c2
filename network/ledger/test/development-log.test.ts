import {
  AAD,
  decodeCheckpointPayload,
  decodeReceipt,
  encodeClaims,
  encodeSign1,
  Role,
  toHex,
} from "@enabling-card/wire";
import { expect } from "chai";
import {
  authority,
  CHECKPOINT_FRESH_S,
  type DevelopmentLog,
  keyId,
  readCertificate,
  signingKey,
} from "../src/index.js";
import { consistent, hashes, judge } from "./light-client.js";
import { cards, certificate, expectLedgerError, issuers, NODE, openLog, seed, T0 } from "./log-support.js";

const serialOf = (octets: Uint8Array) => readCertificate(octets).claims.serial;
const judged = (log: DevelopmentLog, octets: Uint8Array) =>
  judge(log.receipt(octets), octets, serialOf(octets), NODE.publicKey);
const GOOD = { signed: true, included: true, revocation: "not revoked" };
const headOf = (log: DevelopmentLog) => decodeCheckpointPayload(log.checkpoint().payload);

describe("the development log", () => {
  let clock: { now: number };
  let log: DevelopmentLog;

  beforeEach(() => {
    clock = { now: T0 };
    log = openLog(clock);
  });
  afterEach(() => log.close());

  it("gives receipts that an independent verifier takes, for each of its certificates at each of its sizes", () => {
    const stored: Uint8Array[] = [];
    for (let size = 1; size <= 20; size++) {
      clock.now += 7;
      stored.push(certificate(size % 3 === 0 ? cards : issuers));
      log.append(stored.at(-1)!, size % 3 === 0 ? Role.Card : Role.Issuer);
      for (const octets of stored) expect(judged(log, octets)).to.deep.equal(GOOD);
    }
    expect(log.size).to.equal(20);
  });

  it("shows that one log continues the other, for every pair of sizes", () => {
    const roots = [headOf(log).root];
    let last = certificate();
    for (let size = 1; size <= 33; size++) {
      if (size % 5 === 0) {
        log.revoke(serialOf(last)); // an entry as well
      } else {
        last = certificate();
        log.append(last, Role.Issuer);
      }
      expect(log.size).to.equal(size);
      roots.push(headOf(log).root);
      for (let old = 1; old < size; old++) {
        const proof = hashes(log.consistency(old)!);
        expect(consistent(old, size, proof, roots[old]!, roots[size]!), `${old} in ${size}`).to.equal(true);
        expect(consistent(old, size, proof, roots[old - 1]!, roots[size]!), `${old - 1} for ${old}`).to.equal(false);
      }
      expect(log.consistency(size)).to.equal(undefined);
      expect(log.consistency(0)).to.equal(undefined);
    }
  });

  it("refuses a size it never had: CHECKPOINT_UNKNOWN", () => {
    log.append(certificate(), Role.Issuer);
    for (const size of [2, 1e9, -1, 0.5, Number.NaN, 2 ** 60]) {
      expectLedgerError(() => log.consistency(size), "CHECKPOINT_UNKNOWN");
    }
  });

  it("has the same roots whenever it has the same size", () => {
    log.append(certificate(), Role.Issuer);
    const first = headOf(log);
    clock.now += 3 * CHECKPOINT_FRESH_S;
    const second = headOf(log);
    expect(second.time).to.equal(clock.now);
    expect({ ...second, time: 0 }).to.deep.equal({ ...first, time: 0 });
  });

  it("stores a certificate once, and no second one under its serial: SERIAL_TAKEN", () => {
    const octets = certificate();
    log.append(octets, Role.Issuer);
    const before = log.checkpoint();
    log.append(octets, Role.Issuer);
    expect(log.size).to.equal(1);
    expect(log.checkpoint()).to.deep.equal(before);

    const card = certificate(cards);
    const other = resigned(card, "B");
    log.append(card, Role.Card);
    expectLedgerError(() => log.append(other, Role.Card), "SERIAL_TAKEN");
    expectLedgerError(() => log.receipt(other), "CERTIFICATE_UNKNOWN");
    expect(log.size).to.equal(2);
  });

  it("stores no certificate that is not good, and is not longer for it", () => {
    const before = log.checkpoint();
    const stranger = authority("stranger", Role.Issuer, signingKey(seed(5)));
    const cases: readonly (readonly [Uint8Array, Role, string])[] = [
      [new Uint8Array(10), Role.Issuer, "CERTIFICATE_MALFORMED"],
      [certificate(stranger), Role.Issuer, "CERTIFICATE_SIGNATURE_INVALID"],
      [certificate(cards), Role.Issuer, "CERTIFICATE_SIGNATURE_INVALID"],
      [certificate(issuers, { expires: T0 }), Role.Issuer, "CERTIFICATE_EXPIRED"],
      [certificate(issuers, { notBefore: T0 + 1 }), Role.Issuer, "CERTIFICATE_EXPIRED"],
      [certificate(), Role.Phone, "CERTIFICATE_ROLE_WRONG"], // no root for that role
      [certificate(authority("x", Role.Card, signingKey(seed(2)))), Role.Issuer, "CERTIFICATE_ROLE_WRONG"],
    ];
    for (const [octets, role, code] of cases) expectLedgerError(() => log.append(octets, role), code);
    expect(log.size).to.equal(0);
    expect(log.checkpoint()).to.deep.equal(before);
  });

  it("shows a revocation in the next receipt, to whoever looks, and leaves the others as they were", () => {
    const stored = Array.from({ length: 9 }, () => certificate());
    for (const octets of stored) log.append(octets, Role.Issuer);
    for (const [i, octets] of stored.entries()) {
      log.revoke(serialOf(octets));
      for (const [j, other] of stored.entries()) {
        const revocation = j <= i ? "revoked" : "not revoked";
        expect(judged(log, other)).to.deep.equal({ ...GOOD, revocation });
      }
    }
    expect(headOf(log)).to.include({ size: 18, revokedSize: 11 });
  });

  it("revokes once, only what it holds, and takes nothing back that was revoked", () => {
    const octets = certificate();
    expectLedgerError(() => log.revoke(serialOf(octets)), "CERTIFICATE_UNKNOWN");
    log.append(octets, Role.Issuer);
    log.revoke(serialOf(octets));
    log.revoke(serialOf(octets));
    expect(log.size).to.equal(2);
    expectLedgerError(() => log.append(octets, Role.Issuer), "CERTIFICATE_REVOKED");
  });

  it("gives no receipt for what it does not hold or cannot read", () => {
    expectLedgerError(() => log.receipt(certificate()), "CERTIFICATE_UNKNOWN");
    expectLedgerError(() => log.receipt(new Uint8Array(3)), "CERTIFICATE_MALFORMED");
  });

  it("signs its head anew after an hour, and not before", () => {
    const first = log.checkpoint();
    clock.now += CHECKPOINT_FRESH_S - 1;
    expect(log.checkpoint()).to.equal(first);
    clock.now += 1;
    expect(log.checkpoint()).not.to.equal(first);
    expect(headOf(log).time).to.equal(clock.now);
  });

  it("never goes back in time, whatever the machine's clock does", () => {
    log.append(certificate(), Role.Issuer);
    clock.now -= 30;
    const octets = certificate();
    log.append(octets, Role.Issuer);
    expect(headOf(log).time).to.equal(T0);
    expect(decodeReceipt(log.receipt(octets)).time).to.equal(T0);
  });

  it("names itself as cards must pin it", () => {
    expect(log.identity).to.deep.equal({ origin: "enabling-card.test/log", nodeKeys: [NODE.publicKey], threshold: 1 });
    expect(toHex(log.checkpoint().signatures[0]!.kid)).to.have.length(16);
  });
});

/** The same serial under another name, signed by the makers' root. */
function resigned(card: Uint8Array, sub: string): Uint8Array {
  const { claims } = readCertificate(card);
  const root = signingKey(seed(3));
  return encodeSign1(encodeClaims({ ...claims, sub }), keyId(root.publicKey), AAD.certificate, root.sign);
}
