// ecard pair, cards, disarm, suspend, unpair, and with pay.ts, checkout.ts and code.ts all of a cardholder's phone without a screen. Over Bluetooth, or the port of an emulated card.

import { type Command, InvalidArgumentError, Option } from "commander";
import type { Context } from "../context.js";
import { CommandError, EXIT, type ExitCode } from "../exit-codes.js";
import type { Output } from "../output.js";
import { wholeNumber } from "../whole-number.js";
import { checkoutCommand } from "./checkout.js";
import { codeCommand } from "./code.js";
import { delegateCommand } from "./delegate.js";
import {
  type CardOptions,
  cardOptions,
  folderOf,
  isPort,
  onCard,
  onPhone,
  type PhoneOptions,
  phoneOptions,
  WAYS,
} from "./on-card.js";
import { payCommand } from "./pay.js";

const LOOK_S = 3;

export function phoneCommands(program: Command, context: Context, onCode: (code: ExitCode) => void): void {
  pairCommand(program, context);
  cardsCommand(program, context);
  payCommand(program, context);
  checkoutCommand(program, context, onCode);
  codeCommand(program, context, onCode);
  delegateCommand(program, context);
  disarmCommand(program, context);
  suspendCommand(program, context);
  unpairCommand(program, context);
}

function pairCommand(program: Command, context: Context): void {
  phoneOptions(program.command("pair"))
    .description("make a card this phone's: by the code of its sheet, and enrol it")
    .argument("<sheet>", "folder of ecard personalise, a file with the code, or - for standard input")
    .option("--maker-root <hex>", "public key of the maker; the folder's maker-root.txt without", hexKey)
    .option("--issuer <url>", "enrol the card there, and have a token made")
    .option("--holder <name>", "name on the token", "CARDHOLDER/TEST")
    .option("--name <name>", "what the card calls this phone", "ecard phone")
    .option("--id <id>", "which one, of several cards in reach: as ecard cards --near names it")
    .option("--ask-pin", "the card has a PIN: it is asked for, or read as a line of standard input")
    .addHelpText(
      "after",
      `${WAYS}

A card that has an owner pairs only within 60 s of its button held for 3 s. One
that is this phone's already is enrolled, and no more. Over Bluetooth an id is
an address: a card has another one after each connection, and every quarter of
an hour. Take --id from ecard cards --near right before.

With --json: {"step","detail"}, then {"card","batteryPercent","issuer",
"token"}, issuer and token with --issuer alone; several in reach are told as
{"cards"} first.

Examples:
  ecard pair my-card --device tcp:7117 --issuer http://127.0.0.1:7080
  ecard pair my-card --device ble`,
    )
    .action(async (sheet: string, options: PairArguments, command: Command) => {
      const [{ readSheet }, { askPin }, { lookAround, pickCard }, { pairCard }] = await Promise.all([
        import("../phone/sheet.js"),
        import("../phone/ask-pin.js"),
        import("../phone/choose.js"),
        import("../phone/paired-phone.js"),
      ]);
      if (options.askPin && sheet === "-")
        throw new CommandError(
          "WRONG_USE",
          "Standard input has the code, or the PIN: give the code in a file",
          EXIT.usage,
        );
      const { pairingCode, makerRoot } = await readSheet(sheet, options.makerRoot, context.stdin);
      const pin = options.askPin ? await askPin(context, command) : undefined;
      await onPhone(options, command, context, async (call, output) => {
        const seen =
          options.id !== undefined
            ? []
            : await lookAround(call.transport, [], {
                ms: 1000 * LOOK_S,
                ...call,
                enough: () => isPort(options, context),
              });
        const id = options.id ?? (seen.length === 0 ? undefined : (await pickCard(seen, output, context)).id);
        const { enrolment, ...paired } = await pairCard({
          ...{ ...call, pairingCode, makerRoot, phoneName: options.name },
          ...(id !== undefined && { id }),
          ...(pin !== undefined && { pin }),
          ...(options.issuer !== undefined && { issuer: { url: options.issuer, holderName: options.holder } }),
        });
        const token = enrolment && `${enrolment.token.iin}******${enrolment.token.last4}`;
        output.fact({ ...paired, ...(enrolment && { issuer: enrolment.issuer, token }) });
        output.result(
          `${output.paint("green", "✓")} card ${paired.card} is this phone's${token ? `, with token ${token}` : ""}`,
        );
      });
    });
}

