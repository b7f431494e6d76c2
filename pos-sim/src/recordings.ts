// Recordings to reads and pictures, and nothing that needs more than a browser has: where there are no files, `readWavFile` takes bytes as they come.
export { PosError, type PosErrorCode } from "./errors.js";
export { edgesCsv, edgesVcd } from "./export/edge-files.js";
export type { Profile } from "./measure/gauge.js";
export type { SignalMeasures } from "./measure/report.js";
export type { FailedSwipe } from "./reader/attempts.js";
export type { Candidate } from "./reader/candidates.js";
export { confidenceText } from "./reader/confidence-text.js";
export type { Diagnosis } from "./reader/diagnosis.js";
export type { Read } from "./reader/read.js";
export { readWavFile, type WavResult } from "./reader/read-wav.js";
