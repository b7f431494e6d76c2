// The doors of the issuer's operator and of the requestor: signed by the one whose door it is, moved once by a request that comes again.

import { ServiceCaller, type ServiceRefusal, serviceKeys } from "@enabling-card/doors";
import { keysFromSeeds, randomSeeds, rotatedSeeds } from "@enabling-card/issuer";
import { expect } from "chai";
import { enrolledCard, T0 } from "../../issuer/test/issuer-support.js";
import { type Network, operatorMaster, requestorMaster } from "../src/index.js";
import { startOfRun } from "./start.js";

const SEEDS = randomSeeds();
const KEYS = keysFromSeeds(SEEDS);
const NEXT = keysFromSeeds(rotatedSeeds(SEEDS), { number: 1, before: SEEDS });

interface Moved {
  readonly state: string;
  readonly heldBy: readonly string[];
  readonly version: number;
}

describe("the issuer's desks", () => {
  let network: Network;
  let cardId: string;
  let tokenRef: string;
  beforeEach(async () => {
    network = await startOfRun({ keys: KEYS, now: () => T0 });
    const { issuer } = network.issuer;
    const card = await enrolledCard(issuer);
    cardId = base64(card.cardId);
    tokenRef = base64((await issuer.mint(card.cardId, "Lovelace/Ada")).tokenRef);
  });
  afterEach(() => network.close());

  const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64url");
  const desk = (who: "operator" | "requestor", keys = KEYS) => {
    const secret = { operator: operatorMaster, requestor: requestorMaster }[who](keys);
    return new ServiceCaller({ url: network.issuer.url, keys: serviceKeys(secret, who, "issuer"), now: () => T0 });
  };
  const refusal = (asked: Promise<unknown>) =>
    asked.then(
      () => "",
      ({ code }: ServiceRefusal) => code,
    );

  it("move a token once for a request that comes again, and refuse another one under its key", async () => {
    const suspend = (state = "suspended") =>
      desk("operator").ask<Moved>("/v1/operator/states", { tokenRef, state }, "the-same-key");
    const first = await suspend();
    expect(first).to.deep.include({ state: "suspended", heldBy: ["issuer"], version: 1 });
    await desk("operator").ask("/v1/operator/states", { tokenRef, state: "active" });
    expect(await suspend(), "what was answered then").to.deep.equal(first);
    const { tokens } = await desk("operator").ask<{ tokens: Moved[] }>("/v1/operator/tokens", { cardId });
    expect(tokens).to.have.length(1);
    expect(tokens[0], "what is now").to.deep.include({ state: "active", heldBy: [], version: 2 });
    expect(await refusal(suspend("deactivated"))).to.equal("IDEMPOTENCY_MISMATCH");
  });

  it("have what they were answered kept a token by itself: no other's push it out", async () => {
    const owners: (string | undefined)[] = [];
    const { once } = network.issuer.issuer;
    const within = once.within.bind(once);
    once.within = (answers, request, work) => {
      owners.push(request?.owner);
      return within(answers, request, work);
    };
    for (const who of ["operator", "requestor"] as const) {
      await desk(who).ask(`/v1/${who}/states`, { tokenRef, state: "suspended" });
    }
    const ref = Buffer.from(tokenRef, "base64url").toString("hex");
    expect(owners).to.deep.equal([`operator of ${ref}`, `requestor of ${ref}`]);
  });

  it("are each for the one whose door it is", async () => {
    const body = { tokenRef, state: "suspended" };
    expect(await refusal(desk("requestor").ask("/v1/operator/states", body))).to.equal("ANSWER_UNPROVEN");
    expect(await refusal(desk("operator").ask("/v1/requestor/states", body))).to.equal("ANSWER_UNPROVEN");
    const bare = await fetch(new URL("/v1/operator/states", network.issuer.url), {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": "12345678" },
      body: JSON.stringify(body),
    });
    expect(bare.status).to.equal(401);
    const { tokens } = await desk("requestor").ask<{ tokens: Moved[] }>("/v1/requestor/tokens", { cardId });
    expect(tokens[0]).to.deep.include({ state: "active", version: 0 });
  });

  it("take what is well formed alone, of tokens and cards that there are", async () => {
    const ask = (path: string, body: object) => refusal(desk("operator").ask(`/v1/operator/${path}`, body));
    expect(await ask("states", { tokenRef, state: "inactive" })).to.equal("BAD_REQUEST");
    expect(await ask("states", { tokenRef, state: "active", by: "cardholder" })).to.equal("BAD_REQUEST");
    expect(await ask("states", { tokenRef: "A".repeat(22), state: "active" })).to.equal("TOKEN_UNKNOWN");
    expect(await ask("tokens", { cardId: "A".repeat(22) })).to.equal("CARD_UNKNOWN");
    expect(await ask("tokens", { cardId: `${cardId.slice(0, 21)}!` })).to.equal("BAD_REQUEST");
  });

  it("take an operator's old key as long as the issuer has it beside the new one", async () => {
    await network.close();
    network = await startOfRun({ keys: NEXT, now: () => T0 });
    const ask = (keys: typeof KEYS) => refusal(desk("operator", keys).ask("/v1/operator/tokens", { cardId }));
    expect(await ask(NEXT)).to.equal("CARD_UNKNOWN");
    expect(await ask(KEYS)).to.equal("CARD_UNKNOWN");
    await network.close();
    network = await startOfRun({ keys: keysFromSeeds(rotatedSeeds(SEEDS), { number: 1 }), now: () => T0 });
    expect(await ask(KEYS)).to.equal("ANSWER_UNPROVEN");
  });
});
