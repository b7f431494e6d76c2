// A refusal is its own code and nothing else: no edge on the coil, no octet changed in the card's flash.

import type { MemoryBlock } from "@enabling-card/emulator";
import { CardError } from "@enabling-card/sdk";
import { expect } from "chai";
import type { World } from "./card-with-issuer.js";

/** Runs `work`; it must end with `code`, as a `CardError` with a sentence. */
export async function expectError(work: () => Promise<unknown>, code: string): Promise<CardError> {
  const error = await work().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, `expected ${code}`).to.be.instanceOf(CardError);
  expect(error).to.have.property("code", code);
  expect((error as CardError).message).to.have.length.greaterThan(20);
  return error as CardError;
}

/** As `expectError`, and the card is as it was: flash octet by octet, coil silent, no trap. */
export async function expectRefusal(world: World, work: () => Promise<unknown>, code: string): Promise<void> {
  const block = world.block as MemoryBlock;
  const before = block.snapshot();
  world.emulator.coil.clear();
  await expectError(work, code);
  expect(Buffer.compare(before, block.snapshot()), `${code} changed the flash`).to.equal(0);
  expect(world.emulator.coil.emission(), `${code} moved the coil`).to.equal(undefined);
  expect(world.emulator.traps).to.deep.equal([]);
}
