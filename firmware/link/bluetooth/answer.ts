// What the ATT server answers with: a response or an Error Response (Core 6.0, Vol 3 Part F 3.4.1.1), one at a time.
import { aclSubmit, PAYLOAD, RESPONSE } from "./acl";

/** The Attribute Protocol's fixed channel (Vol 3 Part A 2.1). */
export const ATT_CHANNEL: i32 = 4;

/** Error codes (Vol 3 Part F, table 3.4; the last from the Core Specification Supplement, Part B 1.2). */
export const enum AttError {
  None = 0,
  InvalidHandle = 0x01,
  ReadNotPermitted = 0x02,
  WriteNotPermitted = 0x03,
  InvalidPdu = 0x04,
  RequestNotSupported = 0x06,
  InvalidOffset = 0x07,
  AttributeNotFound = 0x0a,
  InvalidValueLength = 0x0d,
  UnsupportedGroupType = 0x10,
  ValueNotAllowed = 0x13,
  /** Client Characteristic Configuration Descriptor Improperly Configured. */
  NotConfigured = 0xfd,
}

/** Where a response is made ready: as long as the longest MTU. */
export const response: usize = RESPONSE + PAYLOAD;

/** Ends a response to `request`, of whose octets the first is put here: a response's code is its request's, and one (3.3.1). */
export function respond(request: i32, length: i32): void {
  store<u8>(response, <u8>(request + 1));
  aclSubmit(RESPONSE, ATT_CHANNEL, length);
}

export function refuse(request: i32, handle: i32, error: AttError): void {
  store<u8>(response + 1, <u8>request);
  store<u16>(response + 2, <u16>handle);
  store<u8>(response + 4, <u8>error);
  respond(0, 5); // 0x01
}
