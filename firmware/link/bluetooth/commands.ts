// HCI commands (Core 6.0, Vol 4 Part E 7), one under way at a time and only while the controller has room for it (4.4): what brings the controller
// up, what puts the card on the air and takes it off, and what ends connections.
import { send } from "../../ports/radio";
import { aclConfigure, aclForget, aclHandle, aclIdle } from "./acl";
import { clearDeadline, Deadline, setDeadline } from "./deadlines";
import { putLong } from "./gatt";
import { CARD_SERVICE, COMPANY_ID, HANDSHAKE_MAX_MS } from "../../../wire/bluetooth";
import { IDENTIFIER_LIFE_MS, IDENTIFIER_SIZE } from "../../../wire/limits";
import { Status } from "../../../wire/status";

/** Why a connection ends (Vol 1 Part F 2.19). */
const USER_TERMINATED: u8 = 0x13;
/** Unknown Connection Identifier (Vol 1 Part F 2.2). */
const UNKNOWN_CONNECTION: i32 = 2;

/** A controller that owes an answer for so long is reset; one that refused is tried again after as long, and one that fails is not reset twice within it. */
export const CONTROLLER_MS: u64 = 2_000;
/**
 * What was written before a hang-up has so long to leave, and the end as long to come. A controller cannot end a connection whose peer is silent before its
 * supervision time-out is over, which the peer chose: 32 s at most. So it is reset, which does. Two intervals of 500 ms, in which a Disconnect is said
 * and acknowledged; phones use 30 to 50 ms. Of the slowest legal interval, 4 s, it would take 8 s, and a stranger could choose that one as well.
 */
const HANG_UP_MS: u64 = 1_000;
/** So often a controller on the air is given its settings anew: no command of this Part tells whether it has lost them, as in a restart of its own. */
const CHECK_MS: u64 = 60_000;

/** Commands as they go out, one behind the other: H4's type, opcode, length, parameters. All but the last three are the way to the air. */
const way: usize = memory.data<u8>([
  1, 0x03, 0x0c, 0, // Reset
  1, 0x01, 0x0c, 8, 0x10, 0x80, 0, 0, 0, 0, 0, 0x20, // event mask: Disconnection Complete, Hardware Error, LE Meta (7.3.1)
  1, 0x01, 0x20, 8, 0x15, 0, 0, 0, 0, 0, 0, 0, // LE event mask: Connection Complete, Connection Update Complete, Long Term Key Request (7.8.1)
  1, 0x02, 0x20, 0, // LE buffer size
  1, 0x05, 0x10, 0, // buffer size, of a controller whose LE data shares the other buffers (7.8.2)
  1, 0x24, 0x20, 4, 251, 0, 0x48, 0x08, // data PDUs of 251 octets, 2120 us (7.8.35): a controller without data length extension refuses
  // Advertising every 100 to 150 ms, connectable and scannable, from a random address, on all three channels (7.8.5)
  1, 0x06, 0x20, 15, 160, 0, 240, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0,
  1, 0x18, 0x20, 0, // random octets
  1, 0x05, 0x20, 6, 0, 0, 0, 0, 0, 0, // random address
  // Advertised: general discoverable, no BR/EDR; complete list of 128-bit service UUIDs: the card's (Supplement, Part A 1.1, 1.3)
  1, 0x08, 0x20, 32, 21, 2, 0x01, 0x06, 17, 0x07, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  // To a scanner: complete local name (1.2); manufacturer specific data (1.4), which is the identifier, once the wallet gives one
  1, 0x09, 0x20, 32, 7, 6, 0x09, 0x65, 0x63, 0x61, 0x72, 0x64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  1, 0x0a, 0x20, 1, 1, // advertising: 1 on the way to the air, 0 off it
  1, 0x06, 0x04, 3, 0, 0, USER_TERMINATED, // disconnect
  1, 0x1b, 0x20, 2, 0, 0, // nobody here has a long term key (7.8.26)
  1, 0x15, 0x20, 2, 0, 0, // channel map of a connection, which only a controller that has it knows (7.8.20)
]);
// Places of the above
const settings: usize = way + 4;
const leBufferSize: usize = way + 28;
const bufferSize: usize = way + 32;
const dataLength: usize = way + 36;
const parameters: usize = way + 44;
const rand: usize = way + 63;
const randomAddress: usize = way + 67;
const advertisingData: usize = way + 77;
const scanResponse: usize = way + 113;
const enable: usize = way + 149;
const arrived: usize = way + 154;
const disconnect: usize = arrived;
const denyKey: usize = way + 161;
const channelMap: usize = way + 167;

