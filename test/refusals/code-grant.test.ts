// A grant that carries a transaction code in its token's place (system 5): what the card does not take. What it does: journeys/domain.test.ts.

import { Channel, GrantKey, GrantKind, transactionCode } from "@enabling-card/wire";
import { expect } from "chai";
import { DOMAIN, type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { forge, offlineGrant, withEntry } from "../support/forge.js";
import { type Case, flip, itIsRefused } from "../support/refused-grants.js";
import { present } from "../support/watched-worlds.js";

const NUMBER = transactionCode("999999", "12345678");
const OUTSIDE = transactionCode("999998", "12345678");
const REF = new Uint8Array(16).fill(5);
const CODE = { kind: GrantKind.Code, codeRef: REF, track2: `${NUMBER}=2911101`, maxEmissions: 1 };
const noTrack1 = withEntry(GrantKey.Track1, undefined);

let w: World;
let phone: Phone;
beforeEach(async () => {
  w = await world();
  phone = await pairedPhone(w);
});
afterEach(async () => {
  expect(w.emulator.traps).to.deep.equal([]);
  await w.close();
});

describe("a code's grant is refused, and nothing changes, when", () => {
  const also = (change: (grant: Uint8Array) => Uint8Array) => (grant: Uint8Array) => change(noTrack1(grant));
  const CASES: readonly Case[] = [
    ["it has no reference", "GRANT_MALFORMED", { payload: also(withEntry(GrantKey.CodeRef, undefined)) }],
    ["its reference is short", "GRANT_MALFORMED", { payload: also(withEntry(GrantKey.CodeRef, new Uint8Array(15))) }],
    ["it has a name beside it", "GRANT_MALFORMED", { payload: (grant) => grant }],
    ["its number is a token's", "GRANT_MALFORMED", { grant: { track2: "9999990000000008=2911101" } }],
    ["it is one of a token, for a token's number", "GRANT_MALFORMED", { grant: { kind: GrantKind.Online } }],
    ["it allows two emissions", "GRANT_MALFORMED", { grant: { maxEmissions: 2 } }],
    ["it pays from afar", "GRANT_MALFORMED", { grant: { domain: { ...DOMAIN, channel: Channel.Remote } } }],
    ["it answers no challenge of this card", "GRANT_CHALLENGE_UNKNOWN", { grant: { challenge: new Uint8Array(16) } }],
    ["it has no challenge", "GRANT_MALFORMED", { payload: also(withEntry(GrantKey.Challenge, undefined)) }],
    ["its number is outside the card's ranges", "TOKEN_OUTSIDE_IIN", { grant: { track2: `${OUTSIDE}=2911101` } }],
    ["its ATC does not rise", "ATC_NOT_RISING", { grant: { atc: 0 } }],
    ["its signature was altered", "GRANT_SIGNATURE_INVALID", { signed: (bytes) => flip(bytes, -1) }],
    ["it carries caveats", "GRANT_MALFORMED", { payload: also(withEntry(GrantKey.Caveats, [1])) }],
    [
      "it is kept for later",
      "GRANT_MALFORMED",
      (world) => offlineGrant(world, [DOMAIN.maxAmount, 1, 3], { ...CODE, kind: GrantKind.Code }),
    ],
  ];
  const codes = CASES.map(([name, code, forgery]): Case => {
    const changed = (world: World, owner: Phone) => {
      const { grant, ...more } = typeof forgery === "function" ? forgery(world, owner) : forgery;
      return { payload: noTrack1, ...more, grant: { ...CODE, ...grant } };
    };
    return [name, code, changed];
  });
  itIsRefused(codes, () => ({ w, phone }));
});

describe("a code's grant", () => {
  it("is one that the card takes and swipes, of track 2 alone", async () => {
    const loaded = await phone.card.load(await forge(w, phone, { payload: noTrack1, grant: CODE }));
    expect(loaded).to.include({ merchant: DOMAIN.merchant, cap: DOMAIN.maxAmount });
    expect((await present(w, phone.card)).passesSent).to.be.greaterThan(0);
  });
});
