// What needs Node: adapters that a browser cannot have. `@enabling-card/sdk/node`.

export type { KnownTable, KnownTableStore } from "../transport/known-tables.js";
export { decodeGreeting, encodeGreeting, type LineGreeting } from "../transport/line-greeting.js";
export type { Noble } from "../transport/noble.js";
export { type NobleTransportOptions, nobleTransport } from "../transport/noble-ble.js";
export { FilePairingStore } from "./file-pairing-store.js";
export { FileRegistrationStore } from "./file-registration-store.js";
export { encodeFrame, FrameReader } from "./tcp-frames.js";
export { type TcpTransportOptions, tcpTransport } from "./tcp-transport.js";
