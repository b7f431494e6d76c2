// The card in software: loads the built firmware modules and gives them their ports.

export { APPLIANCE_KEY_SIZE, Appliance, type ApplianceOptions, type ApplianceOrder, type Bought } from "./appliance.js";
export { EmulatedCard, type EmulatedCardOptions } from "./card.js";
export {
  type Courier,
  courierFault,
  FAULT_NAMES,
  type FaultName,
  type FaultOptions,
  type SealedMail,
} from "./courier.js";
export { EmulatorError, type EmulatorErrorCode, PowerCut } from "./errors.js";
export { compileLoader, EmulatedLoader, LOADER_BUDGET, type LoaderOptions } from "./loader/emulated-loader.js";
export { LISTENS_MS, SerialPads } from "./loader/serial-pads.js";
export { type SlotAreas, SlotFlash, type SlotWrite } from "./loader/slot-flash.js";
export {
  type CompiledFirmware,
  compileFirmware,
  compileModule,
  type Firmware,
  MODULE_NAMES,
  MODULES,
  type ModuleName,
  type ModuleSpec,
} from "./modules.js";
export {
  type CardClass,
  type CertificateRequest,
  isPersonalised,
  type PersonalisedCard,
  type PersonaliseOptions,
  personalise,
} from "./personalise.js";
export { BATTERY, type Battery, type BatteryOptions } from "./ports/battery.js";
export type { Emission, Pass } from "./ports/coil.js";
export { INDICATOR_NAMES } from "./ports/indicators.js";
export type { LineEnd } from "./ports/line.js";
export type { HciController } from "./ports/radio.js";
export { type RandomSource, seededRandom, trueRandom } from "./ports/random.js";
export { begunAt, isAlive, type ProcessMark } from "./processes.js";
export type { OctetLine } from "./qemu/octet-line.js";
export { QemuCard, type QemuCardOptions } from "./qemu/qemu-card.js";
export type { QemuDebugger, QemuHalt } from "./qemu/qemu-debugger.js";
export type { QemuPass } from "./qemu/qemu-emission.js";
export { bootTicks, QEMU_FLASH } from "./qemu/qemu-memory.js";
export type { QemuBoard, QemuHalts, QemuTraced } from "./qemu/qemu-process.js";
export type { QemuCounts, QemuRampStep, QemuTrial } from "./qemu/qemu-reports.js";
export {
  Air,
  type AirOptions,
  type AirTime,
  BtSnoop,
  Controller,
  type ControllerOptions,
  H4Packets,
  PHONE_ADDRESS,
  snoop,
  type Traffic,
} from "./radio/index.js";
export type { Trap } from "./running-module.js";
export { type Expectation, parseScenario, runScenario, type Scenario, type Step } from "./scenario.js";
export { BLOCK_SIZE, type Block, FileBlock, MemoryBlock } from "./store/block.js";
export { RECORD_MAX, Region, Store, type StoreWrite } from "./store/store.js";
export type { Trace, TraceEvent } from "./trace.js";
