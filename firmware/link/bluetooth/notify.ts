// Chunks of the card to the phone: notifications of Tx, or of SMP's characteristic (Core 6.0, Vol 3 Part F 3.4.7.1), one at a time.
import { aclBusy, aclSubmit, NOTIFICATION, PAYLOAD } from "./acl";
import { ATT_CHANNEL } from "./answer";
import { clientConfiguration, clientMtu, Kind, notifies } from "./client";
import { SMP_HANDLE, TX_HANDLE } from "./gatt";
import { ATT_HEADER } from "../../../wire/limits";
import { Status } from "../../../wire/status";

const NOTIFICATION_CODE: u8 = 0x1b;

/** Longest chunk now; 0 while nobody listens. */
export function notifyMax(): i32 {
  return notifies() ? clientMtu() - ATT_HEADER : 0;
}

/** `Busy` while the one before has not left, `Absent` while nobody listens, `BadArgument` for a chunk that is too long. */
export function notify(data: usize, length: i32): Status {
  if (!notifies()) return Status.Absent;
  if (length > notifyMax()) return Status.BadArgument;
  if (aclBusy(NOTIFICATION)) return Status.Busy;
  const at = NOTIFICATION + PAYLOAD;
  store<u8>(at, NOTIFICATION_CODE);
  store<u16>(at, <u16>(clientConfiguration(Kind.SmpClient) != 0 ? SMP_HANDLE : TX_HANDLE), 1);
  memory.copy(at + ATT_HEADER, data, length);
  aclSubmit(NOTIFICATION, ATT_CHANNEL, ATT_HEADER + length);
  return Status.Ok;
}
