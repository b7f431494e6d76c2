// What the phones' door answered, and what each change asked of it has.

import { randomBytes } from "node:crypto";
import { expect } from "chai";

/** The header of a request that is no repeat. */
export function newKey(): { readonly "idempotency-key": string } {
  return { "idempotency-key": randomBytes(12).toString("base64url") };
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

/** It is a refusal, by that status and code, and holds nothing else. */
export function refused({ status, body }: Answer, want: number, code: string): void {
  expect(body).to.have.all.keys("code", "message");
  expect([status, body.code]).to.deep.equal([want, code]);
}
