// What a grant holds, whom it is sealed to, and every reason not to make one: then no ATC is counted.

import {
  AAD,
  Channel,
  decodeClaims,
  decodeSign1,
  GRANT_LIFE_S,
  GrantKind,
  OFFLINE_CAP_MAX,
  OFFLINE_GRANTS_MAX,
  OFFLINE_LIFE_MAX_S,
  TokenState,
  toHex,
} from "@enabling-card/wire";
import { expect } from "chai";
import { GRANT_S, GRANTS_AT_ONCE, type GrantRequest, type Issuer } from "../src/index.js";
import {
  answerTo,
  type Clock,
  DAY,
  DOMAIN,
  enrolledCard,
  expectIssuerError,
  newIssuer,
  openGrant,
  purchase,
  T0,
  type TestCard,
  takeGrant,
  takeOfflineGrant,
  tracksOf,
} from "./issuer-support.js";

describe("a grant", () => {
  let issuer: Issuer;
  let clock: Clock;
  let card: TestCard;
  let tokenRef: Uint8Array;
  let offlineRef: Uint8Array;
  const atc = async (ref = tokenRef) => (await issuer.store.token(toHex(ref)))!.atc;

  beforeEach(async () => {
    ({ issuer, clock } = await newIssuer());
    card = await enrolledCard(issuer);
    ({ tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada"));
    ({ tokenRef: offlineRef } = await issuer.mint(card.cardId, "Lovelace/Ada", "offline"));
  });
  afterEach(() => issuer.close());

  const request = (change: Partial<GrantRequest> = {}): GrantRequest => ({
    cardId: card.cardId,
    tokenRef,
    challenge: new Uint8Array(16).fill(7),
    checkpointSize: 0,
    domain: DOMAIN,
    maxEmissions: 2,
    kind: "online",
    ...change,
  });

  it("answers the challenge, lives 120 s, and brings templates without discretionary data", async () => {
    const grant = await takeGrant(issuer, card, tokenRef, { maxEmissions: 2 });
    expect(grant).to.include({
      kind: GrantKind.Online,
      issuedAt: T0,
      notBefore: T0,
      expires: T0 + GRANT_LIFE_S,
      atc: 1,
    });
    expect(grant.maxEmissions).to.equal(2);
    expect(grant.challenge).to.deep.equal(new Uint8Array(16).fill(7));
    expect(grant.cardId).to.deep.equal(card.cardId);
    expect(grant.domain).to.deep.equal(DOMAIN);
    expect(grant).not.to.have.property("offline");
    expect(grant.track2).to.match(/^999999[0-8]\d{9}=3001101$/);
    expect(grant.track1).to.equal(`B${grant.track2.slice(0, 16)}^LOVELACE/ADA^3001101`);
  });

  it("has a higher ATC and another cryptogram each time", async () => {
    const grants = [];
    for (let i = 0; i < 5; i++) grants.push(await takeGrant(issuer, card, tokenRef));
    expect(grants.map((grant) => grant.atc)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(new Set(grants.map((grant) => toHex(grant.cryptogram))).size).to.equal(5);
  });

  it("has a cryptogram that depends on token and domain", async () => {
    const { tokenRef: other } = await issuer.mint(card.cardId, "Lovelace/Ada");
    const grants = [
      await takeGrant(issuer, card, tokenRef),
      await takeGrant(issuer, card, other),
      await takeGrant(issuer, card, (await issuer.mint(card.cardId, "Lovelace/Ada")).tokenRef, {
        domain: { ...DOMAIN, maxAmount: 1251 },
      }),
    ];
    expect(grants.map((grant) => grant.atc)).to.deep.equal([1, 1, 1]);
    expect(new Set(grants.map((grant) => toHex(grant.cryptogram))).size).to.equal(3);
  });

  it("is sealed to its card and opens for no other", async () => {
    const other = await enrolledCard(issuer);
    const { sealed } = await issuer.grant(request());
    expect((await openGrant(sealed, card)).atc).to.equal(1);
    for (const wrong of [other, { ...card, cardId: other.cardId }]) {
      const opened = await openGrant(sealed, wrong).catch(() => undefined);
      expect(opened).to.equal(undefined);
    }
  });

  const BAD: readonly (readonly [what: string, change: Partial<GrantRequest>, code: string])[] = [
    ["no emission", { maxEmissions: 0 }, "BAD_REQUEST"],
    ["four emissions", { maxEmissions: 4 }, "BAD_REQUEST"],
    ["half an emission", { maxEmissions: 1.5 }, "BAD_REQUEST"],
    [
      "two emissions without a swipe",
      { domain: { ...DOMAIN, channel: Channel.Remote }, maxEmissions: 2 },
      "BAD_REQUEST",
    ],
    ["a short challenge", { challenge: new Uint8Array(15) }, "BAD_REQUEST"],
    ["a short card id", { cardId: new Uint8Array(15) }, "BAD_REQUEST"],
    ["a short token reference", { tokenRef: new Uint8Array(15) }, "BAD_REQUEST"],
    ["a challenge off-line", { kind: "offline" }, "BAD_REQUEST"],
    ["another card", { cardId: new Uint8Array(16) }, "TOKEN_UNKNOWN"],
    ["a token that is none", { tokenRef: new Uint8Array(16) }, "TOKEN_UNKNOWN"],
    ["a larger ledger", { checkpointSize: 99 }, "CHECKPOINT_UNKNOWN"],
    ["no domain", { domain: undefined as never }, "DOMAIN_MISSING"],
    ...(
      [
        ["requestor", ""],
        ["requestor", "r".repeat(33)],
        ["requestor", "Ünser"],
        ["merchant", "m".repeat(41)],
        ["merchant", "a\nb"],
        ["mcc", 10_000],
        ["mcc", -1],
        ["channel", 2],
        ["country", 1000],
        ["country", 10], // Antarctica: a number, and no currency
        ["country", undefined],
        ["maxAmount", undefined],
        ["maxAmount", 0.5],
        ["maxAmount", 1e12],
      ] as const
    ).map(
      ([field, value]) =>
        [
          `${field} = ${JSON.stringify(value)?.slice(0, 12)}`,
          { domain: { ...DOMAIN, [field]: value } as never },
          "DOMAIN_MISSING",
        ] as const,
    ),
  ];
  for (const [what, change, code] of BAD) {
    it(`is not made for ${what}: ${code}`, async () => {
      await expectIssuerError(() => issuer.grant(request(change)), code);
      expect(await atc()).to.equal(0);
    });
  }

  it("is not made without a challenge on line: BAD_REQUEST", async () => {
    const { challenge: _, ...rest } = request();
    await expectIssuerError(() => issuer.grant(rest), "BAD_REQUEST");
    expect(await atc()).to.equal(0);
  });

  it("is made for active tokens alone: TOKEN_SUSPENDED, TOKEN_DEACTIVATED, TOKEN_INACTIVE", async () => {
    const ref = toHex(tokenRef);
    await issuer.store.setState(ref, TokenState.Inactive, "issuer", 1);
    await expectIssuerError(() => issuer.grant(request()), "TOKEN_INACTIVE");
    await issuer.setState(ref, TokenState.Active, "cardholder");
    await issuer.setState(ref, TokenState.Suspended, "cardholder");
    await expectIssuerError(() => issuer.grant(request()), "TOKEN_SUSPENDED");
    await issuer.setState(ref, TokenState.Deactivated, "cardholder");
    await expectIssuerError(() => issuer.grant(request()), "TOKEN_DEACTIVATED");
    expect(await atc()).to.equal(0);
  });

  it("is made a thousand times at once and then every ten seconds, of each token: GRANT_LIMIT", async () => {
    const row = { token_ref: toHex(tokenRef), atc: GRANTS_AT_ONCE - 1, expires: 0, max_amount: 0, domain: "" };
    // As if all but one had been made by now.
    const level = { level_s: (GRANTS_AT_ONCE - 1) * GRANT_S, level_at: T0 };
    await issuer.store.addGrant({ ...row, domain_hash: null }, level);
    expect((await takeGrant(issuer, card, tokenRef)).atc).to.equal(GRANTS_AT_ONCE);
    for (const [after, code] of [
      [0, "GRANT_LIMIT"],
      [GRANT_S - 1, "GRANT_LIMIT"],
      [GRANT_S, undefined],
      [GRANT_S, "GRANT_LIMIT"],
      [2 * GRANT_S, undefined],
      [GRANT_S, "GRANT_LIMIT"], // a clock that goes back drains nothing
    ] as const) {
      clock.now = T0 + after;
      if (code === undefined) await takeGrant(issuer, card, tokenRef);
      else await expectIssuerError(() => issuer.grant(request()), code);
    }
    expect(await atc()).to.equal(GRANTS_AT_ONCE + 2);
    await takeOfflineGrant(issuer, card, offlineRef);
  });

  it("is made up to the end of the token's last month: TOKEN_EXPIRED", async () => {
    clock.now = Date.UTC(2030, 1, 1) / 1000 - 1;
    expect((await takeGrant(issuer, card, tokenRef)).atc).to.equal(1);
    clock.now += 1;
    await expectIssuerError(() => issuer.grant(request()), "TOKEN_EXPIRED");
  });

  it("keeps nothing of a domain but its own fields", async () => {
    await issuer.grant(request({ domain: { ...DOMAIN, cvv: "123" } as never }));
    expect((await issuer.store.grant(toHex(tokenRef), 1))!.domain).to.equal(JSON.stringify(DOMAIN));
  });

  it("brings the receipt of the log's newest checkpoint: another one when an hour is over, or something was revoked", async () => {
    const receipt = () => toHex(issuer.evidence(0).receipt);
    const logged = () => toHex(issuer.log.receipt(issuer.certificate));
    const first = receipt();
    expect([receipt(), logged()]).to.deep.equal([first, first]);
    clock.now += 3600;
    const later = receipt();
    expect(later).to.equal(logged()).and.not.to.equal(first);
    issuer.log.revoke(decodeClaims(decodeSign1(issuer.certificate, AAD.certificate).payload).serial);
    expect(receipt()).to.equal(logged()).and.not.to.equal(later);
  });

  it("brings a receipt of the issuer's certificate, and a proof for a card that has seen less", async () => {
    const early = issuer.log.size;
    await enrolledCard(issuer);
    expect((await issuer.grant(request({ checkpointSize: early }))).consistency).to.be.instanceOf(Uint8Array);
    expect((await issuer.grant(request({ checkpointSize: issuer.log.size }))).consistency).to.equal(null);
    expect((await issuer.grant(request())).issuerCert).to.deep.equal(issuer.certificate);
  });

  describe("that is kept off-line", () => {
    it("has a token of its own, a cap, one emission, and a week", async () => {
      const grant = await takeOfflineGrant(issuer, card, offlineRef, { maxEmissions: 3 });
      expect(grant).to.include({ kind: GrantKind.Offline, maxEmissions: 1, expires: T0 + OFFLINE_LIFE_MAX_S });
      expect(grant.offline).to.deep.equal({ cap: DOMAIN.maxAmount, n: 1, of: OFFLINE_GRANTS_MAX });
      // The card's clock is as late as the way of its last on-line grant.
      expect(grant.notBefore).to.equal(grant.issuedAt - GRANT_LIFE_S);
      expect(grant).not.to.have.property("challenge");
      clock.now += 6 * DAY;
      expect(await answerTo(issuer, purchase(tracksOf(grant)))).to.equal("APPROVED");
      expect(await answerTo(issuer, purchase(tracksOf(grant)))).to.equal("ATC_REPLAYED");
    });

    it("is not of an on-line token, nor the reverse: BAD_REQUEST", async () => {
      await expectIssuerError(() => takeOfflineGrant(issuer, card, tokenRef), "BAD_REQUEST");
      await expectIssuerError(() => issuer.grant(request({ tokenRef: offlineRef })), "BAD_REQUEST");
      expect([await atc(), await atc(offlineRef)]).to.deep.equal([0, 0]);
    });

    it("is small: OFFLINE_LIMIT over the cap", async () => {
      const domain = { ...DOMAIN, maxAmount: OFFLINE_CAP_MAX };
      expect((await takeOfflineGrant(issuer, card, offlineRef, { domain })).offline!.cap).to.equal(OFFLINE_CAP_MAX);
      domain.maxAmount += 1;
      await expectIssuerError(() => takeOfflineGrant(issuer, card, offlineRef, { domain }), "OFFLINE_LIMIT");
      expect(await atc(offlineRef)).to.equal(1);
    });

    it("is one of few: OFFLINE_LIMIT until one is spent, or its time is over", async () => {
      const grants = [];
      for (let i = 0; i < OFFLINE_GRANTS_MAX; i++) grants.push(await takeOfflineGrant(issuer, card, offlineRef));
      expect(grants.map((grant) => grant.offline!.n)).to.deep.equal([1, 2, 3, 4, 5]);
      await expectIssuerError(() => takeOfflineGrant(issuer, card, offlineRef), "OFFLINE_LIMIT");
      await answerTo(issuer, purchase(tracksOf(grants[2]!)));
      await takeOfflineGrant(issuer, card, offlineRef);
      await expectIssuerError(() => takeOfflineGrant(issuer, card, offlineRef), "OFFLINE_LIMIT");
      clock.now += OFFLINE_LIFE_MAX_S;
      await takeOfflineGrant(issuer, card, offlineRef);
    });
  });
});
