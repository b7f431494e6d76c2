// An armed card is ready to pay whoever touches it: how long it stays so, and what is judged again when a head is there.

import type { GrantBundle } from "@enabling-card/sdk";
import { Indicator, Phase } from "@enabling-card/wire";
import { expect } from "chai";
import { DOMAIN, type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { forge, offlineGrant } from "../support/forge.js";
import { settle } from "../support/raw-session.js";

describe("an armed card", () => {
  let w: World;
  let phone: Phone;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
  });
  afterEach(() => w.close());

  async function arm(bundle: GrantBundle): Promise<number> {
    await phone.card.load(bundle);
    const presented = phone.card.present({ when: "swipe" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.pressTwice();
    return (await presented).armedForS!;
  }

  function swipes(): number {
    w.emulator.coil.clear();
    w.emulator.touchHead();
    w.emulator.advance(3000);
    return w.emulator.coil.emissions().length;
  }

  /** An off-line grant that lives for a day. */
  async function offline(): Promise<GrantBundle> {
    await phone.card.load(await forge(w, phone)); // sets the clock
    await phone.card.disarm();
    return forge(w, phone, offlineGrant(w, [DOMAIN.maxAmount, 1, 3]));
  }

  it("falls silent after 120 s, however long its grant lives", async () => {
    expect(await arm(await offline())).to.be.within(118, 120);
    w.emulator.advance(120_001);
    expect(swipes()).to.equal(0);
    expect((await phone.card.state()).info.phase).to.equal(Phase.Empty);
  });

  it("pays within those 120 s", async () => {
    await arm(await offline());
    w.emulator.advance(115_000);
    expect(swipes()).to.equal(1);
  });

  it("falls silent when its grant expires, though 120 s are not over", async () => {
    const expires = w.service.issuer.now() + 30;
    expect(await arm(await forge(w, phone, { grant: { expires } }))).to.be.within(25, 30);
    w.emulator.advance(31_000);
    expect(swipes()).to.equal(0);
    expect((await phone.card.state()).info.phase).to.equal(Phase.Empty);
  });

  it("whose battery ran low meanwhile sends nothing at the swipe, says so, and keeps the grant", async () => {
    const told: (string | undefined)[] = [];
    phone.card.subscribe((notice) => notice.type === "disarmed" && told.push(notice.why?.code));
    await arm(await phone.grant());
    w.emulator.battery.percent = 1;
    expect(swipes()).to.equal(0);
    for (let i = 0; i < 3; i++) await settle();
    expect(told).to.deep.equal(["BATTERY_LOW"]);
    expect((await phone.card.state()).info.phase).to.equal(Phase.Loaded);
  });
});

describe("a card that is sending", () => {
  it("and is disarmed falls silent in the middle of the pass", async () => {
    const w = await world({ autoPlay: false });
    const phone = await pairedPhone(w);
    await phone.card.load(await phone.grant());
    const presented = expectError(() => phone.card.present({ when: "now" }), "NO_GRANT");
    await w.emulator.shows(Indicator.Ask);
    w.emulator.pressTwice();
    w.emulator.advance(50);
    expect(w.emulator.coil.busy).to.equal(true);
    await phone.card.disarm();
    expect(w.emulator.coil.busy).to.equal(false);
    await presented;
    w.emulator.advance(3000);
    const passes = w.emulator.coil.emission()!.passes;
    expect(passes.map(({ complete }) => complete)).to.deep.equal([false]);
    expect(passes[0]!.endNs - passes[0]!.startNs).to.be.below(60e6);
    expect(w.emulator.violations).to.deep.equal([]);
    await w.close();
  });
});
