// How many phones may listen to their tokens' states, and how much each may leave unread.

import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import type { Issuer } from "../src/index.js";
import { StateNews } from "../src/state-news.js";
import { enrolledCard, newIssuer } from "./issuer-support.js";

/** A phone's line, as far as news write to it. */
class Line extends EventEmitter {
  readonly said: string[] = [];
  writableLength = 0;
  isLeft = false;

  writeHead(): void {}

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
  const cardOf = (n: number) => new Uint8Array(16).fill(n);
  const listen = async (card: Uint8Array) => {
    news.expectRoom(card);
    const line = new Line();
    await news.listen(card, line as unknown as ServerResponse);
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
    for (let n = 0; n < 126; n++) lines.push(await listen(cardOf(n)));
    lines.push(await listen(cardOf(200)), await listen(cardOf(200)));
    expect(() => news.expectRoom(cardOf(250)))
      .to.throw()
      .with.property("code", "LISTENERS_MANY");
    expect(() => news.expectRoom(cardOf(5)), "its second")
      .to.throw()
      .with.property("code", "LISTENERS_MANY");
    expect(lines.filter(({ isLeft }) => isLeft)).to.deep.equal([]);
    await listen(cardOf(200));
    expect(
      lines.filter(({ isLeft }) => isLeft),
      "its own first",
    ).to.deep.equal([lines[126]]);
    lines[0]!.destroy();
    await listen(cardOf(250));
  });

  it("are left where they leave more than 16 KB unread", async () => {
    const card = await enrolledCard(issuer);
    const { tokenRef } = await issuer.mint(card.cardId, "Lovelace/Ada");
    const [reads, silent] = [await listen(card.cardId), await listen(card.cardId)];
    silent.writableLength = 16 * 1024 + 1;
    reads.writableLength = 16 * 1024;
    const before = reads.said.length;
    await issuer.setState(toHex(tokenRef), TokenState.Suspended, "issuer");
    while (reads.said.length === before) await new Promise(setImmediate);
    expect([reads.isLeft, silent.isLeft]).to.deep.equal([false, true]);
    expect(silent.said.length).to.equal(before);
  });
});
