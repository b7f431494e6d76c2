// One port to what a service keeps, and the two engines behind it.

export { copyStore, restoreStore } from "./backup.js";
export { type OwnDatabase, ownDatabase } from "./databases.js";
export {
  ANSWERS_KEPT_S,
  ANSWERS_MAX,
  ANSWERS_TABLE,
  Answers,
  Once,
  type OnceOptions,
  type Repeatable,
} from "./once.js";
export { openDatabase } from "./open.js";
export { type Sql, type SqlDatabase, SqlError, type SqlErrorCode, type SqlValue } from "./port.js";
