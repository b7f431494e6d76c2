// What a door itself answers: the fields that every answer echoes, network management (08xx), and a message that is no good.

import type { Fields, Message } from "@enabling-card/iso8583";

/** Echoed in an answer, as the standard asks. */
const ECHOED = [3, 4, 7, 11, 12, 13, 25, 32, 37, 41, 42, 49, 70] as const;
/** What whoever asked knows his request by, at least: STAN and time. */
const NEEDED = [7, 11] as const;
/** Requests and advices, first or repeated (ISO 8583:1987 4.1.1): an answer is never answered. */
const ASKS = /^0\d[024]\d$/;
const NETWORK_MANAGEMENT = /^080[01]$/;
/** DE 70: echo test. */
const ECHO_TEST = "301";
/** DE 39: format error. */
const FORMAT_ERROR = "30";

/** The fields of an answer that are the request's: ISO 8583:1987 4.1.2.3, with the MTI of the response to a request and to its repeat. */
export function answerFields({ mti, fields: asked }: Message): { readonly mti: string; readonly fields: Fields } {
  const fields: Record<number, string | Uint8Array> = {};
  for (const de of ECHOED) if (asked[de] !== undefined) fields[de] = asked[de];
  return { mti: `${mti.slice(0, 2)}10`, fields: fields as Fields };
}

/** That the line is there; undefined for any other message. */
export function networkAnswer(message: Message): Message | undefined {
  if (!NETWORK_MANAGEMENT.test(message.mti) || message.fields[70] !== ECHO_TEST) return undefined;
  const { mti, fields } = answerFields(message);
  return { mti, fields: { ...fields, 39: "00" } };
}

/**
 * To a message of which `message` could be read: what was wrong with it. Undefined where nobody would know what is answered.
 *
 * @param code - Ours, for DE 44
 */
export function formatAnswer(message: Message, code: string): Message | undefined {
  if (!ASKS.test(message.mti) || NEEDED.some((de) => message.fields[de] === undefined)) return undefined;
  const { fields } = answerFields(message);
  return { mti: answerMti(message.mti), fields: { ...fields, 39: FORMAT_ERROR, 44: code } };
}

/** Of a request 10, of an advice 30; of what else is asked the next one. */
function answerMti(mti: string): string {
  return `${mti.slice(0, 2)}${Number(mti[2]) + 1}0`;
}
