// What the network says of a payment.

import { EXIT, type ExitCode } from "../exit-codes.js";
import type { Output } from "../output.js";

interface Answer {
  readonly approved: boolean;
  readonly responseCode: string;
  readonly ourCode?: string | undefined;
  readonly authCode?: string | undefined;
}

/** One that is declined ends the call with 1. */
export function tellAnswer(output: Output, answer: Answer, onCode: (code: ExitCode) => void): void {
  const { approved, responseCode, ourCode, authCode } = answer;
  output.fact(answer);
  output.result(
    approved
      ? `${output.paint("green", "✓")} approved ${authCode}`
      : `${output.paint("red", "✗")} declined ${responseCode} ${ourCode ?? ""}`.trimEnd(),
  );
  if (!approved) onCode(EXIT.failed);
}
