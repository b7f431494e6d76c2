// A radio without waves: controllers, and the air between them.

export { Air, type AirOptions } from "./air.js";
export type { AirTime } from "./air-clock.js";
export { BtSnoop, snoop } from "./btsnoop.js";
export { Controller } from "./controller.js";
export { type ControllerOptions, PHONE_ADDRESS, type Traffic } from "./controller-state.js";
export { H4Packets } from "./h4.js";
