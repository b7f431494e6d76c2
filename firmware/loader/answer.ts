// The answer that is being put together: SMP's header, then a CBOR map, written by the groups.
import { MAJOR_MAP, putHead, putUint, writeTo, written } from "../common/cbor";
import { SMP_HEADER_SIZE, SmpStatus } from "../../wire/smp-numbers";
import { putName } from "./names";

/** The longest is the list of both images, or an echo. */
const ANSWER_MAX: i32 = 384;
/** Room for a CRC behind it. */
const answer: usize = memory.data(ANSWER_MAX + 2);

export function answerAt(): usize {
  return answer;
}

/** Begins a map of `entries`. */
export function answerMap(entries: i32): void {
  writeTo(answer + SMP_HEADER_SIZE, ANSWER_MAX - SMP_HEADER_SIZE);
  putHead(MAJOR_MAP, entries);
}

export function putNumber(name: string, value: u32): void {
  putName(name);
  putUint(value);
}

/** The answer is a status, and nothing else. */
export function answerStatus(status: i32): void {
  answerMap(1);
  putNumber("rc", <u32>status);
}

/** Octets of header and map, the header's fields for `request` filled in. */
export function answerEnd(request: usize, known: i32): i32 {
  if (written() < 0) answerStatus(SmpStatus.TooLong);
  const body = written();
  memory.fill(answer, 0, SMP_HEADER_SIZE);
  if (known >= SMP_HEADER_SIZE) memory.copy(answer, request, SMP_HEADER_SIZE);
  // Version 0, whatever the request's was: its errors are in `rc`.
  store<u8>(answer, (load<u8>(answer) & 2) | 1);
  store<u8>(answer + 1, 0);
  store<u8>(answer + 2, <u8>(body >> 8));
  store<u8>(answer + 3, <u8>body);
  return SMP_HEADER_SIZE + body;
}
