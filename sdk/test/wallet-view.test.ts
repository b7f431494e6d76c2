import { CardEvent, Phase, Status } from "@enabling-card/wire";
import { expect } from "chai";
import { followCard, type WalletView } from "../src/index.js";
import { BUNDLE, paired, soon } from "./paired.js";

describe("what the owner sees", () => {
  it("is the way of a payment at the swipe: ready, asking, armed with its countdown, sent", async () => {
    const { twin, card } = await paired();
    const seen: WalletView[] = [];
    const follower = followCard(
      card,
      (view) => seen.push(view),
      () => 1_000_000,
    );
    expect(follower.view.status).to.equal("idle");
    await card.load(BUNDLE);
    await card.present({ when: "swipe" });
    twin.phase = Phase.Sending;
    twin.passesSent = 1;
    twin.say(CardEvent.PassSent, [0, 1, twin.info()]);
    twin.phase = Phase.Done;
    twin.say(CardEvent.Done, twin.info());
    await soon();
    expect(seen.map(({ status }) => status)).to.deep.equal(["ready", "asking", "armed", "sending", "sent"]);
    expect(seen[2]!.armedUntilMs).to.equal(1_120_000);
    expect(seen[4]).to.include({ passesSent: 1, armedUntilMs: undefined });
    follower.stop();
    await card.close();
  });

  it("is the way of a payment from afar: ready, asking, sent without a pass, also for whoever looks again", async () => {
    const { card } = await paired();
    const seen: WalletView[] = [];
    followCard(card, (view) => seen.push(view));
    await card.load(BUNDLE);
    await card.confirm();
    await soon();
    expect(seen.map(({ status }) => status)).to.deep.equal(["ready", "asking", "sent"]);
    expect(followCard(card).view, "nobody is told to pay again").to.include({ status: "sent", passesSent: 0 });
    await card.close();
  });

  it("says not sent where the card was disarmed before a pass, and unknown where the link goes while it is armed", async () => {
    const { twin, card } = await paired();
    const follower = followCard(card);
    await card.load(BUNDLE);
    await card.present({ when: "swipe" });
    twin.say(CardEvent.BatteryLow, 4);
    twin.drop();
    await soon();
    expect(follower.view).to.include({ status: "unknown", connected: false, batteryLow: true });
    await card.refresh();
    twin.phase = Phase.Empty;
    twin.say(CardEvent.Disarmed, [Status.Ok, twin.info()]);
    await soon();
    expect(follower.view.status).to.equal("not-sent");
    await card.close();
  });
});
