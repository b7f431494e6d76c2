// A Bluetooth LE controller in software: HCI (Core 6.0, Vol 4 Part E) above, the shared air below; central and peripheral. Commands that it does not
// know are refused as a chip refuses them. It holds hosts to its buffers: what they break is in `violations`.

import type { HciController } from "../ports/radio.js";
import { COMMANDS } from "./commands.js";
import { ControllerState } from "./controller-state.js";
import { HCI_ERROR, PACKET, readU16 } from "./hci.js";

export class Controller extends ControllerState implements HciController {
  send(packet: Uint8Array): void {
    for (const tap of this.taps) tap("to-controller", packet, this.air.nowUs);
    if (packet[0] === PACKET.command && packet.length >= 4 && packet.length === 4 + packet[3]!) this.#command(packet);
    else if (packet[0] === PACKET.aclData && packet.length >= 5 && packet.length === 5 + readU16(packet, 3))
      this.#data(packet);
    else this.violations.push(`a packet of type ${packet[0]} whose length is not its header's`);
  }

  #command(packet: Uint8Array): void {
    const opcode = readU16(packet, 1);
    const command = COMMANDS.get(opcode);
    const parameters = packet.subarray(4);
    if (command === undefined) this.complete(opcode, Uint8Array.of(HCI_ERROR.unknownCommand));
    else if (parameters.length >= command.length && command.fits?.(parameters) !== false)
      command.run(this, parameters, opcode);
    else if (command.answer === "status") this.status(opcode, HCI_ERROR.invalidParameters);
    else this.complete(opcode, Uint8Array.of(HCI_ERROR.invalidParameters));
  }

  /** Data of the host: into PDUs that both sides take. */
  #data(packet: Uint8Array): void {
    const header = readU16(packet, 1);
    const held = this.held.get(header & 0xfff);
    if (held === undefined) return; // it may have been on its way when the connection ended
    const data = packet.slice(5);
    const { aclOctets, aclBuffers } = this.options;
    if (data.length > aclOctets) this.violations.push(`${data.length} octets for a buffer of ${aclOctets}`);
    if (++held.underWay > aclBuffers) this.violations.push(`${held.underWay} packets for ${aclBuffers} buffers`);
    const longest = Math.min(this.pduOctetsOf(held), data.length || 1);
    const starts = ((header >> 12) & 3) !== 1;
    for (let at = 0; at < Math.max(1, data.length); at += longest) {
      const last = at + longest >= data.length;
      held.connection.send(this, { start: starts && at === 0, data: data.slice(at, at + longest), last });
    }
  }
}
