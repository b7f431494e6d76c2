// A busy SQLite's checkpoints, in a thread of their own: what is in the write-ahead log goes into the database while others are answered
// (SQLite, "Write-Ahead Logging", 3.3). PASSIVE: it waits for nobody, and nobody waits for it.

import { parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";

const db = new Database(workerData.file, { timeout: 100 });
parentPort.on("message", (asked) => {
  if (asked === "end") {
    db.close();
    parentPort.close();
    return;
  }
  try {
    if (asked === "quiet") {
      // All of it is written back first, so that whoever writes now waits for the cut alone.
      const [{ log, checkpointed }] = db.pragma("wal_checkpoint(PASSIVE)");
      if (log === checkpointed) db.pragma("wal_checkpoint(TRUNCATE)");
      return;
    }
    const [{ log, checkpointed }] = db.pragma("wal_checkpoint(PASSIVE)");
    parentPort.postMessage({ log, checkpointed });
  } catch {
    if (asked !== "quiet") parentPort.postMessage({ log: 0, checkpointed: 0 }); // the next one finds it
  }
});
