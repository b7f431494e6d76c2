import { AAD, decodeSign1, encodeClaims, encodeSign1, Role } from "@enabling-card/wire";
import { expect } from "chai";
import { authority, keyId, signingKey, verifyCertificate, verifySignature } from "../src/index.js";
import { cards, certificate, expectLedgerError, issuers, seed, T0 } from "./log-support.js";

const ROOT = signingKey(seed(2));
const check = (octets: Uint8Array, role = Role.Issuer, now = T0) =>
  verifyCertificate(octets, issuers.publicKey, role, now);

/** A certificate with claims that no authority of ours would write. */
const odd = (claims: Partial<Parameters<typeof encodeClaims>[0]>) =>
  encodeSign1(
    encodeClaims({
      iss: "test root",
      sub: "Example",
      serial: seed(7).slice(0, 16),
      role: Role.Issuer,
      keys: {},
      notBefore: T0,
      expires: T0 + 1,
      ...claims,
    }),
    keyId(ROOT.publicKey),
    AAD.certificate,
    ROOT.sign,
  );

describe("a certificate", () => {
  it("is read by whoever knows the root of its role", () => {
    const claims = check(certificate());
    expect(claims).to.include({ iss: "test root", sub: "Example", role: Role.Issuer });
    expect(claims.serial).to.have.length(16);
    expect(Buffer.compare(claims.serial, check(certificate()).serial)).not.to.equal(0);
  });

  it("is valid from its first second to the one before its last", () => {
    const octets = certificate(issuers, { notBefore: T0, expires: T0 + 10 });
    for (const now of [T0, T0 + 9]) expect(check(octets, Role.Issuer, now).sub).to.equal("Example");
    for (const now of [T0 - 1, T0 + 10])
      expectLedgerError(() => check(octets, Role.Issuer, now), "CERTIFICATE_EXPIRED");
  });

  it("is refused when another root signed it, by signature or by name", () => {
    expectLedgerError(
      () => check(certificate(authority("x", Role.Issuer, signingKey(seed(5))))),
      "CERTIFICATE_SIGNATURE_INVALID",
    );
    const { payload, signature } = decodeSign1(certificate(), AAD.certificate);
    const renamed = encodeSign1(payload, new Uint8Array(8), AAD.certificate, () => signature);
    expectLedgerError(() => check(renamed), "CERTIFICATE_SIGNATURE_INVALID");
    const properlySigned = encodeSign1(payload, new Uint8Array(8), AAD.certificate, ROOT.sign);
    expectLedgerError(() => check(properlySigned), "CERTIFICATE_SIGNATURE_INVALID");
  });

  it("is refused for another role, though the root be the same", () => {
    expectLedgerError(() => check(odd({ role: Role.Node })), "CERTIFICATE_ROLE_WRONG");
    expectLedgerError(
      () => verifyCertificate(certificate(cards), cards.publicKey, Role.Issuer, T0),
      "CERTIFICATE_ROLE_WRONG",
    );
  });

  it("is refused when any octet was changed, cut or added", () => {
    const octets = certificate();
    for (let i = 0; i < octets.length; i++) {
      const altered = octets.map((octet, at) => (at === i ? octet ^ 1 : octet));
      expect(() => check(altered), `octet ${i}`)
        .to.throw()
        .with.property("code")
        .that.match(/^CERTIFICATE_/);
      expectLedgerError(() => check(octets.slice(0, i)), "CERTIFICATE_MALFORMED");
    }
    expectLedgerError(() => check(Uint8Array.from([...octets, 0])), "CERTIFICATE_MALFORMED");
  });

  it("is refused above its longest size, and with a serial from the ends of the revocation tree", () => {
    expectLedgerError(
      () => check(odd({ iss: "i".repeat(120), sub: "s".repeat(120), keys: { sign: seed(1), pin: seed(1) } })),
      "CERTIFICATE_MALFORMED",
    );
    expectLedgerError(() => check(odd({ serial: new Uint8Array(16) })), "CERTIFICATE_MALFORMED");
    expectLedgerError(() => check(odd({ serial: new Uint8Array(16).fill(0xff) })), "CERTIFICATE_MALFORMED");
    expect(check(odd({})).sub).to.equal("Example");
  });
});

describe("Ed25519", () => {
  it("agrees with RFC 8032 7.1, test 2", () => {
    const key = signingKey(Buffer.from("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "hex"));
    expect(Buffer.from(key.publicKey).toString("hex")).to.equal(
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    );
    const signature = key.sign(Uint8Array.of(0x72));
    expect(Buffer.from(signature).toString("hex")).to.match(/^92a009a9f0d4cab8720e820b5f642540/);
    expect(verifySignature(key.publicKey, Uint8Array.of(0x72), signature)).to.equal(true);
    expect(verifySignature(key.publicKey, Uint8Array.of(0x73), signature)).to.equal(false);
  });

  it("refuses seeds, keys and signatures of another length without a throw of the engine's", () => {
    expect(() => signingKey(new Uint8Array(31))).to.throw(RangeError);
    expect(verifySignature(new Uint8Array(31), new Uint8Array(1), new Uint8Array(64))).to.equal(false);
    expect(verifySignature(issuers.publicKey, new Uint8Array(1), new Uint8Array(63))).to.equal(false);
  });
});
