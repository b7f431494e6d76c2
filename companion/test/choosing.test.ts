// A payment means chosen with the card's button, in Chromium: seen and heard in the app, and paid with.
import { expect } from "chai";
import { AtTable } from "./at-table.js";

describe("choosing with the card's button", () => {
  const at = new AtTable();
  const { pair, press, says, origin } = at;

  const toCard = async () => {
    await at.page.goto(`${origin()}/#/`);
    await at.page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
    await says("Part with it");
  };
  /** One more payment means. @returns the last digits of all, as the card counts them */
  const withTwo = async (): Promise<readonly string[]> => {
    await pair();
    await toCard();
    await press("Add a payment means");
    await at.main().getByText("Ready").nth(1).waitFor();
    const names = await at.page.getByRole("link", { name: /^Pay with/ }).all();
    const words = await Promise.all(names.map((one) => one.getAttribute("aria-label")));
    return words.map((text) => text!.slice(-4));
  };
  /** Presses once, and waits for its light: two short presses one behind the other are a yes. */
  const choose = async (place: number) => {
    await press("Press its button once");
    await at.page.getByText(`Its light is yellow: means ${place} is chosen.`).waitFor();
  };
  const told = (last4: string) => at.main().getByRole("status").getByText(`the one that ends in ${last4}`).waitFor();

  it("is told on the cards' page, the card's and the payment's, and the next payment begins with it", async () => {
    const [first, second] = await withTwo();
    await choose(1);
    await told(first!);
    await choose(2);
    await told(second!);
    await toCard();
    await told(second!);
    await at.page.goto(`${origin()}/#/`);
    await at.page.getByRole("link", { name: new RegExp(`^Pay with .*${second}$`) }).click();
    await at.page.getByRole("heading", { name: `Pay with •••• ${second}` }).waitFor();
    await told(second!);
    await press("Pay here");
    await says(/The card would pay Corner Coffee/);
    await press("Yes, pay");
    await press("Press its button twice");
    await says("Paid. The terminal approved it.");
    await at.page.getByRole("link", { name: "History" }).click();
    await says(new RegExp(second!));
    expect(await at.main().getByText(new RegExp(first!)).count()).to.equal(0);
  }).timeout(90_000);

  it("changes what is ordered, and leaves a payment that has begun as it is; the one behind it begins with it", async () => {
    const [first, second] = await withTwo();
    await at.page.getByRole("link", { name: new RegExp(`^Pay with .*${second}$`) }).click();
    await choose(1);
    await at.page.getByRole("heading", { name: `Pay with •••• ${first}` }).waitFor();
    await press("Pay here");
    await says(/The card would pay Corner Coffee/);
    await choose(2);
    await told(second!);
    await at.page.getByRole("heading", { name: `Pay with •••• ${first}` }).waitFor();
    await press("No, take it back");
    await press("Pay again");
    await at.page.getByRole("heading", { name: `Pay with •••• ${second}` }).waitFor();
  }).timeout(90_000);

  it("gives way to what is chosen on the phone behind it", async () => {
    const [first, second] = await withTwo();
    await choose(1);
    await choose(2);
    await told(second!);
    await at.page.getByRole("link", { name: new RegExp(`^Pay with .*${first}$`) }).click();
    await at.page.getByRole("heading", { name: `Pay with •••• ${first}` }).waitFor();
    await at.page.getByRole("link", { name: "Cards" }).click();
    await says("Ready");
    expect(await at.main().getByText("Chosen with the card's button").count()).to.equal(0);
  }).timeout(90_000);

  it("is told when the phone is back, where it was away meanwhile", async () => {
    const [first] = await withTwo();
    await press("Carry it away");
    await says("not in reach");
    await choose(1);
    await press("Bring it back");
    await press("Look for it");
    await told(first!);
  }).timeout(90_000);

  it("is told where this phone does not know it", async () => {
    const [, second] = await withTwo();
    await at.page.evaluate(async (last4) => {
      const open = indexedDB.open("enabling-card");
      await new Promise((resolve) => open.addEventListener("success", resolve));
      const store = open.result.transaction("accounts", "readwrite").objectStore("accounts");
      const all = store.getAll();
      await new Promise((resolve) => all.addEventListener("success", resolve));
      const [account] = all.result;
      const tokens = account.tokens.filter((token: { last4: string }) => token.last4 !== last4);
      const put = store.put({ ...account, tokens });
      await new Promise((resolve) => put.addEventListener("success", resolve));
      open.result.close();
    }, second);
    await at.page.reload();
    await says("Ready");
    await says(/in reach, battery/);
    await choose(1);
    await choose(2);
    await says(/has chosen a payment means that this phone does not know: press it again/);
  }).timeout(90_000);
});
