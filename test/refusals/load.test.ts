// System 1: each grant that the card must not take ends with its own code, and changes nothing. What vouches for its issuer: load-evidence.test.ts.

import {
  AAD,
  CaveatKey,
  type CborValue,
  Channel,
  decodeClaims,
  decodeSign1,
  GrantKey,
  GrantKind,
  luhnDigit,
  Method,
  Op,
  Phase,
} from "@enabling-card/wire";
import { ed25519 } from "@noble/curves/ed25519.js";
import { expect } from "chai";
import { DOMAIN, type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectRefusal } from "../support/expect-refusal.js";
import { evidenceOf, forge, otherIssuer, withEntry } from "../support/forge.js";
import { rawSession, settle } from "../support/raw-session.js";
import { type Case, flip, itIsRefused, STRANGER } from "../support/refused-grants.js";

/** A PAN-shaped number next to the test range, which this card was not made for. */
const OUTSIDE = `999998000000000${luhnDigit("999998000000000")}`;
const PAN = `999999000000001${luhnDigit("999999000000001")}`;
/** In the test range, where codes live. */
const CODE = `999999900000000${luhnDigit("999999900000000")}`;

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
    "it is an on-line one with restrictions",
    "GRANT_MALFORMED",
    { payload: withEntry(GrantKey.Caveats, new Map([[CaveatKey.Methods, Method.Pin]])) },
  ],
  [
    "it points to a code, and is of a token",
    "GRANT_MALFORMED",
    { payload: withEntry(GrantKey.CodeRef, new Uint8Array(16)) },
  ],
  [
    "it is an on-line one with an off-line one's limits",
    "GRANT_MALFORMED",
    { payload: withEntry(GrantKey.Offline, [5000, 1, 3]) },
  ],
  ...(
    [
      ["of a kind that this card does not know", new Map([[2, 1]])],
      [
        "of which it knows one",
        new Map([
          [CaveatKey.Methods, Method.Pin],
          [2, 1],
        ]),
      ],
      ["that are none", new Map()],
      ["that are no map", [1]],
      ["of methods that nobody knows", new Map([[CaveatKey.Methods, 4]])],
    ] as const
  ).map(
    ([what, caveats]): Case => [
      `it is a delegated one with restrictions ${what}`,
      "GRANT_KIND_UNSUPPORTED",
      { grant: { kind: GrantKind.Delegated }, payload: withEntry(GrantKey.Caveats, caveats as CborValue) },
    ],
  ),
  [
    "it is a delegated one that answers no challenge",
    "GRANT_MALFORMED",
    { grant: { kind: GrantKind.Delegated }, payload: withEntry(GrantKey.Challenge, undefined) },
  ],
  [
    "it is a delegated one that pays from afar",
    "GRANT_KIND_UNSUPPORTED",
    { grant: { kind: GrantKind.Delegated, domain: { ...DOMAIN, channel: Channel.Remote } } },
  ],
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
];

describe("a grant is refused, and nothing changes, when", () => {
  let w: World;
  let phone: Phone;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
  });
  afterEach(() => w.close());

  itIsRefused(CASES, () => ({ w, phone }));

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
