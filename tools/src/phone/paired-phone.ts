// What a cardholder does with a card: pair, pay, take back, suspend, unpair. Each is a call that says its steps as they happen; the command line prints them.

import {
  Card,
  CardError,
  type CardTransport,
  IssuerClient,
  type Loaded,
  type PairStep,
  type Presented,
} from "@enabling-card/sdk";
import { decodePairingCode, Phase, TokenState } from "@enabling-card/wire";
import { CommandError, EXIT } from "../exit-codes.js";
import { fetchGrant, type Wanted } from "./fetch-grant.js";
import { type Enrolment, issuerOf, type PhoneFolder } from "./phone-folder.js";

export interface PhoneStep {
  readonly step: string;
  /** What happened, for people; nothing secret. */
  readonly detail: string;
}

export interface PhoneCall {
  readonly phone: PhoneFolder;
  readonly transport: CardTransport;
  readonly signal: AbortSignal;
  readonly onStep?: (step: PhoneStep) => void;
}

export interface PairCardOptions extends PhoneCall {
  /** The transport's name for the card; any in reach without. */
  readonly id?: string;
  readonly pairingCode: string;
  /** Which cards are genuine: the maker's public key, 32 octets. */
  readonly makerRoot: Uint8Array;
  /** What the card calls this phone, 1 to 32 octets of UTF-8. */
  readonly phoneName: string;
  readonly pin?: string;
  /** Where the card is to be enrolled, and a token made for it; nowhere without. */
  readonly issuer?: { readonly url: string; readonly holderName: string };
}

export interface PairedCard {
  /** Base32 of its id. */
  readonly card: string;
  readonly batteryPercent: number;
  readonly enrolment?: Enrolment;
}

const PAIRING = {
  connecting: "looking for the card",
  greeting: "connected",
  certificate: "it holds the sheet's secret",
  keeping: "it is genuine: its maker signed for it",
  confirming: "this phone keeps its keys",
  done: "the card is this phone's",
} as const;

const LOOKING: PhoneStep = { step: "looking", detail: "for the card" };
/** What is said of a card that does not know this phone: over the air it is a stranger's. */
const NOT_OURS: readonly string[] = ["CARD_NOT_FOUND", "NOT_PAIRED"];

/** @throws {CardError} as `Card.pair`; as `IssuerClient.enrol` and `createToken`, after which the card is paired: the same call goes on from there. */
export async function pairCard(options: PairCardOptions): Promise<PairedCard> {
  const { issuer } = options;
  if (issuer !== undefined) new IssuerClient({ baseUrl: issuer.url }); // an address that is none is told before anything is done
  const card = await ownCard(options);
  try {
    const paired = { card: card.name, batteryPercent: card.info.batteryPercent };
    return issuer === undefined ? paired : { ...paired, enrolment: await enrol(card, issuer, options) };
  } finally {
    await card.close();
  }
}

/** The card of the code: paired now, or before. */
async function ownCard(options: PairCardOptions): Promise<Card> {
  const { phone, transport, id, pairingCode, signal, issuer, onStep = () => undefined, ...rest } = options;
  const { store } = phone;
  const { cardId } = decodePairingCode(pairingCode);
  const isOwn = (await store.list(cardId)).some(({ confirmed }) => confirmed);
  if (isOwn && issuer !== undefined) {
    onStep(LOOKING);
    try {
      return await Card.connect(transport, { store, cardId, signal, reconnects: 0 });
    } catch (error) {
      // Unpaired, and its answer lost: it is nobody's now.
      if (!NOT_OURS.includes((error as CardError).code)) throw error;
    }
  }
  const onProgress = (step: PairStep) => onStep({ step, detail: PAIRING[step] });
  return Card.pair(id === undefined ? transport : { transport, id }, pairingCode, {
    store,
    signal,
    onProgress,
    ...rest,
  });
}

