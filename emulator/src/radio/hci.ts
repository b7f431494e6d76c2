// HCI in octets (Core 6.0, Vol 4 Part E 5.4, 7): opcodes by name, commands taken apart, events put together.

import { concat } from "@enabling-card/wire";

export const PACKET = { command: 1, aclData: 2, event: 4 } as const;

const opcode = (group: number, command: number) => (group << 10) | command;

export const OP = {
  disconnect: opcode(1, 0x06),
  readRemoteVersion: opcode(1, 0x1d),
  setEventMask: opcode(3, 0x01),
  reset: opcode(3, 0x03),
  readLeHostSupport: opcode(3, 0x6c),
  readLocalVersion: opcode(4, 0x01),
  readLocalCommands: opcode(4, 0x02),
  readLocalFeatures: opcode(4, 0x03),
  readBufferSize: opcode(4, 0x05),
  readAddress: opcode(4, 0x09),
  readRssi: opcode(5, 0x05),
  leSetEventMask: opcode(8, 0x01),
  leReadBufferSize: opcode(8, 0x02),
  leReadLocalFeatures: opcode(8, 0x03),
  leSetRandomAddress: opcode(8, 0x05),
  leSetAdvertisingParameters: opcode(8, 0x06),
  leReadAdvertisingPower: opcode(8, 0x07),
  leSetAdvertisingData: opcode(8, 0x08),
  leSetScanResponse: opcode(8, 0x09),
  leSetAdvertisingEnable: opcode(8, 0x0a),
  leSetScanParameters: opcode(8, 0x0b),
  leSetScanEnable: opcode(8, 0x0c),
  leCreateConnection: opcode(8, 0x0d),
  leCreateConnectionCancel: opcode(8, 0x0e),
  leReadFilterListSize: opcode(8, 0x0f),
  leClearFilterList: opcode(8, 0x10),
  leAddToFilterList: opcode(8, 0x11),
  leRemoveFromFilterList: opcode(8, 0x12),
  leConnectionUpdate: opcode(8, 0x13),
  leReadChannelMap: opcode(8, 0x15),
  leReadRemoteFeatures: opcode(8, 0x16),
  leRand: opcode(8, 0x18),
  leStartEncryption: opcode(8, 0x19),
  leKeyNegativeReply: opcode(8, 0x1b),
  leReadSupportedStates: opcode(8, 0x1c),
  leSetDataLength: opcode(8, 0x22),
  leWriteDefaultDataLength: opcode(8, 0x24),
  leReadMaximumDataLength: opcode(8, 0x2f),
} as const;

/** Each command's bit among the supported ones, from the first octet's lowest on (Vol 4 Part E 6.27). */
export const SUPPORTED_BIT: Readonly<Record<keyof typeof OP, number>> = {
  disconnect: 5,
  readRemoteVersion: 23,
  setEventMask: 46,
  reset: 47,
  readLocalVersion: 115,
  readLocalCommands: 116,
  readLocalFeatures: 117,
  readBufferSize: 119,
  readAddress: 121,
  readRssi: 125,
  readLeHostSupport: 197,
  leSetEventMask: 200,
  leReadBufferSize: 201,
  leReadLocalFeatures: 202,
  leSetRandomAddress: 204,
  leSetAdvertisingParameters: 205,
  leReadAdvertisingPower: 206,
  leSetAdvertisingData: 207,
  leSetScanResponse: 208,
  leSetAdvertisingEnable: 209,
  leSetScanParameters: 210,
  leSetScanEnable: 211,
  leCreateConnection: 212,
  leCreateConnectionCancel: 213,
  leReadFilterListSize: 214,
  leClearFilterList: 215,
  leAddToFilterList: 216,
  leRemoveFromFilterList: 217,
  leConnectionUpdate: 218,
  leReadChannelMap: 220,
  leReadRemoteFeatures: 221,
  leRand: 223,
  leStartEncryption: 224,
  leKeyNegativeReply: 226,
  leReadSupportedStates: 227,
  leSetDataLength: 270,
  leWriteDefaultDataLength: 272,
  leReadMaximumDataLength: 283,
};

/** Error codes (Vol 1 Part F 1.3). */
export const HCI_ERROR = {
  ok: 0,
  unknownCommand: 0x01,
  unknownConnection: 0x02,
  keyMissing: 0x06,
  memoryExceeded: 0x07,
  connectionExists: 0x0b,
  commandDisallowed: 0x0c,
  unsupportedValue: 0x11,
  invalidParameters: 0x12,
} as const;

export const u16 = (value: number): Uint8Array => Uint8Array.of(value & 0xff, value >> 8);

/** The longest data PDU: octets, and the time on the air that they take with their 14 others at 1 Mbit/s, us (7.8.33). */
export const dataLength = (octets: number): Uint8Array => concat(u16(octets), u16((octets + 14) * 8));

export function readU16(octets: Uint8Array, at: number): number {
  return (octets[at] ?? 0) | ((octets[at + 1] ?? 0) << 8);
}

export function event(code: number, ...parameters: Uint8Array[]): Uint8Array {
  const body = concat(...parameters);
  return concat(Uint8Array.of(PACKET.event, code, body.length), body);
}

export const EVENT = {
  disconnectionComplete: 0x05,
  encryptionChange: 0x08,
  remoteVersion: 0x0c,
  commandComplete: 0x0e,
  commandStatus: 0x0f,
  hardwareError: 0x10,
  completedPackets: 0x13,
  leMeta: 0x3e,
} as const;

export const LE_EVENT = {
  connectionComplete: 0x01,
  advertisingReport: 0x02,
  connectionUpdate: 0x03,
  remoteFeatures: 0x04,
  keyRequest: 0x05,
  dataLengthChange: 0x07,
} as const;

/** An address as people write it, the highest octet first, as it goes over HCI. */
export function addressOctets(text: string): Uint8Array {
  const octets = text.split(":").map((part) => Number.parseInt(part, 16));
  return Uint8Array.from(octets.reverse());
}

export function addressText(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0"))
    .reverse()
    .join(":");
}
