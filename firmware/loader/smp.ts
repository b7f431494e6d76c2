// SMP's requests and answers: Zephyr's "SMP Protocol Specification". What is not known is refused with a status; memory, files and shells are in
// no group that this loader knows, whoever asks.
import { MAJOR_TEXT, putBytes, putHead, putRaw } from "../common/cbor";
import { DIGEST_SIZE } from "../../wire/image-numbers";
import { LoaderVerdict } from "../../wire/loader";
import {
  SMP_HEADER_SIZE, SMP_PACKET_MAX, SMP_PACKETS, SMP_PACKETS_RAW, SmpGroup, SmpLoader, SmpOperation, SmpOs, SmpStatus,
} from "../../wire/smp-numbers";
import { answerAt, answerEnd, answerMap, answerStatus, putNumber } from "./answer";
import { startReason } from "./boot";
import { isRaw, say } from "./console";
import { rootHash } from "./image";
import { imageGroup } from "./images";
import { putName } from "./names";
import { Field, has, lengthOf, readRequest, valueOf } from "./request";
import { board, boardLength, loadAddress, slotSize } from "./settings";
import { counter } from "./state";

/** Longest text that is sent back. */
const ECHO_MAX: i32 = 256;
const hash: usize = memory.data(DIGEST_SIZE);
let resets: bool = false;
/** Why the image that handed over had been started. */
let before: i32 = 0;

export function setBefore(reason: i32): void {
  before = reason;
}

/** Answers a packet. */
export function serve(request: usize, length: i32): LoaderVerdict {
  resets = false;
  // An answer is answered by nobody: two servers would talk for ever.
  if (length >= SMP_HEADER_SIZE && (load<u8>(request) & 1) != 0) return LoaderVerdict.Serve;
  const status = dispatch(request, length);
  if (status != SmpStatus.Ok) answerStatus(status);
  say(answerAt(), answerEnd(request, length));
  return resets && status == SmpStatus.Ok ? LoaderVerdict.Reset : LoaderVerdict.Serve;
}

/** Says what was wrong with a packet that never became whole; `known` octets of it did come. */
export function refuse(request: usize, known: i32, status: i32): void {
  answerStatus(status);
  say(answerAt(), answerEnd(request, known));
}

function dispatch(request: usize, length: i32): i32 {
  if (length < SMP_HEADER_SIZE) return SmpStatus.TooLong;
  const first: i32 = load<u8>(request);
  const operation = first & 7;
  // Three reserved bits, then the version: this one's and its successor's requests are the same.
  if (first >> 5 != 0 || first >> 3 > 1 || operation > SmpOperation.Write) return SmpStatus.Unsupported;
  if (bigEndian(request + 2) != length - SMP_HEADER_SIZE) return SmpStatus.TooLong;
  if (!readRequest(request + SMP_HEADER_SIZE, length - SMP_HEADER_SIZE)) return SmpStatus.Invalid;
  const group = bigEndian(request + 4);
  const command: i32 = load<u8>(request + 7);
  if (group == SmpGroup.Os) return osGroup(operation, command);
  if (group == SmpGroup.Image) return imageGroup(operation, command);
  if (group == SmpGroup.Loader && command == SmpLoader.Facts && operation == SmpOperation.Read) return facts();
  return SmpStatus.Unsupported;
}

function osGroup(operation: i32, command: i32): i32 {
  if (command == SmpOs.Echo) {
    if (!has(Field.Text)) return SmpStatus.Invalid;
    if (lengthOf(Field.Text) > ECHO_MAX) return SmpStatus.TooLong;
    if (!isUtf8(valueOf(Field.Text), lengthOf(Field.Text))) return SmpStatus.Invalid;
    answerMap(1);
    putName("r");
    putText(valueOf(Field.Text), lengthOf(Field.Text));
    return SmpStatus.Ok;
  }
  if (command == SmpOs.Reset && operation == SmpOperation.Write) {
    resets = true;
    answerMap(0);
    return SmpStatus.Ok;
  }
  if (command != SmpOs.Parameters || operation != SmpOperation.Read) return SmpStatus.Unsupported;
  answerMap(2);
  putNumber("buf_size", SMP_PACKET_MAX);
  putNumber("buf_count", isRaw() ? SMP_PACKETS_RAW : SMP_PACKETS);
  return SmpStatus.Ok;
}

/** What a flasher must know before it sends the first octet. */
function facts(): i32 {
  answerMap(7);
  putName("board");
  putText(board(), boardLength());
  putNumber("load", loadAddress());
  putNumber("slot", slotSize());
  putNumber("counter", counter);
  putNumber("start", startReason());
  putNumber("before", before);
  putName("root");
  rootHash(hash);
  putBytes(hash, DIGEST_SIZE);
  return SmpStatus.Ok;
}

function putText(from: usize, length: i32): void {
  putHead(MAJOR_TEXT, length);
  putRaw(from, length);
}

/** Text of CBOR is UTF-8 (RFC 8949 3.1), and what is none is not sent back as if it were. RFC 3629 4: what may follow which first octet. */
function isUtf8(from: usize, length: i32): bool {
  let left = 0;
  let least = 0x80;
  let most = 0xbf;
  for (let i = 0; i < length; i++) {
    const octet: i32 = load<u8>(from + i);
    if (left > 0) {
      if (octet < least || octet > most) return false;
      left--;
      least = 0x80;
      most = 0xbf;
    } else if (octet >= 0x80) {
      if (octet < 0xc2 || octet > 0xf4) return false;
      left = octet < 0xe0 ? 1 : octet < 0xf0 ? 2 : 3;
      if (octet == 0xe0) least = 0xa0;
      if (octet == 0xed) most = 0x9f;
      if (octet == 0xf0) least = 0x90;
      if (octet == 0xf4) most = 0x8f;
    }
  }
  return left == 0;
}

function bigEndian(at: usize): i32 {
  return (<i32>load<u8>(at) << 8) | load<u8>(at + 1);
}
