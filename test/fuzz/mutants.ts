// Checks of the card's Bluetooth host, each of which can be taken out: where its text stands, and what stands there without it. run-mutants.ts takes
// out one after another, and says which of them fuzzing and tests notice.

export interface Mutant {
  readonly name: string;
  /** Of firmware/link/bluetooth. */
  readonly file: string;
  /** Stands there once. */
  readonly text: string;
  readonly replacement: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "an event has the length that it says",
    file: "events.ts",
    text: "type == EVENT && length == 3 + <i32>load<u8>(packet + 2)",
    replacement: "type == EVENT",
  },
  {
    name: "ACL data has the length that it says",
    file: "events.ts",
    text: "length >= 5 && length == 5 + <i32>load<u16>(packet + 3)",
    replacement: "length >= 5",
  },
  {
    name: "completed packets are as many as the event has",
    file: "events.ts",
    text: "if (length < 1 + 4 * handles) return;",
    replacement: "",
  },
  {
    name: "data is the connection's",
    file: "events.ts",
    text: "if (!isOurs(header)) {\n    unheardOf();\n    return;\n  }",
    replacement: "",
  },
  {
    name: "one connection at a time, and one that was let in",
    file: "events.ts",
    text: "if (!isPeripheral || !takeOffAir() ||",
    replacement: "takeOffAir();\n  if (!isPeripheral ||",
  },
  {
    name: "a controller that fails again and again is reset with a pause",
    file: "events.ts",
    text: "if (reset == Reset.AtOnce) {",
    replacement: "if (true) {",
  },
  {
    name: "no more buffers come back than were given",
    file: "acl.ts",
    text: "credits = min(credits + count, buffers);",
    replacement: "credits += count;",
  },
  {
    name: "no more packets than the controller has buffers",
    file: "acl.ts",
    text: "while (credits > 0 && handle >= 0)",
    replacement: "while (handle >= 0)",
  },
  {
    name: "fragments fit the controller's buffers",
    file: "acl.ts",
    text: "min(total - sent, fragmentMax)",
    replacement: "total - sent",
  },
  {
    name: "a frame fits its buffer",
    file: "l2cap.ts",
    text: "if (have + length > FRAME_MAX) skipping = true;",
    replacement: "",
  },
  {
    name: "a frame is whole before it is taken",
    file: "l2cap.ts",
    text: "if (have < total) return;",
    replacement: "",
  },
  {
    name: "a frame is no longer than it said",
    file: "l2cap.ts",
    text: "if (have == total) dispatch",
    replacement: "dispatch",
  },
  {
    name: "a signalling packet has the length that it says",
    file: "l2cap.ts",
    text: "if (!tooLong && length != COMMAND_HEADER + <i32>load<u16>(at, 2)) return;",
    replacement: "",
  },
  {
    name: "one signalling answer at a time",
    file: "l2cap.ts",
    text: "|| isAnswer(load<u8>(at)) || (aclBusy(SIGNAL) && load<u8>(out) == REJECT)) return;",
    replacement: "|| isAnswer(load<u8>(at))) return;",
  },
  {
    name: "a Write Command has a handle, and is no longer than the MTU",
    file: "att.ts",
    text: "code == WRITE_COMMAND && length >= 3 && length <= clientMtu()",
    replacement: "code == WRITE_COMMAND",
  },
  {
    name: "one request at a time",
    file: "att.ts",
    text: "if (aclBusy(RESPONSE)) return;",
    replacement: "",
  },
  {
    name: "a request is no longer than the MTU, and well formed",
    file: "att.ts",
    text: "if (length > clientMtu() || !isWellFormed(code, length)) refuse",
    replacement: "if (false) refuse",
  },
  {
    name: "a read begins within its value",
    file: "att.ts",
    text: "offset > length ? AttError.InvalidOffset : AttError.None",
    replacement: "AttError.None",
  },
  {
    name: "an attribute that is read is there",
    file: "att.ts",
    text: "if (gattHas(handle)) {",
    replacement: "if (true) {",
  },
  {
    name: "a configuration has two octets",
    file: "att.ts",
    text: "if (length != 2) return AttError.InvalidValueLength;",
    replacement: "",
  },
  {
    name: "handles begin at 1",
    file: "discovery.ts",
    text: "if (start == 0 || start >",
    replacement: "if (start >",
  },
  {
    name: "handles that were found fit the MTU",
    file: "discovery.ts",
    text: "gattTypeSize(handle) == size && used + 2 + size <= clientMtu()",
    replacement: "gattTypeSize(handle) == size",
  },
  {
    name: "values that were found fit the MTU",
    file: "discovery.ts",
    text: "if (header + length != size || used + size > clientMtu()) break;",
    replacement: "if (header + length != size) break;",
  },
  {
    name: "one notification at a time",
    file: "notify.ts",
    text: "if (aclBusy(NOTIFICATION)) return Status.Busy;",
    replacement: "",
  },
];
