// What an ATT server must say to a PDU, by the book (Core 6.0, Vol 3 Part F 3.3, 3.4) and by the card's attributes: what fuzzing holds the card's answers
// against. Written from the specification, not from the card's server.

/** Handles of the card's table (docs/bluetooth.md): the last one, those that are never read, and the configurations with what they may be set to. */
const LAST = 33;
const UNREADABLE = [10, 26, 28, 32];
const CONFIGURATIONS: Readonly<Record<number, number>> = { 11: 2, 29: 1, 33: 1 };
const RX = 26;
/** No value of the card is longer. */
const VALUE_MAX = 19;

const ERROR = 0x01;
const INVALID_HANDLE = 0x01;
const READ_NOT_PERMITTED = 0x02;
const WRITE_NOT_PERMITTED = 0x03;
const INVALID_PDU = 0x04;
const NOT_SUPPORTED = 0x06;
const INVALID_OFFSET = 0x07;
const NOT_FOUND = 0x0a;
const INVALID_LENGTH = 0x0d;
const UNSUPPORTED_GROUP = 0x10;
const NOT_ALLOWED = 0x13;
const NOT_CONFIGURED = 0xfd;

/** What may be said: a response, or an Error Response with one of some codes. */
interface Allowed {
  readonly response: boolean;
  readonly errors: readonly number[];
}

const must = (error: number): Allowed => ({ response: false, errors: [error] });
const responds = (...errors: number[]): Allowed => ({ response: true, errors });

/**
 * Holds what a server said to one request against the book.
 *
 * @param said - PDUs of the server, notifications and indications left out.
 * @returns What is wrong with it; undefined where nothing is.
 */
export function wrongIn(pdu: Uint8Array, mtu: number, said: readonly Uint8Array[]): string | undefined {
  const allowed = allowedFor(pdu, mtu);
  if (allowed === undefined) return said.length === 0 ? undefined : "an answer to what wants none";
  const [answer, ...more] = said;
  if (answer === undefined || more.length > 0) return `${said.length} answers`;
  const request = pdu[0]!;
  if (answer.length > mtu) return "an answer longer than the MTU";
  if (answer[0] === ERROR) {
    if (answer.length !== 5 || answer[1] !== request) return "an Error Response to something else";
    return allowed.errors.includes(answer[4]!) ? undefined : `error ${answer[4]}`;
  }
  if (!allowed.response) return "a response where an error was due";
  if (answer[0] !== request + 1) return `response ${answer[0]}`;
  return wrongEntries(pdu, answer);
}

/** True for what a server answers. */
export function isAnswered(pdu: Uint8Array, mtu: number): boolean {
  return allowedFor(pdu, mtu) !== undefined;
}

function allowedFor(pdu: Uint8Array, mtu: number): Allowed | undefined {
  const [code] = pdu;
  // Commands, confirmations and what only servers send; an indication is confirmed, whatever it says (3.4.7.3).
  if (code === undefined || (code & 0x40) !== 0 || code === 0x1e) return undefined;
  if (code % 2 === 1 && code <= 0x23 && code !== 0x1d) return undefined;
  if (code === 0x1d) return responds();
  if (pdu.length > mtu || !isWellFormed(code, pdu.length)) return must(INVALID_PDU);
  const first = pdu.length < 3 ? 0 : pdu[1]! | (pdu[2]! << 8);
  const second = pdu.length < 5 ? 0 : pdu[3]! | (pdu[4]! << 8);
  if (code === 0x02) return responds();
  if ([0x04, 0x06, 0x08, 0x10].includes(code)) {
    if (first === 0 || first > second) return must(INVALID_HANDLE);
    if (code === 0x10) return responds(NOT_FOUND, UNSUPPORTED_GROUP);
    if (first > LAST) return must(NOT_FOUND);
    return code === 0x04 ? responds() : responds(NOT_FOUND, ...(code === 0x08 ? [READ_NOT_PERMITTED] : []));
  }
  if (![0x0a, 0x0c, 0x12].includes(code)) return must(NOT_SUPPORTED);
  if (first === 0 || first > LAST) return must(INVALID_HANDLE);
  if (code === 0x12) return allowedWrite(first, pdu.subarray(3));
  if (UNREADABLE.includes(first)) return must(READ_NOT_PERMITTED);
  if (code === 0x0a) return responds();
  return second > VALUE_MAX ? must(INVALID_OFFSET) : second === 0 ? responds() : responds(INVALID_OFFSET);
}

function allowedWrite(handle: number, value: Uint8Array): Allowed {
  if (handle === RX) return responds(NOT_CONFIGURED);
  const most = CONFIGURATIONS[handle];
  if (most === undefined) return must(WRITE_NOT_PERMITTED);
  if (value.length !== 2) return must(INVALID_LENGTH);
  const wanted = value[0]! | (value[1]! << 8);
  if (wanted !== 0 && wanted !== most) return must(NOT_ALLOWED);
  return responds(NOT_CONFIGURED);
}

/** Lengths of the requests that are answered (3.4). */
function isWellFormed(code: number, length: number): boolean {
  if (code === 0x02 || code === 0x0a) return length === 3;
  if (code === 0x04 || code === 0x0c) return length === 5;
  if (code === 0x06) return length >= 7;
  if (code === 0x08 || code === 0x10) return length === 7 || length === 21;
  return code !== 0x12 || length >= 3;
}

/** Entries of a response over a range: of one length, their handles rising and within what was asked for. */
function wrongEntries(pdu: Uint8Array, answer: Uint8Array): string | undefined {
  const [code] = pdu as unknown as [number];
  if (![0x04, 0x06, 0x08, 0x10].includes(code)) return undefined;
  const header = code === 0x06 ? 1 : 2;
  const size = code === 0x06 ? 4 : code === 0x04 ? (answer[1] === 1 ? 4 : 18) : answer[1]!;
  if ((answer.length - header) % size !== 0 || answer.length === header) return "entries that are cut, or none";
  const [start, end] = [pdu[1]! | (pdu[2]! << 8), pdu[3]! | (pdu[4]! << 8)];
  let before = start - 1;
  for (let at = header; at < answer.length; at += size) {
    const handle = answer[at]! | (answer[at + 1]! << 8);
    if (handle <= before || handle > Math.min(end, LAST)) return `handle ${handle} of ${start} to ${end}`;
    if (code === 0x04 && handle !== before + 1) return "attributes left out";
    before = handle;
  }
  return undefined;
}
