// The kinds of HCI commands: how each is checked and answered (Core 6.0, Vol 4 Part E 4.5, 7). What each does is commands.ts's.

import { concat } from "@enabling-card/wire";
import type { ControllerState, Held } from "./controller-state.js";
import { HCI_ERROR, readU16 } from "./hci.js";

export interface Command {
  /** Octets of parameters. */
  readonly length: number;
  /** How it is answered: by Command Complete unless told. */
  readonly answer?: "status";
  /** May its parameters be so? Else it is answered by 0x12. */
  fits?(parameters: Uint8Array): boolean;
  run(controller: ControllerState, parameters: Uint8Array, opcode: number): void;
}

/** A command that reads something, without parameters. */
export const told = (read: (controller: ControllerState) => Uint8Array): Command => ({
  length: 0,
  run: (controller, _, opcode) => controller.complete(opcode, concat(Uint8Array.of(HCI_ERROR.ok), read(controller))),
});

export const value = (...octets: number[]): Command => told(() => Uint8Array.from(octets));
export type Fits = (parameters: Uint8Array) => boolean;
const anything: Fits = () => true;

/** A command that is done at once; `take` says why not, where it is not. */
export const set = (
  length: number,
  take: (controller: ControllerState, parameters: Uint8Array) => number | undefined,
  fits = anything,
): Command => ({
  length,
  fits,
  run: (controller, parameters, opcode) =>
    controller.complete(opcode, Uint8Array.of(take(controller, parameters) ?? HCI_ERROR.ok)),
});

const heldOf = (controller: ControllerState, parameters: Uint8Array) =>
  controller.held.get(readU16(parameters, 0) & 0xfff);

/** A command that speaks of a connection, and is answered by a status first; some are the central's alone. */
export const ofConnection = (
  length: number,
  take: (controller: ControllerState, held: Held, parameters: Uint8Array) => void,
  { fits = anything, centralOnly = false }: { readonly fits?: Fits; readonly centralOnly?: boolean } = {},
): Command => ({
  length,
  answer: "status",
  fits,
  run(controller, parameters, opcode) {
    const held = heldOf(controller, parameters);
    const refused = centralOnly && held?.role === 1 ? HCI_ERROR.commandDisallowed : HCI_ERROR.ok;
    const status = held === undefined ? HCI_ERROR.unknownConnection : refused;
    controller.status(opcode, status);
    if (held !== undefined && status === HCI_ERROR.ok) take(controller, held, parameters);
  },
});

/** A command that speaks of a connection and is done at once: its answer names the handle, whatever it was. */
export const atConnection = (
  length: number,
  take: (controller: ControllerState, held: Held, parameters: Uint8Array) => Uint8Array | undefined,
  fits = anything,
): Command => ({
  length,
  fits,
  run(controller, parameters, opcode) {
    const held = heldOf(controller, parameters);
    const status = held === undefined ? HCI_ERROR.unknownConnection : HCI_ERROR.ok;
    const returned = held && take(controller, held, parameters);
    controller.complete(opcode, concat(Uint8Array.of(status), parameters.slice(0, 2), returned ?? new Uint8Array(0)));
  },
});

/** `set`, refused while something is under way that it would change. */
export const unless = (
  isBusy: (controller: ControllerState) => boolean,
  length: number,
  take: (controller: ControllerState, parameters: Uint8Array) => number | undefined,
  fits = anything,
): Command =>
  set(
    length,
    (controller, parameters) => (isBusy(controller) ? HCI_ERROR.commandDisallowed : take(controller, parameters)),
    fits,
  );
