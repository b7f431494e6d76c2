// State information of a payment means (system 3): what the issuer tells the phone of one token, and what its token cryptogram is the AES-CMAC of
// (docs/protocol.md, "State information"). Made by the issuer, made again and compared by the phone.

import { concat, u32be, utf8 } from "./bytes.js";
import { holdBits, type Standing } from "./token-table.js";

export const REGISTRATION_SIZE = 16;
export const REGISTRATION_KEY_SIZE = 16;
export const INFO_NONCE_SIZE = 16;
export const INFO_CRYPTOGRAM_SIZE = 16;
/** Of the issuer's address for its holders, octets. */
export const INFO_LINK_MAX = 200;

export interface StateInfo extends Standing {
  readonly cardId: Uint8Array;
  readonly tokenRef: Uint8Array;
  /** Names the registration whose key it is, 16 octets. */
  readonly registration: Uint8Array;
  /** The phone's, of this question, 16 octets. */
  readonly nonce: Uint8Array;
  /** Of the token's state: u32. */
  readonly version: number;
  /** Where the issuer helps whoever it suspended; empty where it has no such page. */
  readonly link: string;
}

/** `ecard/1 state info` | cardId | tokenRef | registration | nonce | version u32 | state | holds | length of link u16 | link. */
export function stateInfoInput(info: StateInfo): Uint8Array {
  const link = utf8(info.link);
  return concat(
    utf8("ecard/1 state info"),
    info.cardId,
    info.tokenRef,
    info.registration,
    info.nonce,
    u32be(info.version),
    Uint8Array.of(info.state, holdBits(info.holds), link.length >> 8, link.length & 0xff),
    link,
  );
}
