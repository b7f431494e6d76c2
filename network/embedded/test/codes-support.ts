// A network with a card's account and a device of it, and whoever pays there with codes: for tests of transaction codes.

import { randomBytes } from "node:crypto";
import type { Fields, Message } from "@enabling-card/iso8583";
import { keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { stripeMac } from "@enabling-card/processor";
import { expect } from "chai";
import { enrolledCard, T0, type TestCard } from "../../issuer/test/issuer-support.js";
import type { Network } from "../src/index.js";
import { startOfRun } from "./start.js";
import { answersOf, saidOf } from "./terminal-line.js";

export const PROVIDER = "POWDER & CO";
export const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
export type Json = Record<string, unknown>;

/** What each test of a suite finds anew. */
interface At {
  network: Network;
  now: number;
  card: TestCard;
  tokenRef: Uint8Array;
  /** Name of the device with `key`. */
  device: string;
  /** Messages that passed. */
  seen: string[];
  /** The last one to the issuer. */
  second: Message | undefined;
}

/** To be called in a suite: its hooks start and close the network. */
export function codesWorld() {
  const at = {} as At;
  const key = randomBytes(16);

  beforeEach(async () => {
    Object.assign(at, { now: T0, seen: [], second: undefined });
    at.network = await startOfRun({
      keys: keysFromSeeds(randomSeeds()),
      now: () => at.now,
      onMessage: (from, to, message) => {
        at.seen.push(`${from} ${message.mti} ${to}`);
        if (to === "issuer") at.second = message;
      },
    });
    at.card = await enrolledCard(at.network.issuer.issuer);
    ({ tokenRef: at.tokenRef } = await at.network.issuer.issuer.mint(at.card.cardId, "Lovelace/Ada"));
    at.device = (await ask("POST", "/v1/devices", deviceOf(key))).body.device as string;
  });
  afterEach(() => at.network.close());

  async function ask(method: string, path: string, body?: Json, headers: Record<string, string> = {}) {
    const response = await fetch(`${at.network.processor.url}${path}`, {
      method,
      headers: {
        ...{ authorization: `Bearer ${base64(at.card.accessKey)}`, "idempotency-key": base64(randomBytes(12)) },
        ...(body && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Json };
  }
  const deviceOf = (key: Uint8Array): Json => ({
    ...{ cardId: base64(at.card.cardId), tokenRef: base64(at.tokenRef), key: base64(key) },
  });
  const registration = (change: Json = {}): Json => ({
    ...{ cardId: base64(at.card.cardId), tokenRef: base64(at.tokenRef), device: at.device, provider: PROVIDER },
    ...{ maxCost: 1500, currency: "978", lifeS: 3600, ...change },
  });
  const register = (change: Json = {}, idempotencyKey = base64(randomBytes(12))) =>
    ask("POST", "/v1/codes", registration(change), { "idempotency-key": idempotencyKey });
  const newCode = async (change: Json = {}) => {
    const { status, body } = await register(change);
    expect(status).to.equal(200);
    return body as { code: string; codeRef: string; expires: number };
  };
  const query = () => `cardId=${base64(at.card.cardId)}&tokenRef=${base64(at.tokenRef)}`;
  const stateOf = async (codeRef: string) => (await ask("GET", `/v1/codes/${codeRef}?${query()}`)).body.state;

  let stan = 0;
  const request = (code: string, change: Fields = {}, mac = stripeMac(key, code, 7)): Message => ({
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
      ...{ 22: "902", 32: "999999", 35: `${code}=301210110007${mac}`, 37: "501512000001", 41: "POS00001" },
      ...{ 42: PROVIDER.padEnd(15), 49: "978", ...change },
    },
  });
  const swipe = (...messages: readonly Message[]) => answersOf(at.network.processor.iso, messages);
  const swiped = async (message: Message) => saidOf((await swipe(message))[0]!);

  return { at, key, ask, register, newCode, query, stateOf, request, swipe, swiped };
}
