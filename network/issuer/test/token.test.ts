// Tokens: their numbers, and the life of their state. The states are walked at random against a model.

import { verifySignature } from "@enabling-card/ledger";
import {
  AAD,
  cborDecode,
  decodeSign1,
  luhnDigit,
  STATE_ACTORS,
  type StateActor,
  StateKey,
  TOKENS_MAX,
  TokenState,
  TRANSITIONS,
  toHex,
} from "@enabling-card/wire";
import { expect } from "chai";
import fc from "fast-check";
import { type ModelState, nextState } from "../../../test/support/states-model.js";
import { type Issuer, mintPan } from "../src/index.js";
import { Tables } from "../src/store.js";
import { type Clock, enrolledCard, expectIssuerError, newIssuer, type TestCard, takeGrant } from "./issuer-support.js";

const STATES = [TokenState.Inactive, TokenState.Active, TokenState.Suspended, TokenState.Deactivated] as const;
describe("a token's number", () => {
  it("has 16 digits, the range's six, no nine after them, and a Luhn digit", () => {
    for (let i = 0; i < 500; i++) {
      const pan = mintPan("999999");
      expect(pan).to.match(/^999999[0-8]\d{9}$/);
      const sum = [...pan].reverse().reduce((total, char, at) => {
        const digit = Number(char) * (at % 2 === 0 ? 1 : 2);
        return total + (digit > 9 ? digit - 9 : digit);
      }, 0);
      expect(sum % 10).to.equal(0);
    }
  });

  it("has the check digit of published numbers", () => {
    expect(luhnDigit("7992739871")).to.equal("3"); // ISO/IEC 7812-1 annex B, as textbooks give it
    expect(luhnDigit("411111111111111")).to.equal("1");
  });

  it("comes from a range of six digits, or not at all: IIN_NOT_CONFIGURED", async () => {
    for (const iin of ["", "99999", "9999990", "99999a"])
      await expectIssuerError(() => mintPan(iin), "IIN_NOT_CONFIGURED");
  });
});

describe("minting a token", () => {
  let issuer: Issuer;
  let clock: Clock;
  let card: TestCard;
  beforeEach(async () => {
    ({ issuer, clock } = await newIssuer());
    card = await enrolledCard(issuer);
  });
  afterEach(() => issuer.close());

  it("shows range, last four and expiry, three years on, and no more", async () => {
    const view = await issuer.mint(card.cardId, "Lovelace/Ada"); // 15 January 2027
    expect(view).to.have.all.keys("tokenRef", "iin", "last4", "expiry");
    expect(view).to.include({ iin: "999999", expiry: "3001" });
    expect(view.last4).to.match(/^\d{4}$/);
  });

  it("is for enrolled cards: CARD_UNKNOWN", async () => {
    await expectIssuerError(() => issuer.mint(new Uint8Array(16), "Lovelace/Ada"), "CARD_UNKNOWN");
  });

  it("takes names that a track can hold: NAME_INVALID", async () => {
    for (const name of [
      "",
      "A",
      "A".repeat(22),
      "ADA^LOVELACE",
      "ADA?",
      "ADA%",
      "ADA;1",
      "ÅDA",
      "A\nB",
      "  ",
      "//",
      "ADA 1",
      "ß".repeat(11),
    ]) {
      await expectIssuerError(() => issuer.mint(card.cardId, name), "NAME_INVALID");
    }
    for (const name of ["Al", "A".repeat(21), "O'Neill/Jean-Luc Mr."]) {
      const { tokenRef } = await issuer.mint(card.cardId, name);
      expect((await takeGrant(issuer, card, tokenRef)).track1).to.contain(`^${name.toUpperCase()}^`);
    }
  });

  it("gives a card as many as it can count, and room again when one is ended: TOKEN_LIMIT", async () => {
    const mint = () => issuer.mint(card.cardId, "Lovelace/Ada");
    const tokens = await Promise.all(Array.from({ length: TOKENS_MAX }, mint));
    await expectIssuerError(() => issuer.mint(card.cardId, "Lovelace/Ada"), "TOKEN_LIMIT");
    await issuer.mint((await enrolledCard(issuer)).cardId, "Lovelace/Ada");
    await issuer.setState(toHex(tokens[3]!.tokenRef), TokenState.Deactivated, "cardholder");
    await issuer.mint(card.cardId, "Lovelace/Ada");
  });

  it("gives up when every number it draws is taken: INTERNAL", async () => {
    const { addToken } = Tables.prototype;
    Tables.prototype.addToken = async () => false;
    await expectIssuerError(() => issuer.mint(card.cardId, "Lovelace/Ada"), "INTERNAL");
    Tables.prototype.addToken = addToken;
  });

  it("draws again when a number is taken", async () => {
    const { addToken } = Tables.prototype;
    let draws = 0;
    Tables.prototype.addToken = async function (row, index) {
      return ++draws > 3 && addToken.call(this, row, index);
    };
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    Tables.prototype.addToken = addToken;
    expect(draws).to.equal(4);
    const twin = (await issuer.store.token(toHex(tokenRef)))!;
    expect(twin).to.include({ offline: 0, state: TokenState.Active });
    const pan = issuer.secrets.panIndex(issuer.secrets.open(twin.pan));
    expect(await issuer.store.addToken({ ...twin, token_ref: "00".repeat(16) }, pan)).to.equal(false);
    clock.now += 1;
  });
});

