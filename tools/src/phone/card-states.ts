// How a card's token stands (system 3): registered where this phone has not, compared with what the card holds, and brought to it where it is in reach.

import { Card, CardError, type MeansAction, type MeansView, PaymentMeans } from "@enabling-card/sdk";
import { CommandError } from "../exit-codes.js";
import type { PhoneCall } from "./paired-phone.js";
import { type Account, issuerOf, type PhoneFolder } from "./phone-folder.js";

export interface MeansState {
  readonly view: MeansView;
  /** Whether the card was in reach. */
  readonly inReach: boolean;
  /** What was in the way of a comparison. */
  readonly why?: string;
}

/** What is to be done next, as this program does it. */
export const NEXT: Readonly<Record<MeansAction, string>> = {
  register: "register it: ecard cards --states, with the issuer in reach",
  compare: "compare it: ecard cards --states, with the issuer in reach",
  bring: "bring the card near, for ecard cards --states",
  activate: "it is not active yet: ask the issuer",
  resume: "resume it: ecard suspend --resume",
  "verify-pin": "enter the right PIN on the card, in the app",
  "ask-issuer": "ask the issuer",
  "ask-requestor": "ask whom the token was made for",
  replace: "it ended for good: have another token made",
};

/** One way to its state a card: never throws for what is out of reach. @throws {CardError} what else card and issuer refuse; `ABORTED` */
export async function meansState(
  { phone, transport, signal }: PhoneCall,
  cardId: Uint8Array,
  account: Account & Required<Pick<Account, "token">>,
): Promise<MeansState> {
  const { tokenRef } = account.token;
  const means = await PaymentMeans.open({ issuer: issuerOf(account), store: phone.registrations, cardId, tokenRef });
  const card = await reached({ phone, transport, signal }, cardId);
  const options = { signal, ...(card && { card }) };
  try {
    await means.compare(options).catch((error: unknown) => {
      if (!isUnregistered(error)) throw error;
      return means.register(options);
    });
    if (card !== undefined && !means.view.cardKnows) await means.bring(card, { signal });
    return { view: means.view, inReach: card !== undefined };
  } catch (error) {
    if (signal.aborted || !(error instanceof CardError)) throw error;
    return { view: means.view, inReach: card !== undefined, why: error.issuerCode ?? error.code };
  } finally {
    await card?.close();
  }
}

function isUnregistered(error: unknown): boolean {
  if (!(error instanceof CardError)) return false;
  return ["MEANS_NOT_REGISTERED", "REGISTRATION_UNKNOWN", "REGISTRATION_OLD"].includes(error.issuerCode ?? error.code);
}

/** The card, where it can be had now. */
async function reached(
  { phone, transport, signal }: Pick<PhoneCall, "transport" | "signal"> & { readonly phone: PhoneFolder },
  cardId: Uint8Array,
): Promise<Card | undefined> {
  try {
    return await Card.connect(transport, { store: phone.store, cardId, signal, reconnects: 0 });
  } catch (error) {
    if (signal.aborted || !(error instanceof CardError || error instanceof CommandError)) throw error;
    return undefined;
  }
}
