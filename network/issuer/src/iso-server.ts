// The issuer's door for ISO 8583: what comes in goes to the desk, and what the desk decides goes back.

import {
  answerFields,
  type IsoDoor,
  type IsoDoorOptions,
  LineError,
  type Operations,
  openIsoDoor,
  timed,
} from "@enabling-card/doors";
import type { Fields, Message } from "@enabling-card/iso8583";
import type { Asker } from "./authorise.js";
import type { Desk, Outcome } from "./desk.js";
import { DECLINES } from "./errors.js";

/** Authorisation request and reversal advice, and the repeat of either. */
const SERVED = ["0100", "0101", "0400", "0401"];

/** Rejects with Node's error where the address cannot be had. @param from - Who comes to this door */
export function listenIso(
  desk: Desk,
  from: Asker,
  options: Omit<IsoDoorOptions, "serve" | "served"> & { readonly operations: Operations },
): Promise<IsoDoor> {
  return openIsoDoor({
    ...options,
    served: SERVED,
    serve: timed(options.operations, (message, answer) => {
      desk.ask(message, (outcome) => answer(answerTo(message, outcome), faultOf(outcome)), from);
    }),
  });
}

/**
 * As whoever is in the same process asks; of a message type that no door serves nothing is decided.
 *
 * @param onFault - Told as a door's is
 * @throws {LineError} `LINE_TIMEOUT`, where it is not known whether the decision is kept: over a line no answer would have come
 */
export function askedHere(
  desk: Desk,
  from: Asker,
  message: Message,
  onFault: (code: string) => void,
): Promise<Message> {
  return new Promise((resolve, reject) => {
    if (!SERVED.includes(message.mti)) return reject(new RangeError(`The issuer serves no ${message.mti}`));
    const take = (outcome: Outcome) => {
      const [answer, fault] = [answerTo(message, outcome), faultOf(outcome)];
      if (fault !== undefined) onFault(fault);
      if (answer === undefined) reject(new LineError("LINE_TIMEOUT"));
      else resolve(answer);
    };
    desk.ask(message, take, from);
  });
}

function faultOf(outcome: Outcome): string | undefined {
  if (outcome === "open") return "COMMIT_OPEN";
  return outcome === undefined ? "ISSUER_FAILED" : undefined;
}

/** None where it may be an approval: who hears nothing reverses it, who hears a no does not. */
function answerTo(message: Message, outcome: Outcome): Message | undefined {
  if (outcome === "open") return undefined;
  const { mti, fields: asked } = answerFields(message);
  const { decline, auth_code: authCode } = outcome ?? ({ decline: "ISSUER_FAILED", auth_code: null } as const);
  const said: Fields = {
    ...(authCode !== null && { 38: authCode }),
    39: decline === null ? "00" : DECLINES[decline],
    ...(decline !== null && { 44: decline }),
  };
  return { mti, fields: { ...asked, ...said } };
}
