// An issuer with keys of its own and a clock that tests move, an enrolled card, and a wallet's hand: it opens grants and composes
// tracks, written from docs/protocol.md and not from the issuer's own code.

import type { Fields, Message } from "@enabling-card/iso8583";
import { Channel, decodeGrant, decodeSign1, type SwipeGrant, toBase32, toHex } from "@enabling-card/wire";
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { x25519 } from "@noble/curves/ed25519.js";
import { expect } from "chai";
import { storeOfRun } from "../../../test/support/postgresql.js";
import { Desk } from "../src/desk.js";
import {
  type Decline,
  type GrantRequest,
  Issuer,
  IssuerError,
  type IssuerOptions,
  keysFromSeeds,
  randomSeeds,
} from "../src/index.js";
import { askedHere } from "../src/iso-server.js";

export const T0 = 1_800_000_000;
export const DAY = 86_400;

export const DOMAIN = {
  requestor: "Test wallet",
  merchant: "Corner Bakery",
  mcc: 5462,
  channel: Channel.Swipe,
  country: 276,
  maxAmount: 1250,
};

export interface Clock {
  now: number;
}

export interface TestCard {
  readonly cardId: Uint8Array;
  readonly accessKey: Uint8Array;
  readonly grantSecret: Uint8Array;
  readonly certificate: Uint8Array;
}

/** An issuer at `T0`, in memory unless told. */
export async function newIssuer(
  change: Partial<IssuerOptions> = {},
): Promise<{ readonly issuer: Issuer; readonly clock: Clock }> {
  const clock = { now: T0 };
  const file = (await storeOfRun()) ?? ":memory:";
  const issuer = await Issuer.open({ keys: keysFromSeeds(randomSeeds()), now: () => clock.now, file, ...change });
  return { issuer, clock };
}

/** A card of the issuer's maker, not enrolled yet. */
export function newCard(issuer: Issuer, change: { readonly sub?: string; readonly noGrantKey?: boolean } = {}) {
  const cardId = crypto.getRandomValues(new Uint8Array(16));
  const grantSecret = x25519.utils.randomSecretKey();
  const certificate = issuer.maker.issue({
    sub: change.sub ?? toBase32(cardId),
    keys: change.noGrantKey ? {} : { grant: x25519.getPublicKey(grantSecret) },
    notBefore: issuer.now() - 60,
    expires: issuer.now() + 365 * DAY,
  });
  return { cardId, grantSecret, certificate };
}

export async function enrolledCard(issuer: Issuer): Promise<TestCard> {
  const card = newCard(issuer);
  const { accessKey } = await issuer.enrol(card.certificate, "Ada's phone");
  return { ...card, accessKey };
}

const SUITE = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Chacha20Poly1305(),
});

/** What the card finds under the seal. */
export async function openGrant(
  sealed: Uint8Array,
  card: Pick<TestCard, "cardId" | "grantSecret">,
): Promise<SwipeGrant> {
  const copy = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer as ArrayBuffer;
  const recipient = await SUITE.createRecipientContext({
    recipientKey: await SUITE.kem.importKey("raw", copy(card.grantSecret), false),
    enc: copy(sealed.subarray(0, 32)),
    info: copy(Buffer.concat([Buffer.from("ecard/1 grant"), card.cardId])),
  });
  const signed = new Uint8Array(await recipient.open(copy(sealed.subarray(32))));
  return decodeGrant(decodeSign1(signed, "ecard/1 grant").payload);
}

/** One fetched grant, opened. */
export async function takeGrant(
  issuer: Issuer,
  card: TestCard,
  tokenRef: Uint8Array,
  change: Partial<GrantRequest> = {},
) {
  const { sealed } = await issuer.grant({
    cardId: card.cardId,
    tokenRef,
    challenge: new Uint8Array(16).fill(7),
    checkpointSize: 0,
    domain: DOMAIN,
    maxEmissions: 1,
    kind: "online",
    ...change,
  });
  return openGrant(sealed, card);
}

