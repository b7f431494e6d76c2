// What the ecard command is made of, for programs that want a verb without a command line.

export { benchAttWrite, writeCost } from "./bench/att-bench.js";
export { benchMcu, benchSteps, edgeErrors, INTERRUPT, longestRun, type McuBench } from "./bench/mcu-bench.js";
export { disassembly, type MachineFunction, partSizes, reachedFrom } from "./bench/mcu-image.js";
export { benchNetwork, type NetworkBench } from "./bench/network-bench.js";
export { folderPlace, networkProcess, withStores } from "./bench/network-places.js";
export { makeRequests, type Stores } from "./bench/network-requests.js";
export { benchPayment, type PaymentBench } from "./bench/payment-bench.js";
export { nobleOn, stackOn } from "./bluetooth/noble-on.js";
export type { StoppableNoble } from "./bluetooth/tamed.js";
export { type BrowserPhone, BrowserPhones } from "./browser/browser-phone.js";
export { chromiumPath } from "./browser/chromium.js";
export { type PersonaliseFolderOptions, personaliseFolder, qrPng } from "./card-folder.js";
export { build, run } from "./cli.js";
export { ASKED, figuresOf, KEPT_FIGURES, stepFigures } from "./commands/bench-mcu.js";
export { type Context, createContext } from "./context.js";
export { type DebugCardOptions, type DebugFacts, debugCard } from "./debug/debug-card.js";
export { type DemoOptions, type DemoResult, runDemo } from "./demo/demo.js";
export type { DemoStep } from "./demo/journey.js";
export { type Check, examine } from "./doctor/examine.js";
export type { Probes } from "./doctor/probes.js";
export { type EmulateCardOptions, emulateCard, type ListeningFacts } from "./emulate/emulate-card.js";
export { type LineServer, type LineServerOptions, serveLine } from "./emulate/line-server.js";
export { type OpenCard, type OpenCardOptions, openCard } from "./emulate/open-card.js";
export {
  type PlayedStep,
  type PlayScenarioOptions,
  playScenario,
  readScenario,
  type ScenarioResult,
} from "./emulate/play-scenario.js";
export { CommandError, EXIT, type ExitCode, exitCodeOf } from "./exit-codes.js";
export { flasherPage } from "./flash/flasher-page.js";
export { type SerialPortFacts, serialPorts } from "./flash/serial-line.js";
export { readBoard } from "./image/board.js";
export { BOARDS, ROOTS, type Root } from "./image/choices.js";
export { flatProgram } from "./image/flat-program.js";
export { makeImageKey, readImageKey, readPublicImageKey } from "./image/image-keys.js";
export { type BuildOptions, buildImage, type ImageSigner, signImage } from "./image/make-image.js";
export { type BuiltImage, builtImage } from "./mcu-image.js";
export { Output } from "./output.js";
export { type ReadRecordingsOptions, type RecordingResult, readRecordings } from "./pos/read-recordings.js";
export {
  builtFirmware,
  developmentLog,
  type MakeCardOptions,
  makeCard,
  type Stage,
  type StageOptions,
  setStage,
  setTable,
  type Table,
} from "./stage.js";
