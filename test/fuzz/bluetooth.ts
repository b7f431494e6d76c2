// The card's Bluetooth host, fuzzed: HCI events, ACL data, L2CAP frames and ATT PDUs, well formed, bent and made up, into link with gaps behind its
// buffers. No trap, no gap written, nothing read from behind a packet, no frame that is malformed or longer than the MTU; to what is asked one thing at a
// time, the answer that the book wants (asks.ts); and after each session a phone is heard again without a reset from outside.

import { concat, fromHex, Mail, MessageType, ModuleId, Status } from "@enabling-card/wire";
import { ATT, HANDLE, LinkHost, le } from "../support/link-host.js";
import { ask } from "./asks.js";
import type { Random } from "./random.js";

/** Packets of one session: a start, a connection, and whatever comes. */
const SESSION = 150;
const ENABLE = 0x200a;
/** Masks, advertising's parameters, address and data: what a controller that starts again has lost. */
const SETTINGS = [0x0c01, 0x2001, 0x2006, 0x2005, 0x2008, 0x2009];
const RESET = 0x0c03;
/** Between two resets of a controller that fails. */
const PAUSE_MS = 2_000;
/** A minute, a connection's 10 s, and 2 s to a reset: such a controller is seen again. */
const UNSEEN_MS = 75_000;
/** A phone, and a client of SMP. */
const LISTEN = ["121d000100", "1221000100"];
const ODD = [0, 1, 2, 4, 5, 0x40, 0x7f, 0xf7, 0xf8, 0xfb, 0xff, 0x100, 0x7fff, 0x8000, 0xffff];
const UUIDS = [
  "0028",
  "0128",
  "0328",
  "0229",
  "002a",
  "192a",
  "2a2b",
  "052a",
  "1433e213c85b5dbd9c495dae020041b9",
  "487c997411269eae014ecefb28782eda",
];

export async function bluetooth(random: Random, runs: number): Promise<void> {
  for (let done = 0; done < runs; done += SESSION) session(random, Math.min(SESSION, runs - done));
}

/** What a controller said in sessions of so many packets together and more, for another machine to hear. */
export function bluetoothSessions(random: Random, packets: number): Uint8Array[][] {
  const sessions: Uint8Array[][] = [];
  for (let heard = 0; heard < packets; heard += sessions.at(-1)!.length) {
    const said: Uint8Array[] = [];
    session(random, SESSION, (packet) => said.push(packet.slice()));
    sessions.push(said);
  }
  return sessions;
}

