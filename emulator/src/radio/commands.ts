// What a controller does at each HCI command (Core 6.0, Vol 4 Part E 7): one row a command, with the octets of parameters that it needs at least.

import { concat, equalBytes } from "@enabling-card/wire";
import type { ControllerState, Held } from "./controller-state.js";
import { addressOctets, EVENT, HCI_ERROR, LE_EVENT, OP, readU16, u16 } from "./hci.js";

interface Command {
  /** Octets of parameters. */
  readonly length: number;
  run(controller: ControllerState, parameters: Uint8Array, opcode: number): void;
}

const OK = Uint8Array.of(HCI_ERROR.ok);
const INTERVAL_UNIT_US = 625;
const CONNECTION_UNIT_US = 1_250;
const SUPERVISION_UNIT_US = 10_000;
/** LE only, 5.3, of the company identifier that nobody has. */
const VERSION = Uint8Array.of(0x0c, 0, 0, 0x0c, 0xff, 0xff, 0, 0);

const value = (...octets: number[]): Command => ({
  length: 0,
  run: (controller, _, opcode) => controller.complete(opcode, Uint8Array.of(HCI_ERROR.ok, ...octets)),
});
const set = (length: number, take: (controller: ControllerState, parameters: Uint8Array) => void): Command => ({
  length,
  run(controller, parameters, opcode) {
    take(controller, parameters);
    controller.complete(opcode);
  },
});
/** A command that speaks of a connection, and is answered by a status first. */
const ofConnection = (
  length: number,
  take: (controller: ControllerState, held: Held, parameters: Uint8Array) => void,
): Command => ({
  length,
  run(controller, parameters, opcode) {
    const held = controller.held.get(readU16(parameters, 0) & 0xfff);
    controller.status(opcode, held === undefined ? HCI_ERROR.unknownConnection : HCI_ERROR.ok);
    if (held !== undefined) take(controller, held, parameters);
  },
});

const readMask = (parameters: Uint8Array) => new DataView(parameters.slice(0, 8).buffer).getBigUint64(0, true);

