// A card that is left behind, in Chromium: how long it may be away, the notice, when and where both were together last, and what a payment makes of it.
import { type Card, CardError } from "@enabling-card/sdk";
import { expect } from "chai";
import type { Togethers } from "../src/keep/togethers.js";
import { AtHand } from "../src/phone/at-hand.js";
import type { OwnCard } from "../src/phone/own-card.js";
import { AtTable } from "./at-table.js";

describe("a card that is left behind", () => {
  const at = new AtTable();
  const { pair, press, says, origin, order } = at;
  const LEFT = /was left behind/;

  const toCard = async () => {
    await at.page.goto(`${origin()}/#/`);
    await at.page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
    await says("Near this phone");
  };
  const away = () => at.page.getByLabel("This phone may be away from it for");
  const choose = async (label: string) => {
    await away().selectOption({ label });
    await at.page.waitForFunction(() => document.querySelector("select:disabled") === null);
  };
  /** What is kept, as the browser has it. */
  const kept = () =>
    at.page.evaluate(async () => {
      const open = indexedDB.open("enabling-card");
      await new Promise((resolve) => open.addEventListener("success", resolve));
      const all = open.result.transaction("togethers").objectStore("togethers").getAll();
      await new Promise((resolve) => all.addEventListener("success", resolve));
      open.result.close();
      return all.result as { awayS: number; place?: { latitude: number } }[];
    });
  /** From now on the page's time goes on as it is told. */
  const ownTime = async () => {
    await at.page.clock.install();
    await at.page.goto(at.server.url);
    await at.page.reload();
    await pair();
    await toCard();
  };
  const carriedAway = async (ms: number) => {
    await press("Carry it away");
    await at.page.getByText("The card holds this: bring it near to change it.").waitFor();
    await at.page.clock.fastForward(ms);
  };
  const notice = () => at.page.getByRole("alert").getByText(LEFT);

  it("keeps and tells nothing until its owner chose a time", async () => {
    await ownTime();
    expect(await away().inputValue()).to.equal("off");
    await carriedAway(7_200_000);
    expect([await notice().count(), await kept()]).to.deep.equal([0, []]);
  }).timeout(60_000);

  it("is told when it is away for longer than he chose, by time alone; and no more when it is back", async () => {
    await ownTime();
    await choose("1 minute");
    await at.page.reload();
    await says("Near this phone");
    await at.page.waitForFunction(() => document.querySelector("select")?.value === "60");
    await carriedAway(50_000);
    expect(await notice().count()).to.equal(0);
    await at.page.clock.fastForward(11_000);
    await notice().waitFor();
    await at.page.getByText(/longer than 1 minute\. Both were together last on .*\d:\d\d/).waitFor();
    expect(await at.page.getByText(/within \d+ m/).count(), "no place").to.equal(0);
    await at.page.goto(`${origin()}/#/history`);
    await notice().waitFor();
    await press("Bring it back");
    await press("Look for it");
    await notice().waitFor({ state: "detached" });
    expect(await kept()).to.have.length(1);
    await toCard();
    await choose("any time (off)");
    await at.page.getByText(/^Together now/).waitFor({ state: "detached" });
    expect(await kept()).to.deep.equal([]);
  }).timeout(60_000);

  it("says where, where he allowed it, and forgets both when it is told to", async () => {
    await at.page.context().grantPermissions(["geolocation"]);
    await at.page.context().setGeolocation({ latitude: 52.51627, longitude: 13.37771, accuracy: 12 });
    await ownTime();
    await choose("5 minutes");
    await at.page.getByLabel(/Keep where both were together last/).click();
    await at.page.getByText(/^Together now: .*, at 52\.51627, 13\.37771, within 12 m\.$/).waitFor();
    await carriedAway(301_000);
    await notice().waitFor();
    await at.page.context().setGeolocation({ latitude: 48, longitude: 2, accuracy: 12 });
    await at.page.reload();
    await at.page
      .getByRole("alert")
      .getByText(/longer than 5 minutes\. .*, at 52\.51627, 13\.37771, within 12 m\./)
      .waitFor();
    await at.page.getByRole("region", { name: LEFT }).getByRole("button", { name: "Forget it" }).click();
    await notice().waitFor({ state: "detached" });
    expect(await kept()).to.deep.equal([]);
    await at.page.reload();
    await says(/No such card|not in reach|bring it near/i);
    expect(await notice().count()).to.equal(0);
  }).timeout(60_000);

  it("keeps the time alone where the browser refuses the place, and says so", async () => {
    await ownTime();
    await choose("1 minute");
    const box = at.page.getByLabel(/Keep where both were together last/);
    await box.click();
    await at.page
      .getByRole("alert")
      .getByText(/did not allow it: allow this page its location/)
      .waitFor();
    expect(await box.isChecked()).to.equal(false);
    expect((await kept()).map(({ awayS, place }) => [awayS, place])).to.deep.equal([[60, undefined]]);
  }).timeout(60_000);

  it("keeps no place any more where the browser takes it back", async () => {
    const context = at.page.context();
    await context.grantPermissions(["geolocation"]);
    await context.setGeolocation({ latitude: 52.5, longitude: 13.4 });
    await ownTime();
    await choose("5 minutes");
    const box = at.page.getByLabel(/Keep where both were together last/);
    await box.click();
    await at.page.getByText(/at 52\.50000/).waitFor();
    await context.clearPermissions();
    await at.page.clock.fastForward(61_000);
    await at.page.getByText(/The place is not kept any more/).waitFor();
    await at.page.getByText(/at 52\.50000/).waitFor({ state: "detached" });
    expect(await box.isChecked()).to.equal(false);
  }).timeout(60_000);

  it("is told outside of the app where he allowed it", async () => {
    await at.page.addInitScript(`
      globalThis.told = [];
      globalThis.Notification = class {
        static permission = "granted";
        static requestPermission = async () => "granted";
        constructor(title, { body }) { told.push(title + ": " + body); }
      };
      if (globalThis.ServiceWorkerRegistration)
        ServiceWorkerRegistration.prototype.showNotification = async (title, { body }) => void told.push(title + ": " + body);`);
    await ownTime();
    await choose("1 minute");
    await at.page.getByLabel("Tell me outside of this app, too").click();
    await carriedAway(61_000);
    await notice().waitFor();
    await at.page.waitForFunction("told.length === 1");
    expect(await at.page.evaluate("told[0]")).to.match(/^Card \w{6} was left behind: It has been out .* 1 minute\./);
  }).timeout(60_000);

  it("refuses notices that the browser refuses, and says what to do", async () => {
    await at.page.addInitScript(`globalThis.Notification = class {
      static permission = "denied";
      static requestPermission = async () => "denied";
    };`);
    await ownTime();
    await choose("1 minute");
    await at.page.getByLabel("Tell me outside of this app, too").click();
    await at.page
      .getByRole("alert")
      .getByText(/allow this page its notices/)
      .waitFor();
    expect(await at.page.getByLabel("Tell me outside of this app, too").isChecked()).to.equal(false);
  }).timeout(60_000);

  it("drops a payment that waits for its user, and says so in his words", async () => {
    await pair();
    await toCard();
    await choose("1 minute");
    await at.page.getByRole("link", { name: "Cards" }).click();
    await order("Pay here");
    await press("Carry it away");
    await at.page.getByRole("button", { name: "Bring it back" }).waitFor();
    at.world.passes(61);
    await press("Bring it back");
    await press("Yes, pay");
    await says(
      /^Nothing was sent. The card was without this phone for longer than you chose, and has dropped the payment/,
    );
  }).timeout(60_000);

  it("takes over what an earlier version of this app kept", async () => {
    await pair();
    await at.page.goto(`${origin()}/icon.svg`); // nobody has it open
    // As a text: what is compiled here would miss its helpers there.
    await at.page.evaluate(`(async () => {
      const done = (request) => new Promise((resolve) => request.addEventListener("success", resolve));
      const open = indexedDB.open("enabling-card");
      await done(open);
      const names = [...open.result.objectStoreNames].filter((name) => name !== "togethers");
      const all = [];
      for (const name of names) {
        const store = open.result.transaction(name).objectStore(name);
        const [values, keys] = [store.getAll(), store.getAllKeys()];
        await Promise.all([done(values), done(keys)]);
        all.push([name, values.result, keys.result]);
      }
      open.result.close();
      await done(indexedDB.deleteDatabase("enabling-card"));
      const older = indexedDB.open("enabling-card", 1);
      older.addEventListener("upgradeneeded", () => {
        const { result } = older;
        result.createObjectStore("pairings", { keyPath: ["card", "confirmedAs"] });
        result.createObjectStore("registrations", { keyPath: ["card", "token"] });
        result.createObjectStore("accounts", { keyPath: "card" });
        const payments = result.createObjectStore("payments", { keyPath: "id", autoIncrement: true });
        payments.createIndex("startedMs", "startedMs");
        result.createObjectStore("settings");
      });
      await done(older);
      const write = older.result.transaction(names, "readwrite");
      for (const [name, values, keys] of all)
        values.forEach((value, i) => write.objectStore(name).put(value, name === "settings" ? keys[i] : undefined));
      await new Promise((resolve) => write.addEventListener("complete", resolve));
      older.result.close();
    })()`);
    await at.page.goto(`${origin()}/#/`);
    await says("Ready");
    await toCard();
    await choose("1 minute");
    await at.page.getByText(/^Together now/).waitFor();
  }).timeout(60_000);
});

describe("a card whose firmware has no nearness", () => {
  it("says so, and nothing is kept", async () => {
    const changes: Partial<OwnCard>[] = [];
    const refused = () => Promise.reject(new CardError("OPERATION_UNKNOWN", "The card does not know this operation"));
    const atHand = new AtHand({
      togethers: { find: async () => undefined } as unknown as Togethers,
      change: (_, change) => changes.push(change),
      isNear: () => true,
    });
    const card = { name: "A", nearness: refused, setNearness: refused } as unknown as Card;
    await atHand.arrived(card);
    expect(changes).to.deep.equal([{ isLeft: false }, { nearness: "none" }]);
    expect(await atHand.choose(card, 60).catch(({ code }) => code)).to.equal("OPERATION_UNKNOWN");
  });
});
