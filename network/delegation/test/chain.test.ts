// Chains of delegated rights: made, added to, read; and each way of taking something away from one.

import { randomBytes } from "node:crypto";
import { CAVEATS_MAX, type Caveat, caveatText, encodeDelegation, readDelegation, toBase32 } from "@enabling-card/wire";
import { expect } from "chai";
import fc from "fast-check";
import macaroons from "macaroon";
import { signatureOf } from "../src/chain.js";
import { checkedChain, DelegationError, newDelegation, readChain } from "../src/index.js";

const ROOT_KEY = Uint8Array.from(randomBytes(32));
const ID = toBase32(Uint8Array.from(randomBytes(16)));
const CARD = toBase32(new Uint8Array(16).fill(7));
const CAVEATS: readonly Caveat[] = [
  { kind: "card", cardId: CARD },
  { kind: "uses", atMost: 2 },
  { kind: "amount", atMost: 2000, currency: "978" },
  { kind: "categories", codes: [5411, 5462] },
];

const made = (caveats = CAVEATS) => newDelegation(ROOT_KEY, ID, caveats);
const checked = (text: string, rootKey = ROOT_KEY) => checkedChain(readChain(text), rootKey);

/** Handed on with one line more, by anybody who holds it. */
function narrowed(text: string, ...lines: readonly string[]): string {
  const chain = macaroons.importMacaroon(readChain(text).json);
  for (const line of lines) chain.addFirstPartyCaveat(line);
  return encodeDelegation(chain.exportJSON());
}

/** Another text with other caveats, and the signature as it was. */
function altered(text: string, change: (lines: readonly string[]) => readonly string[]): string {
  const { json, lines } = readChain(text);
  return encodeDelegation({ ...json, c: change(lines).map((i) => ({ i })) });
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    expect(error).to.be.instanceOf(DelegationError);
    return (error as DelegationError).code;
  }
}

describe("a delegated right", () => {
  it("says what it was made with, in that order", () => {
    expect(checked(made())).to.deep.include({ id: ID, caveats: CAVEATS });
  });

  it("is narrowed by whoever holds it, without its issuer", () => {
    const { caveats } = checked(narrowed(made(), "uses <= 1", "time < 1800000000"));
    expect(caveats).to.deep.equal([...CAVEATS, { kind: "uses", atMost: 1 }, { kind: "until", at: 1_800_000_000 }]);
  });

  it("counts by each caveat that counts, and apart where it was handed on to two", () => {
    const text = made();
    const [one, other] = [toBase32(new Uint8Array(16).fill(1)), toBase32(new Uint8Array(16).fill(2))];
    const first = checked(narrowed(text, `part = ${one}`, "uses <= 1")).counters;
    const second = checked(narrowed(text, `part = ${other}`, "uses <= 1")).counters;
    expect(first.map(({ caveat }) => caveat.atMost)).to.deep.equal([2, 1]);
    expect(first[0]!.name).to.equal(checked(text).counters[0]!.name);
    expect(second[0]!.name).to.equal(first[0]!.name);
    expect(second[1]!.name).not.to.equal(first[1]!.name);
  });

  it("is taken where the library takes it, and nowhere else, however long its chain and whoever added to it", () => {
    const line = fc.constantFrom("uses <= 1", "amount <= 5 978", "time < 1800000000", "merchant = BAKERY");
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 12 }),
        fc.array(line, { maxLength: 12 }),
        fc.boolean(),
        (own, more, isOther) => {
          const first = macaroons.newMacaroon({
            identifier: `ecard/1 delegation ${ID}`,
            rootKey: ROOT_KEY,
            version: 2,
          });
          for (const text of own) first.addFirstPartyCaveat(text);
          const text = narrowed(encodeDelegation(first.exportJSON()), ...more);
          const key = isOther ? new Uint8Array(32).fill(1) : ROOT_KEY;
          const taken = (work: () => unknown) => {
            try {
              work();
              return true;
            } catch {
              return false;
            }
          };
          const byLibrary = taken(() => macaroons.importMacaroon(readChain(text).json).verify(key, () => null));
          expect(byLibrary).to.equal(!isOther);
          expect(taken(() => checked(text, key))).to.equal(byLibrary);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("has the signature of libmacaroons' own README", () => {
    // github.com/rescrv/libmacaroons, README: secret, identifier and the caveat "account = 3735928559".
    const secret = Buffer.from("this is our super secret key; only we should know it");
    const chain = macaroons.newMacaroon({ identifier: "we used our secret key", rootKey: secret, version: 2 });
    const first = "e3d9e02908526c4c0039ae15114115d97fdd68bf2ba379b342aaf0f617d0552f";
    expect(Buffer.from(chain.signature).toString("hex")).to.equal(first);
    expect(signatureOf(secret, "we used our secret key", []).toString("hex")).to.equal(first);
  });

  const FORGERIES: readonly (readonly [string, (lines: readonly string[]) => readonly string[]])[] = [
    ["the last caveat removed", (lines) => lines.slice(0, -1)],
    ["the first caveat removed", (lines) => lines.slice(1)],
    ["two caveats in another order", ([a, b, ...rest]) => [b!, a!, ...rest]],
    ["a caveat twice", ([a, ...rest]) => [a!, a!, ...rest]],
    ["another number in a caveat", (lines) => lines.map((line) => line.replace("<= 2000", "<= 9000"))],
    ["a caveat of another right", (lines) => [...lines, "uses <= 9"]],
  ];
  for (const [what, change] of FORGERIES) {
    it(`is refused with ${what}: DELEGATION_FORGED`, () => {
      expect(codeOf(() => checked(altered(made(), change)))).to.equal("DELEGATION_FORGED");
    });
  }

  it("is refused by another key, or as another right: DELEGATION_FORGED", () => {
    expect(codeOf(() => checked(made(), new Uint8Array(32)))).to.equal("DELEGATION_FORGED");
    const { json } = readChain(made());
    const other = encodeDelegation({
      ...json,
      i: json.i.slice(0, -2) + (json.i.at(-2) === "A" ? "B" : "A") + json.i.slice(-1),
    });
    expect(codeOf(() => checked(other))).to.equal("DELEGATION_FORGED");
  });

  it("is refused with what nobody can check: CAVEAT_UNKNOWN", () => {
    for (const line of [
      "colour = red",
      "uses <= 02",
      "uses  <= 2",
      "USES <= 2",
      "uses <= 2 ",
      "uses <= 10001",
      "card = AAAA",
    ])
      expect(
        codeOf(() => checked(narrowed(made(), line))),
        line,
      ).to.equal("CAVEAT_UNKNOWN");
  });

  it("is refused where it is longer than is ever checked: DELEGATION_TOO_LONG", () => {
    const many = (count: number) => new Array<string>(count).fill("uses <= 1");
    expect(checked(narrowed(made([]), ...many(CAVEATS_MAX))).caveats).to.have.length(CAVEATS_MAX);
    expect(codeOf(() => checked(narrowed(made([]), ...many(CAVEATS_MAX + 1))))).to.equal("DELEGATION_TOO_LONG");
    const endless = altered(made(), () => many(10_000));
    expect(codeOf(() => readChain(endless))).to.equal("DELEGATION_TOO_LONG");
  });

  it("is refused where it is no right at all: DELEGATION_MALFORMED", () => {
    const { json } = readChain(made());
    const texts = [
      ...["", " ", "{}", `${made()}=`, made().slice(0, -1), made().slice(1), "AAAA", "__proto__"],
      ...[null, [], 7, { ...json, v: 1 }, { ...json, extra: 1 }, { ...json, c: [] }, { ...json, c: [{ i: 7 }] }].map(
        encodeDelegation,
      ),
      ...[
        { ...json, s64: "AA" },
        { ...json, i: "somebody's" },
        { ...json, c: [{ i: "uses <= 2", v64: "AA" }] },
      ].map(encodeDelegation),
      Buffer.from(JSON.stringify(json, undefined, 1)).toString("base64url"),
    ];
    for (const text of texts)
      expect(
        codeOf(() => readChain(text)),
        text.slice(0, 40),
      ).to.equal("DELEGATION_MALFORMED");
  });

  it("is never read as another than it is, whatever is changed in its text", () => {
    const text = made();
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(..."ABCDabcd0189-_"), (at, letter) => {
        const changed = text.slice(0, at) + letter + text.slice(at + 1);
        fc.pre(changed !== text);
        const read = readDelegation(changed);
        if (typeof read === "string") return;
        expect(codeOf(() => checkedChain(read, ROOT_KEY))).to.equal("DELEGATION_FORGED");
      }),
      { numRuns: 300 },
    );
  });
});

