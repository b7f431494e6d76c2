// State information as the issuer's HTTP API writes it. Only its form is judged here.

import {
  CARD_ID_SIZE,
  INFO_CRYPTOGRAM_SIZE,
  INFO_LINK_MAX,
  INFO_NONCE_SIZE,
  REGISTRATION_SIZE,
  STATE_ACTORS,
  STATE_NAMES,
  TOKEN_REF_SIZE,
  TokenState,
} from "@enabling-card/wire";
import type { StateInfoAnswer } from "../means/check-info.js";
import { type Answer, malformed, octets } from "./json-door.js";

const STATES: readonly TokenState[] = [
  TokenState.Inactive,
  TokenState.Active,
  TokenState.Suspended,
  TokenState.Deactivated,
];
/** No app is led to an address that is not the issuer's own kind. */
const LINK = /^(https:\/\/[!-~]+)?$/;

/** @throws {CardError} `ISSUER_ANSWER_INVALID` */
export function readStateInfo(answer: Answer): StateInfoAnswer {
  const { version, state: name, heldBy, link } = answer;
  if (typeof version !== "number" || !Number.isInteger(version) || version < 0 || version > 0xffff_ffff) {
    throw malformed("version");
  }
  const state = STATES.find((one) => STATE_NAMES[one] === name);
  if (state === undefined) throw malformed("state");
  if (!Array.isArray(heldBy) || heldBy.some((one) => !STATE_ACTORS.includes(one))) throw malformed("heldBy");
  const holds = STATE_ACTORS.filter((one) => heldBy.includes(one));
  // A suspended token is held by somebody, and no other is.
  if (holds.length !== heldBy.length || holds.length > 0 !== (state === TokenState.Suspended))
    throw malformed("heldBy");
  if (typeof link !== "string" || link.length > INFO_LINK_MAX || !LINK.test(link)) throw malformed("link");
  return {
    ...{ cardId: sized(answer, "cardId", CARD_ID_SIZE), tokenRef: sized(answer, "tokenRef", TOKEN_REF_SIZE) },
    registration: sized(answer, "registration", REGISTRATION_SIZE),
    nonce: sized(answer, "nonce", INFO_NONCE_SIZE),
    ...{ version, state, holds, link },
    cryptogram: sized(answer, "cryptogram", INFO_CRYPTOGRAM_SIZE),
  };
}

function sized(answer: Answer, field: string, size: number): Uint8Array {
  const value = octets(answer, field);
  if (value.length !== size) throw malformed(field);
  return value;
}