interface PairArguments extends PhoneOptions {
  readonly makerRoot?: Uint8Array;
  readonly issuer?: string;
  readonly holder: string;
  readonly name: string;
  readonly id?: string;
  readonly askPin?: true;
}

function cardsCommand(program: Command, context: Context): void {
  phoneOptions(program.command("cards"))
    .description("the cards of this phone; with --near, those in reach")
    .option("--near [seconds]", `look around for so long (${LOOK_S} s)`, wholeNumber(1, 60))
    .addOption(new Option("--states", "how their tokens stand, at the issuer and on the card").conflicts("near"))
    .addHelpText(
      "after",
      `${WAYS}

With --near, ids over Bluetooth are addresses: a card has another one after each
connection, and every quarter of an hour.

With --states each token is compared with what the card holds, and a card in
reach takes its newest state: synchronous, pending, suspended (by whom) or
revoked, and what to do then.

With --json: a line each {"card","phoneName","confirmed","issuer","token"};
with --near {"id","card","name","rssi"}, where card is one of this phone's; with
--states {"card","token","indication","heldBy","cardKnows","inReach","inputs",
"link","url","why"}, link being what leads on, why the code of what was in the
way.

Examples:
  ecard cards
  ecard cards --near --device ble
  ecard cards --states --device tcp:7117`,
    )
    .action(async (options: PhoneOptions & { near?: number | true; states?: true }, command: Command) => {
      if (options.states) await states(options, command, context);
      else if (options.near !== undefined)
        await near(options, options.near === true ? LOOK_S : options.near, command, context);
      else await listed(options, command, context);
    });
}

async function near(options: PhoneOptions, seconds: number, command: Command, context: Context): Promise<void> {
  const { lookAround, seenFacts, seenLine } = await import("../phone/choose.js");
  await onPhone(options, command, context, async ({ phone, transport, signal }, output) => {
    const enough = () => isPort(options, context);
    const cards = await lookAround(transport, await phone.store.list(), { ms: 1000 * seconds, signal, enough });
    for (const card of cards) {
      output.fact(seenFacts(card));
      output.result(seenLine(card));
    }
    if (cards.length === 0) output.say("no card is in reach: bring one near, and press its button if it sleeps");
  });
}

async function states(options: PhoneOptions, command: Command, context: Context): Promise<void> {
  const [{ meansState, NEXT }, { toBase32 }] = await Promise.all([
    import("../phone/card-states.js"),
    import("@enabling-card/wire"),
  ]);
  await onPhone(options, command, context, async (call, output) => {
    const names = new Set<string>();
    for (const { cardId } of await call.phone.store.list()) {
      const [card, account] = [toBase32(cardId), await call.phone.account(cardId)];
      if (names.has(card) || account?.token === undefined) continue;
      names.add(card);
      const { view, inReach, why } = await meansState(call, cardId, { ...account, token: account.token });
      const { indication, heldBy, cardKnows, inputs, link } = view;
      const token = `${account.token.iin}******${account.token.last4}`;
      const led = link && { link: link.action, ...(link.url && { url: link.url }) };
      output.fact({ card, token, indication, heldBy, cardKnows, inReach, inputs, ...led, ...(why && { why }) });
      const by = heldBy.length > 0 ? ` by ${heldBy.join(", ")}` : "";
      const shown = output.paint(indication === "synchronous" ? "green" : "yellow", `${indication}${by}`);
      const next = link ? `: ${NEXT[link.action]}${link.url ? ` (${link.url})` : ""}` : "";
      output.result(`${card}  token ${token}  ${shown}${next}${why ? ` [${why}]` : ""}`);
    }
    if (names.size === 0) output.say("no token yet: pair a card with ecard pair --issuer");
  });
}

async function listed(options: PhoneOptions, command: Command, context: Context): Promise<void> {
  const [{ PhoneFolder }, { toBase32 }] = await Promise.all([
    import("../phone/phone-folder.js"),
    import("@enabling-card/wire"),
  ]);
  const output = context.output(command);
  const phone = await PhoneFolder.open(folderOf(options, context));
  const pairings = await phone.store.list();
  for (const { cardId, phoneName, confirmed } of pairings) {
    const account = await phone.account(cardId);
    const token = account?.token && `${account.token.iin}******${account.token.last4}`;
    const card = toBase32(cardId);
    output.fact({ card, phoneName, confirmed, ...(token && { issuer: account.issuer, token }) });
    const issuer = token ? `token ${token} at ${account.issuer}` : "no issuer";
    output.result(`${card}  ${issuer}${confirmed ? "" : "  (pairing not confirmed)"}`);
  }
  if (pairings.length === 0) output.say("no card yet: pair one with ecard pair");
}

