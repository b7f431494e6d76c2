// Whoever watches the network: messages as they pass, masked, as server-sent events (WHATWG HTML 9.2) on a door of loopback alone. One who reads too
// slowly is left behind.

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AReq, ARes, RReq, RRes } from "@enabling-card/acs";
import { type De, type Fields, type Message, maskPan, maskTrack2 } from "@enabling-card/iso8583";
import type { Party } from "@enabling-card/processor";

const WATCHERS_MAX = 16;
/** Lines at one time, and how long one may take to say what it wants, ms. */
const LINES_MAX = 64;
const SILENT_MS = 5000;
/** Octets of events that a watcher may leave unread. */
const UNREAD_MAX = 256 * 1024;
/** Fields that say what happens and nothing of the card. */
const PLAIN: readonly De[] = [3, 4, 7, 11, 18, 19, 22, 32, 33, 37, 38, 39, 41, 42, 44, 49];

/** Fields of EMV 3-D Secure's messages that do likewise. */
const PLAIN_3DS = [
  ...["transStatus", "transStatusReason", "eci", "resultsStatus", "merchantName", "purchaseAmount"],
  ...["purchaseCurrency", "threeDSRequestorName"],
];

export type WatchedParty = Party | "acs";
/** Between the domain server, which is the processor's, and the access control server. */
export type Authenticating = AReq | ARes | RReq | RRes;

/** A message on its way, as anybody may see it. */
export interface WatchedMessage {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly from: WatchedParty;
  readonly to: WatchedParty;
  /** Of ISO 8583 four digits, of 3-D Secure its messageType. */
  readonly mti: string;
  /** By data element, or by name: DE 2, DE 35 and acctNumber masked as on a receipt; DE 45, 48, MACs and cryptograms not at all. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface WatchDoor {
  readonly url: string;
  /** How many watch. */
  readonly watchers: number;
  tell(from: WatchedParty, to: WatchedParty, message: Message | Authenticating): void;
  close(): Promise<void>;
}

export function watched(
  at: number,
  from: WatchedParty,
  to: WatchedParty,
  message: Message | Authenticating,
): WatchedMessage {
  if ("messageType" in message) return { at, from, to, mti: message.messageType, fields: shownOf(message) };
  const { mti, fields } = message;
  const shown: Record<string, string> = {};
  for (const de of PLAIN) if (fields[de] !== undefined) shown[de] = String(fields[de]).trimEnd();
  const { 2: pan, 35: track2 }: Fields = fields;
  if (pan !== undefined) shown[2] = maskPan(pan);
  if (track2 !== undefined) shown[35] = maskTrack2(track2);
  return { at, from, to, mti, fields: shown };
}

function shownOf(message: Authenticating): Record<string, string> {
  const shown = Object.fromEntries(
    Object.entries(message).filter(([name, value]) => PLAIN_3DS.includes(name) && typeof value === "string"),
  );
  return "acctNumber" in message ? { ...shown, acctNumber: maskPan(message.acctNumber) } : shown;
}

/** @param port - 0 takes any free one. Rejects with Node's error where it cannot be had. */
export async function openWatchDoor(
  port: number,
  now: () => number = Date.now,
  silentMs = SILENT_MS,
): Promise<WatchDoor> {
  const watchers = new Set<ServerResponse>();
  const limits = { headersTimeout: silentMs, requestTimeout: silentMs, connectionsCheckingInterval: silentMs / 5 };
  const server = createServer(limits, (request, response) => {
    if (request.method !== "GET" || request.url !== "/v1/messages") return void response.writeHead(404).end();
    if (watchers.size >= WATCHERS_MAX) return void response.writeHead(503).end();
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(": watching\n\n");
    watchers.add(response);
    response.once("close", () => watchers.delete(response));
  });
  server.maxConnections = LINES_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/messages`,
    get watchers() {
      return watchers.size;
    },
    tell: (from, to, message) => {
      if (watchers.size === 0) return;
      const event = `data: ${JSON.stringify(watched(now(), from, to, message))}\n\n`;
      for (const watcher of watchers) {
        if (watcher.writableLength > UNREAD_MAX) watcher.destroy();
        else watcher.write(event);
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