describe("a caveat", () => {
  it("is read again as it was written, of any kind", () => {
    const name = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(toBase32);
    const money = { atMost: fc.nat(999_999_999_999), currency: fc.constantFrom("978", "756", "840") };
    const any: fc.Arbitrary<Caveat> = fc.oneof(
      fc.record({ kind: fc.constant("card" as const), cardId: name }),
      fc.record({ kind: fc.constant("part" as const), name }),
      fc.record({ kind: fc.constant("method" as const), method: fc.constantFrom("button" as const, "PIN" as const) }),
      fc.record({ kind: fc.constant("uses" as const), atMost: fc.nat(10_000) }),
      fc.record({ kind: fc.constant("amount" as const), ...money }),
      fc.record({ kind: fc.constant("total" as const), ...money }),
      fc.record({ kind: fc.constantFrom("from" as const, "until" as const), at: fc.nat(0xffff_ffff) }),
      fc.record({
        kind: fc.constant("categories" as const),
        codes: fc
          .uniqueArray(fc.nat(9999), { minLength: 1, maxLength: 16 })
          .map((codes) => codes.sort((a, b) => a - b)),
      }),
    );
    fc.assert(
      fc.property(any, (caveat) => {
        expect(checked(made([caveat])).caveats).to.deep.equal([caveat]);
      }),
      { numRuns: 200 },
    );
  });

  it("that could not be read again is not written", () => {
    const wrong: readonly Caveat[] = [
      { kind: "uses", atMost: -1 },
      { kind: "uses", atMost: 1.5 },
      { kind: "amount", atMost: 1, currency: "EUR" },
      { kind: "categories", codes: [] },
      { kind: "categories", codes: [5462, 5411] },
      { kind: "merchant", name: " Bakery" },
      { kind: "merchant", name: "B\u00e4ckerei" },
      { kind: "merchant", name: "B".repeat(41) },
      { kind: "card", cardId: "A".repeat(25) },
    ];
    for (const caveat of wrong) expect(() => caveatText(caveat), JSON.stringify(caveat)).to.throw(RangeError);
  });
});
