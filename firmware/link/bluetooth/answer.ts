// What the ATT server answers with: a response or an Error Response (Core 6.0, Vol 3 Part F 3.4.1.1), one at a time.
import { aclPayload, aclSubmit, RESPONSE } from "./acl";

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
export function response(): usize {
  return aclPayload(RESPONSE);
}

export function respond(length: i32): void {
  aclSubmit(RESPONSE, ATT_CHANNEL, length);
}

export function refuse(request: i32, handle: i32, error: AttError): void {
  const at = response();
  store<u8>(at, 0x01);
  store<u8>(at + 1, <u8>request);
  store<u16>(at + 2, <u16>handle);
  store<u8>(at + 4, <u8>error);
  respond(5);
}
