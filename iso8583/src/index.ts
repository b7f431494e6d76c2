// ISO 8583:1987 as terminal and network speak it here: typed fields, ASCII, binary bitmaps, two-byte frames on TCP.
export {
  type AdditionalData,
  decodeAdditionalData,
  encodeAdditionalData,
  readAdditionalData,
} from "./additional-data.js";
export { ENTRY_REMOTE, isRemoteEntry } from "./entry-mode.js";
export { type Iso8583Code, Iso8583Error } from "./errors.js";
export {
  DATA_ELEMENTS,
  type De,
  FIELDS,
  type FieldSpec,
  type Fields,
  type Format,
  fieldSpec,
  type Length,
  padField,
} from "./fields.js";
export { FrameReader, frame, MAX_FRAME } from "./frame.js";
export { decode, decodePartly, encode, type Message } from "./message.js";
export { maskPan, maskTrack1, maskTrack2, printMessage } from "./print.js";
