// System 1: each grant that the card must not take ends with its own code, and changes nothing.

import { luhnDigit } from "@enabling-card/issuer";
import { keyId } from "@enabling-card/ledger";
import {
  AAD,
  Channel,
  decodeCheckpointPayload,
  decodeClaims,
  decodeReceipt,
  decodeSign1,
  encodeReceipt,
  encodeSign1,
  GrantKey,
  GrantKind,
  Op,
  Phase,
  type Receipt,
  Role,
} from "@enabling-card/wire";
import { ed25519 } from "@noble/curves/ed25519.js";
import { expect } from "chai";
import { DOMAIN, type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectRefusal } from "../support/expect-refusal.js";
import { atTime, evidenceOf, type Forgery, forge, otherIssuer, withEntry } from "../support/forge.js";
import { rawSession, settle } from "../support/raw-session.js";

/** A PAN-shaped number next to the test range, which this card was not made for. */
const OUTSIDE = `999998000000000${luhnDigit("999998000000000")}`;
const PAN = `999999000000001${luhnDigit("999999000000001")}`;
/** In the test range, where codes live. */
const CODE = `999999900000000${luhnDigit("999999900000000")}`;
const STRANGER = new Uint8Array(32).fill(0x77);
const flip = (bytes: Uint8Array, at: number) =>
  bytes.map((byte, i) => (i === (at < 0 ? bytes.length + at : at) ? byte ^ 1 : byte));

const withReceipt = (change: (receipt: Receipt) => Receipt) => (w: World) =>
  encodeReceipt(change(decodeReceipt(w.service.issuer.log.receipt(w.service.issuer.certificate))));

/** An issuer whose certificate the root signed as `change` leaves it. */
function resigned(w: World, change: (payload: Uint8Array) => Uint8Array, kid?: Uint8Array) {
  const other = otherIssuer(w, { stored: true });
  const { issuerRoot } = w.service.issuer.keys;
  const { payload } = decodeSign1(other.issuerCert, AAD.certificate);
  const issuerCert = encodeSign1(change(payload), kid ?? keyId(issuerRoot.publicKey), AAD.certificate, issuerRoot.sign);
  return { ...other, issuerCert };
}

type Case = [name: string, code: string, forgery: Forgery | ((w: World, phone: Phone) => Forgery)];

