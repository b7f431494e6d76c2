// A step of the model of payment means: done to phone, card and issuer, and to the model; then all of them must agree.

import { TokenState, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import type fc from "fast-check";
import { type MeansModel, shownBy } from "./means-model.js";
import { ends, type MeansWorld } from "./means-world.js";

type Step = (model: MeansModel, world: MeansWorld) => Promise<void>;
export type MeansCommand = fc.AsyncCommand<MeansModel, MeansWorld>;

const SETTLED_MS = 5_000;

export function command(name: string, step: Step, when: (model: MeansModel) => boolean = () => true): MeansCommand {
  return {
    check: (model) => when(model),
    async run(model, world) {
      await ends(name, step(model, world));
      model.hear();
      await ends(`where all are behind "${name}"`, agree(model, world));
    },
    toString: () => name,
  };
}

/** Issuer, card and phone are where the model has them; the phone may need a moment, for news. */
async function agree(model: MeansModel, world: MeansWorld): Promise<void> {
  const { card, means, service, ref, token, isListening, told } = world;
  const row = (await service.issuer.store.token(ref))!;
  const holds = row.state === TokenState.Suspended ? row.state_by.split(",").sort() : [];
  expect({ state: row.state, holds, version: row.version }, "the issuer").to.deep.equal(model.issuer);
  const own = (await card.state()).tokens.find(({ tokenRef }) => toHex(tokenRef) === toHex(token.tokenRef));
  expect(own && { version: own.version, state: own.state }, "the card").to.deep.equal(model.card);
  const wanted = JSON.stringify(model.shown());
  const isSettled = () =>
    isListening() === model.isListening && told() >= model.told && JSON.stringify(shownBy(means.view)) === wanted;
  const start = performance.now();
  while (!isSettled() && performance.now() - start < SETTLED_MS) await new Promise((resolve) => setTimeout(resolve, 2));
  await means.settled();
  expect(isListening(), "the line of events").to.equal(model.isListening);
  expect(shownBy(means.view), "the phone").to.deep.equal(model.shown());
}

/** The code that `work` ends with: the issuer's own, where it refused. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: { code: string; issuerCode?: string }) => error.issuerCode ?? error.code,
  );
}
