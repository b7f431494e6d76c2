// The issuer's door for ISO 8583: what comes in goes to the desk, and what the desk decides goes back.

import {
  answerFields,
  type IsoDoor,
  type IsoDoorOptions,
  type Operations,
  openIsoDoor,
  timed,
} from "@enabling-card/doors";
import type { Fields, Message } from "@enabling-card/iso8583";
import { type Asker, authorise } from "./authorise.js";
import type { Desk, Outcome } from "./desk.js";
import { DECLINES } from "./errors.js";
import type { Issuer } from "./issuer.js";

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
      desk.ask(
        message,
        (outcome) => answer(answerTo(message, outcome), outcome === undefined ? "ISSUER_FAILED" : undefined),
        from,
      );
    }),
  });
}

/** As a processor in the same process asks; of a message type that no door serves nothing is decided. */
export function askedByProcessor(desk: Desk, message: Message): Promise<Message> {
  return new Promise((resolve, reject) => {
    if (!SERVED.includes(message.mti)) return reject(new RangeError(`The issuer serves no ${message.mti}`));
    desk.ask(message, (outcome) => resolve(answerTo(message, outcome)), "processor");
  });
}

/** The answer to a request; undefined for a message type this door does not serve. */
export async function reply(
  issuer: Issuer,
  message: Message,
  onFault: (code: string) => void = () => undefined,
): Promise<Message | undefined> {
  if (!SERVED.includes(message.mti)) return undefined;
  try {
    return answerTo(message, await authorise(issuer, message));
  } catch {
    onFault("ISSUER_FAILED");
    return answerTo(message, undefined);
  }
}

function answerTo(message: Message, outcome: Outcome): Message {
  const { mti, fields: asked } = answerFields(message);
  const { decline, auth_code: authCode } = outcome ?? ({ decline: "ISSUER_FAILED", auth_code: null } as const);
  const said: Fields = {
    ...(authCode !== null && { 38: authCode }),
    39: decline === null ? "00" : DECLINES[decline],
    ...(decline !== null && { 44: decline }),
  };
  return { mti, fields: { ...asked, ...said } };
}