const CASES: readonly Case[] = [
  ["its seal was altered", "GRANT_SEAL_INVALID", { sealed: (bytes) => flip(bytes, -1) }],
  ["the key in its seal was altered", "GRANT_SEAL_INVALID", { sealed: (bytes) => flip(bytes, 0) }],
  [
    "it was sealed to another card",
    "GRANT_SEAL_INVALID",
    (_w, { card }) => ({ sealTo: { cardId: card.cardId, grantKey: new Uint8Array(32).fill(9) } }),
  ],
  [
    "it was sealed under another card's name",
    "GRANT_SEAL_INVALID",
    (_w, { card }) => ({
      sealTo: {
        cardId: new Uint8Array(16),
        grantKey: decodeClaims(decodeSign1(card.certificate, AAD.certificate).payload).keys.grant!,
      },
    }),
  ],
  ["it names another card", "GRANT_OTHER_CARD", { grant: { cardId: new Uint8Array(16) } }],
  ["it is not a COSE_Sign1", "GRANT_MALFORMED", { signed: (bytes) => bytes.slice(1) }],
  ["its signature was altered", "GRANT_SIGNATURE_INVALID", { signed: (bytes) => flip(bytes, -1) }],
  ["somebody else signed it", "GRANT_SIGNATURE_INVALID", { sign: (bytes) => ed25519.sign(bytes, STRANGER) }],
  ["it was signed as something else", "GRANT_SIGNATURE_INVALID", { aad: AAD.state }],
  [
    "it was signed under another certificate than the one beside it",
    "CERTIFICATE_MISMATCH",
    { kid: new Uint8Array(16) },
  ],
  ["a field is missing", "GRANT_MALFORMED", { payload: withEntry(GrantKey.TokenRef, undefined) }],
  ["a field is of another type", "GRANT_MALFORMED", { payload: withEntry(GrantKey.Atc, "7") }],
  ["there is a field that nobody knows", "GRANT_MALFORMED", { payload: withEntry(99 as GrantKey, 1) }],
  ["bytes follow it", "GRANT_MALFORMED", { payload: (grant) => Uint8Array.from([...grant, 0]) }],
  ["it allows no emission", "GRANT_MALFORMED", { grant: { maxEmissions: 0 } }],
  ["it allows four emissions", "GRANT_MALFORMED", { grant: { maxEmissions: 4 } }],
  ["it does not say where it may be spent", "GRANT_DOMAIN_MISSING", { payload: withEntry(GrantKey.Domain, undefined) }],
  [
    "it carries caveats that this card cannot check",
    "GRANT_KIND_UNSUPPORTED",
    { payload: withEntry(GrantKey.Caveats, [1]) },
  ],
  [
    "it points to a code, which this card cannot check",
    "GRANT_KIND_UNSUPPORTED",
    { payload: withEntry(GrantKey.CodeRef, new Uint8Array(16)) },
  ],
  [
    "it is an on-line one with an off-line one's limits",
    "GRANT_MALFORMED",
    { payload: withEntry(GrantKey.Offline, [5000, 1, 3]) },
  ],
  [
    "it may be spent from afar alone, not by a swipe",
    "GRANT_KIND_UNSUPPORTED",
    { grant: { domain: { ...DOMAIN, channel: Channel.Remote } } },
  ],
  ["it is a delegated one", "GRANT_KIND_UNSUPPORTED", { grant: { kind: GrantKind.Delegated } }],
  ["it answers no challenge of this card", "GRANT_CHALLENGE_UNKNOWN", { grant: { challenge: new Uint8Array(16) } }],
  ["an on-line grant has no challenge", "GRANT_MALFORMED", { payload: withEntry(GrantKey.Challenge, undefined) }],
  ["its time is over", "GRANT_EXPIRED", (w) => ({ grant: { expires: w.service.issuer.now() } })],
  ["its time has not come", "GRANT_NOT_YET_VALID", (w) => ({ grant: { notBefore: w.service.issuer.now() + 30 } })],
  [
    "it would live longer than 120 s",
    "GRANT_LIFETIME_TOO_LONG",
    (w) => ({ grant: { expires: w.service.issuer.now() + 121 } }),
  ],
  ["its ATC is zero", "ATC_NOT_RISING", { grant: { atc: 0 } }],
  [
    "its PAN lies outside the card's number ranges",
    "TOKEN_OUTSIDE_IIN",
    { grant: { track2: `${OUTSIDE}=2911101`, track1: `B${OUTSIDE}^LOVELACE/ADA^2911101` } },
  ],
  [
    "its PAN fails the Luhn check",
    "GRANT_MALFORMED",
    { grant: { track2: "9999990000000000=2911101", track1: "B9999990000000000^LOVELACE/ADA^2911101" } },
  ],
  ["its tracks name two PANs", "GRANT_MALFORMED", { grant: { track1: `B${PAN}^LOVELACE/ADA^2911101` } }],
  [
    "its track 2 brings a sentinel of its own",
    "GRANT_MALFORMED",
    { grant: { track2: ";999999000000001=2911101", track1: "B9999990000000013^LOVELACE/ADA^2911101" } },
  ],
  [
    "its name holds a separator",
    "GRANT_MALFORMED",
    { grant: { track2: `${PAN}=2911101`, track1: `B${PAN}^LOVE^ACE/ADA^2911101` } },
  ],
  [
    "its off-line grant finds no clock",
    "TIME_UNKNOWN",
    (w) => ({
      payload: (grant) => withEntry(GrantKey.Offline, [500, 1, 3])(withEntry(GrantKey.Challenge, undefined)(grant)),
      grant: { kind: GrantKind.Offline, expires: w.service.issuer.now() + 3600 },
    }),
  ],
  [
    "its PAN is a code's: a seventh digit of 9",
    "GRANT_MALFORMED",
    { grant: { track2: `${CODE}=2911101`, track1: `B${CODE}^LOVELACE/ADA^2911101` } },
  ],
  [
    "its track 1 expires at another time than its track 2",
    "GRANT_MALFORMED",
    { grant: { track2: `${PAN}=2911101`, track1: `B${PAN}^LOVELACE/ADA^2912101` } },
  ],
  [
    "its track 1 has another service code than its track 2",
    "GRANT_MALFORMED",
    { grant: { track2: `${PAN}=2911101`, track1: `B${PAN}^LOVELACE/ADA^2911201` } },
  ],
  [
    "it was issued before the checkpoint that is beside it, and its time is over by that one",
    "GRANT_EXPIRED",
    (w) => {
      const early = w.service.issuer.now() - 50;
      return { grant: { issuedAt: early, notBefore: early, expires: early + 40 } };
    },
  ],
  ["its certificate is not one", "CERTIFICATE_MALFORMED", { issuerCert: new Uint8Array(40) }],
  [
    "its certificate was altered",
    "CERTIFICATE_SIGNATURE_INVALID",
    (w) => ({ issuerCert: flip(w.service.issuer.certificate, -1) }),
  ],
  [
    "its certificate names no key, and brings one behind its end",
    "CERTIFICATE_MALFORMED",
    (w) => resigned(w, (payload) => flip(payload, payload.length - 36)),
  ],
  [
    "its certificate's root goes by a longer name",
    "CERTIFICATE_MALFORMED",
    (w) => resigned(w, (payload) => payload, new Uint8Array(16)),
  ],
  [
    "its certificate's root goes by a shorter name",
    "CERTIFICATE_MALFORMED",
    (w) => resigned(w, (payload) => payload, new Uint8Array(7)),
  ],
  ["another root signed its issuer", "CERTIFICATE_SIGNATURE_INVALID", (w) => otherIssuer(w, { root: STRANGER })],
  ["its certificate is a card's", "CERTIFICATE_ROLE_WRONG", (w) => otherIssuer(w, { role: Role.Card })],
  ["its certificate is on no ledger", "RECEIPT_NOT_INCLUDED", (w) => otherIssuer(w)],
  [
    "its certificate was revoked",
    "CERTIFICATE_REVOKED",
    (w, { card }) => {
      const { issuer } = w.service;
      const other = otherIssuer(w, { stored: true });
      issuer.log.revoke(other.serial);
      return { ...other, ...evidenceOf(issuer.log, other.issuerCert, card.info.checkpointSize) };
    },
  ],
  [
    "its certificate has run out",
    "CERTIFICATE_EXPIRED",
    (w, { card }) => {
      const { issuer } = w.service;
      const other = otherIssuer(w, { stored: true, expires: issuer.now() + 1 });
      const late = issuer.now() + 2;
      return {
        ...other,
        ...evidenceOf(issuer.log, other.issuerCert, card.info.checkpointSize),
        grant: { issuedAt: late, notBefore: late, expires: late + 60 },
      };
    },
  ],
  ["its receipt cannot be read", "RECEIPT_MALFORMED", { receipt: Uint8Array.from([0x80]) }],
  [
    "its receipt's path is not whole hashes",
    "RECEIPT_MALFORMED",
    (w) => ({ receipt: withReceipt((r) => ({ ...r, path: r.path.slice(1) }))(w) }),
  ],
  [
    "its receipt shows another time",
    "RECEIPT_NOT_INCLUDED",
    (w) => ({ receipt: withReceipt((r) => ({ ...r, time: r.time + 1 }))(w) }),
  ],
  [
    "its receipt's path was altered",
    "RECEIPT_NOT_INCLUDED",
    (w) => ({ receipt: withReceipt((r) => ({ ...r, path: flip(r.path, 0) }))(w) }),
  ],
  [
    "its checkpoint is unsigned",
    "CHECKPOINT_THRESHOLD",
    (w) => ({ receipt: withReceipt((r) => ({ ...r, checkpoint: { ...r.checkpoint, signatures: [] } }))(w) }),
  ],
  [
    "a stranger signed its checkpoint",
    "CHECKPOINT_THRESHOLD",
    (w) => ({
      receipt: withReceipt((r) => ({
        ...r,
        checkpoint: { ...r.checkpoint, signatures: [{ kid: new Uint8Array(8), signature: new Uint8Array(64) }] },
      }))(w),
    }),
  ],
  [
    "its checkpoint's signature was altered",
    "CHECKPOINT_THRESHOLD",
    (w) => ({
      receipt: withReceipt((r) => ({
        ...r,
        checkpoint: {
          ...r.checkpoint,
          signatures: r.checkpoint.signatures.map((s) => ({ ...s, signature: flip(s.signature, 5) })),
        },
      }))(w),
    }),
  ],
  [
    "its revocation proof has other neighbours",
    "REVOCATION_PROOF_INVALID",
    (w) => ({
      receipt: withReceipt((r) => ({
        ...r,
        notRevoked: { ...r.notRevoked, lowSerial: flip(r.notRevoked.lowSerial, 0) },
      }))(w),
    }),
  ],
  ["its consistency proof is missing", "CHECKPOINT_INCONSISTENT", { consistency: null }],
  [
    "its consistency proof was altered",
    "CHECKPOINT_INCONSISTENT",
    (w, { card }) => ({
      consistency: flip(w.service.issuer.log.consistency(card.info.checkpointSize)!, 3),
    }),
  ],
];