const COMMAND_HEADER: i32 = 4;
const SERVICE_AT: usize = 10;
const NAME_END: usize = 12;
const MANUFACTURER_SIZE: i32 = 3 + IDENTIFIER_SIZE;
const RANDOM_ADDRESS_AT: usize = 4;
/** The random part of the address, in its upper half. */
const PART: i32 = 0x3fffff;

/** The command of the way that is due, or under way. */
let step: usize = arrived;
/** The controller answers: false before its start, and after a refusal. */
let up: bool = false;
/** Opcode of the command under way, or 0. */
let awaited: i32 = 0;
/** Commands that the controller takes now. */
let room: i32 = 0;
/** What the controller was told of advertising: nothing since the last connection, that it is over, which a connection may have crossed, or to go on. */
const enum Air {
  Off = 0,
  Leaving = 1,
  On = 2,
}
let air: Air = Air.Off;
let wantsAir: bool = true;
/** Why the card is to go on the air anew; both may be. */
export const enum Stale {
  No = 0,
  /** The controller may have lost what it was told. */
  Unsure = 1,
  /** What is on the air is out of date, the address with it. */
  Old = 2,
}
let stale: i32 = Stale.No;
let denyKeyDue: bool = false;
/** How far the end of the connection is: what was written may leave first, its command is due, it was given. */
const enum Ending {
  No = 0,
  Idle = 1,
  Due = 2,
  Given = 3,
}
let ending: Ending = Ending.No;
/** Whose connection the last command was about. */
let about: i32 = -1;
/** Handle of a connection that is not wanted, or negative; and whether its end is to be asked for. */
let stray: i32 = -1;
let strayDue: bool = false;
/** How often its end was refused, or was to be asked for again. */
let strayTries: i32 = 0;
/** At five seconds each, longer than any supervision time-out: what is still there then stays. */
const STRAY_TRIES: i32 = 7;

/** Brings the controller up from nothing. False where there is none. */
export function commandsStart(): bool {
  aclForget();
  step = way;
  up = true;
  awaited = 0;
  room = 1;
  air = Air.Off;
  stray = -1;
  putLong(advertisingData + SERVICE_AT, CARD_SERVICE);
  return give(way) != <i32>Status.Absent;
}

/** Says nothing more to the controller until it is brought up anew. */
export function commandsHush(): void {
  clearDeadline(Deadline.Controller);
  up = false;
  air = Air.Off;
}

/** The connection is gone: nothing is to be said of it any more. */
export function commandsForget(): void {
  denyKeyDue = false;
  ending = Ending.No;
}

/** What a scanner is to see besides the service: 16 octets, or none. With it changes the address, so that neither tells of the other's change. */
export function showIdentifier(identifier: usize, length: i32): void {
  const has = length == IDENTIFIER_SIZE;
  const end = scanResponse + NAME_END;
  store<u8>(scanResponse + COMMAND_HEADER, <u8>(has ? 7 + 1 + MANUFACTURER_SIZE : 7));
  memory.fill(end, 0, 1 + MANUFACTURER_SIZE);
  if (has) {
    store<u8>(end, <u8>MANUFACTURER_SIZE);
    store<u8>(end + 1, 0xff);
    store<u16>(end + 2, <u16>COMPANY_ID);
    memory.copy(end + 4, identifier, IDENTIFIER_SIZE);
  }
  renewAir(Stale.Old);
}