/** An issuer enrols a card once, and its key is kept before anything else is asked: an account that is there is used. */
async function enrol(
  card: Card,
  { url, holderName }: NonNullable<PairCardOptions["issuer"]>,
  { phone, signal, phoneName, onStep = () => undefined }: PairCardOptions,
): Promise<Enrolment> {
  const { cardId } = card;
  const { checkpointSize } = card.info;
  let account = await phone.account(cardId);
  if (account?.issuer !== url) {
    const { accessKey } = await new IssuerClient({ baseUrl: url }).enrol(card.certificate, phoneName, { signal });
    account = { issuer: url, accessKey, checkpointSize };
    await phone.keep(cardId, account);
  }
  const token = account.token ?? (await issuerOf(account).createToken(cardId, holderName, { signal }));
  const enrolment = { ...account, token, checkpointSize };
  await phone.keep(cardId, enrolment);
  onStep({ step: "enrolled", detail: `token ${token.iin}******${token.last4} at ${url}` });
  return enrolment;
}

export interface PayOptions extends PhoneCall, Omit<Wanted, keyof PhoneCall> {
  readonly cardId: Uint8Array;
  /** At once, or armed until a reader touches the card. */
  readonly when: "now" | "swipe";
}

export interface Paid {
  readonly merchant: string;
  readonly cap: number;
  readonly passesSent: number;
}

/**
 * Fetches a grant, loads it, and has it swiped: resolves when the coil has played it.
 *
 * @throws {CommandError} `CARD_NOT_ENROLLED`; {CardError} as `IssuerClient.grant`, `Card.load` and `Card.present`. Where it is armed, an abort disarms it.
 */
export async function pay(options: PayOptions): Promise<Paid> {
  const { phone, transport, cardId, signal, when, pin, onStep = () => undefined } = options;
  const enrolment = await enrolled(phone, cardId);
  onStep(LOOKING);
  const card = await Card.connect(transport, { store: phone.store, cardId, signal });
  try {
    onStep({ step: "connected", detail: `battery ${card.info.batteryPercent} %` });
    const stop = card.subscribe((notice) => {
      if (notice.type === "asking") onStep({ step: "asking", detail: "press the card's button twice" });
      if (notice.type === "armed") onStep({ step: "armed", detail: `${notice.secondsLeft} s left to swipe it` });
      if (notice.type === "pass-sent") onStep({ step: "pass", detail: `pass ${notice.passesSent} left the coil` });
    });
    try {
      const loaded = await load(card, enrolment, options);
      onStep({ step: "loaded", detail: `${loaded.merchant || "any merchant"}, up to ${amountText(loaded.cap)}` });
      const over = ended(card);
      const presented = await card.present({ when, signal, ...(pin !== undefined && { pin }) });
      const passesSent = await sent(card, presented, over, options);
      return { merchant: loaded.merchant, cap: loaded.cap, passesSent };
    } finally {
      stop();
    }
  } finally {
    await card.close();
  }
}

async function load(card: Card, enrolment: Enrolment, options: PayOptions): Promise<Loaded> {
  const { phone, signal, onStep } = options;
  const bundle = await fetchGrant(card, enrolment, options);
  onStep?.({ step: "granted", detail: `${bundle.sealed.length} octets, for this card alone` });
  const loaded = await card.load(bundle, { signal });
  await phone.keep(card.cardId, { ...enrolment, checkpointSize: loaded.info.checkpointSize });
  return loaded;
}

/** How the grant that is presented ends: played, or why not. */
function ended(card: Card): Promise<CardError | undefined> {
  return new Promise((resolve) => {
    card.subscribe((notice) => {
      if (notice.type === "done") resolve(undefined);
      if (notice.type === "disarmed" || notice.type === "disconnected") resolve(notice.why);
    });
  });
}

const TAKEN_BACK: PhoneStep = { step: "disarmed", detail: "the payment was taken back" };
const STILL_ARMED: PhoneStep = { step: "armed", detail: "the card was not reached: it stays armed for its 120 s" };

/** Passes that left the coil: at once, or when an armed card has been swiped. */
async function sent(
  card: Card,
  { armedForS, passesSent }: Presented,
  over: Promise<CardError | undefined>,
  { signal, onStep }: PayOptions,
): Promise<number> {
  if (armedForS === null) return passesSent;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  try {
    const why = await Promise.race([over, aborted]);
    if (why !== undefined) throw why;
  } catch (error) {
    if (signal.aborted) {
      const isBack = await card.disarm().then(
        () => true,
        () => false,
      );
      onStep?.(isBack ? TAKEN_BACK : STILL_ARMED);
    }
    throw error;
  }
  if (card.info.passesSent > 0) return card.info.passesSent;
  throw new CommandError("NOT_SWIPED", "Nobody swiped the card in time: nothing was sent; pay again", EXIT.failed);
}

