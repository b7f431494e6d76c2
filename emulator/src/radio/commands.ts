// What a controller does at each HCI command (Core 6.0, Vol 4 Part E 7): one row a command, with the octets of parameters that it needs at least, and
// what they may be.

import { concat, equalBytes } from "@enabling-card/wire";
import { atConnection, type Command, type Fits, ofConnection, set, told, unless, value } from "./command.js";
import type { ControllerState, Peer } from "./controller-state.js";
import { addressOctets, dataLength, EVENT, HCI_ERROR, LE_EVENT, OP, readU16, SUPPORTED_BIT, u16 } from "./hci.js";
import {
  advertisedFits,
  advertisingFits,
  areUpTo,
  connectionParameters,
  dataOctets,
  initiationFits,
  reasonFits,
  scanParametersFit,
} from "./ranges.js";

const OK = Uint8Array.of(HCI_ERROR.ok);
const INTERVAL_UNIT_US = 625;
/** Devices that the filter accept list has room for. */
export const FILTER_LIST_MAX = 8;
/** LE only, 5.3, of the company identifier that nobody has. */
const VERSION = Uint8Array.of(0x0c, 0, 0, 0x0c, 0xff, 0xff, 0, 0);

const readMask = (parameters: Uint8Array) => new DataView(parameters.slice(0, 8).buffer).getBigUint64(0, true);

const hasRandomAddress = ({ randomAddress }: ControllerState) => randomAddress.some((octet) => octet !== 0);

const advertisingEnable: Command = {
  length: 1,
  fits: (parameters) => areUpTo(parameters, { 0: 1 }),
  run(controller, [on], opcode) {
    const anonymous = controller.advertisingOwn === 1 && !hasRandomAddress(controller);
    const full = on === 1 && [...controller.held.values()].some(({ role }) => role === 1);
    if (on === 1 && (anonymous || full)) {
      controller.complete(opcode, Uint8Array.of(anonymous ? HCI_ERROR.invalidParameters : HCI_ERROR.commandDisallowed));
      return;
    }
    controller.isAdvertising = on === 1;
    controller.complete(opcode);
    if (controller.isAdvertising) controller.air.advertise(controller);
    else controller.air.stopAdvertising(controller);
  },
};

/** Neither address nor parameters change while it advertises (7.8.4, 7.8.5), nor the address or a scan's parameters while it scans (7.8.10). */
const advertises = ({ isAdvertising }: ControllerState) => isAdvertising;
const scans = ({ scan }: ControllerState) => scan.enabled;
const isSeen = (controller: ControllerState) =>
  controller.isAdvertising || controller.scan.enabled || controller.initiating !== undefined;
/** The filter accept list does not change while it is looked at (7.8.15). */
const usesList = ({ scan, initiating, filterList }: ControllerState) =>
  (scan.enabled && scan.byList) || initiating?.peers === filterList;

const connect: Command = {
  length: 25,
  answer: "status",
  fits: (parameters) => initiationFits(parameters) && connectionParameters(parameters, 13) !== undefined,
  run(controller, parameters, opcode) {
    const busy = controller.initiating !== undefined;
    const anonymous = (parameters[12]! & 1) === 1 && !hasRandomAddress(controller);
    const byList = parameters[4] === 1;
    const known =
      !byList && [...controller.held.values()].some(({ peer }) => isSame(peer, peerIn(parameters.slice(5))));
    const exists = known ? HCI_ERROR.connectionExists : HCI_ERROR.ok;
    const refused = anonymous ? HCI_ERROR.invalidParameters : exists;
    const status = busy ? HCI_ERROR.commandDisallowed : refused;
    controller.status(opcode, status);
    if (status !== HCI_ERROR.ok) return;
    controller.initiatingOwn = (parameters[12]! & 1) as 0 | 1;
    controller.initiating = {
      peers: byList ? controller.filterList : [peerIn(parameters.slice(5))],
      ...connectionParameters(parameters, 13)!,
    };
    controller.listenOrNot();
  },
};

