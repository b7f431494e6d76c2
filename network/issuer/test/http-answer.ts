// What the phones' door answered.

import { expect } from "chai";

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
