import { authority, readCertificate, signingKey } from "@enabling-card/ledger";
import { Role, toBase32 } from "@enabling-card/wire";
import { expect } from "chai";
import type { Issuer } from "../src/index.js";
import { type Clock, DAY, enrolledCard, expectIssuerError, newCard, newIssuer, T0 } from "./issuer-support.js";

describe("enrolling a card", () => {
  let issuer: Issuer;
  let clock: Clock;
  beforeEach(async () => {
    ({ issuer, clock } = await newIssuer());
  });
  afterEach(() => issuer.close());

  it("takes the maker's certificate, tells an access key once, and puts the card on the ledger", async () => {
    const before = issuer.log.size;
    const card = newCard(issuer);
    const enrolled = await issuer.enrol(card.certificate, "Ada's phone");
    expect(enrolled.cardId).to.equal(toBase32(card.cardId));
    expect(enrolled.accessKey).to.have.length(32);
    expect(issuer.log.size).to.equal(before + 1);
    issuer.log.receipt(card.certificate);
    await issuer.authenticate(card.cardId, enrolled.accessKey);
    expect(Buffer.compare((await enrolledCard(issuer)).accessKey, enrolled.accessKey)).not.to.equal(0);
  });

  it("keeps the answer to a card's own request, whatever others enrol by, under whichever key", async () => {
    const [one, two] = [newCard(issuer), newCard(issuer)];
    const enrol = ({ certificate }: typeof one) =>
      issuer.enrol(certificate, "phone", { owner: "cards", key: "the same key", asked: ["enrol", certificate.length] });
    const first = await enrol(one);
    const second = await enrol(two);
    expect(second.cardId).to.equal(toBase32(two.cardId));
    expect(Buffer.compare(first.accessKey, second.accessKey)).not.to.equal(0);
    // As many answers as an owner has, beside it: none is this card's.
    const others = { owner: "cards", asked: [] };
    for (let i = 0; i < 1100; i++) {
      clock.now += i % 100 === 0 ? 1 : 0;
      await issuer.store.atomically((kept) =>
        issuer.once.within(kept.answers, { ...others, key: `key ${i}` }, async () => ({})),
      );
    }
    expect(await enrol(one)).to.deep.equal(first);
  });

  it("refuses a card that its maker did not certify, and leaves no trace of it: CARD_NOT_GENUINE", async () => {
    const before = issuer.log.size;
    const { certificate } = newCard(issuer);
    const stranger = authority("stranger", Role.Card, signingKey(new Uint8Array(32).fill(1)));
    const leaf = {
      sub: toBase32(new Uint8Array(16)),
      keys: { grant: new Uint8Array(32) },
      notBefore: T0 - 1,
      expires: T0 + 9,
    };
    const issuerRole = authority("x", Role.Issuer, issuer.keys.makerRoot);
    for (const [octets, detail] of [
      [new Uint8Array(9), "CERTIFICATE_MALFORMED"],
      [
        certificate.map((octet, i) => (i === certificate.length - 1 ? octet ^ 1 : octet)),
        "CERTIFICATE_SIGNATURE_INVALID",
      ],
      [stranger.issue(leaf), "CERTIFICATE_SIGNATURE_INVALID"],
      [issuer.certificate, "CERTIFICATE_SIGNATURE_INVALID"],
      [issuerRole.issue(leaf), "CERTIFICATE_ROLE_WRONG"],
      [issuer.maker.issue({ ...leaf, expires: T0 }), "CERTIFICATE_EXPIRED"],
      [newCard(issuer, { sub: "no id of a card" }).certificate, "no card id"],
      [newCard(issuer, { sub: `${"A".repeat(25)}B` }).certificate, "no card id"], // spare bits are not zero
      [newCard(issuer, { noGrantKey: true }).certificate, "no grant key"],
    ] as const) {
      const error = await expectIssuerError(() => issuer.enrol(octets, "phone"), "CARD_NOT_GENUINE");
      expect(error.message).to.contain(detail);
    }
    expect(issuer.log.size).to.equal(before);
  });

  it("refuses a card whose certificate has run out since: CARD_NOT_GENUINE", async () => {
    const { certificate } = newCard(issuer);
    clock.now += 366 * DAY;
    await expectIssuerError(() => issuer.enrol(certificate, "phone"), "CARD_NOT_GENUINE");
  });

  it("refuses a card that was revoked: CARD_NOT_GENUINE", async () => {
    const { certificate } = newCard(issuer);
    issuer.log.append(certificate, Role.Card);
    issuer.log.revoke(readCertificate(certificate).claims.serial);
    const error = await expectIssuerError(() => issuer.enrol(certificate, "phone"), "CARD_NOT_GENUINE");
    expect(error.message).to.contain("CERTIFICATE_REVOKED");
  });

  it("enrols a card once, and the first key stays good: CARD_ENROLLED", async () => {
    const card = await enrolledCard(issuer);
    const before = issuer.log.size;
    await expectIssuerError(() => issuer.enrol(card.certificate, "Eve's phone"), "CARD_ENROLLED");
    const again = issuer.maker.issue({
      sub: toBase32(card.cardId),
      keys: { grant: new Uint8Array(32).fill(9) },
      notBefore: T0 - 1,
      expires: T0 + 99,
    });
    await expectIssuerError(() => issuer.enrol(again, "Eve's phone"), "CARD_ENROLLED");
    expect(issuer.log.size).to.equal(before);
    await issuer.authenticate(card.cardId, card.accessKey);
  });

  it("bounds the phone's name: BAD_REQUEST", async () => {
    const { certificate } = newCard(issuer);
    await expectIssuerError(() => issuer.enrol(certificate, ""), "BAD_REQUEST");
    await expectIssuerError(() => issuer.enrol(certificate, "n".repeat(65)), "BAD_REQUEST");
    for (const name of ["Ada\0", "Ada's\nphone", "\u0085"]) {
      await expectIssuerError(() => issuer.enrol(certificate, name), "BAD_REQUEST");
    }
    await issuer.enrol(certificate, "n".repeat(64));
  });
});

describe("a card's access key", () => {
  it("is that card's alone: UNAUTHORISED, CARD_UNKNOWN", async () => {
    const { issuer } = await newIssuer();
    const [card, other] = [await enrolledCard(issuer), await enrolledCard(issuer)];
    await issuer.authenticate(card.cardId, card.accessKey);
    for (const key of [other.accessKey, new Uint8Array(32), new Uint8Array(0), card.accessKey.slice(0, 31)]) {
      await expectIssuerError(() => issuer.authenticate(card.cardId, key), "UNAUTHORISED");
    }
    await expectIssuerError(() => issuer.authenticate(new Uint8Array(16), card.accessKey), "CARD_UNKNOWN");
    await issuer.close();
  });

  it("is renewed by the operator, after which the old one opens nothing", async () => {
    const { issuer } = await newIssuer();
    const card = await enrolledCard(issuer);
    const fresh = await issuer.renewAccess(card.cardId);
    await issuer.authenticate(card.cardId, fresh);
    await expectIssuerError(() => issuer.authenticate(card.cardId, card.accessKey), "UNAUTHORISED");
    await expectIssuerError(() => issuer.renewAccess(new Uint8Array(16)), "CARD_UNKNOWN");
    await issuer.close();
  });
});