describe("a token's state", () => {
  it("follows the table, for whoever asks, and its version rises with every change and no other time", async () => {
    const { issuer } = await newIssuer();
    const card = await enrolledCard(issuer);
    const step = fc.record({ to: fc.constantFrom(...STATES), by: fc.constantFrom(...STATE_ACTORS) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...STATES.slice(0, 2)),
        fc.array(step, { maxLength: 12 }),
        async (first, steps) => {
          const ref = toHex((await issuer.mint(card.cardId, "Lovelace/Ada")).tokenRef);
          await issuer.store.setState(ref, first, "issuer", 0);
          let model: ModelState = { state: first, holds: [], version: 0 };
          for (const { to, by } of steps) {
            let thrown: unknown;
            try {
              await issuer.setState(ref, to, by);
            } catch (error) {
              thrown = (error as { code: string }).code;
            }
            const expected = nextState(model, to, by);
            if (typeof expected === "string") expect(thrown).to.equal(expected);
            else {
              expect(thrown).to.equal(undefined);
              model = expected;
            }
            const { state, state_by, version } = (await issuer.store.token(ref))!;
            const holds = state === TokenState.Suspended ? state_by.split(",").sort() : [];
            expect({ state, holds, version }).to.deep.equal(model);
          }
          if ((await issuer.store.token(ref))!.state !== TokenState.Deactivated)
            await issuer.setState(ref, TokenState.Deactivated, "issuer");
        },
      ),
      { numRuns: 100 },
    );
    await issuer.close();
  });

  it("is a table in which nothing leaves deactivated, and the lock can only suspend what is active", () => {
    expect(TRANSITIONS.filter(({ from }) => from === TokenState.Deactivated)).to.deep.equal([]);
    expect(TRANSITIONS.filter(({ to }) => to === TokenState.Inactive)).to.deep.equal([]);
    const lock = TRANSITIONS.filter(({ by }) => by.includes("failure lock"));
    expect(lock.map(({ from, to }) => [from, to])).to.deep.equal([[TokenState.Active, TokenState.Suspended]]);
  });

  it("refuses what the table does not know: STATE_TRANSITION_ILLEGAL, TOKEN_UNKNOWN", async () => {
    const { issuer } = await newIssuer();
    const ref = toHex((await issuer.mint((await enrolledCard(issuer)).cardId, "Lovelace/Ada")).tokenRef);
    await expectIssuerError(() => issuer.setState(ref, TokenState.Inactive, "issuer"), "STATE_TRANSITION_ILLEGAL");
    await issuer.setState(ref, TokenState.Deactivated, "cardholder");
    for (const state of [TokenState.Active, TokenState.Suspended]) {
      await expectIssuerError(() => issuer.setState(ref, state, "issuer"), "STATE_TRANSITION_ILLEGAL");
    }
    await expectIssuerError(() => issuer.setState("00".repeat(16), TokenState.Active, "issuer"), "TOKEN_UNKNOWN");
    await issuer.close();
  });

  it("is resumed by whoever suspended it, or the issuer, and by nobody else: SUSPENDED_BY_…", async () => {
    const { issuer } = await newIssuer();
    const { cardId } = await enrolledCard(issuer);
    const ref = toHex((await issuer.mint(cardId, "Lovelace/Ada")).tokenRef);
    const resume = (by: StateActor) => issuer.setState(ref, TokenState.Active, by);
    const suspend = (by: StateActor) => issuer.setState(ref, TokenState.Suspended, by);
    for (const [by, code, ...others] of [
      ["issuer", "SUSPENDED_BY_ISSUER", "cardholder", "requestor", "PIN lock"],
      ["requestor", "SUSPENDED_BY_REQUESTOR", "cardholder", "PIN lock"],
      ["PIN lock", "SUSPENDED_BY_PIN_LOCK", "cardholder", "requestor"],
      ["cardholder", "SUSPENDED_BY_CARDHOLDER", "requestor", "PIN lock"],
      ["failure lock", "SUSPENDED_BY_FAILURE_LOCK", "requestor", "PIN lock"],
    ] as const) {
      await suspend(by);
      for (const other of others) await expectIssuerError(() => resume(other), code);
      await resume("issuer");
    }
    await issuer.close();
  });

  it("stays suspended while one of several holds it, the holder's wish among them", async () => {
    const { issuer } = await newIssuer();
    const { cardId } = await enrolledCard(issuer);
    const ref = toHex((await issuer.mint(cardId, "Lovelace/Ada")).tokenRef);
    await issuer.setState(ref, TokenState.Suspended, "cardholder");
    await issuer.setState(ref, TokenState.Suspended, "requestor");
    await issuer.setState(ref, TokenState.Active, "requestor");
    expect(await issuer.store.token(ref)).to.include({ state: TokenState.Suspended, state_by: "cardholder" });
    await issuer.setState(ref, TokenState.Suspended, "issuer");
    const { state, version } = await issuer.setHolderState(cardId, ref, TokenState.Active, 0);
    expect([state, version]).to.deep.equal([TokenState.Suspended, 5]);
    await expectIssuerError(() => issuer.setHolderState(cardId, ref, TokenState.Active, 0), "SUSPENDED_BY_ISSUER");
    await issuer.setState(ref, TokenState.Active, "issuer");
    expect((await issuer.setHolderState(cardId, ref, TokenState.Suspended, 0)).version).to.equal(7);
    expect((await issuer.setHolderState(cardId, ref, TokenState.Active, 0)).version).to.equal(8);
    await issuer.close();
  });

  it("is signed for its card, under the issuer's certificate, with `until` once it has ended", async () => {
    const { issuer } = await newIssuer();
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    const grant = await takeGrant(issuer, card, tokenRef);
    const ref = toHex(tokenRef);
    const read = (signed: Uint8Array) => {
      const sign1 = decodeSign1(signed, AAD.state);
      expect(verifySignature(issuer.keys.sign.publicKey, sign1.toBeSigned, sign1.signature)).to.equal(true);
      return cborDecode(sign1.payload) as Map<number, unknown>;
    };
    const active = read((await issuer.stateObject(card.cardId, ref, 0)).signed);
    expect([...active.keys()]).to.deep.equal([StateKey.CardId, StateKey.TokenRef, StateKey.Version, StateKey.State]);
    expect(active.get(StateKey.CardId)).to.deep.equal(card.cardId);
    const ended = read((await issuer.setHolderState(card.cardId, ref, TokenState.Deactivated, 0)).signed);
    expect(ended.get(StateKey.State)).to.equal(TokenState.Deactivated);
    expect(ended.get(StateKey.Version)).to.equal(1);
    expect(ended.get(StateKey.Until)).to.equal(grant.expires);
    await issuer.close();
  });

  it("is another card's business for nobody, and changes nothing for a card that follows another ledger", async () => {
    const { issuer } = await newIssuer();
    const [card, other] = [await enrolledCard(issuer), await enrolledCard(issuer)];
    const ref = toHex((await issuer.mint(card.cardId, "Lovelace/Ada")).tokenRef);
    await expectIssuerError(() => issuer.stateObject(other.cardId, ref, 0), "TOKEN_UNKNOWN");
    await expectIssuerError(() => issuer.setHolderState(other.cardId, ref, TokenState.Suspended, 0), "TOKEN_UNKNOWN");
    await expectIssuerError(
      () => issuer.setHolderState(card.cardId, ref, TokenState.Suspended, 99),
      "CHECKPOINT_UNKNOWN",
    );
    expect(await issuer.store.token(ref)).to.include({ state: TokenState.Active, version: 0 });
    await issuer.close();
  });
});