export interface Disarmed {
  /** False where no payment was loaded, armed or being asked for. */
  readonly takenBack: boolean;
  /** Passes of that payment that had left the coil before. */
  readonly passesSent: number;
}

/** Phases in which a payment is still to be sent. */
const WAITING: readonly Phase[] = [Phase.Loaded, Phase.Asking, Phase.Armed, Phase.Sending];

/** Takes back what waits on the card, also where another program had it loaded or armed. */
export async function disarmCard({
  phone,
  transport,
  cardId,
  signal,
  onStep,
}: PhoneCall & { readonly cardId: Uint8Array }): Promise<Disarmed> {
  onStep?.(LOOKING);
  const card = await Card.connect(transport, { store: phone.store, cardId, signal });
  try {
    const takenBack = WAITING.includes(card.info.phase);
    const { passesSent } = await card.disarm({ signal });
    return { takenBack, passesSent: takenBack ? passesSent : 0 };
  } finally {
    await card.close();
  }
}

export interface SuspendOptions extends PhoneCall {
  readonly cardId: Uint8Array;
  /** Takes a suspension back. */
  readonly resume?: boolean;
}

export interface Suspended {
  readonly state: "suspended" | "active";
  /** False where the card could not be told: the issuer refuses it all the same. */
  readonly cardKnows: boolean;
  /** Why it could not be told; absent where it is just not in reach. */
  readonly why?: Error & { readonly code: string };
}

/**
 * Tells the issuer first, which a lost card does not hinder; then the card, where it can be.
 *
 * @throws {CommandError} `CARD_NOT_ENROLLED`; {CardError} as `IssuerClient.setState`; `ABORTED`
 */
export async function suspendCard(options: SuspendOptions): Promise<Suspended> {
  const { phone, transport, cardId, signal, resume = false, onStep = () => undefined } = options;
  const enrolment = await enrolled(phone, cardId);
  const { tokenRef } = enrolment.token;
  const issuer = issuerOf(enrolment);
  const { checkpointSize } = enrolment;
  const moved = await issuer.setState(
    tokenRef,
    resume ? "active" : "suspended",
    { cardId, checkpointSize },
    { signal },
  );
  const state = moved.state === "active" ? "active" : "suspended"; // somebody else may hold it still
  onStep({
    step: "issuer",
    detail: state === "active" ? "grants are given again" : "no grant is given, no swipe is approved",
  });
  try {
    const card = await Card.connect(transport, { store: phone.store, cardId, signal, reconnects: 0 });
    try {
      const { checkpointSize } = card.info;
      const told = await card.state(await issuer.state(tokenRef, { cardId, checkpointSize }, { signal }), { signal });
      await phone.keep(cardId, { ...enrolment, checkpointSize: told.info.checkpointSize });
      const now = told.tokens.find((token) => Buffer.from(token.tokenRef).equals(tokenRef))?.state;
      onStep({
        step: "card",
        detail: now === TokenState.Suspended ? "it is suspended there too" : "it is active there too",
      });
      return { state, cardKnows: true };
    } finally {
      await card.close();
    }
  } catch (error) {
    const { code } = error as CardError | CommandError;
    if (signal.aborted || !(error instanceof CardError || error instanceof CommandError)) throw error;
    return { state, cardKnows: false, ...(code !== "CARD_NOT_FOUND" && { why: error }) };
  }
}

/** Ends the pairing on the card, then here. The issuer's account stays, as the card may be paired again. */
export async function unpairCard({
  phone,
  transport,
  cardId,
  signal,
  onStep,
}: PhoneCall & { readonly cardId: Uint8Array }): Promise<void> {
  onStep?.(LOOKING);
  const card = await Card.connect(transport, { store: phone.store, cardId, signal });
  try {
    await card.unpair({ signal });
  } finally {
    await card.close();
  }
}

export async function enrolled(phone: PhoneFolder, cardId: Uint8Array): Promise<Enrolment> {
  const account = await phone.account(cardId);
  if (account?.token !== undefined) return { ...account, token: account.token };
  const sentence = "The card has no issuer yet: pair it again, with --issuer";
  throw new CommandError("CARD_NOT_ENROLLED", sentence, EXIT.usage);
}

export function amountText(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`;
}
