// One port to what a service keeps, and the two engines behind it.

export { type Amendment, type Amendments, copyStore, type RestoredStore, restoreStore } from "./backup.js";
export { type OwnDatabase, ownDatabase } from "./databases.js";
export { Gathered } from "./gathered.js";
export { StoreHealth } from "./health.js";
export { expectStores, storeFile, storesForgotten, storesMade, storesMadeIn } from "./made-stores.js";
export {
  ANSWERS_KEPT_S,
  ANSWERS_MAX,
  ANSWERS_TABLE,
  Answers,
  FORGOTTEN_AT_ONCE,
  type Kept,
  Once,
  type OnceOptions,
  type Repeatable,
} from "./once.js";
export { openDatabase } from "./open.js";
export { ownersOnly } from "./owners-only.js";
export { type Sql, type SqlDatabase, SqlError, type SqlErrorCode, type SqlValue, type SqlValues } from "./port.js";
export { restoreServer, servicesAt } from "./restore-server.js";
export { TAKEN_TABLE, TakenOnce } from "./taken-once.js";
