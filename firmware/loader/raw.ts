// SMP as Bluetooth carries it (Zephyr's "SMP Transport Specification", Bluetooth Low Energy): packets one behind the other, cut anywhere, each as long
// as its header says. Twin: wire/smp-packets.ts.
import { SMP_HEADER_SIZE, SMP_PACKET_MAX, SmpStatus } from "../../wire/smp-numbers";
import { Heard, packet } from "./console";

/** Octets of the packet that is under way. */
let have: i32 = 0;
/** Octets still to come of one that is too long. */
let toSkip: i32 = 0;
let length: i32 = 0;

/** Octets of the packet that came, or that did before a fault. */
export function rawLength(): i32 {
  return length;
}

/** What was half way is forgotten. */
export function rawReset(): void {
  have = 0;
  toSkip = 0;
}

/** What an octet has brought, as the console's `hear`. */
export function hearRaw(octet: i32): i32 {
  if (toSkip > 0) {
    toSkip--;
    return Heard.Nothing;
  }
  store<u8>(packet() + have++, <u8>octet);
  if (have < SMP_HEADER_SIZE) return Heard.Nothing;
  const total = SMP_HEADER_SIZE + ((<i32>load<u8>(packet() + 2) << 8) | load<u8>(packet() + 3));
  if (have < total && total <= SMP_PACKET_MAX) return Heard.Nothing;
  toSkip = total - have;
  length = have;
  have = 0;
  return total > SMP_PACKET_MAX ? SmpStatus.TooLong : Heard.Packet;
}
