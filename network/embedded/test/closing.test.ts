// A phone closes a grant whose end it has not heard, through the doors of a whole network: of a swipe, of a domain, of a code; and in a race with a terminal.

import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { enrolledCard, openGrant, purchase, tracksOf } from "../../issuer/test/issuer-support.js";
import { domainNetwork, type Json } from "./domain-support.js";
import { answersOf } from "./terminal-line.js";

const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");

describe("a grant that its phone closes", () => {
  const { state, post, position, authenticated, grantFor, remoteOf, cardSays, swiped, paid, said } = domainNetwork();
  let tokenRef: Uint8Array;

  beforeEach(async () => {
    ({ tokenRef } = await state.issuer.mint(state.card.cardId, "Lovelace/Ada"));
  });

  const domain = { requestor: "Test wallet", channel: 0, country: 276, maxAmount: 1250 };
  const close = (atc: unknown, ref = tokenRef, key?: string, accessKey?: Uint8Array) =>
    post(
      `${state.network.issuer.url}/v1/tokens/${base64(ref)}/grants/${atc}/closure`,
      { cardId: base64(state.card.cardId) },
      key,
      accessKey,
    );
  /** Over HTTP, as a phone has it, and the tracks that its card makes of it. */
  const fetched = async () => {
    const asked = { ...position(), tokenRef: base64(tokenRef), domain, maxEmissions: 1, kind: "online" };
    const { status, body } = await post(`${state.network.issuer.url}/v1/grants`, asked);
    expect(status, JSON.stringify(body)).to.equal(200);
    const { atc, sealed } = body as { atc: number; sealed: string };
    const grant = await openGrant(Uint8Array.from(Buffer.from(sealed, "base64url")), state.card);
    expect(grant.atc, "the phone is told the counter that is under the seal").to.equal(atc);
    return { atc, tracks: tracksOf(grant) };
  };

  it("is told unused, and then no terminal has it approved: GRANT_CLOSED, DE 39 54", async () => {
    const { atc, tracks } = await fetched();
    expect(await close(atc)).to.deep.equal({ status: 200, body: { outcome: "unused" } });
    const [answer] = await answersOf(state.network.processor.iso, [purchase(tracks)]);
    expect([answer!.fields[39], answer!.fields[44]]).to.deep.equal(["54", "GRANT_CLOSED"]);
  });

  it("is told with what its terminal heard", async () => {
    const [one, other] = [await fetched(), await fetched()];
    const [yes, no] = await answersOf(state.network.processor.iso, [
      purchase(one.tracks),
      purchase(other.tracks, { 4: "000000009999" }),
    ]);
    const asked = { currency: "978", merchant: "Corner Bakery", at: state.now };
    expect((await close(one.atc)).body).to.deep.equal({
      ...{ outcome: "approved", amount: 950, authCode: yes!.fields[38], ...asked },
    });
    expect(no!.fields[44]).to.equal("AMOUNT_OVER_CAP");
    expect((await close(other.atc)).body).to.deep.equal({
      ...{ outcome: "declined", amount: 9999, decline: "AMOUNT_OVER_CAP", ...asked },
    });
  });

  it("is closed by a request that comes again as it was the first time", async () => {
    const { atc, tracks } = await fetched();
    const key = base64(randomBytes(12));
    expect((await close(atc, tokenRef, key)).body).to.deep.equal({ outcome: "unused" });
    expect(await said(purchase(tracks))).to.equal("GRANT_CLOSED");
    expect((await close(atc, tokenRef, key)).body).to.deep.equal({ outcome: "unused" });
    const second = await fetched();
    expect((await close(second.atc, tokenRef, key)).body).to.include({ code: "IDEMPOTENCY_MISMATCH" });
    expect(await said(purchase(second.tracks)), "and that closed nothing").to.equal("APPROVED");
  });

  it("is nobody else's to close, and named as there is one", async () => {
    const { atc, tracks } = await fetched();
    const stranger = await enrolledCard(state.issuer);
    const refused = async (answer: ReturnType<typeof close>, status: number, code: string) => {
      const { status: was, body } = await answer;
      expect([was, body.code]).to.deep.equal([status, code]);
      expect(body.message as string).to.have.length.greaterThan(20);
    };
    await refused(close(atc, tokenRef, undefined, stranger.accessKey), 401, "UNAUTHORISED");
    await refused(close(atc, randomBytes(16)), 404, "TOKEN_UNKNOWN");
    await refused(close(atc + 1), 404, "GRANT_UNKNOWN");
    await refused(close(2 ** 32), 404, "GRANT_UNKNOWN");
    for (const wrong of [0, -1, 1.5, "one", "01", 10 ** 10]) await refused(close(wrong), 400, "BAD_REQUEST");
    expect(await said(purchase(tracks))).to.equal("APPROVED");
  });

  it("of a domain is closed at the issuer, whether it pays by a swipe or without one", async () => {
    const { body } = await grantFor(await authenticated());
    const tracks = tracksOf(await cardSays(body.grant));
    expect((await close(body.atc, state.tokenRef)).body).to.deep.equal({ outcome: "unused" });
    expect(await said(swiped(tracks))).to.equal("GRANT_CLOSED");
    const remote = await remoteOf();
    expect((await close(remote.atc, state.tokenRef)).body).to.deep.equal({ outcome: "unused" });
    expect(await said(paid(remote))).to.equal("GRANT_CLOSED");
    const spent = await remoteOf();
    expect(await said(paid(spent))).to.equal("APPROVED");
    expect((await close(spent.atc, state.tokenRef)).body).to.include({ outcome: "approved", amount: 1250 });
  });

  it("carries no code: that is ended at the processor (GRANT_OF_CODE)", async () => {
    const order = { provider: "POWDERS", maxCost: 1500, currency: "978", country: 276 };
    const asked: Json = { ...position(), tokenRef: base64(tokenRef), ...order };
    const { status, body } = await post(`${state.network.processor.url}/v1/card-codes`, asked);
    expect(status, JSON.stringify(body)).to.equal(200);
    const { atc } = await cardSays(body.grant);
    expect(await close(atc))
      .to.deep.include({ status: 409 })
      .and.to.have.nested.property("body.code", "GRANT_OF_CODE");
  });

  it("is either paid or closed, of fifty that are swiped and closed at once", async () => {
    const grants: Awaited<ReturnType<typeof fetched>>[] = [];
    while (grants.length < 50) grants.push(await fetched());
    const came = await Promise.all(
      grants.map(({ atc, tracks }) =>
        Promise.all([said(purchase(tracks)), close(atc).then(({ body }) => body.outcome)]),
      ),
    );
    for (const pair of came) {
      expect([
        ["APPROVED", "approved"],
        ["GRANT_CLOSED", "unused"],
      ]).to.deep.include(pair);
    }
    // And what was said then is what is said still.
    for (const [i, { atc, tracks }] of grants.entries()) {
      expect((await close(atc)).body.outcome).to.equal(came[i]![1]);
      expect(await said(purchase(tracks))).to.be.oneOf(["ATC_REPLAYED", "GRANT_CLOSED"]);
    }
  });
});