function session(random: Random, packets: number, onPacket: (packet: Uint8Array) => void = () => undefined): void {
  const below = (limit: number) => Math.floor(random() * limit);
  const one = <T>(choices: readonly T[]): T => choices[below(choices.length)]!;
  const odds = (of: number) => below(of) === 0;
  const octets = (length: number) => Uint8Array.from({ length }, () => below(256));
  const odd16 = () => le(odds(3) ? below(65_536) : one(ODD));

  const [aclOctets, aclBuffers] = one([
    [251, 8],
    [27, 1],
    [27, 3],
    [64, 2],
    [600, 1],
  ] as const);
  const host = new LinkHost({ aclOctets, aclBuffers, onPacket }).start().connect();
  host.endsConnections = true;
  const begunMs = host.nowMs;
  if (odds(2)) host.att(concat(Uint8Array.of(2), one([le(23), le(64), le(247), le(517)])));
  if (!odds(4)) host.att(one(LISTEN));
  // Half of all controllers are honest: what they hold is counted. The others tell of packets and ends that were none.
  const honest = odds(2);
  host.isTrusted = honest;

  const handle = () => (odds(6) ? odd16() : le(1 + below(34)));
  const uuid = () => (odds(4) ? octets(one([1, 2, 3, 16])) : fromHex(one(UUIDS)));
  const value = () => octets(one([0, 1, 2, 3, 17, 18, 20, 100, 241, 244, 245, below(260)]));
  const chunk = () =>
    odds(2)
      ? value()
      : concat(Uint8Array.of(one([0x80, 0xc0, 0x40, 0, 1])), odds(2) ? le(below(300)) : octets(2), value());
  const pdu = (): Uint8Array => {
    const code = (number: number) => Uint8Array.of(number);
    const range = () => concat(handle(), odds(2) ? le(0xffff) : handle());
    return one<() => Uint8Array>([
      () => concat(code(0x02), odd16()),
      () => concat(code(0x04), range()),
      () => concat(code(0x06), range(), fromHex(one(["0028", "0328", "002a"])), odds(2) ? fromHex("0f18") : value()),
      () => concat(code(0x08), range(), uuid()),
      () => concat(code(0x10), range(), uuid()),
      () => concat(code(0x0a), handle()),
      () => concat(code(0x0c), handle(), odd16()),
      () => concat(code(one([0x12, 0x52])), odds(3) ? handle() : le(one([26, 32])), chunk()),
      () => concat(code(0x12), le(one([11, 29, 33])), odds(4) ? value() : le(below(4))),
      () => concat(code(0x16), handle(), odd16(), value()),
      () => concat(code(0x18), octets(1)),
      () => octets(below(30)),
    ])();
  };
  const bent = (from: Uint8Array): Uint8Array => {
    let out: Uint8Array = from.slice();
    for (let left = 1 + below(3); left > 0 && out.length > 0; left--) {
      const at = below(out.length);
      const kind = below(5);
      if (kind === 0) out[at] = (out[at] ?? 0) ^ (1 << below(8));
      else if (kind === 1) out[at] = one([0, 1, 0x7f, 0x80, 0xff]);
      else if (kind === 2) out = out.slice(0, at);
      else if (kind === 3) out = concat(out, octets(below(40)));
      else out.set(odd16().slice(0, out.length - at), at);
    }
    return out;
  };
  const frame = (): Uint8Array => {
    const [channel, payload] = odds(6)
      ? [
          one([le(5), le(6), odd16()]),
          odds(2) ? fromHex("12010800060006000000 2a00".replaceAll(" ", "")) : octets(below(40)),
        ]
      : [le(ATT), pdu()];
    return concat(le(payload.length), channel, payload);
  };
  const acl = (data: Uint8Array, start = true) =>
    concat(Uint8Array.of(2), le(HANDLE | (start ? 0x2000 : 0x1000)), le(data.length), data);
  const event = (): Uint8Array => {
    const whose = () => (odds(2) ? le(HANDLE) : odd16());
    const opcode = () => (odds(2) ? odd16() : le(one([0, 0x0c03, 0x2002, 0x1005, 0x2018, ENABLE, 0x0406])));
    const [code, body] = one<() => [number, Uint8Array]>([
      () => [0x0e, concat(octets(1), opcode(), octets(below(12)))],
      () => [0x0f, concat(Uint8Array.of(below(3), below(3)), opcode())],
      () => [0x13, concat(Uint8Array.of(odds(4) ? below(256) : 1), whose(), odd16())],
      () => [0x05, concat(Uint8Array.of(odds(4) ? 1 : 0), whose(), octets(1))],
      () => [0x3e, concat(Uint8Array.of(1, odds(3) ? 1 : 0), odd16(), Uint8Array.of(below(3)), octets(14))],
      () => [0x3e, concat(Uint8Array.of(3, 0), whose(), octets(6))],
      () => [0x3e, concat(Uint8Array.of(5), whose(), octets(10))],
      () => [0x3e, octets(below(30))],
      () => [0x10, octets(1)],
      () => [below(256), octets(below(256))],
    ])();
    return concat(Uint8Array.of(4, code, body.length), body);
  };
  const pieces = (whole: Uint8Array) => {
    for (let at = 0; at < whole.length; ) {
      const size = odds(4) ? below(4) : 1 + below(60);
      host.packet(acl(whole.slice(at, at + size), odds(20) ? odds(2) : at === 0));
      at += size;
      if (odds(30)) return;
    }
  };
  /** The wallet, or the loader or the machine in an update. */
  const within = () => {
    const who = one([ModuleId.Wallet, ModuleId.Wallet, ModuleId.Loader, ModuleId.Machine]);
    const said = concat(
      Uint8Array.of(1, one([MessageType.Pair2, MessageType.Sealed, MessageType.Fault])),
      octets(below(odds(3) ? 20 : 240)),
    );
    if (!odds(3)) {
      const more = octets(odds(2) ? 0 : 1 + below(250)); // in a second piece
      const flags = more.length === 0 ? 3 : 1;
      host.post(who, concat(Uint8Array.of(Mail.Piece, flags), le(said.length + more.length), said));
      if (more.length > 0) host.post(who, concat(Uint8Array.of(Mail.Piece, 2), more));
      return;
    }
    const kind = one([Mail.Piece, Mail.Piece, Mail.Identifier, Mail.Hangup, Mail.Indicate]);
    const other = concat(Uint8Array.of(kind, below(4)), odds(2) ? le(below(300)) : octets(2), said);
    host.post(who, other);
  };

  for (let n = 0; n < packets; n++) {
    const kind = honest ? 16 + below(84) : below(100);
    host.autoComplete = !odds(5);
    if (kind < 6) host.packet(octets(below(259)));
    else if (kind < 16) host.packet(odds(3) ? bent(event()).slice(0, 258) : event());
    else if (kind < 30 && honest) ask(host, random, pdu);
    else if (kind < 50) host.packet(acl(frame()).slice(0, 258));
    else if (kind < 62) host.packet(acl(bent(frame()).slice(0, 253)));
    else if (kind < 70 && !honest) host.packet(bent(acl(frame())).slice(0, 258));
    else if (kind < 86) pieces(odds(3) ? bent(frame()) : frame());
    else if (kind < 96) within();
    else if (kind < 98) host.advance(below(3_000));
    else {
      host.radio = odds(2) ? Status.Busy : Status.Ok;
      host.run(() => host.exports.onRadioReady!());
    }
    // A card whose controller has failed twice lets nobody in for a while: mostly that is over when the next one comes.
    if (odds(25) && !honest) host.advance(odds(4) ? 0 : PAUSE_MS).connect();
  }
  isPaced(host, host.nowMs - begunMs);
  isThere(host, odds(2));
}

