// The issuer tells the phone of a token's state as it changes (system 3): what it says, to whom, and what becomes of it when the line is lost.

import { type IssuerService, keysFromSeeds, randomSeeds, startIssuer } from "@enabling-card/issuer";
import { IssuerClient, type TokenNews } from "@enabling-card/sdk";
import { TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { enrolledCard, T0, type TestCard } from "../../network/issuer/test/issuer-support.js";

describe("news of tokens' states", () => {
  let issuer: IssuerService;
  let card: TestCard;
  let client: IssuerClient;
  let abort: AbortController;
  const keys = keysFromSeeds(randomSeeds());

  beforeEach(async () => {
    issuer = await startIssuer({ keys, now: () => T0 });
    card = await enrolledCard(issuer.issuer);
    client = clientOf(card);
    abort = new AbortController();
  });
  afterEach(async () => {
    abort.abort();
    await issuer.close();
  });

  const clientOf = ({ accessKey }: TestCard, change: object = {}) =>
    new IssuerClient({ baseUrl: issuer.url, accessKey: Buffer.from(accessKey).toString("base64url"), ...change });
  const mint = async () => (await issuer.issuer.mint(card.cardId, "Lovelace/Ada")).tokenRef;
  const told = ({ tokenRef, version, state }: TokenNews) => [toHex(tokenRef), version, state];
  const listen = (from = client, options = {}) =>
    from.news(card.cardId, { signal: abort.signal, retryMs: 10, ...options })[Symbol.asyncIterator]();
  const next = async (news: AsyncIterator<TokenNews>) => told((await news.next()).value as TokenNews);

  it("begin with how each token stands, and go on with each change, whoever made it", async () => {
    const ref = await mint();
    const news = listen();
    expect(await next(news)).to.deep.equal([toHex(ref), 0, "active"]);
    await issuer.issuer.setState(toHex(ref), TokenState.Suspended, "issuer");
    expect(await next(news)).to.deep.equal([toHex(ref), 1, "suspended"]);
    const other = await mint();
    expect(await next(news)).to.deep.equal([toHex(other), 0, "active"]);
    await client.setState(other, "deactivated", { cardId: card.cardId, checkpointSize: 0 });
    expect(await next(news)).to.deep.equal([toHex(other), 1, "deactivated"]);
  });

  it("are of the card's own tokens alone, and for whoever has its key", async () => {
    const other = await enrolledCard(issuer.issuer);
    await issuer.issuer.mint(other.cardId, "Babbage/Charles");
    const ref = await mint();
    const news = listen();
    expect(await next(news)).to.deep.equal([toHex(ref), 0, "active"]);
    const stranger = clientOf(other).news(card.cardId, { signal: abort.signal });
    expect(await stranger.next().catch(({ code }) => code)).to.equal("ISSUER_NOT_ENROLLED");
  });

  it("that were missed while the line was lost come when it is there again, and nothing twice", async () => {
    const ref = await mint();
    const lines: boolean[] = [];
    /** A line through which nothing comes while it is cut. */
    let cut: AbortController | undefined;
    let isCut = false;
    const fetchCut: typeof fetch = (url, init) => {
      if (isCut) return Promise.reject(new TypeError("no network"));
      cut = new AbortController();
      return fetch(url, { ...init, signal: AbortSignal.any([init!.signal!, cut.signal]) });
    };
    const news = listen(clientOf(card, { fetch: fetchCut }), { onLine: (isThere: boolean) => lines.push(isThere) });
    expect(await next(news)).to.deep.equal([toHex(ref), 0, "active"]);
    const waiting = next(news);
    isCut = true;
    cut!.abort();
    await issuer.issuer.setState(toHex(ref), TokenState.Suspended, "issuer");
    await new Promise((resolve) => setTimeout(resolve, 50));
    isCut = false;
    expect(await waiting).to.deep.equal([toHex(ref), 1, "suspended"]);
    expect([lines[0], lines[1], lines.at(-1)]).to.deep.equal([true, false, true]);
  });

  it("say something every while, so that a dead line is noticed", async () => {
    await mint();
    const lines: boolean[] = [];
    const news = listen(client, { silenceMs: 50, onLine: (isThere: boolean) => lines.push(isThere) });
    await next(news);
    void news.next();
    while (lines.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(lines.slice(0, 3)).to.deep.equal([true, false, true]);
  });

  it("end with the phone's wish, and leave nothing of it at the issuer", async () => {
    await mint();
    const news = listen();
    await next(news);
    const end = news.next();
    abort.abort();
    expect((await end).done).to.equal(true);
  });

  it("end with the phone's wish though fetch has lost sight of it, as Node's does of signals that were collected", async () => {
    await mint();
    const blind: typeof fetch = (url, init) => fetch(url, { headers: init!.headers! });
    const news = listen(clientOf(card, { fetch: blind }));
    await next(news);
    const end = news.next();
    abort.abort();
    expect((await end).done).to.equal(true);
  });

  it("are for two phones of a card, and the one that came first gives way to a third", async () => {
    const ref = await mint();
    const ends: boolean[] = [];
    const all = [0, 1, 2].map(() =>
      listen(client, { retryMs: 60_000, onLine: (isThere: boolean) => ends.push(isThere) }),
    );
    for (const news of all) expect(await next(news)).to.deep.equal([toHex(ref), 0, "active"]);
    void all[0]!.next();
    await issuer.issuer.setState(toHex(ref), TokenState.Suspended, "issuer");
    for (const news of all.slice(1)) expect(await next(news)).to.deep.equal([toHex(ref), 1, "suspended"]);
    while (!ends.includes(false)) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(ends.filter((isThere) => !isThere)).to.have.length(1);
  });

  for (const [what, body] of [
    ["no JSON", "event: state\ndata: nonsense\n\n"],
    ["another state", 'event: state\ndata: {"tokenRef":"AAAAAAAAAAAAAAAAAAAAAA","version":1,"state":"happy"}\n\n'],
    ["a short reference", 'event: state\ndata: {"tokenRef":"AAAA","version":1,"state":"active"}\n\n'],
    ["an event that does not end", `event: state\ndata: ${"x".repeat(5000)}`],
  ] as const) {
    it(`that are ${what} are refused: ISSUER_ANSWER_INVALID`, async () => {
      const lying = async () => new Response(body, { headers: { "content-type": "text/event-stream" } });
      const news = listen(clientOf(card, { fetch: lying }));
      expect(await news.next().catch(({ code }) => code)).to.equal("ISSUER_ANSWER_INVALID");
    });
  }

  it("that are no stream at all are refused: ISSUER_ANSWER_INVALID", async () => {
    const lying = async () => new Response("{}", { headers: { "content-type": "application/json" } });
    expect(
      await listen(clientOf(card, { fetch: lying }))
        .next()
        .catch(({ code }) => code),
    ).to.equal("ISSUER_ANSWER_INVALID");
  });
});
