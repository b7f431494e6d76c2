// System 6, on the card: a delegated grant is one for now, and what its owner wants shown the card asks for itself.

import { GrantKind, Indicator, Method } from "@enabling-card/wire";
import { expect } from "chai";
import { DOMAIN, type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectRefusal } from "../support/expect-refusal.js";
import { forge } from "../support/forge.js";

const PIN = "2468";

describe("a delegated grant", () => {
  let here: World;
  let phone: Phone;
  beforeEach(async () => {
    here = await world();
    phone = await pairedPhone(here);
    await phone.card.setPin(PIN);
  });
  afterEach(async () => {
    await phone.card.close();
    await here.close();
  });

  const load = async (methods?: number) =>
    phone.card.load(
      await forge(here, phone, {
        grant: { kind: GrantKind.Delegated, ...(methods !== undefined && { caveats: { methods } }) },
      }),
    );
  const pressed = async () => {
    const asked = here.emulator.shows(Indicator.Ask).then(() => here.emulator.pressTwice());
    const [answer] = await Promise.all([phone.card.present({ when: "now" }), asked]);
    return answer;
  };

  it("is swiped by whom its owner asks nothing more of", async () => {
    expect(await load()).to.deep.include({ merchant: DOMAIN.merchant, cap: DOMAIN.maxAmount });
    expect((await pressed()).passesSent).to.be.greaterThan(0);
  });

  it("is swiped by the card's button where that is asked for, and by its PIN", async () => {
    for (const methods of [Method.Button, Method.Button | Method.Pin]) {
      await load(methods);
      expect((await pressed()).passesSent).to.be.greaterThan(0);
    }
    await load(Method.Pin);
    expect((await phone.card.present({ when: "now", pin: PIN })).passesSent).to.be.greaterThan(0);
  });

  it("stays silent at the button where the PIN is asked for: PIN_REQUIRED", async () => {
    await load(Method.Pin);
    await expectRefusal(here, () => phone.card.present({ when: "now" }), "PIN_REQUIRED");
  });

  it("stays silent at a PIN where the button is asked for", async () => {
    await load(Method.Button);
    await expectRefusal(here, () => phone.card.present({ when: "now", pin: PIN }), "PIN_NONCE_STALE");
  });
});