describe("a grant is refused, and nothing changes, when", () => {
  let w: World;
  let phone: Phone;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
  });
  afterEach(() => w.close());

  for (const [name, code, forgery] of CASES) {
    it(`${name}: ${code}`, async () => {
      const bundle = await forge(w, phone, typeof forgery === "function" ? forgery(w, phone) : forgery);
      await expectRefusal(w, () => phone.card.load(bundle), code);
      expect(phone.card.info.phase).to.equal(Phase.Empty);
      await phone.card.load(await forge(w, phone)); // and the card still takes a good one
    });
  }

  it("its ATC was seen: ATC_NOT_RISING, also for a lower one", async () => {
    await phone.card.load(await forge(w, phone, { grant: { atc: 5_000_000 } }));
    await phone.card.disarm();
    for (const atc of [5_000_000, 4_999_999]) {
      const bundle = await forge(w, phone, { grant: { atc } });
      await expectRefusal(w, () => phone.card.load(bundle), "ATC_NOT_RISING");
    }
  });

  it("its ATC was seen from this issuer, and not when it was from another one: ATCs are counted for each", async () => {
    await phone.card.load(await forge(w, phone, { grant: { atc: 5_000_000 } }));
    await phone.card.disarm();
    const other = otherIssuer(w, { sub: "Another Issuer", stored: true });
    const bundle = async (atc: number) =>
      forge(w, phone, {
        ...other,
        ...evidenceOf(w.service.issuer.log, other.issuerCert, phone.card.info.checkpointSize),
        grant: { atc },
      });
    await phone.card.load(await bundle(7));
    await phone.card.disarm();
    const again = await bundle(7);
    await expectRefusal(w, () => phone.card.load(again), "ATC_NOT_RISING");
    expect((await phone.card.state()).tokens.map(({ atc }) => atc)).to.have.members([5_000_000, 7]);
  });

  it("its challenge was answered before: GRANT_CHALLENGE_UNKNOWN", async () => {
    const { challenge } = phone.card.info;
    await phone.card.load(await forge(w, phone));
    await phone.card.disarm();
    const again = await forge(w, phone, { grant: { challenge } });
    await expectRefusal(w, () => phone.card.load(again), "GRANT_CHALLENGE_UNKNOWN");
  });

  it("its challenge is 120 s old by the card's own timer: GRANT_CHALLENGE_UNKNOWN", async () => {
    const bundle = await forge(w, phone);
    w.emulator.advance(100_000);
    await settle();
    const { challenge } = phone.card.info; // made 60 s after the first
    w.emulator.advance(20_000);
    await expectRefusal(w, () => phone.card.load(bundle), "GRANT_CHALLENGE_UNKNOWN");
    await phone.card.load(await forge(w, phone, { grant: { challenge } }));
  });

  it("the card counts eight tokens and it brings a ninth: TOKEN_TABLE_FULL", async () => {
    for (let i = 1; i <= 8; i++) {
      await phone.card.load(await forge(w, phone, { grant: { tokenRef: new Uint8Array(16).fill(i) } }));
    }
    await phone.card.disarm();
    const ninth = await forge(w, phone, { grant: { tokenRef: new Uint8Array(16).fill(9) } });
    await expectRefusal(w, () => phone.card.load(ninth), "TOKEN_TABLE_FULL");
  });

  it("its checkpoint is smaller than one that was seen: CHECKPOINT_ROLLBACK", async () => {
    const early = w.service.issuer.evidence(phone.card.info.checkpointSize);
    otherIssuer(w, { stored: true });
    await phone.card.load(await forge(w, phone));
    await phone.card.disarm();
    const bundle = await forge(w, phone, { receipt: early.receipt, consistency: early.consistency });
    await expectRefusal(w, () => phone.card.load(bundle), "CHECKPOINT_ROLLBACK");
  });

  it("its certificate is not valid yet at the card's time: CERTIFICATE_EXPIRED", async () => {
    const early = w.service.issuer.now() + 100;
    w.pass(300);
    await settle();
    const { issuer } = w.service;
    const other = otherIssuer(w, { stored: true, notBefore: issuer.now() });
    // The log takes no certificate before its time: so the nodes say that their checkpoint is an earlier one.
    const receipt = atTime(w, decodeReceipt(issuer.log.receipt(other.issuerCert)), early);
    const { consistency } = evidenceOf(issuer.log, other.issuerCert, phone.card.info.checkpointSize);
    const grant = { issuedAt: early, notBefore: early, expires: early + 60 };
    const bundle = await forge(w, phone, { ...other, receipt, consistency, grant });
    await expectRefusal(w, () => phone.card.load(bundle), "CERTIFICATE_EXPIRED");
  });

  it("its checkpoint is larger than the last and older: CHECKPOINT_ROLLBACK", async () => {
    await phone.card.load(await forge(w, phone));
    await phone.card.disarm();
    otherIssuer(w, { stored: true });
    const now = decodeReceipt(w.service.issuer.log.receipt(w.service.issuer.certificate));
    const receipt = atTime(w, now, decodeCheckpointPayload(now.checkpoint.payload).time - 100);
    const bundle = await forge(w, phone, { receipt });
    await expectRefusal(w, () => phone.card.load(bundle), "CHECKPOINT_ROLLBACK");
  });

  it("its consistency proof has hashes too many: CHECKPOINT_INCONSISTENT", async () => {
    const proof = w.service.issuer.log.consistency(phone.card.info.checkpointSize)!;
    for (const more of [1, 48, 60]) {
      const consistency = Uint8Array.from([...proof, ...new Uint8Array(32 * more)]);
      const bundle = await forge(w, phone, { consistency });
      await expectRefusal(w, () => phone.card.load(bundle), "CHECKPOINT_INCONSISTENT");
    }
  });

  it("its consistency proof has an octet too many: CHECKPOINT_INCONSISTENT", async () => {
    const proof = w.service.issuer.log.consistency(phone.card.info.checkpointSize)!;
    const bundle = await forge(w, phone, { consistency: Uint8Array.from([...proof, 0]) });
    await expectRefusal(w, () => phone.card.load(bundle), "CHECKPOINT_INCONSISTENT");
  });

  it("its receipt is missing: RECEIPT_MISSING", async () => {
    const { sealed, issuerCert } = await forge(w, phone);
    await phone.card.close();
    const session = await rawSession(w);
    await expectRefusal(w, () => session.request(Op.Load, [sealed, issuerCert, null, null]), "RECEIPT_MISSING");
  });

  it("it is cut at any byte", async () => {
    const { sealed, issuerCert, receipt, consistency } = await forge(w, phone);
    await phone.card.close();
    const session = await rawSession(w);
    for (let length = 1; length < sealed.length; length++) {
      const cut = sealed.subarray(0, length);
      await expectRefusal(
        w,
        () => session.request(Op.Load, [cut, issuerCert, receipt, consistency]),
        "GRANT_SEAL_INVALID",
      );
    }
    await expectRefusal(
      w,
      () => session.request(Op.Load, [new Uint8Array(0), issuerCert, receipt, consistency]),
      "MESSAGE_MALFORMED",
    );
  });

  it("its signed bytes are cut at any byte before they are sealed", async () => {
    const whole = await forge(w, phone, { signed: (bytes) => bytes });
    const length = whole.sealed.length - 48;
    for (let at = 1; at < length; at++) {
      const bundle = await forge(w, phone, { signed: (bytes) => bytes.slice(0, at) });
      await expectRefusal(w, () => phone.card.load(bundle), "GRANT_MALFORMED");
    }
  });

  it("the card is asking, armed or sending: BUSY; the same bytes again get the same answer", async () => {
    const bundle = await phone.grant();
    const loaded = await phone.card.load(bundle);
    const next = await forge(w, phone);
    const presented = phone.card.present({ when: "swipe" });
    await w.emulator.shows(2);
    w.emulator.pressTwice();
    await presented;
    await expectRefusal(w, () => phone.card.load(next), "BUSY");
    const again = await phone.card.load(bundle);
    expect([...again.grantHash]).to.deep.equal([...loaded.grantHash]);
    expect(again.info.phase).to.equal(Phase.Armed);
  });

  it("a refused grant does not cost the one that is loaded", async () => {
    const loaded = await phone.card.load(await forge(w, phone));
    const bad = await forge(w, phone, { sealed: (bytes) => flip(bytes, -1) });
    await expectRefusal(w, () => phone.card.load(bad), "GRANT_SEAL_INVALID");
    const presented = phone.card.present({ when: "now" });
    await w.emulator.shows(2);
    w.emulator.pressTwice();
    expect((await presented).passesSent).to.equal(2);
    expect([...phone.card.info.lastGrant!]).to.deep.equal([...loaded.grantHash]);
  });
});
