// A phone that asks the card one thing, whole or broken, and knows what the book wants in answer (server.ts): for sessions whose controller is honest, so
// that the card must be right and not merely alive.

import { concat, encodeMessage, fromHex, Mail, MessageType, ModuleId, Status, toChunks } from "@enabling-card/wire";
import { ATT, HANDLE, type LinkHost, le } from "../support/link-host.js";
import type { Random } from "./random.js";
import { isAnswered, wrongIn } from "./server.js";

const SIGNALLING = 5;
const RX = 26;
const NAME = Uint8Array.of(0x0a, 3, 0);
const INDICATION = Uint8Array.of(0x1d, 3, 0);

/** @throws {Error} where the card does other than the book says. */
export function ask(host: LinkHost, random: Random, pdu: () => Uint8Array): void {
  quiet(host);
  if (host.exports.connection!() !== HANDLE) return;
  const below = (limit: number) => Math.floor(random() * limit);
  const kinds = [
    whole,
    whole,
    inPieces,
    elsewhere,
    misstated,
    miscounted,
    twice,
    signalled,
    falseEnd,
    falseCredits,
    stranger,
    tooLong,
    fromNowhere,
  ];
  kinds[below(kinds.length)]!(host, below, pdu());
  quiet(host);
}

type Below = (limit: number) => number;

/** Nothing waits, nothing is held, and what was said is forgotten. */
function quiet(host: LinkHost): void {
  host.autoComplete = true;
  host.radio = Status.Ok;
  host.run(() => host.exports.onRadioReady!());
  host.forgetFrames();
  host.mail.length = 0;
}

const acl = (data: Uint8Array, { start = true, handle = HANDLE, length = data.length } = {}): Uint8Array =>
  concat(Uint8Array.of(2), le(handle | (start ? 0x2000 : 0x1000)), le(length), data);
const frame = (payload: Uint8Array, channel = ATT, length = payload.length): Uint8Array =>
  concat(le(length), le(channel), payload);

/** What the server said, without its notifications and indications. */
function said(host: LinkHost, channel = ATT): Uint8Array[] {
  return host.frames
    .filter((one) => one.channel === channel && !(channel === ATT && [0x1b, 0x1d].includes(one.payload[0]!)))
    .map(({ payload }) => payload);
}

function hold(host: LinkHost, pdu: Uint8Array, mtu: number, what: string): void {
  const wrong = wrongIn(pdu, mtu, said(host));
  if (wrong !== undefined) throw new Error(`${wrong} to ${Buffer.from(pdu).toString("hex")} ${what}, MTU ${mtu}`);
}

function silent(host: LinkHost, what: string, channel = ATT): void {
  if (said(host, channel).length > 0) throw new Error(`an answer to ${what}`);
}

function whole(host: LinkHost, _: Below, pdu: Uint8Array): void {
  const mtu = host.exports.mtu!();
  if (pdu.length > 247) return;
  host.packet(acl(frame(pdu)));
  hold(host, pdu, mtu, "whole");
}

function inPieces(host: LinkHost, below: Below, pdu: Uint8Array): void {
  const mtu = host.exports.mtu!();
  if (pdu.length > 247) return;
  const data = frame(pdu);
  for (let at = 0, size = 0; at < data.length; at += size) {
    size = 1 + below(40);
    if (at > 0) silent(host, "a part of a request");
    host.packet(acl(data.slice(at, at + size), { start: at === 0 }));
  }
  hold(host, pdu, mtu, "in pieces");
}

/** On another connection's handle, or on a channel that is none. */
function elsewhere(host: LinkHost, below: Below): void {
  if (below(2) === 0) host.packet(acl(frame(NAME), { handle: HANDLE ^ (1 + below(0xfff)) }));
  else host.packet(acl(frame(NAME, 7 + below(1000))));
  if (host.frames.length > 0) throw new Error("an answer to what was not for the card");
}

/** A frame that is longer than it says, in one packet, or shorter, in one or two. */
function misstated(host: LinkHost, below: Below): void {
  const isLonger = below(2) === 0;
  const data = frame(NAME, ATT, isLonger ? below(NAME.length) : NAME.length + 1 + below(300));
  const cut = isLonger ? data.length : 1 + below(data.length);
  host.packet(acl(data.slice(0, cut)));
  if (cut < data.length) host.packet(acl(data.slice(cut), { start: false }));
  silent(host, "a frame of another length than it says");
}

/** Data whose packet is longer or shorter than it says. */
function miscounted(host: LinkHost, below: Below): void {
  const data = frame(NAME);
  host.packet(acl(data, { length: below(2) === 0 ? below(data.length) : data.length + 1 + below(300) }));
  silent(host, "a packet of another length than it says");
}

