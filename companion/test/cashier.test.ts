// The till's other side, in Chromium: a cashier who swipes twice, the wrong way or too late, and what the app says then.
import { expect } from "chai";
import type { TillAnswer } from "../src/world/events.js";
import { AtTable } from "./at-table.js";

describe("a cashier", () => {
  const at = new AtTable();
  const { pair, press, says, armed, history } = at;
  const swipes = async (how: string) => {
    await at.page.getByLabel("The cashier swipes").selectOption({ label: how });
    await at.page.waitForFunction(
      (label) => document.querySelector<HTMLSelectElement>(".table select")?.selectedOptions[0]?.label === label,
      how,
    );
  };
  const tillSays = (text: string | RegExp) =>
    at.page.getByRole("region", { name: "The till" }).getByText(text).waitFor();

  it("who swipes twice is paid once: the owner hears of one payment, and the second is declined or not sent", async () => {
    await pair();
    await swipes("twice, before the answer is there");
    await armed();
    const said: TillAnswer[] = [];
    const both = new Promise<void>((resolve) => {
      at.world.subscribe((event) => {
        if (event.kind === "answer" && said.push(event.answer) === 2) resolve();
      });
    });
    await press("Swipe it at the till");
    await both;
    await says("Paid. The terminal approved it.");
    await history("The terminal approved it");
    // The second one was on its way when the card was taken back, or was not: it is a no of one kind or another.
    expect(said.map((answer) => answer.kind === "answered" && answer.approved)).to.deep.equal([true, false]);
  }).timeout(60_000);

  it("who swipes twice while the phone is away is paid once, and the owner is told that the second was declined", async () => {
    await pair();
    await swipes("twice, before the answer is there");
    await armed();
    await press("Carry it away");
    await at.page.getByRole("button", { name: "Bring it back" }).waitFor();
    await press("Swipe it at the till");
    await says("Paid. The terminal approved it.");
    await tillSays("Declined: ATC_REPLAYED");
    await says("It was swiped once more: that was declined, and nothing is paid twice.");
  }).timeout(60_000);

  it("who swipes the wrong way is paid: the till reads it backwards", async () => {
    await pair();
    await swipes("the wrong way");
    await armed();
    await press("Swipe it at the till");
    await tillSays("Approved, read backwards");
    await says("Paid. The terminal approved it.");
  }).timeout(60_000);

  it("who holds the card's back to the reader is told to swipe again, and so is its owner; then it is paid", async () => {
    await pair();
    await swipes("with its back to the reader, at first");
    await armed();
    await press("Swipe it at the till");
    await at
      .main()
      .getByRole("alert")
      .getByText(/Have it swiped again/)
      .waitFor();
    await says(/\d+ s left/);
    await press("Swipe it at the till");
    await says("Paid. The terminal approved it.");
  }).timeout(60_000);

  it("who asks too late is declined, and the owner hears why; the next payment is as ever", async () => {
    await pair();
    await swipes("and asks the network too late");
    await armed();
    await press("Swipe it at the till");
    await says(
      /^Not paid\. The terminal declined it: it asked when the payment's two minutes were over.*\(GRANT_EXPIRED\)/,
    );
    await swipes("as one should");
    await press("Pay again");
    await press("Hand the card over");
    await press("Yes, arm the card");
    await press("Press its button twice");
    await says(/\d+ s left/);
    await press("Swipe it at the till");
    await says("Paid. The terminal approved it.");
  }).timeout(60_000);

  it("who swipes when the card's time is over hears nothing, and the owner knows that nothing was sent", async () => {
    await at.page.clock.install();
    await pair();
    await armed();
    await at.page.clock.fastForward(121_000);
    await says("Nothing was sent. Nobody swiped the card in time.");
    await press("Swipe it at the till");
    await tillSays(/The reader heard nothing: the card is not armed/);
    expect(at.world.view.lights).to.not.equal("armed");
  }).timeout(60_000);
});
