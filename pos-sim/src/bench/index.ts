// Figures of the reader: how fast it is, how much it reads, and what length costs.

export { benchLength, LENGTHS, type LengthBench, type LengthOptions } from "./length.js";
export { benchLong, type LongOptions, type LongResult } from "./long.js";
export { benchReading, KEPT_OUT, type ReadingBench, type ReadingOptions } from "./reading.js";
export { reliabilitySvg } from "./reliability-svg.js";
export { type BenchReaderOptions, benchReader, type ReaderBench } from "./speed.js";