const cancel: Command = {
  length: 0,
  run(controller, _, opcode) {
    const wanted = controller.initiating;
    controller.complete(opcode, Uint8Array.of(wanted === undefined ? HCI_ERROR.commandDisallowed : HCI_ERROR.ok));
    if (wanted === undefined) return;
    controller.initiating = undefined;
    controller.listenOrNot();
    const nobody = concat(Uint8Array.of(HCI_ERROR.unknownConnection), new Uint8Array(17));
    controller.tellLe(LE_EVENT.connectionComplete, nobody);
  },
};

/** No key is there on either side: the peripheral's host is asked, and denies it. */
const encrypt = ofConnection(
  28,
  (controller, { handle, connection }) => {
    const peer = connection.peerOf(controller) as ControllerState;
    const theirs = peer.heldOf(connection);
    if (theirs !== undefined) peer.tellLe(LE_EVENT.keyRequest, u16(theirs.handle), new Uint8Array(10));
    controller.tellEvent(EVENT.encryptionChange, Uint8Array.of(HCI_ERROR.keyMissing), u16(handle), Uint8Array.of(0));
  },
  { centralOnly: true },
);

const peerIn = (parameters: Uint8Array): Peer => ({ type: parameters[0]!, address: parameters.slice(1, 7) });
/** Of an advertiser without an address, 0xff, the address is of no meaning (7.8.16). */
const isSame = (one: Peer, other: Peer) =>
  one.type === other.type && (one.type === 0xff || equalBytes(one.address, other.address));
const listed: Fits = ([type]) => type! <= 1 || type === 0xff;

function addToList({ filterList }: ControllerState, parameters: Uint8Array): number | undefined {
  const peer = peerIn(parameters);
  if (filterList.some((other) => isSame(other, peer))) return undefined;
  if (filterList.length >= FILTER_LIST_MAX) return HCI_ERROR.memoryExceeded;
  filterList.push(peer);
  return undefined;
}

/** The bits of all that is answered here (6.27). */
function supported(): Uint8Array {
  const bits = new Uint8Array(64);
  for (const bit of Object.values(SUPPORTED_BIT)) bits[bit >> 3]! |= 1 << (bit & 7);
  return bits;
}

