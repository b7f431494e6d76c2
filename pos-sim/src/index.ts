// The POS simulator: signal (coil, stripe, head) -> reader (samples to tracks) -> terminal (ISO 8583 to the network).
// It meets the card as a signal and the network as messages, and knows nothing of either's inside.
export { type BenchReaderOptions, benchReader, type ReaderBench } from "./bench/speed.js";
export { PosError, type PosErrorCode } from "./errors.js";
export { edgesCsv, edgesVcd, samplesCsv, samplesVcd } from "./export/edge-files.js";
export { edgesSr, samplesSr } from "./export/sigrok-file.js";
export { type SvgOptions, swipeSvg } from "./export/swipe-svg.js";
export { type Inspection, inspectionSvg } from "./inspect/inspection.js";
export { inspectionPage } from "./inspect/page.js";
export type { Profile } from "./measure/gauge.js";
export type { Levels } from "./measure/levels.js";
export { CELL_LIMITS, LIMITS_ORIGIN, type Limits, SUBINTERVAL_LIMITS } from "./measure/limits.js";
export type { CellMeasure, HandMeasure } from "./measure/measure.js";
export type { Deviations, Dropout, Pause, SignalMeasures, Weakness, WeaknessCode } from "./measure/report.js";
export type { FailedSwipe } from "./reader/attempts.js";
export type { Candidate } from "./reader/candidates.js";
export { confidenceText, leastSure, ninesOf } from "./reader/confidence-text.js";
export type { Diagnosis, DiagnosisCode } from "./reader/diagnosis.js";
export type { Said } from "./reader/heads.js";
export {
  checkSource,
  type Heard,
  type HeardAll,
  type ListenOptions,
  listen,
  PCM_FORMATS,
  type PcmFormat,
} from "./reader/listen.js";
export { maskTracks, TEST_IINS } from "./reader/mask.js";
export type { Cells, Read, ReaderOptions, ReaderResult } from "./reader/read.js";
export { readWavFile, type WavReadOptions, type WavResult } from "./reader/read-wav.js";
export { Reader, readSamples } from "./reader/reader.js";
export { type CoilModel, coilSignal, type Emission } from "./signal/coil.js";
export { type Disturbance, disturb, type Signal } from "./signal/signal.js";
export { type Swipe, swipeSignal } from "./signal/stripe.js";
export { type Conditions, checkedConditions } from "./synth/conditions.js";
export { type SwipeLabel, swipeLabels, writtenReads, writtenReversals } from "./synth/labels.js";
export { type Labelled, synthesise, textFor } from "./synth/synth.js";
export type { CardData, Refusal, RefusalCode } from "./terminal/card-data.js";
export {
  type Answered,
  type Purchase,
  type Refused,
  type RemoteCredentials,
  Terminal,
  type TerminalConfig,
  type TerminalResult,
} from "./terminal/terminal.js";
export {
  hasLuhn,
  parseTrack1,
  parseTrack2,
  parseTrack3,
  type Track1,
  type Track2,
  type Track3,
  type TrackFault,
  type TrackFaultCode,
} from "./terminal/tracks.js";
export { cellMm, TRACK_FORMATS, type TrackFormat, type TrackNumber } from "./track-format.js";
export { fileChunks } from "./wav/file-chunks.js";
export type { WavFormat } from "./wav/wav-format.js";
export { type WavBlock, wavBlocks } from "./wav/wav-reader.js";
export { encodeWav } from "./wav/wav-writer.js";
