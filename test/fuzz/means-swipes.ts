// Swipes of the model of payment means: a card that knows of a suspension is silent, whatever it is given and whatever it holds.

import { TokenState } from "@enabling-card/wire";
import { expect } from "chai";
import { forge } from "../support/forge.js";
import { type MeansModel, refusalOf } from "./means-model.js";
import { codeOf, command } from "./means-step.js";
import { heardAtCoil, type MeansWorld, pressing } from "./means-world.js";

export const swipe = command(
  "a swipe",
  async (model, world) => {
    const { card, emulator, terminal } = world;
    await card.disarm();
    model.isArmed = false;
    emulator.coil.clear();
    const given = await world.grant().catch((error) => error.issuerCode as string);
    expect(typeof given === "string" ? given : undefined, "the issuer").to.equal(refusalOf(model.issuer.state));
    const silence = model.silence();
    if (silence !== undefined) {
      // The card by itself: genuine to the last octet, and the issuer knows nothing of it.
      const bundle = await forge(world, world);
      expect(await codeOf(card.load(bundle)), "a card that knows of it").to.equal(silence);
      await codeOf(pressing(world, card.present({ when: "now" })));
      expect(emulator.coil.emission(), "a card that knows of it is silent").to.equal(undefined);
    } else if (typeof given !== "string") {
      await card.load(given);
      model.card ??= { version: 0, state: TokenState.Active };
      await pressing(world, card.present({ when: "now" }));
      expect(await terminal.authorise(heardAtCoil(world), { amount: 950 })).to.include({ approved: true });
    }
  },
  ({ isOff }) => !isOff,
);

async function armed(model: MeansModel, world: MeansWorld): Promise<void> {
  await world.card.disarm();
  world.emulator.coil.clear();
  await world.card.load(await world.grant());
  model.card ??= { version: 0, state: TokenState.Active };
  await pressing(world, world.card.present({ when: "swipe" }));
  model.isArmed = true;
}

const canPay = (model: MeansModel) =>
  !model.isOff && model.issuer.state === TokenState.Active && model.silence() === undefined;

export const arm = command("the card is armed", armed, canPay);

export const armedAndTold = command(
  "an armed card hears of a suspension",
  async (model, world) => {
    const { card, emulator, service, ref } = world;
    await armed(model, world);
    await service.issuer.setState(ref, TokenState.Suspended, "issuer");
    model.move(TokenState.Suspended, "issuer");
    await card.state(await service.issuer.stateObject(card.cardId, ref, card.info.checkpointSize));
    expect(model.give(model.issuer)).to.equal(undefined);
    emulator.touchHead();
    emulator.advance(5_000);
    expect(emulator.coil.emission(), "silent within one message").to.equal(undefined);
  },
  canPay,
);

export const touch = command("a terminal's head touches the card", async (model, world) => {
  const { emulator, terminal } = world;
  emulator.coil.clear();
  emulator.touchHead();
  emulator.advance(5_000);
  const reads = heardAtCoil(world);
  expect(emulator.coil.emission() !== undefined, "the coil plays").to.equal(model.isArmed);
  if (!model.isArmed) return;
  model.isArmed = false;
  const { state } = model.issuer;
  const isPaid = state === TokenState.Active;
  const said = await terminal.authorise(reads, { amount: 950 });
  expect(said).to.include({ approved: isPaid, ...(!isPaid && { ourCode: refusalOf(state) }) });
});
