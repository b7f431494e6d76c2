// What needs Node: adapters that a browser cannot have. `@enabling-card/sdk/node`.

export { FilePairingStore } from "./file-pairing-store.js";