/** Goes on the air anew: the controller is given all its settings. */
export function renewAir(why: Stale): void {
  stale |= why;
  pumpCommands();
}

/** May the card advertise while nobody is connected? */
export function allowAir(wanted: boolean): void {
  wantsAir = wanted;
  pumpCommands();
}

/**
 * True where the controller may have let somebody connect: it has advertised since the last connection. Also where it was told to stop meanwhile, for
 * another address, as its word of a connection may come behind its answer to that. Advertising ends with a connection (Vol 4 Part E 7.8.9).
 */
export function takeOffAir(): bool {
  if (air == Air.Off) return false;
  air = Air.Off;
  step = arrived;
  return true;
}

/** The connection ends once what was written has left, and in a second in any case. */
export function hangUpRadio(): void {
  hangUp(Ending.Idle);
}

export function isHangingUp(): bool {
  return ending != Ending.No;
}

/** The connection ends now. False where it was told so before. */
export function hangUpNow(): bool {
  return hangUp(Ending.Due);
}

/** However often it is told, each step has its time once. */
function hangUp(how: Ending): bool {
  if (aclHandle() < 0 || ending >= how) return false;
  ending = how;
  setDeadline(Deadline.Connection, HANG_UP_MS);
  pumpCommands();
  return true;
}

/** The central asks for a long term key. */
export function refuseKey(): void {
  denyKeyDue = true;
  pumpCommands();
}

/**
 * A connection that came beside the one, or when none could: it is ended, or its handle would be lost for ever. False where another one waits for its
 * end: a controller that lets in so many is no good.
 */
export function endStray(handle: i32): bool {
  if (stray >= 0) return false;
  stray = handle;
  strayTries = 0;
  strayAgain();
  return true;
}

/** True where a controller has been told often enough, and nobody else is connected: only its reset ends that connection. */
export function strayAgain(): bool {
  if (stray >= 0 && ++strayTries > STRAY_TRIES && aclHandle() < 0) return true;
  strayDue = true;
  pumpCommands();
  return false;
}

/** The handle is somebody else's from now on: the end of the stray one was missed. */
export function strayGone(handle: i32): void {
  if (handle == stray) stray = -1;
}

/** Gives the next command, if one is due and the controller takes it. */
export function pumpCommands(): void {
  if (!up || awaited != 0 || room == 0) return;
  if (strayDue && stray >= 0) strayDue = !tell(disconnect, stray);
  else if (step == enable) switchAir(1);
  else if (step != arrived) give(step);
  else if (aclHandle() >= 0) pumpConnection();
  else if (air == Air.On) {
    if (stale != 0 || !wantsAir) switchAir(0);
  } else if (wantsAir) {
    step = settings;
    give(settings);
  }
}

function pumpConnection(): void {
  if (ending == Ending.Idle && aclIdle()) hangUpNow();
  else if (denyKeyDue) denyKeyDue = !tell(denyKey, aclHandle());
  else if (ending == Ending.Due) {
    if (tell(disconnect, aclHandle())) ending = Ending.Given;
  } else if (stale & Stale.Unsure && tell(channelMap, aclHandle())) {
    stale ^= Stale.Unsure;
    setDeadline(Deadline.Check, CHECK_MS);
  }
}

/** A command about a connection. False where it stays due. */
function tell(command: usize, handle: i32): bool {
  about = handle;
  store<u16>(command, <u16>handle, COMMAND_HEADER);
  return give(command) == 0;
}

function switchAir(on: i32): void {
  store<u8>(enable + COMMAND_HEADER, <u8>on);
  if (give(enable) == 0 && on != 0) air = Air.On;
}

