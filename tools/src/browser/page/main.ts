// The SDK's Web Bluetooth adapter in a page. What a page's own app would call is called from Node, by name; chunks go as base64.

import "./notifications.js";
import {
  type CardError,
  type CardLink,
  type GattOptions,
  type WebBluetoothTransport,
  webBluetoothTransport,
} from "@enabling-card/sdk";
import { hold, release } from "./operations.js";

/** What an adapter's call came to. */
export type Outcome<T> =
  | { readonly value: T }
  | { readonly error: { readonly code: string; readonly message: string } };

declare global {
  var ecard: PageCalls;
  /** Given by Node: a link's chunk, and its end. */
  var ecardHeard: (link: number, chunk: string) => void;
  var ecardLost: (link: number, code: string, message: string) => void;
}

const links = new Map<number, CardLink>();
let transport: WebBluetoothTransport;
/** Ends what is asked for at present: a card to be chosen, or connected to. */
let attempt = new AbortController();
let chosen: Promise<Outcome<{ id: string; name?: string }>>;
let count = 0;

document.getElementById("choose")!.addEventListener("click", () => {
  attempt = new AbortController();
  chosen = outcome(() => transport.choose(attempt.signal));
});

async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    const { code = "", message } = error as Partial<CardError> & Error;
    return { error: { code, message } };
  }
}

const octets = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const text = (chunk: Uint8Array): string => btoa(String.fromCharCode(...chunk));

const calls = {
  /** First of all. */
  use: (options: GattOptions) => {
    transport = webBluetoothTransport(undefined, options);
  },
  giveUp: () => outcome(async () => attempt.abort()),
  chosen: () => chosen,
  connect: (id: string) =>
    outcome(async () => {
      attempt = new AbortController();
      const link = await transport.connect(id, { signal: attempt.signal });
      const number = ++count;
      links.set(number, link);
      link.onDisconnect(({ code, message }) => ecardLost(number, code, message));
      return { number, id: link.id, maxWrite: link.maxWrite };
    }),
  /** Resolves to how long a chunk may be from now on. */
  write: (number: number, chunk: string, response: boolean) =>
    outcome(async () => {
      const link = links.get(number)!;
      await link.write(octets(chunk), { response });
      return link.maxWrite;
    }),
  subscribe: (number: number) =>
    outcome(async () => {
      await links.get(number)!.subscribe((chunk) => ecardHeard(number, text(chunk)));
    }),
  close: (number: number) => outcome(async () => links.get(number)!.close()),
  hold,
  release,
};

export type PageCalls = typeof calls;
globalThis.ecard = calls;
