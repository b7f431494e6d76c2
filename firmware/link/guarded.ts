// Not shipped: link with a gap behind each of its buffers (--use GUARD), for the tests that write to the gaps first and look at them afterwards. An
// overrun inside a module's memory does not trap.
import { aclHandle, CONFIRMATION_END, NOTIFICATION_END, PAIRING_END, RESPONSE_END, SIGNAL_END } from "./bluetooth/acl";
import { clientMtu } from "./bluetooth/client";
import { DEADLINES_END } from "./bluetooth/deadlines";
import { PACKET_END } from "./bluetooth/events";
import { STAGED_END } from "./bluetooth/gatt";
import { REASSEMBLY_END } from "./bluetooth/l2cap";
import { CHUNK_IN_END, CHUNK_OUT_END, RING_END } from "./framing";
export * from "./index";

const ends: usize = memory.data<u32>([
  <u32>SIGNAL_END, <u32>PAIRING_END, <u32>CONFIRMATION_END, <u32>RESPONSE_END, <u32>NOTIFICATION_END, <u32>DEADLINES_END, <u32>PACKET_END, <u32>STAGED_END, <u32>REASSEMBLY_END,
  <u32>CHUNK_IN_END, <u32>CHUNK_OUT_END, <u32>RING_END,
]);
const ENDS: i32 = 12;

/** Where the gap behind buffer `i` begins; 0 after the last. */
export function gap(i: i32): usize {
  return i < ENDS ? load<u32>(ends + (i << 2)) : 0;
}

/** Octets of each gap. */
export function gapSize(): i32 {
  return GUARD;
}

export function mtu(): i32 {
  return clientMtu();
}

/** Handle of the connection, negative where there is none. */
export function connection(): i32 {
  return aclHandle();
}
