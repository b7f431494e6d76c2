// Records of the card's log: what happened to the machine, never what a module holds. Read by asc and by tsc, mirrored by
// firmware/mcu/include/log.h. Constants only.

/** Octets of a record: milliseconds since the start u32, number u32 of the record since the start, event u8, 0, detail u16; little-endian. */
export const LOG_RECORD_SIZE = 12;
/** Records that a card keeps; it forgets the oldest. */
export const LOG_RECORDS = 16;

export const enum LogEvent {
  /** The image has come up. Detail: why, a `StartReason`, and `START_RESUMED` with it; 0 of a loader that does not say. */
  Started = 1,
  /** A module reached outside of its memory and was started anew. Detail: its `ModuleId`. */
  Trapped = 2,
  /** A phone came, with its longest chunk, octets; it went. */
  LineUp = 3,
  LineDown = 4,
  /** The coil has played a pass. Detail: percent of the cell that is left. */
  Played = 5,
  /** An update has begun over the air: wallet and authenticator have stopped. Detail: 0. */
  Updating = 6,
}