/** Command Complete or Command Status: `room` as it tells, its status, and what it returns behind that. */
export function commandAnswered(opcode: i32, roomNow: i32, status: i32, returned: usize, length: i32): void {
  room = roomNow;
  const isAwaited = opcode == awaited;
  if (isAwaited) awaited = 0;
  if (awaited == 0) {
    // One that has no room owes a word just as well.
    if (room == 0) setDeadline(Deadline.Controller, CONTROLLER_MS);
    else if (up) clearDeadline(Deadline.Controller);
  }
  if (isAwaited) {
    if (isStep(opcode)) {
      if (!stepDone(status, returned, length)) {
        giveUp();
        return;
      }
    } else if (opcode == opcodeOf(enable)) {
      if (air == Air.On) air = Air.Leaving;
    } else if (about == stray) {
      // One that is not ended is told again.
      if (status == 0 || status == UNKNOWN_CONNECTION) stray = -1;
      else setDeadline(Deadline.Stray, HANDSHAKE_MAX_MS);
    } else if (status == UNKNOWN_CONNECTION && about == aclHandle()) giveUp(); // its end was missed, or all that the controller knew is lost
  }
  pumpCommands();
}

/** The controller refused what it must not, or knows too little: it is tried again later, from the start. */
function giveUp(): void {
  up = false;
  setDeadline(Deadline.Controller, CONTROLLER_MS);
}

/** False where the controller cannot be used. */
function stepDone(status: i32, returned: usize, length: i32): bool {
  const done = step;
  if (status != 0 && done != dataLength) return false;
  step += <usize>sizeOf(done);
  if (done == leBufferSize) {
    if (length < 3) return false;
    // None of its own: the others are asked for next.
    if (load<u16>(returned) != 0 && load<u8>(returned, 2) != 0) {
      step = dataLength;
      return aclConfigure(load<u16>(returned), load<u8>(returned, 2));
    }
  } else if (done == bufferSize) return length >= 5 && aclConfigure(load<u16>(returned), load<u16>(returned, 3));
  else if (done == parameters) {
    // Nobody was connected, and nothing was out of date: the address goes on, or phones would look for it each minute.
    if (air == Air.Leaving && stale == Stale.Unsure) step = randomAddress;
    stale = Stale.No;
  } else if (done == rand) {
    if (length < 6 || !takeAddress(returned)) return false;
    setDeadline(Deadline.Address, IDENTIFIER_LIFE_MS);
  } else if (done == enable) setDeadline(Deadline.Check, CHECK_MS);
  return true;
}

/**
 * A resolvable private address (Vol 6 Part B 1.3.2.2) of an identity that nobody has: 46 random bits, which no key resolves. Owners know
 * the card by its identifier instead. False where its random part, 22 bits, is all zeros or all ones, which no address may be.
 */
function takeAddress(random: usize): bool {
  memory.copy(randomAddress + RANDOM_ADDRESS_AT, random, 6);
  const top = randomAddress + RANDOM_ADDRESS_AT + 5;
  store<u8>(top, <u8>((load<u8>(top) & 0x3f) | 0x40));
  return ((<i32>(load<u32>(top - 3) >> 8) + 1) & PART) > 1;
}

function isStep(opcode: i32): bool {
  return step != arrived && opcode == opcodeOf(step);
}

/** Octets of a command. */
function sizeOf(command: usize): i32 {
  return COMMAND_HEADER + <i32>load<u8>(command, 3);
}

function opcodeOf(command: usize): i32 {
  return load<u16>(command, 1);
}

/** 0 where the controller has it; else it stays due. */
function give(command: usize): i32 {
  const status = send(command, sizeOf(command));
  if (status != 0) {
    if (status == <i32>Status.Absent) up = false;
    return status;
  }
  awaited = opcodeOf(command);
  room--;
  setDeadline(Deadline.Controller, CONTROLLER_MS);
  return 0;
}
