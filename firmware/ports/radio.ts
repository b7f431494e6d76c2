/**
 * The radio: one Bluetooth LE controller, as packets of HCI's UART transport (Core 6.0, Vol 4 Part A): packet type, header, parameters, whole
 * and one at a time. Link only; what a host makes of them is firmware/link/bluetooth.
 *
 * `send` gives the controller a command (type 1) or ACL data (type 2); the octets are copied before it returns and stay the caller's. `Busy`
 * where the way to the controller is full: nothing was taken, try again at `onRadioReady`. `Absent` where the machine has no controller, which
 * stays so until its next start. `BadArgument` for another type, a length that is not the header's, or memory that is not link's. It does not
 * look at credits or buffers of the controller: those are the host's to count.
 *
 * The machine calls link's `onPacket(length)` with each event (type 4) and ACL data packet of the controller, in order, copied to where
 * `packetSlot()` says; the octets are link's until the next call. Never inside `send`: an answer that is there at once waits until link has
 * returned. A packet of more than RADIO_PACKET_MAX octets is dropped by the machine.
 */
// @ts-ignore: decorator
@external("radio", "send")
export declare function send(packet: usize, length: i32): i32;
