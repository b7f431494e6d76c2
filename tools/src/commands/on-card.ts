// What the commands of a phone have in common: its folder, its way to cards, which of its cards is meant.

import type { Command } from "commander";
import type { Context } from "../context.js";
import type { Output } from "../output.js";
import type { PhoneCall, PhoneStep } from "../phone/paired-phone.js";

export interface PhoneOptions {
  readonly device?: string;
  readonly phone?: string;
}

export interface CardOptions extends PhoneOptions {
  readonly card?: string;
}

export const WAYS = `
--device: tcp:PORT (a card of ecard emulate --listen), ble (this computer's
Bluetooth), ble:PATH (a Bluetooth controller at a serial port). The environment
may say ECARD_DEVICE and ECARD_PHONE instead.`;

export const deviceOf = ({ device }: PhoneOptions, { env }: Context): string => device ?? env.ECARD_DEVICE ?? "ble";
export const folderOf = ({ phone }: PhoneOptions, { env }: Context): string => phone ?? env.ECARD_PHONE ?? "my-phone";
/** A port has one card: who has found it need not look on. */
export const isPort = (options: PhoneOptions, context: Context): boolean =>
  deviceOf(options, context).startsWith("tcp:");

/** Opens the phone and its way to cards for `work`, and lets go of both. */
export async function onPhone(
  options: PhoneOptions,
  command: Command,
  context: Context,
  work: (call: PhoneCall, output: Output) => Promise<void>,
): Promise<void> {
  const [{ PhoneFolder }, { openWay, readWay }] = await Promise.all([
    import("../phone/phone-folder.js"),
    import("../phone/way.js"),
  ]);
  const output = context.output(command);
  const meant = readWay(deviceOf(options, context));
  const phone = await PhoneFolder.open(folderOf(options, context));
  const way = await openWay(meant, { tables: phone.tables, signal: context.signal });
  const onStep = (step: PhoneStep) => {
    output.fact(step);
    output.say(`  ${output.paint("dim", step.step.padEnd(12))} ${step.detail}`);
  };
  try {
    await work({ phone, transport: way.transport, signal: context.signal, onStep }, output);
  } finally {
    way.close();
  }
}

/** The same for one of the phone's cards. */
export async function onCard(
  options: CardOptions,
  command: Command,
  context: Context,
  work: (call: PhoneCall & { readonly cardId: Uint8Array }, output: Output) => Promise<void>,
): Promise<void> {
  const { pairedCard } = await import("../phone/choose.js");
  await onPhone(options, command, context, async (call, output) => {
    const { cardId } = pairedCard(await call.phone.store.list(), options.card);
    await work({ ...call, cardId }, output);
  });
}

export function phoneOptions(command: Command): Command {
  return command
    .option("--device <way>", "how to reach cards (ble)")
    .option("--phone <folder>", "where this phone keeps its secrets (my-phone)");
}

export function cardOptions(command: Command): Command {
  return phoneOptions(command).option("--card <name>", "which of this phone's cards: the first letters of its name");
}
