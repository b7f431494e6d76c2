// How many phones may listen to their tokens' states, and how much each may leave unread.

import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { hashOfAccess } from "../src/enrolment.js";
import { delegate, type Issuer, revokeDelegation } from "../src/index.js";
import { StateNews } from "../src/state-news.js";
import { DAY, enrolledCard, newIssuer, T0, type TestCard } from "./issuer-support.js";

/** A phone's line, as far as news write to it. */
class Line extends EventEmitter {
  readonly said: string[] = [];
  writableLength = 0;
  isLeft = false;
  isBegun = false;

  writeHead(): void {}

  flushHeaders(): void {
    this.isBegun = true;
  }

  write(text: string): void {
    this.said.push(text);
  }

  destroy(): void {
    this.isLeft = true;
    this.emit("close");
  }
}

describe("phones that listen", () => {
  let issuer: Issuer;
  let news: StateNews;
  const listen = async ({ cardId, accessKey }: TestCard, by = news) => {
    by.expectRoom(cardId);
    const line = new Line();
    await by.listen(cardId, hashOfAccess(accessKey), line as unknown as ServerResponse);
    return line;
  };
  beforeEach(async () => {
    ({ issuer } = await newIssuer());
    news = new StateNews(issuer.store);
  });
  afterEach(async () => {
    news.close();
    await issuer.close();
  });

  it("are 128: another card's is refused and turns nobody out, one that listens may do so anew", async () => {
    const lines: Line[] = [];
    const cards: TestCard[] = [];
    for (let n = 0; n < 128; n++) cards.push(await enrolledCard(issuer));
    const [first, twice, other] = [cards[0]!, cards[126]!, cards[127]!];
    for (const card of cards.slice(0, 127)) lines.push(await listen(card));
    lines.push(await listen(twice));
    expect(() => news.expectRoom(other.cardId))
      .to.throw()
      .with.property("code", "LISTENERS_MANY");
    expect(() => news.expectRoom(first.cardId), "its second")
      .to.throw()
      .with.property("code", "LISTENERS_MANY");
    expect(lines.filter(({ isLeft }) => isLeft)).to.deep.equal([]);
    await listen(twice);
    expect(
      lines.filter(({ isLeft }) => isLeft),
      "its own first",
    ).to.deep.equal([lines[126]]);
    lines[0]!.destroy();
    await listen(other);
  });

  it("are left where they leave more than 16 KB unread", async () => {
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    const [reads, silent] = [await listen(card), await listen(card)];
    silent.writableLength = 16 * 1024 + 1;
    reads.writableLength = 16 * 1024;
    const before = reads.said.length;
    await issuer.setState(toHex(tokenRef), TokenState.Suspended, "issuer");
    while (reads.said.length === before) await new Promise(setImmediate);
    expect([reads.isLeft, silent.isLeft]).to.deep.equal([false, true]);
    expect(silent.said.length).to.equal(before);
  });

  it("have an answer's head at once, of a card without tokens too", async () => {
    const line = await listen(await enrolledCard(issuer));
    expect([line.isBegun, line.said]).to.deep.equal([true, []]);
  });

  it("are left when their card has another access key; who has that hears on", async () => {
    const [card, other] = [await enrolledCard(issuer), await enrolledCard(issuer)];
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    const [lost, stranger] = [await listen(card), await listen(other)];
    const accessKey = await issuer.renewAccess(card.cardId);
    while (!lost.isLeft) await new Promise(setImmediate);
    expect((await listen(card)).isLeft, "by the old one").to.equal(true);
    const found = await listen({ ...card, accessKey });
    await issuer.setState(toHex(tokenRef), TokenState.Suspended, "issuer");
    while (found.said.length < 2) await new Promise(setImmediate);
    expect([lost.said.length, found.isLeft, stranger.isLeft]).to.deep.equal([1, false, false]);
  });

  it("hear nothing more where another process has renewed it", async () => {
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    const lost = await listen(card);
    issuer.store.onAccess = () => () => undefined; // of another process nobody is told
    const elsewhere = new StateNews(issuer.store);
    const line = await listen(card, elsewhere);
    news.close();
    await issuer.renewAccess(card.cardId);
    await issuer.setState(toHex(tokenRef), TokenState.Suspended, "issuer");
    while (!line.isLeft) await new Promise(setImmediate);
    expect([lost.said.length, line.said.length]).to.deep.equal([1, 1]);
    elsewhere.close();
  });

  it("are left where nothing changes but that key, and another process of a server's store has changed it", async () => {
    const card = await enrolledCard(issuer);
    issuer.store.onAccess = () => () => undefined;
    Object.defineProperty(issuer.store, "engine", { value: "postgresql" }); // looked at each second
    const elsewhere = new StateNews(issuer.store);
    const line = await listen(card, elsewhere);
    await issuer.renewAccess(card.cardId);
    while (!line.isLeft) await new Promise((resolve) => setTimeout(resolve, 20));
    elsewhere.close();
  });

  it("hear that something was done by a right that they handed out, each thing once, and no other card's", async () => {
    const [owner, friend] = [await enrolledCard(issuer), await enrolledCard(issuer)];
    const { tokenRef } = await issuer.mint(owner.cardId, "Lovelace/Ada");
    const caveats = [
      { kind: "uses", atMost: 2 },
      { kind: "until", at: T0 + DAY },
    ] as const;
    const { id } = await delegate(issuer, owner.cardId, toHex(tokenRef), caveats);
    const [line, other] = [await listen(owner), await listen(friend)];
    const lent = (of: Line) => of.said.filter((text) => text.startsWith("event: lent"));
    expect(lent(line), "nothing was done by it").to.deep.equal([]);
    for (let i = 0; i < 2; i++) await issuer.store.atomically((kept) => kept.delegations.use(["name"], id, 100));
    await revokeDelegation(issuer, owner.cardId, id);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const data = { tokenRef: Buffer.from(tokenRef).toString("base64url"), id };
    const told = (version: number) => `event: lent\ndata: ${JSON.stringify({ ...data, version })}\n\n`;
    // What comes while a line is told is told with it.
    expect([...lent(line)].sort()).to.deep.equal(lent(line));
    expect(lent(line).at(-1)).to.equal(told(3));
    expect(lent(await listen(owner)), "who comes later").to.deep.equal([told(3)]);
    expect(lent(other)).to.deep.equal([]);
  });
});
