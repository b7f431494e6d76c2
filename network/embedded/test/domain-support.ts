// A network whose cards pay behind an authentication, and what a plug-in, a card and a terminal do there: for the tests of system 4.

import { randomBytes } from "node:crypto";
import { encodeAdditionalData, type Fields, type Message } from "@enabling-card/iso8583";
import { type IssuerKeys, keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { expect } from "chai";
import { storeOfRun } from "../../../test/support/postgresql.js";
import { enrolledCard, openGrant, T0, type TestCard, tracksOf } from "../../issuer/test/issuer-support.js";
import type { Network } from "../src/index.js";
import { startOfRun } from "./start.js";
import { answersOf, saidOf } from "./terminal-line.js";

export const MERCHANT = "CORNER BAKERY";
export const REQUESTOR = "Test wallet";
export const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
export type Json = Record<string, unknown>;

interface Remote {
  readonly token: string;
  readonly expiry: string;
  readonly atc: number;
  readonly drc: string;
  readonly cavv: string;
}

/** A network of its own for each test of a suite. What `state` holds is another one each time. */
export function domainNetwork({
  keys = keysFromSeeds(randomSeeds()),
  storeOf = storeOfRun,
}: {
  readonly keys?: IssuerKeys;
  /** Where each test's network keeps its stores. */
  readonly storeOf?: () => Promise<string | undefined>;
} = {}) {
  let network: Network;
  let now: number;
  let card: TestCard;
  let tokenRef: Uint8Array;
  let toIssuer: Message[];
  let store: string | undefined;

  const start = async (of: IssuerKeys) => {
    network = await startOfRun({
      ...(store !== undefined && { store }),
      keys: of,
      now: () => now,
      onMessage: (_from, to, message) => void (to === "issuer" && toIssuer.push(message)),
    });
  };
  beforeEach(async () => {
    now = T0;
    toIssuer = [];
    store = await storeOf();
    await start(keys);
    card = await enrolledCard(network.issuer.issuer);
    ({ tokenRef } = await network.issuer.issuer.mint(card.cardId, "Lovelace/Ada", "domain"));
  });
  afterEach(() => network.close());

  async function post(url: string, body: Json, idempotencyKey = base64(randomBytes(12)), accessKey = card.accessKey) {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${base64(accessKey)}`,
        "content-type": "application/json",
        "idempotency-key": idempotencyKey,
      },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Json };
  }
  const position = () => ({
    ...{
      cardId: base64(card.cardId),
      tokenRef: base64(tokenRef),
      challenge: base64(randomBytes(16)),
      checkpointSize: 0,
    },
  });
  const purchase = (change: Json = {}) => ({
    ...{
      ...position(),
      requestor: REQUESTOR,
      merchant: MERCHANT,
      mcc: 5462,
      channel: 0,
      country: 276,
      currency: "978",
    },
    ...{ amount: 1250, ...change },
  });
  const authenticate = (change: Json = {}, key?: string) =>
    post(`${network.processor.url}/v1/authentications`, purchase(change), key);
  const grantFor = (transId: unknown, change: Json = {}, key?: string) =>
    post(
      `${network.processor.url}/v1/domain-grants`,
      { ...position(), threeDSServerTransID: transId as string, ...change },
      key,
    );
  /** What the card tells its phone, once its user has pressed its button. */
  const cardSays = async (question: unknown) => {
    const { sealed } = question as { sealed: string };
    return openGrant(Uint8Array.from(Buffer.from(sealed, "base64url")), card);
  };
  const challenged = async (begun: Json, challengeDataEntry: string) =>
    post(begun.acsURL as string, {
      ...{ messageType: "CReq", messageVersion: "2.2.0", challengeDataEntry },
      ...{ threeDSServerTransID: begun.threeDSServerTransID, acsTransID: begun.acsTransID },
    });
  /** An authentication that its user has agreed to. */
  const authenticated = async (change: Json = {}) => {
    const { status, body } = await authenticate(change);
    expect(status, JSON.stringify(body)).to.equal(200);
    const answer = await challenged(body, base64((await cardSays(body.question)).cryptogram));
    expect(answer.body).to.include({ messageType: "CRes", challengeCompletionInd: "Y", transStatus: "Y" });
    return body.threeDSServerTransID as string;
  };
  /** Tracks that a card with the grant of such an authentication sends. */
  const swipeOf = async (change: Json = {}) => {
    const { status, body } = await grantFor(await authenticated(change));
    expect(status, JSON.stringify(body)).to.equal(200);
    expect(body).to.include({ eci: "05" });
    return tracksOf(await cardSays(body.grant));
  };
  const remoteOf = async (change: Json = {}) => {
    const { status, body } = await grantFor(await authenticated({ channel: 1, ...change }));
    expect(status, JSON.stringify(body)).to.equal(200);
    expect(body).to.have.keys("eci", "remote");
    return body.remote as Remote;
  };

  let stan = 0;
  const request = (fields: Fields): Message => ({
    mti: "0100",
    fields: {
      ...{
        3: "000000",
        4: "000000001250",
        7: "0115120000",
        11: String(++stan).padStart(6, "0"),
        18: "5462",
        19: "276",
      },
      ...{ 22: "902", 32: "999999", 37: "501512000001", 41: "POS00001", 42: MERCHANT.padEnd(15), 49: "978", ...fields },
    },
  });
  const swiped = ({ track1, track2 }: { track1?: string; track2?: string }, change: Fields = {}) =>
    request({ ...(track2 && { 35: track2 }), ...(track1 && { 45: track1 }), ...change });
  const paid = ({ token, expiry, atc, drc, cavv }: Remote, change: Fields = {}, requestor = REQUESTOR) =>
    request({
      2: token,
      14: expiry,
      22: "812",
      48: encodeAdditionalData({ requestor, drc, cavv, atc: String(atc) }),
      ...change,
    });
  const answered = (...messages: readonly Message[]) => answersOf(network.processor.iso, messages);
  const said = async (message: Message) => saidOf((await answered(message))[0]!);

  const state = {
    get network() {
      return network;
    },
    get card() {
      return card;
    },
    get tokenRef() {
      return tokenRef;
    },
    get toIssuer() {
      return toIssuer;
    },
    get issuer() {
      return network.issuer.issuer;
    },
    /** Where its stores are, and what its clocks say. */
    get store() {
      return store;
    },
    get now() {
      return now;
    },
    /** The same stores, opened anew. */
    async restart(of: IssuerKeys) {
      await network.close();
      await start(of);
    },
    /** Time goes by. */
    pass(seconds: number) {
      now += seconds;
    },
  };
  const asPlugIn = { post, position, purchase, authenticate, grantFor, challenged, authenticated, swipeOf, remoteOf };
  return { state, ...asPlugIn, cardSays, swiped, paid, request, answered, said };
}
