// The end of a noble that has a serial port: it closes the port under what is still being written, which then fails with EBADF, and has taken away who
// would hear of that: Node ends the program, whose work was done.

import type { EventEmitter } from "node:events";
import type { StoppableNoble } from "./tamed.js";

/** A controller that answers takes milliseconds; one that does not is not waited for. */
const SCAN_END_MS = 1_000;

/** noble's insides (2.8), where it has a port. */
interface WithPort {
  readonly _bindings?: { readonly _hci?: { readonly _socket?: { readonly _serialDevice?: EventEmitter } } };
}

/** Call it before noble is used. What it gives stops noble once its scan has ended, to which the controller's answer comes behind the write. */
export function leaving(noble: StoppableNoble): () => Promise<void> {
  let scans = false;
  let over: () => void = () => undefined;
  const start = noble.startScanningAsync.bind(noble);
  noble.startScanningAsync = (...what) => {
    scans = true;
    return start(...what);
  };
  noble.on("scanStop", () => {
    scans = false;
    over();
  });
  return async () => {
    if (scans)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, SCAN_END_MS);
        over = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    const port = (noble as WithPort)._bindings?._hci?._socket?._serialDevice;
    noble.stop();
    port?.on("error", () => undefined); // of what was never answered
  };
}