/** As `takeGrant`, for an off-line token. */
export async function takeOfflineGrant(
  issuer: Issuer,
  card: TestCard,
  tokenRef: Uint8Array,
  change: Partial<GrantRequest> = {},
) {
  const { sealed } = await issuer.grant({
    cardId: card.cardId,
    tokenRef,
    checkpointSize: 0,
    domain: DOMAIN,
    maxEmissions: 1,
    kind: "offline",
    ...change,
  });
  return openGrant(sealed, card);
}

/** What a terminal is answered. */
export function reply(issuer: Issuer, message: Message, onFault: (code: string) => void = () => undefined) {
  return askedHere(new Desk(issuer), "terminal", message, onFault);
}

/** The tracks as a wallet sends them, without sentinels. */
export function tracksOf(grant: SwipeGrant): { readonly track1: string; readonly track2: string } {
  const digits = (BigInt(`0x${toHex(grant.cryptogram)}`) % 10n ** 8n).toString().padStart(8, "0");
  const discretionary = `1${String(grant.atc % 10_000).padStart(4, "0")}${digits}`;
  return {
    track1: `${grant.track1}${discretionary}${toHex(grant.cryptogram).toUpperCase()}`,
    track2: `${grant.track2}${discretionary}`,
  };
}

let stan = 0;

/** A purchase of 9.50 at the bakery, with a STAN of its own. */
export function purchase(tracks: { readonly track1?: string; readonly track2?: string }, change: Fields = {}): Message {
  stan = (stan % 999_999) + 1;
  return {
    mti: "0100",
    fields: {
      3: "000000",
      4: "000000000950",
      7: "0115120000",
      11: String(stan).padStart(6, "0"),
      18: "5462",
      19: "276",
      22: "902",
      32: "999999",
      ...(tracks.track2 !== undefined && { 35: tracks.track2 }),
      37: "501512000001",
      41: "POS00001",
      42: "BAKERY 0001".padEnd(15),
      43: DOMAIN.merchant.padEnd(40),
      ...(tracks.track1 !== undefined && { 45: tracks.track1 }),
      49: "978",
      ...change,
    },
  };
}

/** The reversal of a request, as a terminal sends it: with the request's own fields, and DE 90. */
export function reversalOf({ mti, fields }: Message, change: Fields = {}): Message {
  const original = `${mti}${fields[11]}${fields[7]}${fields[32]!.padStart(11, "0")}${"0".repeat(11)}`;
  stan = (stan % 999_999) + 1;
  const { 35: _track2, 45: _track1, ...kept } = fields;
  return { mti: "0400", fields: { ...kept, 11: String(stan).padStart(6, "0"), 90: original, ...change } };
}

/** A message with some fields taken out. */
export function without(message: Message, ...elements: readonly number[]): Message {
  const fields = Object.fromEntries(Object.entries(message.fields).filter(([de]) => !elements.includes(Number(de))));
  return { ...message, fields: fields as Fields };
}

/** Approved, or our name of the decline, as a terminal learns it. */
export async function answerTo(issuer: Issuer, message: Message): Promise<"APPROVED" | Decline> {
  const { fields } = await reply(issuer, message);
  return fields[39] === "00" ? "APPROVED" : (fields[44] as Decline);
}

/** `work` must end with `code`, as an `IssuerError` with a sentence. */
export async function expectIssuerError(work: () => unknown, code: string): Promise<IssuerError> {
  let thrown: unknown;
  try {
    await work();
  } catch (error) {
    thrown = error;
  }
  expect(thrown, `expected ${code}`).to.be.instanceOf(IssuerError);
  expect(thrown).to.have.property("code", code);
  expect((thrown as IssuerError).message).to.have.length.greaterThan(20);
  return thrown as IssuerError;
}

/** Another digit at `at`, counted from the end where negative. */
export function wrongDigit(track: string, at: number): string {
  const index = at < 0 ? track.length + at : at;
  const digit = (Number.parseInt(track[index]!, 16) + 1) % 10;
  return track.slice(0, index) + digit + track.slice(index + 1);
}
