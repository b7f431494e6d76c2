// Figures of the reader: how fast it is, and how much it reads.

export { benchLong, type LongOptions, type LongResult } from "./long.js";
export { benchReading, KEPT_OUT, type ReadingBench, type ReadingOptions } from "./reading.js";
export { type BenchReaderOptions, benchReader, type ReaderBench } from "./speed.js";
