// System 3 against its model (fast-check's commands): registration, suspensions by each who may, the PIN lock, comparisons and lies, a phone without a
// network, states that are brought and replayed, swipes, lost lines. Whatever comes in whatever order, phone, card and issuer are where the model has them.

import { TokenState } from "@enabling-card/wire";
import fc from "fast-check";
import { COMMANDS, register } from "./means-commands.js";
import { MeansModel } from "./means-model.js";
import { ends, meansWorld } from "./means-world.js";

/** Commands of one case, at most: few enough to be read where one fails. */
const COMMANDS_MAX = 24;
/** Most tokens begin active, and most are registered before anything else is. */
const FIRST = [TokenState.Active, TokenState.Active, TokenState.Active, TokenState.Inactive] as const;

export const means = fc.asyncProperty(
  fc.constantFrom(...FIRST),
  fc.constantFrom(true, true, true, false),
  fc.commands([...COMMANDS], { maxCommands: COMMANDS_MAX, size: "max" }),
  async (first, isRegistered, commands) => {
    const world = await ends("the beginning", meansWorld(first));
    const model = new MeansModel(first);
    try {
      if (isRegistered) await register.run(model, world);
      await fc.asyncModelRun(() => ({ model, real: world }), commands);
    } finally {
      await ends("the end", world.close());
    }
  },
);
