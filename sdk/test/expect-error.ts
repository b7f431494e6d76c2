// A call that must fail, and how.

import { expect } from "chai";
import { CardError, type CardErrorCode } from "../src/index.js";

/** Makes `call`; fails unless it ends with a CardError of `code`, which is returned. */
export async function expectError(call: () => Promise<unknown>, code: CardErrorCode): Promise<CardError> {
  const error = await call().then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error, `expected ${code}`).to.be.instanceOf(CardError);
  expect((error as CardError).code).to.equal(code);
  return error as CardError;
}
