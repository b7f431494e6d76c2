// What docs/lost-card.md tells people to do, done: a phone that is gone, and a card that is gone and turns up again.

import { coilSignal, type Read, readSamples, Terminal } from "@enabling-card/pos-sim";
import { Card, CardError, IssuerClient, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import { Indicator, TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { DOMAIN, type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";

/** The code that the call ends with: the issuer's own, where it was the issuer that refused. */
async function refusal(call: () => Promise<unknown>): Promise<string | undefined> {
  const error = await call().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(CardError);
  return (error as CardError).issuerCode ?? (error as CardError).code;
}

describe("what is lost", () => {
  let made: World;
  let phone: Phone;

  beforeEach(async () => {
    made = await world();
    phone = await pairedPhone(made);
  });
  afterEach(async () => {
    expect(made.emulator.traps).to.deep.equal([]);
    await phone.card.close();
    await made.close();
  });

  /** Fetches, loads and presents a grant, and what a reader hears of it. */
  async function swipe(card: Card, client: IssuerClient, tokenRef = phone.token.tokenRef): Promise<readonly Read[]> {
    const bundle = await client.grant({
      cardId: card.cardId,
      tokenRef,
      challenge: card.info.challenge,
      checkpointSize: card.info.checkpointSize,
      domain: DOMAIN,
      maxEmissions: 1,
      kind: "online",
    });
    await card.load(bundle);
    made.emulator.coil.clear();
    const presenting = card.present({ when: "now" });
    await Promise.race([made.emulator.shows(Indicator.Ask), presenting]);
    made.emulator.pressTwice();
    await presenting;
    const emission = made.emulator.coil.emission()!;
    const edgesNs = emission.edgesNs.flatMap((edges) => [...edges]);
    const { samples, sampleRateHz } = coilSignal(
      { edgesNs: Float64Array.from(edgesNs), durationNs: emission.durationNs },
      { sampleRateHz: 48_000 },
    );
    return readSamples(samples, sampleRateHz).reads;
  }

  /** What a terminal shows: `approved`, or the issuer's reason. */
  async function pay(reads: readonly Read[]): Promise<string | undefined> {
    const bakery = { merchantName: DOMAIN.merchant, merchantType: "5462" };
    const answer = await new Terminal({ ...made.service.iso!, ...bakery }).authorise(reads, { amount: 500 });
    return answer.outcome === "answered" ? (answer.approved ? "approved" : answer.ourCode) : answer.refusal.code;
  }

  it("a phone: the card goes to a new one by its button and sheet, the operator renews the access, and the old one is out", async () => {
    const { emulator, service } = made;
    expect(await pay(await swipe(phone.card, phone.client))).to.equal("approved");
    await phone.card.close();

    const options = { phoneName: "New phone", makerRoot: made.makerRoot, store: new MemoryPairingStore() };
    const air = memoryTransport([emulator]);
    expect(await refusal(() => Card.pair(air, made.made.pairingCode, options))).to.equal("PAIRING_CLOSED");
    emulator.hold(3_100);
    const card = await Card.pair(air, made.made.pairingCode, options);

    // The card is enrolled: the new phone cannot do that again, and the old one still has the key.
    const client = new IssuerClient({ baseUrl: service.url });
    expect(await refusal(() => client.enrol(card.certificate, "New phone"))).to.equal("CARD_ENROLLED");
    const position = { cardId: card.cardId, checkpointSize: card.info.checkpointSize };
    await phone.client.receipt(position);
    const accessKey = Buffer.from(await service.issuer.renewAccess(card.cardId)).toString("base64url");
    expect(await refusal(() => phone.client.receipt(position))).to.equal("ISSUER_NOT_ENROLLED");
    expect(await refusal(() => phone.grant())).to.equal("ISSUER_NOT_ENROLLED");

    // The card itself says which tokens it has paid with.
    const renewed = new IssuerClient({ baseUrl: service.url, accessKey });
    const [token] = (await card.state()).tokens;
    expect(toHex(token!.tokenRef)).to.equal(toHex(phone.token.tokenRef));
    expect(await pay(await swipe(card, renewed, token!.tokenRef))).to.equal("approved");
    expect(await refusal(() => Card.connect(air, { store: made.store, reconnects: 0, timeoutMs: 300 }))).to.equal(
      "CARD_NOT_FOUND", // it no longer advertises itself as the old phone's
    );
    await card.close();
  });

  it("a card: suspended in the app it pays nothing, whatever was sent before; resumed, it pays", async () => {
    const { card, client, token } = phone;
    const position = () => ({ cardId: card.cardId, checkpointSize: card.info.checkpointSize });
    const before = await swipe(card, client);
    await client.setState(token.tokenRef, "suspended", position());
    expect(await pay(before)).to.equal("TOKEN_SUSPENDED");
    expect(await refusal(() => phone.grant())).to.equal("TOKEN_SUSPENDED");

    // Found: the card has heard of nothing yet, and takes the newest state in one message.
    const { tokens } = await card.state(await client.setState(token.tokenRef, "active", position()));
    expect(tokens[0]).to.include({ state: TokenState.Active, version: 2 });
    expect(await pay(await swipe(card, client))).to.equal("approved");
  });

  it("both: what the operator suspends, no phone resumes", async () => {
    const { card, client, token } = phone;
    const { issuer } = made.service;
    await issuer.setState(toHex(token.tokenRef), TokenState.Suspended, "issuer");
    const position = { cardId: card.cardId, checkpointSize: card.info.checkpointSize };
    expect(await refusal(() => phone.grant())).to.equal("TOKEN_SUSPENDED");
    expect(await refusal(() => client.setState(token.tokenRef, "active", position))).to.equal("SUSPENDED_BY_ISSUER");
    await issuer.setState(toHex(token.tokenRef), TokenState.Active, "issuer");
    expect(await pay(await swipe(card, client))).to.equal("approved");
    await issuer.setState(toHex(token.tokenRef), TokenState.Deactivated, "issuer");
    expect(await refusal(() => phone.grant())).to.equal("TOKEN_DEACTIVATED");
  });
});
