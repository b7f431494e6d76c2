// Registration of payment means and state information (system 3): octets as docs/protocol.md has them, and what is refused.

import { createCipheriv } from "node:crypto";
import { aesCmac } from "@enabling-card/vault";
import { type StateActor, type StateInfo, stateInfoInput, TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { compareMeans, type Issuer, registerMeans } from "../src/index.js";
import { enrolledCard, expectIssuerError, newIssuer, type TestCard } from "./issuer-support.js";

const octets = (from: number) => Uint8Array.from({ length: 16 }, (_, i) => from + i);
const NAMED = { cardId: octets(0x10), tokenRef: octets(0x20), registration: octets(0x30), nonce: octets(0x40) };

/** Made by OpenSSL: `openssl mac -cipher AES-128-CBC -macopt hexkey:000102030405060708090a0b0c0d0e0f -in FILE CMAC`. */
const VECTORS: readonly [StateInfo, size: number, end: string, cryptogram: string][] = [
  [
    { ...NAMED, version: 0, state: TokenState.Active, holds: [], link: "" },
    90,
    "0000000001000000",
    "b206ce8f4717204346b2dbe481d56b81",
  ],
  [
    {
      ...{ ...NAMED, version: 7, state: TokenState.Suspended, holds: ["cardholder", "PIN lock"] },
      link: "https://issuer.example/help",
    },
    117,
    "000000070211001b68747470733a2f2f6973737565722e6578616d706c652f68656c70",
    "187d7f3de09f0f2a027ed797175dd5a1",
  ],
];

/** AES-CMAC (RFC 4493 2.4), by Node's block cipher. */
function slowCmac(key: Uint8Array, message: Uint8Array): string {
  const block = (input: Uint8Array) => createCipheriv("aes-128-ecb", key, null).setAutoPadding(false).update(input);
  const double = (value: bigint) => ((value << 1n) & ((1n << 128n) - 1n)) ^ (value >> 127n ? 0x87n : 0n);
  const number = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes)}`);
  const k1 = double(number(block(new Uint8Array(16))));
  const blocks = Math.max(1, Math.ceil(message.length / 16));
  let state = 0n;
  for (let i = 0; i < blocks; i++) {
    const part = message.subarray(16 * i, 16 * i + 16);
    const isLast = i === blocks - 1;
    const padded = Buffer.alloc(16);
    padded.set(part.length === 16 ? part : [...part, 0x80]);
    const mask = isLast ? (part.length === 16 ? k1 : double(k1)) : 0n;
    const mixed = state ^ number(padded) ^ mask;
    state = number(block(Buffer.from(mixed.toString(16).padStart(32, "0"), "hex")));
  }
  return state.toString(16).padStart(32, "0");
}

describe("state information", () => {
  for (const [info, size, end, cryptogram] of VECTORS) {
    it(`of version ${info.version} has the octets and the cryptogram of the protocol`, () => {
      const input = stateInfoInput(info);
      expect(input).to.have.length(size);
      expect(toHex(input))
        .to.match(/^65636172642f3120737461746520696e666f1011/)
        .and.contain("4e4f".concat(end));
      expect(toHex(aesCmac(octets(0), input))).to.equal(cryptogram);
      expect(slowCmac(octets(0), input)).to.equal(cryptogram);
    });
  }

  it("differs in every octet that anything of it differs in", () => {
    const [info] = VECTORS[1]!;
    const base = toHex(stateInfoInput(info));
    const holders: StateActor[][] = [["cardholder"], ["PIN lock"], ["cardholder", "PIN lock", "issuer"], ["requestor"]];
    const changes: Partial<StateInfo>[] = [
      ...["cardId", "tokenRef", "registration", "nonce"].map((name) => ({ [name]: octets(0x50) })),
      ...[{ version: 8 }, { version: 0x07000000 }, { state: TokenState.Active }, { link: "" }],
      ...holders.map((holds) => ({ holds })),
    ];
    const all = [base, ...changes.map((change) => toHex(stateInfoInput({ ...info, ...change })))];
    expect(new Set(all).size).to.equal(all.length);
  });
});

describe("registering a payment means", () => {
  let issuer: Issuer;
  let card: TestCard;
  let ref: string;
  const nonce = octets(0x40);
  beforeEach(async () => {
    ({ issuer } = await newIssuer({ helpUrl: "https://issuer.example/help" }));
    card = await enrolledCard(issuer);
    ref = toHex((await issuer.mint(card.cardId, "Lovelace/Ada")).tokenRef);
  });
  afterEach(() => issuer.close());

  it("gives a key by which whoever has it makes the cryptogram of each state again", async () => {
    const { registration, key } = await registerMeans(issuer, card.cardId, ref);
    expect([registration.length, key.length]).to.deep.equal([16, 16]);
    const ask = () => compareMeans(issuer, card.cardId, ref, { registration, nonce });
    const active = await ask();
    expect(active).to.deep.include({ version: 0, state: TokenState.Active, holds: [], nonce, registration });
    expect(toHex(active.cryptogram)).to.equal(slowCmac(key, stateInfoInput(active)));
    await issuer.setState(ref, TokenState.Suspended, "failure lock");
    await issuer.setState(ref, TokenState.Suspended, "issuer");
    const held = await ask();
    expect(held).to.deep.include({ version: 2, state: TokenState.Suspended, holds: ["issuer", "failure lock"] });
    expect(held.link).to.equal("https://issuer.example/help");
    expect(toHex(held.cryptogram)).to.equal(slowCmac(key, stateInfoInput(held)));
    await issuer.setState(ref, TokenState.Deactivated, "issuer");
    expect(await ask(), "an ended one is told").to.include({ state: TokenState.Deactivated, version: 3 });
  });

  it("has a key of its own for each token and each registration, and none that a grant's cryptogram is made with", async () => {
    const other = toHex((await issuer.mint(card.cardId, "Lovelace/Ada")).tokenRef);
    const all = [
      await registerMeans(issuer, card.cardId, ref),
      await registerMeans(issuer, card.cardId, ref),
      await registerMeans(issuer, card.cardId, other),
    ];
    expect(new Set(all.map(({ key }) => toHex(key))).size).to.equal(3);
    expect(new Set(all.map(({ registration }) => toHex(registration))).size).to.equal(3);
    const domainHash = new Uint8Array(32);
    const [tokenRef, input] = [Buffer.from(ref, "hex"), Buffer.alloc(52)];
    input.set(tokenRef);
    const grants = toHex(issuer.secrets.cryptogram(tokenRef, 0, domainHash));
    for (const { key } of all) expect(slowCmac(key, input).slice(0, 16)).not.to.equal(grants);
  });

  it("is one phone's: the newest one's (REGISTRATION_OLD), and somebody's (REGISTRATION_UNKNOWN)", async () => {
    const asked = { registration: octets(0x30), nonce };
    await expectIssuerError(() => compareMeans(issuer, card.cardId, ref, asked), "REGISTRATION_UNKNOWN");
    const first = await registerMeans(issuer, card.cardId, ref);
    const second = await registerMeans(issuer, card.cardId, ref);
    const by = ({ registration }: typeof first) =>
      compareMeans(issuer, card.cardId, ref, { registration, nonce: octets(0x40) });
    await expectIssuerError(() => by(first), "REGISTRATION_OLD");
    await by(second);
    await expectIssuerError(() => compareMeans(issuer, card.cardId, ref, asked), "REGISTRATION_OLD");
  });

  it("is of the card's own tokens, and of none that has ended: TOKEN_UNKNOWN, TOKEN_DEACTIVATED", async () => {
    const { cardId } = await enrolledCard(issuer);
    await expectIssuerError(() => registerMeans(issuer, cardId, ref), "TOKEN_UNKNOWN");
    const { registration } = await registerMeans(issuer, card.cardId, ref);
    await expectIssuerError(() => compareMeans(issuer, cardId, ref, { registration, nonce }), "TOKEN_UNKNOWN");
    await issuer.setState(ref, TokenState.Deactivated, "issuer");
    await expectIssuerError(() => registerMeans(issuer, card.cardId, ref), "TOKEN_DEACTIVATED");
  });

  it("leads to a page of https, or none: HELP_URL_INVALID", async () => {
    for (const helpUrl of ["http://issuer.example", "javascript:alert(1)", "https://a b", `https://${"a".repeat(200)}`])
      await expectIssuerError(() => newIssuer({ helpUrl }), "HELP_URL_INVALID");
  });
});
