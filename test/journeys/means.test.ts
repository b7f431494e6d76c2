// A payment means on the card's object (system 3), end to end: registered, compared by token cryptogram with what the card holds, shown with the link that
// leads on; and every answer that is not the issuer's own to this question, refused by its own code.

import { compareMeans } from "@enabling-card/issuer";
import {
  IssuerClient,
  type MeansView,
  MemoryRegistrationStore,
  PaymentMeans,
  type PaymentMeansOptions,
} from "@enabling-card/sdk";
import { type StateActor, TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { DOMAIN, type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectError, expectRefusal } from "../support/expect-refusal.js";

/** What the issuer answers to a comparison, as JSON. */
type Told = Record<string, unknown>;

describe("a payment means", () => {
  let w: World;
  let phone: Phone;
  let store: MemoryRegistrationStore;
  let means: PaymentMeans;
  /** On the way from the issuer to the phone. */
  let alter: (told: Told) => Told | Promise<Told>;
  let isOffLine: boolean;
  let client: IssuerClient;

  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
    store = new MemoryRegistrationStore();
    alter = (told) => told;
    isOffLine = false;
    client = await clientThrough();
    means = await open();
  });
  afterEach(() => w.close());

  /** The phone's own account, through a network that may lie. */
  async function clientThrough(): Promise<IssuerClient> {
    const key = await w.service.issuer.renewAccess(phone.card.cardId);
    const onTheWay: typeof fetch = async (url, init) => {
      if (isOffLine) throw new TypeError("no network");
      const response = await fetch(url, init);
      if (!String(url).endsWith("/comparison") || !response.ok) return response;
      return new Response(JSON.stringify(await alter((await response.json()) as Told)));
    };
    const accessKey = Buffer.from(key).toString("base64url");
    return new IssuerClient({ baseUrl: w.service.url, accessKey, fetch: onTheWay });
  }
  const open = (change: Partial<PaymentMeansOptions> = {}) =>
    PaymentMeans.open({
      ...{ issuer: client, store, cardId: phone.card.cardId, tokenRef: phone.token.tokenRef },
      ...change,
    });
  const grant = () => {
    const { challenge, checkpointSize } = phone.card.info;
    const of = { cardId: phone.card.cardId, tokenRef: phone.token.tokenRef, challenge, checkpointSize };
    return client.grant({ ...of, domain: DOMAIN, maxEmissions: 1, kind: "online" });
  };
  const ref = () => toHex(phone.token.tokenRef);
  const by = (who: StateActor, state: TokenState) => w.service.issuer.setState(ref(), state, who);
  const shown = ({ indication, link, heldBy, cardKnows }: MeansView) => [
    indication,
    link?.action ?? null,
    heldBy.join(),
    cardKnows,
  ];
  const SYNCHRONOUS = ["synchronous", null, "", true];

  it("is pending until it is registered, compared, and on the card; then synchronous", async () => {
    const { card } = phone;
    expect(shown(means.view)).to.deep.equal(["pending", "register", "", false]);
    await expectError(() => means.compare(), "MEANS_NOT_REGISTERED");
    expect(shown(await means.register({ card })), "the card has not heard of it").to.deep.equal([
      "pending",
      "bring",
      "",
      false,
    ]);
    expect(shown(await means.bring(card))).to.deep.equal(SYNCHRONOUS);
    expect(means.view.inputs).to.deep.equal(["suspend", "deactivate"]);
    const again = await open();
    expect(shown(again.view), "of another start of the phone").to.deep.equal(["pending", "compare", "", false]);
    expect(shown(await again.compare())).to.deep.equal(SYNCHRONOUS);
  });

  it("is synchronous where the card knows the token by a grant", async () => {
    const { card } = phone;
    await card.load(await grant());
    expect(shown(await means.register({ card }))).to.deep.equal(SYNCHRONOUS);
  });

  describe("that is registered and on the card", () => {
    beforeEach(async () => {
      await means.register();
      await means.bring(phone.card);
      expect(shown(means.view)).to.deep.equal(SYNCHRONOUS);
    });

    it("is suspended by whoever asked, with the link to who can lift it; a card that was told is silent", async () => {
      const { card } = phone;
      for (const [who, action] of [
        ["issuer", "ask-issuer"],
        ["requestor", "ask-requestor"],
        ["failure lock", "resume"],
      ] as const) {
        await by(who, TokenState.Suspended);
        expect(shown(await means.compare()), who).to.deep.equal(["suspended", action, who, false]);
        expect(shown(await means.bring(card))).to.deep.equal(["suspended", action, who, true]);
        await by(who === "failure lock" ? "cardholder" : who, TokenState.Active);
        expect(shown(await means.compare({ card }))).to.deep.equal(["pending", "bring", "", false]);
        const unheard = await grant(); // the issuer gives them again; this card has not heard of it
        await expectRefusal(w, () => card.load(unheard), "TOKEN_SUSPENDED");
        expect(shown(await means.bring(card))).to.deep.equal(SYNCHRONOUS);
      }
    });

    it("is suspended and resumed by its holder, and the card with it", async () => {
      const { card } = phone;
      expect(shown(await means.input("suspend", { card }))).to.deep.equal(["suspended", "resume", "cardholder", true]);
      expect(means.view.inputs).to.deep.equal(["resume", "deactivate"]);
      expect(shown(await means.input("resume", { card }))).to.deep.equal(SYNCHRONOUS);
    });

    it("stays suspended while anybody holds it: each lifts his own, and the issuer all", async () => {
      await by("requestor", TokenState.Suspended);
      await means.input("suspend");
      expect(shown(means.view)).to.deep.equal(["suspended", "ask-requestor", "cardholder,requestor", false]);
      expect(shown(await means.input("resume"))).to.deep.equal(["suspended", "ask-requestor", "requestor", false]);
      expect((await expectError(() => means.input("resume"), "ISSUER_REFUSED")).issuerCode).to.equal(
        "SUSPENDED_BY_REQUESTOR",
      );
      await means.input("suspend");
      await by("requestor", TokenState.Active);
      expect(shown(await means.compare())).to.deep.equal(["suspended", "resume", "cardholder", false]);
      await by("issuer", TokenState.Active);
      expect((await means.compare()).indication).to.equal("pending");
    });

    it("that the card's PIN lock holds is lifted by the right PIN, judged by the card, and by nothing less", async () => {
      const { card } = phone;
      await card.setPin("2468");
      for (let i = 0; i < 5; i++)
        await expectError(() => card.setPin("9753", "1111"), i < 4 ? "PIN_WRONG" : "PIN_LOCKED");
      expect(shown(await means.pinLocked({ card }))).to.deep.equal(["suspended", "verify-pin", "PIN lock", true]);
      expect((await expectError(() => means.input("resume"), "ISSUER_REFUSED")).issuerCode).to.equal(
        "SUSPENDED_BY_PIN_LOCK",
      );
      await expectError(() => means.verifyPin(card, "2468"), "PIN_LOCKED");
      w.pass(61);
      await expectError(() => means.verifyPin(card, "1111"), "PIN_LOCKED");
      expect(means.view.indication).to.equal("suspended");
      w.pass(121);
      expect(shown(await means.verifyPin(card, "2468"))).to.deep.equal(SYNCHRONOUS);
    });

    it("that was ended is revoked, for good, and leads to another token", async () => {
      const { card } = phone;
      expect(shown(await means.input("deactivate", { card }))).to.deep.equal(["revoked", "replace", "", true]);
      expect(means.view.inputs).to.deep.equal([]);
      const refused = await expectError(() => means.input("resume"), "ISSUER_REFUSED");
      expect(refused.issuerCode).to.equal("STATE_TRANSITION_ILLEGAL");
      expect((await expectError(() => means.register(), "ISSUER_REFUSED")).issuerCode).to.equal("TOKEN_DEACTIVATED");
      expect(means.view.indication).to.equal("revoked");
    });

    it("is not synchronous without the issuer, nor when there is news of it; what was suspended stays so", async () => {
      isOffLine = true;
      await expectError(() => means.compare({ card: phone.card }), "ISSUER_UNREACHABLE");
      expect(shown(means.view)).to.deep.equal(["pending", "compare", "", false]);
      isOffLine = false;
      await means.compare();
      const news = { tokenRef: phone.token.tokenRef, version: 0, state: "active" } as const;
      expect([means.heard(news), means.view.indication]).to.deep.equal([false, "synchronous"]);
      expect(means.heard({ ...news, version: 1, tokenRef: new Uint8Array(16) })).to.equal(false);
      expect([means.heard({ ...news, version: 1 }), means.view.indication]).to.deep.equal([true, "pending"]);
      await by("issuer", TokenState.Suspended);
      await means.compare();
      isOffLine = true;
      await expectError(() => means.compare(), "ISSUER_UNREACHABLE");
      expect(means.view.indication).to.equal("suspended");
    });

    it("of another phone by now is to be registered again: REGISTRATION_OLD", async () => {
      await (await open({ store: new MemoryRegistrationStore() })).register();
      const refused = await expectError(() => means.compare(), "ISSUER_REFUSED");
      expect(refused.issuerCode).to.equal("REGISTRATION_OLD");
      expect(shown(means.view)).to.deep.equal(["pending", "register", "", false]);
      expect(shown(await means.register())).to.deep.equal(SYNCHRONOUS);
    });

    /** Answers that are none, each with the phone's other keys and the issuer's own words. */
    const octet = (field: string) => (told: Told) => {
      const octets = Buffer.from(told[field] as string, "base64url");
      octets[3]! ^= 4;
      return { ...told, [field]: octets.toString("base64url") };
    };
    const LIES: readonly [string, string, (told: Told) => Told | Promise<Told>][] = [
      ["another cryptogram", "STATE_INFO_ALTERED", octet("cryptogram")],
      ["another version", "STATE_INFO_ALTERED", (told) => ({ ...told, version: 1 })],
      ["another state", "STATE_INFO_ALTERED", (told) => ({ ...told, state: "inactive" })],
      ["a suspension", "STATE_INFO_ALTERED", (told) => ({ ...told, state: "suspended", heldBy: ["cardholder"] })],
      ["another page", "STATE_INFO_ALTERED", (told) => ({ ...told, link: "https://thief.example/" })],
      ["another nonce", "STATE_INFO_ALTERED", octet("nonce")],
      ["another card's name", "STATE_INFO_OTHER_CARD", octet("cardId")],
      ["another token's name", "STATE_INFO_OTHER_TOKEN", octet("tokenRef")],
      ["another registration's name", "STATE_INFO_OTHER_REGISTRATION", octet("registration")],
      ["a state of no name", "ISSUER_ANSWER_INVALID", (told) => ({ ...told, state: "synchronous" })],
      ["a suspension by nobody", "ISSUER_ANSWER_INVALID", (told) => ({ ...told, state: "suspended" })],
      ["an active one that is held", "ISSUER_ANSWER_INVALID", (told) => ({ ...told, heldBy: ["issuer"] })],
      ["a page that is not https", "ISSUER_ANSWER_INVALID", (told) => ({ ...told, link: "javascript:alert(1)" })],
      ["a short cryptogram", "ISSUER_ANSWER_INVALID", (told) => ({ ...told, cryptogram: "AAAA" })],
      ["a version that is none", "ISSUER_ANSWER_INVALID", (told) => ({ ...told, version: -1 })],
    ];
    for (const [what, code, lie] of LIES) {
      it(`is not synchronous by an answer with ${what}: ${code}`, async () => {
        alter = lie;
        await expectError(() => means.compare({ card: phone.card }), code);
        expect(shown(means.view)).to.deep.equal(["pending", "compare", "", false]);
        alter = (told) => told;
        expect(shown(await means.compare())).to.deep.equal(SYNCHRONOUS);
      });
    }

    it("is not synchronous by an answer to an earlier question: STATE_INFO_REPLAYED", async () => {
      let first: Told | undefined;
      alter = (told) => {
        first ??= told;
        return first;
      };
      await means.compare();
      await by("issuer", TokenState.Suspended);
      await expectError(() => means.compare(), "STATE_INFO_REPLAYED");
      expect(means.view.indication).to.equal("pending");
    });

    it("is not synchronous by what the issuer says of another card, or another token of this one", async () => {
      const { issuer } = w.service;
      const other = await client.createToken(phone.card.cardId, "LOVELACE/ADA");
      const otherStore = new MemoryRegistrationStore();
      const second = await open({ tokenRef: other.tokenRef, store: otherStore });
      await second.register();
      const theirs = (await otherStore.find(phone.card.cardId, other.tokenRef))!;
      alter = async (told) => {
        const nonce = Uint8Array.from(Buffer.from(told.nonce as string, "base64url"));
        const { registration } = theirs;
        const info = await compareMeans(issuer, phone.card.cardId, toHex(other.tokenRef), { registration, nonce });
        const text = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
        const said = { tokenRef: text(info.tokenRef), registration: text(registration) };
        return { ...told, ...said, cryptogram: text(info.cryptogram) };
      };
      await expectError(() => means.compare(), "STATE_INFO_OTHER_TOKEN");
      const lie = alter;
      alter = async (told) => ({ ...(await lie(told)), tokenRef: told.tokenRef, registration: told.registration });
      await expectError(() => means.compare(), "STATE_INFO_ALTERED");
    });

    it("is not synchronous by an issuer that goes back, or says two things of one version", async () => {
      const { issuer } = w.service;
      await by("issuer", TokenState.Suspended);
      await means.compare();
      await issuer.store.setState(ref(), TokenState.Active, "issuer", 0);
      await expectError(() => means.compare(), "STATE_INFO_OLD");
      await issuer.store.setState(ref(), TokenState.Active, "issuer", 1);
      await expectError(() => means.compare(), "STATE_INFO_CONTRADICTS");
      await issuer.store.setState(ref(), TokenState.Suspended, "requestor", 1);
      await expectError(() => means.compare(), "STATE_INFO_CONTRADICTS");
      expect(means.view.indication).to.equal("suspended");
      const fresh = await open({ store: new MemoryRegistrationStore() });
      await issuer.store.setState(ref(), TokenState.Suspended, "issuer", 1);
      await fresh.register();
      await fresh.bring(phone.card);
      await issuer.store.setState(ref(), TokenState.Active, "issuer", 0);
      const other = await open({ store: new MemoryRegistrationStore() });
      await expectError(() => other.register({ card: phone.card }), "STATE_INFO_OLD");
      await issuer.store.setState(ref(), TokenState.Active, "issuer", 1);
      await expectError(() => other.compare({ card: phone.card }), "STATE_INFO_CONTRADICTS");
    });

    it("follows the issuer's news, and nothing is synchronous while the line is lost", async () => {
      const views: string[] = [];
      const following = await open({ onChange: ({ indication }) => views.push(indication) });
      const abort = new AbortController();
      const end = following.follow({ signal: abort.signal, retryMs: 10, card: () => phone.card });
      const until = async (want: string) => {
        while (following.view.indication !== want) await new Promise((resolve) => setTimeout(resolve, 5));
      };
      await until("synchronous");
      await by("issuer", TokenState.Suspended);
      await until("suspended");
      await by("issuer", TokenState.Active);
      await until("pending");
      expect(following.view.link?.action).to.be.oneOf(["bring", "compare"]);
      await following.bring(phone.card);
      expect(following.view.indication).to.equal("synchronous");
      abort.abort();
      await end;
      expect(views).to.include.members(["synchronous", "suspended", "pending"]);
    });
  });
});
