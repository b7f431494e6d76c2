// Pairing and paying that are cut short at each of their steps, in Chromium: the tab is closed, or the card is carried away. Each is told, and goes on.
import { expect } from "chai";
import type { Route } from "playwright-core";
import { AtTable } from "./at-table.js";

/** Messages on the card's line while it pairs, counted from when the phone has taken it. */
const MESSAGES = [
  [1, "the phone greets"],
  [2, "the card answers"],
  [3, "the card has answered"],
  [4, "the phone proves itself"],
  [5, "the card takes it as its phone"],
] as const;
/** What the issuer is asked then; whether its answer is lost on its way, too. */
const REQUESTS = [
  ["**/v1/cards", "the card is enrolled"],
  ["**/v1/tokens", "its payment means is made"],
  ["**/registration", "it is registered"],
] as const;

describe("what is cut short", () => {
  const at = new AtTable();
  const { pair, press, says, order, origin, history } = at;

  /** Calls `then` in place of the message with that number, of those to either side; nothing goes by behind it. */
  const cutLine = async (number: number): Promise<{ readonly cut: Promise<void>; readonly heal: () => void }> => {
    let cut = () => {};
    const reached = new Promise<void>((resolve) => {
      cut = resolve;
    });
    let isCut = false;
    let count = 0;
    await at.page.routeWebSocket("**/card", (line) => {
      const card = line.connectToServer();
      let isTaken = false;
      const passes = (message: string | Buffer) => {
        if (message.length > 0 && isTaken && !isCut && ++count === number) {
          isCut = true;
          cut();
        }
        return !isCut;
      };
      line.onMessage((message) => {
        if (passes(message)) card.send(message);
        isTaken = true;
      });
      card.onMessage((message) => {
        if (passes(message)) line.send(message);
      });
    });
    return { cut: reached, heal: () => (isCut = false) };
  };
  /** The request is held; where it is `isDone`, the issuer has done it, and its answer is held. */
  const cutRequest = async (pattern: string, isDone: boolean): Promise<{ readonly cut: Promise<Route> }> => {
    let cut: (route: Route) => void = () => {};
    const reached = new Promise<Route>((resolve) => {
      cut = resolve;
    });
    await at.page.route(
      pattern,
      async (route) => {
        if (isDone) await route.fetch();
        cut(route);
      },
      { times: 1 },
    );
    return { cut: reached };
  };
  const begun = async () => {
    await at.page.goto(`${origin()}/#/pair`);
    await press("Take the one on the table");
    await press("Pair");
  };
  /** Once more, as the page says it: where the card has begun to know this phone it wants its button held. */
  const again = async () => {
    const isPaired = async () => (await at.page.getByRole("heading", { name: /^Card/, level: 2 }).count()) > 0;
    await at.page.goto(`${origin()}/#/`);
    if (!(await isPaired())) {
      await begun();
      const ready = at.main().getByText("Ready");
      const closed = at.page.getByRole("alert").getByText(/hold its button/i);
      await ready.or(closed).first().waitFor();
      if (await closed.isVisible()) {
        await press("Hold its button 3 s");
        await at.page.getByText("Its light is blue").waitFor();
        await press("Pair");
      }
    } else if ((await at.main().getByText("Ready").count()) === 0) await begun();
    await says("Ready");
    expect(await at.page.getByRole("heading", { name: /^Card/, level: 2 }).count()).to.equal(1);
    expect(await at.main().getByText("Ready", { exact: true }).count(), "payment means").to.equal(1);
  };
  const closeTab = async () => {
    await at.page.close();
    at.page = await at.opened();
  };
  const pays = async () => {
    await order("Pay here");
    await press("Yes, pay");
    await press("Press its button twice");
    await says("Paid. The terminal approved it.");
  };

  describe("pairing, by a tab that is closed", () => {
    for (const [number, what] of MESSAGES) {
      it(`goes on where ${what}`, async () => {
        const { cut } = await cutLine(number);
        await begun();
        await cut;
        await closeTab();
        await again();
        await pays();
      }).timeout(90_000);
    }
    for (const [pattern, what] of REQUESTS) {
      for (const isDone of [false, true]) {
        it(`goes on where ${what}${isDone ? ", and the answer was not kept" : ""}`, async () => {
          const { cut } = await cutRequest(pattern, isDone);
          await begun();
          await cut;
          await closeTab();
          await again();
          await pays();
        }).timeout(90_000);
      }
    }
  });

  describe("pairing, by a card that is carried away", () => {
    for (const [number, what] of MESSAGES) {
      it(`says so, and goes on, where ${what}`, async () => {
        const { cut, heal } = await cutLine(number);
        await begun();
        await cut;
        at.world.does("away");
        const alert = at.page.getByRole("alert");
        await alert.getByText(/near|reach/i).waitFor({ timeout: 40_000 });
        heal();
        at.world.does("near");
        await again();
      }).timeout(120_000);
    }
    it("needs no card once it is paired: the issuer goes on", async () => {
      const { cut } = await cutRequest("**/v1/cards", false);
      await begun();
      const route = await cut;
      at.world.does("away");
      await route.continue();
      await at.page.getByText(/Card [A-Z2-7]{6}/).waitFor();
      at.world.does("near");
      await again();
    }).timeout(120_000);
  });

  describe("paying, by a card that is carried away", () => {
    const back = async () => {
      at.world.does("near");
      await at.page.goto(`${origin()}/#/`);
      await says("Ready");
      if ((await at.page.getByRole("button", { name: "Look for it" }).count()) > 0)
        await at.page
          .getByRole("button", { name: "Look for it" })
          .click({ timeout: 2_000 })
          .catch(() => undefined);
      await says(/in reach, battery/);
    };

    it("says so while the grant is fetched: nothing was sent, and the next one is paid", async () => {
      await pair();
      const { cut } = await cutRequest("**/v1/grants", false);
      await at.page.getByRole("link", { name: /^Pay with/ }).click();
      await press("Pay here");
      const route = await cut;
      at.world.does("away");
      await route.continue();
      await at.page.getByText(/^Nothing was sent\. .*(near|reach)/).waitFor({ timeout: 60_000 });
      await back();
      await history(/near|reach/);
      await pays();
    }).timeout(120_000);

    it("says so while its owner looks at what it would pay: nothing was sent", async () => {
      await pair();
      await order("Pay here");
      at.world.does("away");
      await press("Yes, pay");
      await at.page.getByText(/^(Nothing was sent|Nobody knows yet)\. .*(near|reach)/).waitFor({ timeout: 60_000 });
      await back();
      await history(/The card has sent nothing of it|near|reach/);
      await pays();
    }).timeout(150_000);

    it("says so while its button is waited for, and finds out by itself when it is back", async () => {
      await pair();
      await order("Pay here");
      await press("Yes, pay");
      await says("Press the card's button twice now.");
      at.world.does("away");
      await says(/^Nobody knows yet\. .*link to the card was lost/);
      at.world.does("near");
      await says(/^Nothing was sent\. The card has sent nothing of it/);
      await press("Pay again");
      await press("Pay here");
      await press("Yes, pay");
      await press("Press its button twice");
      await says("Paid. The terminal approved it.");
    }).timeout(90_000);

    it("knows how it ended where it was carried away while it was sending", async () => {
      await pair();
      await order("Pay here");
      await press("Yes, pay");
      await press("Press its button twice");
      await says(/Hold the card at the reader|passe?s? ha(s|ve) left the coil/);
      at.world.does("away");
      await says(/^(Paid\. The terminal approved it|Nothing was (sent|paid))/);
      at.world.does("near");
    }).timeout(90_000);
  });
});