export const COMMANDS: ReadonlyMap<number, Command> = new Map<number, Command>([
  [
    OP.reset,
    set(0, (controller) => {
      controller.reset();
    }),
  ],
  [
    OP.setEventMask,
    set(8, (controller, parameters) => {
      controller.eventMask = readMask(parameters);
    }),
  ],
  [
    OP.leSetEventMask,
    set(8, (controller, parameters) => {
      controller.leEventMask = readMask(parameters);
    }),
  ],
  [OP.readLocalVersion, value(...VERSION)],
  [OP.readLocalCommands, value(...supported())],
  [OP.readLocalFeatures, value(0, 0, 0, 0, 0x60, 0, 0, 0)], // LE, no BR/EDR
  [OP.readBufferSize, value(0, 0, 0, 0, 0, 0, 0)],
  [OP.readAddress, told(({ options }) => addressOctets(options.address))],
  [OP.readLeHostSupport, value(1, 0)],
  [OP.leReadBufferSize, told(({ options }) => concat(u16(options.aclOctets), Uint8Array.of(options.aclBuffers)))],
  [OP.leReadLocalFeatures, value(0x20, 0, 0, 0, 0, 0, 0, 0)], // data length extension; no extended advertising
  [OP.leReadSupportedStates, value(255, 255, 255, 255, 255, 3, 0, 0)],
  [OP.leReadFilterListSize, value(FILTER_LIST_MAX)],
  [
    OP.leClearFilterList,
    unless(usesList, 0, (controller) => {
      controller.filterList.length = 0;
    }),
  ],
  [OP.leAddToFilterList, unless(usesList, 7, addToList, listed)],
  [
    OP.leRemoveFromFilterList,
    unless(
      usesList,
      7,
      ({ filterList }, parameters) => {
        const at = filterList.findIndex((peer) => isSame(peer, peerIn(parameters)));
        if (at >= 0) filterList.splice(at, 1);
      },
      listed,
    ),
  ],
  [OP.leReadAdvertisingPower, value(0)],
  [
    OP.leReadMaximumDataLength,
    told(({ options }) => {
      const lengths = dataLength(options.dataOctets);
      return concat(lengths, lengths);
    }),
  ],
  [
    OP.leWriteDefaultDataLength,
    set(
      4,
      (controller, parameters) => {
        controller.suggestedOctets = dataOctets(parameters, 0);
      },
      (parameters) => dataOctets(parameters, 0) > 0,
    ),
  ],
  [
    OP.leSetDataLength,
    atConnection(
      6,
      (controller, held, parameters) => {
        controller.setDataLength(held, dataOctets(parameters, 2));
      },
      (parameters) => dataOctets(parameters, 2) > 0,
    ),
  ],
  [OP.leRand, told(({ air }) => air.bytes(8))],
  [
    OP.leSetRandomAddress,
    unless(isSeen, 6, (controller, parameters) => {
      controller.randomAddress = parameters.slice(0, 6);
    }),
  ],
  [
    OP.leSetAdvertisingParameters,
    unless(
      advertises,
      15,
      (controller, parameters) => {
        const type = parameters[4]!;
        if (type === 1 || type === 4) return HCI_ERROR.unsupportedValue; // to one peer alone
        controller.advertisingOwn = (parameters[5]! & 1) as 0 | 1;
        const intervalUs = readU16(parameters, 0) * INTERVAL_UNIT_US;
        controller.advertising = { ...controller.advertising, type, intervalUs };
      },
      advertisingFits,
    ),
  ],
  [
    OP.leSetAdvertisingData,
    set(
      32,
      (controller, parameters) => {
        controller.advertising = { ...controller.advertising, data: parameters.slice(1, 1 + parameters[0]!) };
      },
      advertisedFits,
    ),
  ],
  [
    OP.leSetScanResponse,
    set(
      32,
      (controller, parameters) => {
        controller.advertising = { ...controller.advertising, scanResponse: parameters.slice(1, 1 + parameters[0]!) };
      },
      advertisedFits,
    ),
  ],
  [OP.leSetAdvertisingEnable, advertisingEnable],
  [
    OP.leSetScanParameters,
    unless(
      scans,
      7,
      (controller, parameters) => {
        const byList = (parameters[6]! & 1) === 1;
        controller.scan = { ...controller.scan, active: parameters[0] === 1, own: parameters[5]!, byList };
      },
      scanParametersFit,
    ),
  ],
  [
    OP.leSetScanEnable,
    set(
      2,
      (controller, [on, filter]) => {
        if (on === 1 && (controller.scan.own & 1) === 1 && !hasRandomAddress(controller))
          return HCI_ERROR.invalidParameters;
        if (on === 1) controller.startScan(filter === 1);
        else controller.stopScan();
      },
      (parameters) => areUpTo(parameters, { 0: 1, 1: 1 }),
    ),
  ],
  [OP.leCreateConnection, connect],
  [OP.leCreateConnectionCancel, cancel],
  [
    OP.disconnect,
    ofConnection(3, (controller, { connection }, parameters) => connection.end(controller, parameters[2]!), {
      fits: (parameters) => reasonFits(parameters[2]!),
    }),
  ],
  [
    OP.leConnectionUpdate,
    ofConnection(14, (_, { connection }, parameters) => connection.change(connectionParameters(parameters, 2)!), {
      fits: (parameters) => connectionParameters(parameters, 2) !== undefined,
      centralOnly: true,
    }),
  ],
  [
    OP.leReadRemoteFeatures,
    ofConnection(2, (controller, { handle }) =>
      controller.tellLe(LE_EVENT.remoteFeatures, OK, u16(handle), Uint8Array.of(0x20, 0, 0, 0, 0, 0, 0, 0)),
    ),
  ],
  [
    OP.readRemoteVersion,
    ofConnection(2, (controller, { handle }) =>
      controller.tellEvent(EVENT.remoteVersion, OK, u16(handle), Uint8Array.of(0x0c, 0xff, 0xff, 0, 0)),
    ),
  ],
  [OP.leStartEncryption, encrypt],
  [OP.leKeyNegativeReply, atConnection(2, () => undefined)],
  [OP.leReadChannelMap, atConnection(2, () => Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x1f))], // all 37
  [OP.readRssi, atConnection(2, () => Uint8Array.of(0x100 - 52))],
]);
