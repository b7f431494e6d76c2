// What the companion keeps, and what it does where that, the card, the server or its own version is gone; in Chromium.
import { expect } from "chai";
import { serveCompanion } from "../../tools/src/companion/serve.js";
import { World } from "../../tools/src/companion/world.js";
import { AtTable } from "./at-table.js";

describe("what the companion keeps", () => {
  const at = new AtTable();
  const { pair, press, says, origin, opened } = at;

  it("keeps its card over a reload, in keys that the page cannot read", async () => {
    await pair();
    await at.page.reload();
    await says("Ready");
    const keys = await at.page.evaluate(async () => {
      const open = indexedDB.open("enabling-card");
      await new Promise((resolve) => open.addEventListener("success", resolve));
      const all = open.result.transaction("pairings").objectStore("pairings").getAll();
      await new Promise((resolve) => all.addEventListener("success", resolve));
      open.result.close();
      return all.result.map(({ phoneKey }) => ("secret" in phoneKey ? "octets" : phoneKey.privateKey.extractable));
    });
    expect(keys).to.deep.equal([false]);
  }).timeout(60_000);

  it("has its card in one tab at a time, and takes it over where it is asked to", async () => {
    await pair();
    const other = await opened();
    await other.getByText("This app is open in another tab, which has the card.").waitFor();
    await other.getByRole("button", { name: "Use it here" }).click();
    await at.page.getByText("Another tab has taken the card over.").waitFor();
    await other.getByText("Ready").waitFor();
    await other.close();
    await at.page.reload();
    await says("Ready");
  }).timeout(60_000);

  it("goes on where this browser's data were cleared: paired anew, with a new access key of the issuer's", async () => {
    await pair();
    await at.page.evaluate(async () => {
      for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name!);
    });
    await at.page.reload();
    await says("This phone has no card yet.");
    await at.page.goto(`${origin()}/#/pair`);
    await press("Take the one on the table");
    await press("Pair");
    await at.page
      .getByRole("alert")
      .getByText(/hold|button|pair/i)
      .waitFor();
    await press("Hold its button 3 s");
    await at.page.getByText("Its light is blue").waitFor();
    await press("Pair");
    await at.page
      .getByRole("alert")
      .getByText(/ask the issuer for a new access key/)
      .waitFor();
    await at.page.goto(`${origin()}/#/`);
    await at.page.getByRole("link", { name: "Finish setting it up" }).click();
    await press("Ask the issuer's desk for a key");
    await at.page.waitForFunction(() => [...document.querySelectorAll("input")].some(({ value }) => value.length > 30));
    await press("Set it up");
    await says("Ready");
  }).timeout(90_000);

  it("takes a new access key of the issuer's where the one that it had is no good any more", async () => {
    await pair();
    await at.world.renewAccess();
    await at.page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
    await at.page.getByText("The issuer gave me a new access key").click();
    await press("Ask the issuer's desk for a key");
    await at.page.waitForFunction(() => [...document.querySelectorAll("input")].some(({ value }) => value.length > 30));
    await press("Set it up");
    await says("Ready");
    await press("Suspend");
    await says(/^Suspended by cardholder/);
  }).timeout(60_000);

  it("says what to do where nothing can be kept, and where there is no room", async () => {
    const other = await at.browser.newContext();
    try {
      const [none, full] = [await other.newPage(), await other.newPage()];
      await none.addInitScript(() => {
        indexedDB.open = () => {
          throw new DOMException("no", "SecurityError");
        };
      });
      await none.goto(at.server.url);
      await none.getByText(/This browser keeps nothing for this page/).waitFor();
      await none.close();
      // As a text: what is compiled here would miss its helpers there.
      await full.addInitScript(`const { put } = IDBObjectStore.prototype;
        IDBObjectStore.prototype.put = function (...record) {
          if (this.name === "settings") return put.apply(this, record);
          throw new DOMException("full", "QuotaExceededError");
        };`);
      await full.goto(`${origin()}/#token=${at.server.url.split("=")[1]}`);
      await full.goto(`${origin()}/#/pair`);
      await full.getByRole("button", { name: "Take the one on the table" }).click();
      await full.getByRole("button", { name: "Pair", exact: true }).click();
      await full
        .getByRole("alert")
        .getByText(/free some space/)
        .waitFor();
    } finally {
      await other.close();
    }
  }).timeout(60_000);

  it("says that the card is out of reach, and finds it again", async () => {
    await pair();
    await press("Carry it away");
    await says("not in reach");
    await press("Look for it");
    await says(/No such card is in reach/);
    await press("Bring it back");
    await press("Look for it");
    await says(/in reach, battery/);
  }).timeout(90_000);

  it("unpairs, here and on the card", async () => {
    await pair();
    await at.page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
    expect(await at.page.getByRole("button", { name: "Unpair" }).isDisabled()).to.equal(true);
    await at.page.getByLabel("I want that").check();
    await press("Unpair");
    await says("This phone has no card yet.");
    expect(at.world.card.advertised()).to.equal(undefined);
  }).timeout(60_000);

  it("goes on with a card that it has, where its code is entered once more", async () => {
    await pair();
    await pair();
    expect(await at.page.getByRole("heading", { name: /^Card/, level: 2 }).count()).to.equal(1);
  }).timeout(60_000);

  it("refuses a code that is none, and another card's, in words", async () => {
    await at.page.goto(`${origin()}/#/pair`);
    await at.page.getByLabel("The code on the card's sheet").fill("ECARD1:nothing");
    await press("Pair");
    await says(/This is not a pairing code/);
    const other = await World.open();
    try {
      await at.page.getByLabel("The code on the card's sheet").fill(other.pairingCode);
      await press("Pair");
      await at.page
        .getByRole("alert")
        .getByText(/sheet|card/)
        .waitFor();
      expect(await at.page.getByRole("link", { name: "Cards" }).count()).to.equal(1);
    } finally {
      await other.close();
    }
  }).timeout(60_000);

  it("works without the server behind the first load: pages, cards and history are there", async () => {
    await pair();
    await at.page.evaluate(() => navigator.serviceWorker.ready);
    await at.server.close();
    await at.page.reload();
    await says(/Card [A-Z2-7]{6}/);
    await says("not in reach");
    await at.page.getByRole("link", { name: "History" }).click();
    await says("Nothing was paid with this phone yet.");
  }).timeout(60_000);

  it("goes on with its own version where a newer one's worker has taken over, and says so", async () => {
    await at.page.evaluate(() => navigator.serviceWorker.ready);
    await at.page.reload();
    await says("This phone has no card yet.");
    await at.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await at.page.evaluate(() => navigator.serviceWorker.dispatchEvent(new Event("controllerchange")));
    await at.page.getByText("A newer version of this app is there.").waitFor();
    await press("Load it");
    await says("This phone has no card yet.");
    expect(await at.page.getByText("A newer version of this app is there.").count()).to.equal(0);
  }).timeout(60_000);

  it("says what to do where the server was started anew, and its token is another one: what is kept is there", async () => {
    await pair();
    const { port } = at.server;
    await at.server.close();
    at.server = await serveCompanion(at.world, { port });
    const said = /The table was started anew.*open the address that it has printed now/;
    await at.page.getByRole("alert").getByText(said).waitFor();
    await at.page.reload();
    await at.page.getByRole("alert").getByText(said).waitFor();
    await says(/Card [A-Z2-7]{6}/);
    await at.page.goto(at.server.url);
    await at.page.reload();
    await says("Ready");
    expect(await at.page.getByRole("alert").count()).to.equal(0);
  }).timeout(60_000);

  it("lets no page in that has not the token, and says what to do", async () => {
    const stranger = await at.browser.newContext();
    const other = await stranger.newPage();
    await other.goto(`${origin()}/`);
    await other.getByText("Open the address that").waitFor();
    const answers = await other.evaluate(async () => {
      const asked = await fetch("/world/table");
      const wrong = await fetch("/world/table", { headers: { authorization: "Bearer another" } });
      return [asked.status, wrong.status, await asked.json()];
    });
    expect(answers).to.deep.equal([401, 401, { code: "TOKEN_WRONG" }]);
    await stranger.close();
  }).timeout(60_000);
});
