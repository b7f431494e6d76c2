// What the ecard command is made of, for programs that want a verb without a command line.

export { benchPayment, type PaymentBench } from "./bench/payment-bench.js";
export { type PersonaliseFolderOptions, personaliseFolder, qrPng } from "./card-folder.js";
export { build, run } from "./cli.js";
export { examine } from "./commands/doctor.js";
export { type Context, createContext } from "./context.js";
export { type DemoOptions, type DemoResult, type DemoStep, runDemo } from "./demo/demo.js";
export { CommandError, EXIT, type ExitCode, exitCodeOf } from "./exit-codes.js";
export { Output } from "./output.js";
export { builtFirmware, type MakeCardOptions, makeCard, type Stage, type StageOptions, setStage } from "./stage.js";