/** A second request before the answer to the first could leave: the first is answered, and no other. An indication beside them is confirmed, once. */
function twice(host: LinkHost, _: Below, pdu: Uint8Array): void {
  const mtu = host.exports.mtu!();
  if (pdu.length > 247 || !isAnswered(pdu, mtu)) return;
  host.radio = Status.Busy;
  const first = pdu[0] === INDICATION[0] ? NAME : pdu;
  for (const one of [first, INDICATION, NAME, INDICATION]) host.packet(acl(frame(one)));
  host.radio = Status.Ok;
  host.run(() => host.exports.onRadioReady!());
  const isConfirmation = (one: Uint8Array) => one.length === 1 && one[0] === 0x1e;
  if (said(host).filter(isConfirmation).length !== 1)
    throw new Error("two indications at once, and not one confirmation");
  const others = said(host).filter((one) => !isConfirmation(one));
  const wrong = wrongIn(first, mtu, others);
  if (wrong !== undefined) throw new Error(`${wrong} to ${Buffer.from(first).toString("hex")} and a second one`);
}

/** Signalling: a packet of another length than it says is passed over, and of two at once the first is rejected. */
function signalled(host: LinkHost, below: Below): void {
  const command = (identifier: number, length: number) =>
    concat(Uint8Array.of(0x14, identifier), le(length), new Uint8Array(4));
  if (below(2) === 0) {
    host.packet(acl(frame(command(1, below(2) === 0 ? below(4) : 5 + below(300)), SIGNALLING)));
    silent(host, "signalling of another length than it says", SIGNALLING);
    return;
  }
  host.radio = Status.Busy;
  host.packet(acl(frame(command(1, 4), SIGNALLING))).packet(acl(frame(command(2, 4), SIGNALLING)));
  host.radio = Status.Ok;
  host.run(() => host.exports.onRadioReady!());
  const rejects = said(host, SIGNALLING);
  if (rejects.length !== 1 || rejects[0]![1] !== 1)
    throw new Error(`${rejects.length} rejects of two requests at once`);
}

/** An end in an event that is longer or shorter than it says. */
function falseEnd(host: LinkHost, below: Below): void {
  const end = concat(Uint8Array.of(0), le(HANDLE), Uint8Array.of(0x13));
  const length = below(2) === 0 ? below(end.length) : end.length + 1 + below(200);
  host.packet(concat(Uint8Array.of(4, 0x05, length), end));
  if (host.exports.connection!() !== HANDLE) throw new Error("ended by an event of another length than it says");
}

/** Buffers that were never given do not come back: by a count that is too high, or by entries that an event does not have. */
function falseCredits(host: LinkHost, below: Below): void {
  host.autoComplete = false;
  const flood = () => {
    for (let i = 0; i < host.aclBuffers + 2; i++) host.packet(acl(frame(NAME)));
  };
  if (below(2) === 0) host.event(0x13, 1, le(HANDLE), le(1 + below(0xffff)));
  else {
    flood();
    host.event(0x13, 2 + below(40), le(HANDLE), le(1 + below(100)));
  }
  flood(); // more than the controller holds is an error of the host's (link-host.ts)
}

/** A second connection is none, whoever makes it. */
function stranger(host: LinkHost, below: Below): void {
  host.connect({ handle: HANDLE ^ (1 + below(0xeff)), role: below(2) });
  if (host.exports.connection!() !== HANDLE) throw new Error("a second connection took the first one's place");
}

/** A range whose first handle is 0, or behind its last: refused, whatever is looked for, as no handle is 0 (3.4.3.1, 3.4.4.1, 3.4.4.9). */
function fromNowhere(host: LinkHost, below: Below): void {
  const looks: readonly [number, string][] = [
    [0x04, ""],
    [0x06, "00280f18"],
    [0x08, "0328"],
    [0x10, "0028"],
  ];
  const [code, what] = looks[below(looks.length)]!;
  const end = below(0xffff);
  const start = below(2) === 0 ? 0 : end + 1;
  whole(host, below, concat(Uint8Array.of(code), le(start), le(end), fromHex(what)));
}

/** A chunk that is longer than the MTU in a command goes nowhere; nor does a command without a handle. */
function tooLong(host: LinkHost, below: Below): void {
  const mtu = host.exports.mtu!();
  if (mtu > 200) return;
  const [chunk] = toChunks(encodeMessage(MessageType.Open1, new Uint8Array(mtu + below(20))), 514);
  host.packet(acl(frame(concat(Uint8Array.of(0x52), le(RX), chunk!))));
  host.packet(acl(frame(Uint8Array.of(0x52, RX).slice(0, 1 + below(2)))));
  if (host.mail.some(({ to, bytes }) => to === ModuleId.Wallet && bytes[0] === Mail.Piece))
    throw new Error("a chunk longer than the MTU was handed on");
}
