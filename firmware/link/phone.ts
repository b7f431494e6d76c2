// The phone: it comes, says chunks, and goes, by line or radio. What is wrong with frames is said by link itself; what is wrong with messages, by
// the wallet.
import { draft, post, postShort } from "../common/mailbox";
import { Carrier, carry, carrierWrite, carrying } from "./carrier";
import { framingIn, framingReset } from "./framing";
import { MessageType } from "../../wire/labels";
import { CHUNK_FIRST, CHUNK_LAST, PROTOCOL_VERSION } from "../../wire/limits";
import { Mail, ModuleId } from "../../wire/machine";
import { Status } from "../../wire/status";

/** A fault as one chunk: header, length u16, version, type, status. */
const FAULT_SIZE: i32 = 6;
const fault: usize = memory.data(FAULT_SIZE);

/** Whom the carrier's phone speaks to. */
function behind(carrier: Carrier): ModuleId {
  return carrier == Carrier.Smp ? ModuleId.Loader : ModuleId.Wallet;
}

/** False where another carrier has the session: then nothing has happened. */
export function phoneCame(by: Carrier): bool {
  if (carrying() != Carrier.None) return false;
  carry(by);
  framingReset();
  postShort(behind(by), Mail.LineUp);
  return true;
}

/** Whoever does not carry may go unnoticed. After a trap link knows of nobody, and the wallet is told all the same. */
export function phoneWent(by: Carrier): void {
  if (carrying() != by && carrying() != Carrier.None) return;
  carry(Carrier.None);
  framingReset();
  postShort(behind(by), Mail.LineDown);
}

/** Octets of SMP came: the loader knows where its packets end. */
export function phoneSmp(octets: usize, length: i32): void {
  store<u8>(draft(), <u8>Mail.Smp);
  memory.copy(draft() + 1, octets, length);
  post(ModuleId.Loader, 1 + length);
}

/** A chunk of the phone came. */
export function phoneChunk(chunk: usize, length: i32): void {
  const status = framingIn(chunk, length);
  if (status == Status.Ok) return;
  store<u8>(fault, <u8>(CHUNK_FIRST | CHUNK_LAST));
  store<u16>(fault + 1, 3);
  store<u8>(fault + 3, PROTOCOL_VERSION);
  store<u8>(fault + 4, <u8>MessageType.Fault);
  store<u8>(fault + 5, <u8>status);
  carrierWrite(fault, FAULT_SIZE);
}