function disarmCommand(program: Command, context: Context): void {
  cardOptions(program.command("disarm"))
    .description("take back a payment that is loaded or armed, whoever began it")
    .addHelpText(
      "after",
      `${WAYS}

For where ecard pay was killed, and the card would say BUSY until its 120 s are
over. What was sent already is not taken back.

With --json: {"step","detail"}, then {"takenBack","passesSent"}, passesSent of
that payment; takenBack is false where no payment was waiting.

Examples:
  ecard disarm
  ecard disarm --device tcp:7117`,
    )
    .action(async (options: CardOptions, command: Command) => {
      const { disarmCard } = await import("../phone/paired-phone.js");
      await onCard(options, command, context, async (call, output) => {
        const disarmed = await disarmCard(call);
        output.fact(disarmed);
        const said = disarmed.takenBack ? "the payment was taken back" : "no payment was waiting";
        const sent =
          disarmed.takenBack && disarmed.passesSent > 0 ? `; ${disarmed.passesSent} passes were sent before` : "";
        output.result(`${output.paint("green", "✓")} ${said}${sent}`);
      });
    });
}

function suspendCommand(program: Command, context: Context): void {
  cardOptions(program.command("suspend"))
    .description("stop a card from paying, wherever it is; --resume takes it back")
    .option("--resume", "let it pay again")
    .addHelpText(
      "after",
      `${WAYS}

The issuer is told first: from then on no grant is given and no swipe approved,
though the card be lost, and this computer without Bluetooth. A card in reach
hears of it at once.

With --json: {"step","detail"}, then {"state","cardKnows","why"}, why being the
code of what was in the way, where it was more than distance.

Examples:
  ecard suspend
  ecard suspend --resume --device tcp:7117`,
    )
    .action(async (options: CardOptions & { resume?: true }, command: Command) => {
      const { suspendCard } = await import("../phone/paired-phone.js");
      await onCard(options, command, context, async (call, output) => {
        const { state, cardKnows, why } = await suspendCard({ ...call, resume: options.resume ?? false });
        output.fact({ state, cardKnows, ...(why && { why: why.code }) });
        const card = why ? `the card could not be told (${why.code})` : "the card is not in reach";
        const isHeld = options.resume === true && state === "suspended";
        const held = isHeld ? " still, by somebody else: ecard cards --states says by whom" : "";
        const later = cardKnows ? "" : `; ${card}, and hears of it when it is called next`;
        output.result(`${isHeld ? output.paint("yellow", "!") : output.paint("green", "✓")} ${state}${held}${later}`);
      });
    });
}

function unpairCommand(program: Command, context: Context): void {
  cardOptions(program.command("unpair"))
    .description("end a pairing, on the card and here")
    .option("--forget", "here alone: the card is lost, or another phone's")
    .addHelpText(
      "after",
      `${WAYS}

PIN, counters and token states stay on the card, and the issuer's account stays
on this phone, for when the card is paired again; --forget ends that too. A card
that is lost is to be suspended first: what is forgotten cannot be suspended.

With --json: {"card","forgotten","cardKnows"}.

Examples:
  ecard unpair --device tcp:7117
  ecard unpair --forget --card SG2IA3`,
    )
    .action(async (options: CardOptions & { forget?: true }, command: Command) => {
      const [{ unpairCard }, { toBase32 }] = await Promise.all([
        import("../phone/paired-phone.js"),
        import("@enabling-card/wire"),
      ]);
      const say = (output: Output, card: string, cardKnows: boolean) => {
        output.fact({ card, forgotten: true, cardKnows });
        output.result(`${output.paint("green", "✓")} card ${card} is not this phone's any more`);
      };
      if (options.forget) {
        const [{ PhoneFolder }, { pairedCard }] = await Promise.all([
          import("../phone/phone-folder.js"),
          import("../phone/choose.js"),
        ]);
        const phone = await PhoneFolder.open(folderOf(options, context));
        const { cardId } = pairedCard(await phone.store.list(), options.card);
        await phone.forget(cardId);
        say(context.output(command), toBase32(cardId), false);
        return;
      }
      await onCard(options, command, context, async (call, output) => {
        await unpairCard(call);
        say(output, toBase32(call.cardId), true);
      });
    });
}

function hexKey(text: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new InvalidArgumentError("A public key is 64 hexadecimal digits.");
  return Uint8Array.from(Buffer.from(text, "hex"));
}