/** In so long a controller is reset once for what it says, and once for what it owes. */
function isPaced(host: LinkHost, passedMs: number): void {
  const resets = host.commands.filter((opcode) => opcode === RESET).length - 1; // the first one is the start's
  if (resets > 2 * (1 + passedMs / PAUSE_MS)) throw new Error(`${resets} resets in ${passedMs} ms`);
}

/** With an honest controller again, which may have lost all that it was told, and time for what is due, a phone connects and is answered. */
function isThere(host: LinkHost, isLost: boolean): void {
  host.autoComplete = true;
  host.radio = Status.Ok;
  if (isLost) host.forget();
  host.run(() => host.exports.onRadioReady!());
  host.advance(isLost ? UNSEEN_MS : 30_000);
  const connection = host.exports.connection!();
  if (connection >= 0) {
    if (isLost) throw new Error("the card keeps a connection that its controller has lost");
    host.disconnect(connection); // a session that lasts
  }
  const onAir = host.packets.findLast((packet) => packet[0] === 1 && (packet[1]! | (packet[2]! << 8)) === ENABLE);
  if (onAir?.[4] !== 1) throw new Error("the card is not on the air any more");
  for (const opcode of isLost ? SETTINGS : [])
    if (!host.commands.includes(opcode)) throw new Error(`the card did not give ${opcode.toString(16)} again`);
  host.forgetFrames();
  const [name] = host.connect({ handle: HANDLE }).att("0a0300");
  if (name !== "0b6563617264") throw new Error(`the card does not answer any more: ${name}`);
}
