// Payments whose end the phone has not heard, in Chromium: each is closed with the issuer, and then it is known.
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { AtTable } from "./at-table.js";

describe("a payment that nobody has told the end of", () => {
  const at = new AtTable();
  const { pair, press, says, order, armed, origin, history } = at;
  const close = () => at.page.getByRole("button", { name: /^Close (it|the payment of .*) with the issuer/ }).click();
  /** Hears nothing of the till from now on: as with a terminal that is no friend of this page's. */
  const deaf = async () => {
    await at.page.route("**/world/events", (route) => route.abort());
    await at.page.reload();
    await says("Ready");
  };
  const light = (text: RegExp) => at.page.getByText(text).waitFor();
  /** As the page hears nothing, the table is asked. */
  const sees = async (lights: string) => {
    for (let looks = 0; at.world.view.lights !== lights; looks++) {
      expect(looks, `its light is ${at.world.view.lights}`).to.be.below(400);
      await pause(50);
    }
  };

  it("is closed with the issuer where its owner asks: paid, with the code", async () => {
    await pair();
    await deaf();
    await order("Pay here");
    await press("Yes, pay");
    await press("Press its button twice");
    await says("Sent. It was sent; the terminal's answer is on its screen.");
    await says(/Nobody has told this phone how it ended/);
    await close();
    await says(/^Paid\. The issuer has approved it: 9\.50 EUR at Corner Coffee, .*, code \d{6}\./);
    await history(/The issuer has approved it/);
  }).timeout(60_000);

  it("is closed by itself where the terminal could not read it: nothing was paid, and nothing will be", async () => {
    await pair();
    at.world.swipes("turned");
    await order("Pay here");
    await press("Yes, pay");
    await press("Press its button twice");
    await says(/^Nothing was paid\. The issuer has closed it: no terminal has asked for it/);
    await says(/The terminal did not take it/);
    await history(/The issuer has closed it/);
  }).timeout(60_000);

  it("waits for the issuer while that is out of reach, and is closed by itself when it is back", async () => {
    await pair();
    at.world.swipes("turned");
    await order("Pay here");
    await at.page.route("**/v1/tokens/**", (route) => route.abort());
    await press("Yes, pay");
    await press("Press its button twice");
    await says(/The issuer cannot be reached: it is asked again by itself/);
    await at.page.reload();
    await at.page.getByRole("link", { name: "History" }).click();
    await says(/The issuer cannot be reached: it is asked again by itself/);
    await at.page.unroute("**/v1/tokens/**");
    await says(/The issuer has closed it/);
  }).timeout(60_000);

  it("is taken back from its card where its page was closed and its card is armed still", async () => {
    await pair();
    await armed();
    await at.page.reload();
    await at.page.goto(`${origin()}/#/`);
    await light(/Its light is green, breathing/);
    await at.page.getByRole("link", { name: "History" }).click();
    await close();
    await says(/The issuer has closed it/);
    await sees("off");
    await press("Swipe it at the till");
    await at.page.getByText(/The reader heard nothing/).waitFor();
  }).timeout(60_000);

  it("is known where its page was closed, and the card swiped since: paid, and not half", async () => {
    await pair();
    await armed();
    await at.page.reload();
    await at.page.goto(`${origin()}/#/`);
    await press("Swipe it at the till");
    await at.page.getByText("Approved", { exact: true }).waitFor();
    await at.page.getByRole("link", { name: "History" }).click();
    await close();
    await says(/The issuer has approved it: 9\.50 EUR at Corner Coffee/);
    await sees("off");
  }).timeout(60_000);

  it("keeps a card that is away from paying: what it sends behind that is declined, and it is taken back when it is near", async () => {
    await pair();
    await armed();
    await press("Carry it away");
    await at.page.getByRole("button", { name: "Bring it back" }).waitFor();
    await at.page.getByRole("link", { name: "History" }).click();
    await close();
    await says(/The issuer has closed it/);
    await press("Swipe it at the till");
    await at.page.getByText("Declined: GRANT_CLOSED").waitFor();
    expect(at.world.view.lights).to.equal("armed");
    await press("Bring it back");
    await sees("off");
  }).timeout(90_000);

  it("is closed by itself behind the two minutes that it has, though nobody asks for it", async () => {
    await at.page.clock.install();
    await pair();
    await deaf();
    const answered = new Promise<void>((resolve) => {
      at.world.subscribe(({ kind }) => void (kind === "answer" && resolve()));
    });
    await order("Pay here");
    await press("Yes, pay");
    await press("Press its button twice");
    await answered;
    await at.page.clock.fastForward(13_000);
    await says(/Nobody has told this phone how it ended/);
    await at.page.clock.fastForward(130_000);
    await says(/^Paid\. The issuer has approved it/);
  }).timeout(60_000);

  it("is told as declined, with why in words", async () => {
    await pair();
    await at.page.getByLabel("Amount, EUR", { exact: true }).fill("30");
    await press("Charge");
    await at.page.getByText("It asks for 30.00 EUR").waitFor();
    await deaf();
    await at.page.getByRole("link", { name: /^Pay with/ }).click();
    await at.page.getByLabel("The most that may be charged, EUR").fill("9.50");
    await press("Pay here");
    await press("Yes, pay");
    await press("Press its button twice");
    await says(/Nobody has told this phone how it ended/);
    await close();
    await says(
      /^Not paid\. The issuer has declined 30\.00 EUR at .*asked for more than you had agreed to.*AMOUNT_OVER_CAP/,
    );
  }).timeout(60_000);
});
