// How many grants a second an issuer seals, over HTTP: a card's phone that asks for one after the other, many at once.

import { randomBytes } from "node:crypto";
import { Agent, request as ask } from "node:http";
import { Issuer, type IssuerOptions, sampleKeys } from "@enabling-card/issuer";
import { Channel, fromHex, TEST_IIN, toBase32 } from "@enabling-card/wire";

/** Requests on their way at one time. */
const AT_ONCE = 16;
const DOMAIN = { requestor: "Bench wallet", channel: Channel.Swipe, country: 276, maxAmount: 1250 };

/** What a phone has after it enrolled a card: asks for grants of the card's token with it. */
export interface BenchCard {
  readonly accessKey: string;
  readonly body: string;
}

/** Enrols cards that nobody holds, whose grants nobody can open: one for each phone, as a token has so many grants a day. */
export async function benchCards(options: Pick<IssuerOptions, "file" | "logFile">): Promise<readonly BenchCard[]> {
  const issuer = await Issuer.open({ ...options, keys: sampleKeys() });
  try {
    const cards: BenchCard[] = [];
    while (cards.length < AT_ONCE) cards.push(await benchCard(issuer));
    return cards;
  } finally {
    await issuer.close();
  }
}

async function benchCard(issuer: Issuer): Promise<BenchCard> {
  const cardId = Uint8Array.from(randomBytes(16));
  // A public key of X25519 (RFC 7748 6.1, Alice's).
  const grant = fromHex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  const certificate = issuer.maker.issue({
    sub: toBase32(cardId),
    keys: { grant },
    notBefore: issuer.now() - 60,
    expires: issuer.now() + 86_400,
  });
  const { accessKey } = await issuer.enrol(certificate, "bench");
  const { tokenRef, iin } = await issuer.mint(cardId, "BENCH/CARD");
  if (iin !== TEST_IIN) throw new Error("the bench is for the test range");
  const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
  const body = JSON.stringify({
    ...{ cardId: base64(cardId), tokenRef: base64(tokenRef), challenge: base64(randomBytes(16)) },
    ...{ checkpointSize: 0, domain: DOMAIN, maxEmissions: 1, kind: "online" },
  });
  return { accessKey: base64(accessKey), body };
}

/** Grants a second. @throws where one is refused */
export async function grantsPerSecond(url: string, cards: readonly BenchCard[], seconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const until = performance.now() + seconds * 1000;
  const started = performance.now();
  let count = 0;
  const phone = async (card: BenchCard) => {
    while (performance.now() < until) {
      await grantOver(agent, `${url}/v1/grants`, card);
      count++;
    }
  };
  try {
    await Promise.all(cards.map(phone));
    return count / ((performance.now() - started) / 1000);
  } finally {
    agent.destroy();
  }
}

function grantOver(agent: Agent, url: string, { accessKey, body }: BenchCard): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...{ authorization: `Bearer ${accessKey}`, "content-type": "application/json" },
      "content-length": Buffer.byteLength(body),
      // As the SDK asks: each answer is kept for its repeat.
      "idempotency-key": randomBytes(16).toString("base64url"),
    };
    const request = ask(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.once("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`A grant was refused: ${response.statusCode}`));
      });
    });
    request.once("error", reject);
    request.end(body);
  });
}