const advertisingEnable: Command = {
  length: 1,
  run(controller, [on], opcode) {
    const anonymous = controller.advertisingOwn === 1 && controller.randomAddress.every((octet) => octet === 0);
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

/** Neither address nor parameters change while it advertises (7.8.4, 7.8.5). */
const whileSilent = (length: number, take: (controller: ControllerState, parameters: Uint8Array) => void): Command => ({
  length,
  run(controller, parameters, opcode) {
    if (!controller.isAdvertising) take(controller, parameters);
    controller.complete(opcode, Uint8Array.of(controller.isAdvertising ? HCI_ERROR.commandDisallowed : HCI_ERROR.ok));
  },
});

const connect: Command = {
  length: 25,
  run(controller, parameters, opcode) {
    const busy = controller.initiating !== undefined;
    controller.status(opcode, busy ? HCI_ERROR.commandDisallowed : HCI_ERROR.ok);
    if (busy) return;
    const byList = parameters[4] === 1;
    controller.initiating = {
      peers: byList ? controller.filterList : [{ type: parameters[5]!, address: parameters.slice(6, 12) }],
      intervalUs: readU16(parameters, 15) * CONNECTION_UNIT_US, // the longest that the host allows
      latency: readU16(parameters, 17),
      supervisionUs: readU16(parameters, 19) * SUPERVISION_UNIT_US,
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
const encrypt = ofConnection(28, (controller, { handle, connection }) => {
  const peer = connection.peerOf(controller) as ControllerState;
  const theirs = [...peer.held.values()].find((held) => held.connection === connection);
  if (theirs !== undefined) peer.tellLe(LE_EVENT.keyRequest, u16(theirs.handle), new Uint8Array(10));
  controller.tellEvent(EVENT.encryptionChange, Uint8Array.of(HCI_ERROR.keyMissing), u16(handle), Uint8Array.of(0));
});

export const COMMANDS: ReadonlyMap<number, Command> = new Map<number, Command>([
  [OP.reset, set(0, (controller) => controller.reset())],
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
  [OP.readLocalCommands, value(...new Uint8Array(64).fill(0xff))],
  [OP.readLocalFeatures, value(0, 0, 0, 0, 0x60, 0, 0, 0)], // LE, no BR/EDR
  [OP.readBufferSize, value(0, 0, 0, 0, 0, 0, 0)],
  [
    OP.readAddress,
    {
      length: 0,
      run: (controller, _, opcode) =>
        controller.complete(opcode, concat(OK, addressOctets(controller.options.address))),
    },
  ],
  [OP.readLeHostSupport, value(1, 0)],
  [
    OP.leReadBufferSize,
    {
      length: 0,
      run: (controller, _, opcode) => {
        const { aclOctets, aclBuffers } = controller.options;
        controller.complete(opcode, concat(OK, u16(aclOctets), Uint8Array.of(aclBuffers)));
      },
    },
  ],
  [OP.leReadLocalFeatures, value(0x20, 0, 0, 0, 0, 0, 0, 0)], // data length extension; no extended advertising
  [OP.leReadSupportedStates, value(255, 255, 255, 255, 255, 3, 0, 0)],
  [OP.leReadFilterListSize, value(8)],
  [
    OP.leClearFilterList,
    set(0, (controller) => {
      controller.filterList.length = 0;
    }),
  ],
  [
    OP.leAddToFilterList,
    set(7, (controller, parameters) => {
      controller.filterList.push({ type: parameters[0]!, address: parameters.slice(1, 7) });
    }),
  ],
  [
    OP.leRemoveFromFilterList,
    set(7, (controller, parameters) => {
      const gone = parameters.slice(1, 7);
      const at = controller.filterList.findIndex(({ address }) => equalBytes(address, gone));
      if (at >= 0) controller.filterList.splice(at, 1);
    }),
  ],
  [OP.leReadAdvertisingPower, value(0)],
  [
    OP.leReadMaximumDataLength,
    {
      length: 0,
      run: (controller, _, opcode) => {
        const octets = u16(controller.options.dataOctets);
        const time = u16((controller.options.dataOctets + 14) * 8);
        controller.complete(opcode, concat(OK, octets, time, octets, time));
      },
    },
  ],
  [
    OP.leWriteDefaultDataLength,
    set(4, (controller, parameters) => {
      controller.suggestedOctets = readU16(parameters, 0);
    }),
  ],
  [
    OP.leSetDataLength,
    {
      length: 6,
      run(controller, parameters, opcode) {
        controller.suggestedOctets = readU16(parameters, 2);
        controller.complete(opcode, concat(OK, parameters.slice(0, 2)));
        controller.tellDataLength(readU16(parameters, 0));
      },
    },
  ],
  [
    OP.leRand,
    { length: 0, run: (controller, _, opcode) => controller.complete(opcode, concat(OK, controller.air.bytes(8))) },
  ],
  [
    OP.leSetRandomAddress,
    whileSilent(6, (controller, parameters) => {
      controller.randomAddress = parameters.slice(0, 6);
    }),
  ],
  [
    OP.leSetAdvertisingParameters,
    whileSilent(15, (controller, parameters) => {
      controller.advertisingOwn = (parameters[5]! & 1) as 0 | 1;
      controller.advertising = { ...controller.advertising, intervalUs: readU16(parameters, 0) * INTERVAL_UNIT_US };
    }),
  ],
  [
    OP.leSetAdvertisingData,
    set(32, (controller, parameters) => {
      controller.advertising = {
        ...controller.advertising,
        data: parameters.slice(1, 1 + Math.min(31, parameters[0]!)),
      };
    }),
  ],
  [
    OP.leSetScanResponse,
    set(32, (controller, parameters) => {
      const scanResponse = parameters.slice(1, 1 + Math.min(31, parameters[0]!));
      controller.advertising = { ...controller.advertising, scanResponse };
    }),
  ],
  [OP.leSetAdvertisingEnable, advertisingEnable],
  [
    OP.leSetScanParameters,
    set(7, (controller, [type]) => {
      controller.scan = { ...controller.scan, active: type === 1 };
    }),
  ],
  [
    OP.leSetScanEnable,
    {
      length: 2,
      run(controller, [on, filter], opcode) {
        controller.complete(opcode);
        if (on === 1) controller.startScan(filter === 1);
        else {
          controller.scan = { ...controller.scan, enabled: false };
          controller.listenOrNot();
        }
      },
    },
  ],
  [OP.leCreateConnection, connect],
  [OP.leCreateConnectionCancel, cancel],
  [
    OP.disconnect,
    ofConnection(3, (controller, { connection }, parameters) => connection.end(controller, parameters[2]!)),
  ],
  [
    OP.leConnectionUpdate,
    ofConnection(14, (_, { connection }, parameters) =>
      connection.change({
        intervalUs: readU16(parameters, 4) * CONNECTION_UNIT_US,
        latency: readU16(parameters, 6),
        supervisionUs: readU16(parameters, 8) * SUPERVISION_UNIT_US,
      }),
    ),
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
  [
    OP.leKeyNegativeReply,
    {
      length: 2,
      run: (controller, parameters, opcode) => controller.complete(opcode, concat(OK, parameters.slice(0, 2))),
    },
  ],
  [
    OP.readRssi,
    {
      length: 2,
      run: (controller, parameters, opcode) =>
        controller.complete(opcode, concat(OK, parameters.slice(0, 2), Uint8Array.of(0x100 - 52))),
    },
  ],
]);
