// What a cardholder does, in Chromium: pair, pay, hand over, take back, suspend.
import { decodePairingCode } from "@enabling-card/wire";
import { expect } from "chai";
import { issuerDesk } from "../../tools/src/network/issuer-desk.js";
import { AtTable } from "./at-table.js";

describe("paying in the companion", () => {
  const at = new AtTable();
  const { pair, press, says, main, order, origin, history, armed } = at;

  it("pairs a card, and pays with it: the receipt is on the page, and in the history", async () => {
    await says("This phone has no card yet.");
    await pair();
    await order("Pay here");
    await press("Yes, pay");
    await says("Press the card's button twice now.");
    await press("Press its button twice");
    await says("Paid. The terminal approved it.");
    await says(/999999\*{6}\d{4}/);
    await says(/The swipe: \d passe?s? in/);
    await at.page.getByRole("link", { name: "History" }).click();
    await says("Corner Coffee");
    await says("paid");
  }).timeout(60_000);

  it("hands the card over: armed, it sends at the till without its phone", async () => {
    await pair();
    await order("Hand the card over");
    await press("Yes, arm the card");
    await press("Press its button twice");
    await says("Swipe at the reader, or hand the card over.");
    await says(/\d+ s left/);
    await press("Swipe it at the till");
    await says("Paid. The terminal approved it.");
    expect(at.world.view.lights).to.not.equal("armed");
  }).timeout(60_000);

  it("hands the card over, and it leaves its phone: what the terminal says is this payment's", async () => {
    await pair();
    await order("Hand the card over");
    await press("Yes, arm the card");
    await press("Press its button twice");
    await says(/\d+ s left/);
    await press("Carry it away");
    await at.page.getByRole("button", { name: "Bring it back" }).waitFor();
    await press("Swipe it at the till");
    await says("Paid. The terminal approved it.");
  }).timeout(60_000);

  it("finds a card by itself that left its phone while it was armed, and is back", async () => {
    await pair();
    await armed();
    await press("Carry it away");
    await says(/The card is out of reach/);
    await press("Bring it back");
    await says("Swipe at the reader, or hand the card over.");
    await at.page.getByRole("link", { name: "Cards" }).click();
    await says(/in reach, battery/);
    await press("Take it back");
    await history("It was taken back from the card");
  }).timeout(60_000);

  it("leaves a card armed that was handed over, where its page is left", async () => {
    await pair();
    await order("Hand the card over");
    await press("Yes, arm the card");
    await press("Press its button twice");
    await says(/\d+ s left/);
    await at.page.getByRole("link", { name: "Cards" }).click();
    await says(/Swipe at the reader, or hand the card over/);
    await press("Swipe it at the till");
    await at.page.getByText("Approved", { exact: true }).waitFor();
  }).timeout(60_000);

  it("has several payment means on a card, each as steady as one", async () => {
    await pair();
    for (let more = 0; more < 2; more++) {
      await at.page.getByRole("link", { name: /^Card [A-Z2-7]{6}/ }).click();
      await press("Add a payment means");
      await main()
        .getByText("Ready")
        .nth(more + 1)
        .waitFor();
    }
    for (let look = 0; look < 15; look++) {
      expect(await main().getByText("Ready", { exact: true }).count()).to.equal(3);
      await at.page.waitForTimeout(200);
    }
  }).timeout(60_000);

  it("takes a payment back, before the card was asked and while it is armed", async () => {
    await pair();
    await order("Pay here");
    await press("No, take it back");
    await says("Nothing was sent.");
    await press("Pay again");
    await press("Hand the card over");
    await press("Yes, arm the card");
    await press("Press its button twice");
    await says(/\d+ s left/);
    await press("Take it back");
    await says("Nothing was sent.");
    await press("Swipe it at the till");
    expect(await at.page.getByText("No card was swiped yet.").count()).to.equal(1);
  }).timeout(60_000);

  it("knows of a payment whose page was closed: what the card had not, what is armed still, and what was sent", async () => {
    await pair();
    await order("Pay here");
    await at.page.reload();
    await at.page.goto(`${origin()}/#/`);
    await press("Take it back");
    await history("The card has sent nothing of it");
    await order("Hand the card over");
    await press("Yes, arm the card");
    await press("Press its button twice");
    await says(/\d+ s left/);
    await at.page.reload();
    await at.page.goto(`${origin()}/#/`);
    await says(/Swipe at the reader, or hand the card over/);
    await press("Swipe it at the till");
    await at.page.getByText("Approved", { exact: true }).waitFor();
    await press("Take it back");
    await history("The card has sent it; the terminal has the answer");
  }).timeout(90_000);

  it("tells why a terminal declined", async () => {
    await pair();
    await at.page.getByLabel("Amount, EUR", { exact: true }).fill("30");
    await press("Charge");
    await at.page.getByText("It asks for 30.00 EUR").waitFor();
    await at.page.getByRole("link", { name: /^Pay with/ }).click();
    await at.page.getByLabel("The most that may be charged, EUR").fill("9.50");
    await press("Pay here");
    await press("Yes, pay");
    await press("Press its button twice");
    await says(/Not paid. The terminal declined it: it asked for more than .* \(AMOUNT_OVER_CAP\)/);
  }).timeout(60_000);

  it("suspends and resumes: nothing can be paid with what is suspended", async () => {
    await pair();
    await press("Suspend");
    await says(/^Suspended by cardholder/);
    expect(await at.page.getByRole("link", { name: /^Pay with/ }).count()).to.equal(0);
    await press("Resume");
    await says("Ready");
  }).timeout(60_000);

  it("hears of what others do with its payment means, as soon as they do", async () => {
    await pair();
    const { cardId } = decodePairingCode(at.world.pairingCode);
    const keys = { keysFile: undefined, writtenKeys: undefined };
    const desk = await issuerDesk({ who: "operator", url: at.world.network.issuer.url, ...keys });
    const [token] = await desk.tokens(cardId);
    await desk.move(token!, "suspended");
    await says(/^Suspended by issuer/);
    await says("Ask the issuer");
    await desk.move(token!, "active");
    await says("Ready");
  }).timeout(60_000);
});
