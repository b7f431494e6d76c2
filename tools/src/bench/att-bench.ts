// What a phone's write costs a Cortex-M4: from the last octet of an ATT write of 244 octets, on the line to the controller, until its chunk is framed and on
// its way to the wallet. QEMU writes down each instruction of the image while the write is taken.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HciController, MemoryBlock, QemuCard } from "@enabling-card/emulator";
import { ATT_HEADER, CHUNK_FIRST, concat, fromHex, LE_MTU_MAX } from "@enabling-card/wire";
import { builtImage } from "../mcu-image.js";
import { setTable } from "../stage.js";
import { RX_HANDLE, TX_CLIENT_HANDLE } from "./card-handles.js";
import { disassembly, functionsOf } from "./mcu-image.js";

/** The interrupt of the controller's line, and the port by which link hands on what it has framed. */
const RECEIVES = "uart1_receives";
const HANDS_ON = "Z_mailboxZ_send";
/** What takes octets of the line out of its ring (firmware/mcu/ports/radio.c); some are part of others. */
const DRAINS = ["radio_poll", "take", "board_uart_get", "header_of", "body_of"];

const CONNECTION = 0x40;
/** Of a message of which the write is the first chunk. */
const MESSAGE = 600;

const u16 = (value: number) => [value & 255, value >> 8] as const;

/** A controller that does what it is told, and has one phone. */
class Scripted implements HciController {
  #say: (packet: Uint8Array) => void = () => undefined;
  #heard: () => void = () => undefined;
  readonly heard: Uint8Array[] = [];

  send(packet: Uint8Array): void {
    this.heard.push(packet);
    this.#heard();
    if (packet[0] !== 1) return;
    const opcode = packet[1]! | (packet[2]! << 8);
    const returned = opcode === 0x2002 ? [0, ...u16(251), 8] : opcode === 0x2018 ? [0, 1, 2, 3, 4, 5, 6, 7, 8] : [0];
    this.#say(Uint8Array.of(4, 0x0e, 3 + returned.length, 1, ...u16(opcode), ...returned));
  }

  onPacket(listener: (packet: Uint8Array) => void): void {
    this.#say = listener;
  }

  powerOff(): void {}

  connect(): void {
    const peer = fromHex("00010203040506");
    this.#say(
      concat(
        Uint8Array.of(4, 0x3e, 19, 1, 0, ...u16(CONNECTION), 1),
        peer,
        fromHex("1800 0000 2a00 00".replaceAll(" ", "")),
      ),
    );
  }

  /** ATT's PDU, as one packet. */
  att(...pdu: number[]): void {
    const frame = [...u16(pdu.length), ...u16(4), ...pdu];
    this.#say(Uint8Array.of(2, ...u16(CONNECTION | 0x2000), ...u16(frame.length), ...frame));
    this.#say(Uint8Array.of(4, 0x13, 5, 1, ...u16(CONNECTION), ...u16(1)));
  }

  /** Resolves once the host has said what is wanted. */
  async says(isWanted: (packet: Uint8Array) => boolean): Promise<void> {
    while (!this.heard.some(isWanted))
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    this.heard.length = 0;
  }
}

const isEnabled = (packet: Uint8Array) => packet[0] === 1 && packet[1] === 0x0a && packet[2] === 0x20;
const isAnswer = (opcode: number) => (packet: Uint8Array) => packet[0] === 2 && packet[9] === opcode;

/** Instructions of a write, at most. @throws {CommandError} `IMAGE_MISSING`, `TOOL_MISSING`; {EmulatorError} `QEMU_FAILED` */
export async function benchAttWrite(): Promise<number> {
  const built = builtImage("an386");
  const block = new MemoryBlock();
  await (await setTable({ block })).service.close();
  const folder = mkdtempSync(join(tmpdir(), "ecard-bench-"));
  const file = join(folder, "trace.log");
  const functions = functionsOf(disassembly(built.elf));
  const all = [...functions.values()];
  const code = [{ from: Math.min(...all.map(({ from }) => from)), to: Math.max(...all.map(({ to }) => to)) }];
  const radio = new Scripted();
  let qemu: QemuCard | undefined;
  try {
    qemu = await QemuCard.start({ ...built, flash: block.snapshot(), icount: true, radio, traced: { file, code } });
    await radio.says(isEnabled);
    radio.connect();
    radio.att(0x02, ...u16(LE_MTU_MAX));
    await radio.says(isAnswer(0x03));
    radio.att(0x12, ...u16(TX_CLIENT_HANDLE), 1, 0);
    await radio.says(isAnswer(0x13));
    await qemu.trace(true);
    const chunk = [CHUNK_FIRST, ...u16(MESSAGE), ...new Uint8Array(LE_MTU_MAX - ATT_HEADER - 3)];
    radio.att(0x12, ...u16(RX_HANDLE), ...chunk); // with response, so that its end shows
    await radio.says(isAnswer(0x13));
    await qemu.trace(false);
    const drains = DRAINS.flatMap((name) => functions.get(name) ?? []);
    return writeCost(readFileSync(file, "utf8"), {
      receives: functions.get(RECEIVES)!.from,
      handsOn: functions.get(HANDS_ON)!.from,
      isDrain: (at) => drains.some(({ from, to }) => at >= from && at < to),
    });
  } finally {
    await qemu?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Marks {
  readonly receives: number;
  readonly handsOn: number;
  readonly isDrain: (at: number) => boolean;
}

/**
 * Instructions behind the last octet: those from the last interrupt on before the chunk is handed on, and all that took octets out of the line's ring, as if
 * every octet had waited there. Of a trace, whose lines are as `longestRun` reads them.
 */
export function writeCost(trace: string, { receives, handsOn, isDrain }: Marks): number {
  let [drained, others] = [0, 0];
  for (const line of trace.split("\n")) {
    const at = /^Trace [^/]*\/([0-9a-f]{8})\//.exec(line)?.[1];
    if (at === undefined) continue;
    const address = Number.parseInt(at, 16);
    if (address === handsOn) return drained + others;
    if (address === receives) others = 0;
    if (isDrain(address)) drained++;
    else others++;
  }
  throw new RangeError("the trace has no write");
}
