// In place of Node's modules, where the reader would open files: a browser gives it bytes. What it can do without, it does without.

const none = (): never => {
  throw new Error("There are no files here");
};

export const constants = {};
export const createReadStream = none;
export const openSync = none;
export const readFileSync = none;
export const stat = none;
export const addAbortSignal = none;
export const Socket = none;

/** Of this machine's numbers. */
export const endianness = (): "LE" | "BE" => (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? "LE" : "BE");
