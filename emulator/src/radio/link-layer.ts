// What air, connections and controllers are to each other: shapes alone.

import type { Due } from "../ports/clock.js";

export interface ConnectionParameters {
  readonly intervalUs: number;
  readonly latency: number;
  readonly supervisionUs: number;
}

/** A data PDU: the start of an L2CAP frame or more of it, at most as long as both sides agreed; the last of what the host gave at once. */
export interface DataPdu {
  readonly start: boolean;
  readonly data: Uint8Array;
  readonly last: boolean;
}

/** A connection, as a controller uses it. */
export interface Link {
  readonly parameters: ConnectionParameters;
  peerOf(end: LinkEnd): LinkEnd;
  send(from: LinkEnd, pdu: DataPdu): void;
  /** Either side ends it; what was not sent by then is lost. */
  end(by: LinkEnd, reason: number): void;
  /** The controller has lost its power: its peer hears nothing more. */
  die(end: LinkEnd): void;
  change(parameters: ConnectionParameters): void;
}

/** A controller, as its connections see it. */
export interface LinkEnd {
  /** Longest data PDU, octets. */
  readonly pduOctets: number;
  connected(link: Link, role: 0 | 1): void;
  received(link: Link, pdu: DataPdu): void;
  /** What was given to `send` has arrived. */
  sent(link: Link): void;
  updated(link: Link): void;
  /** @param reason - as HCI tells it, Vol 1 Part F */
  disconnected(link: Link, reason: number): void;
}

/** What an advertiser shows. */
export interface Advertiser extends LinkEnd {
  readonly advertising: { readonly intervalUs: number; readonly data: Uint8Array; readonly scanResponse: Uint8Array };
}

/** Hears advertising; answers with parameters where it connects to the advertiser. Both are told by `connected`. */
export interface Listener extends LinkEnd {
  heard(advertiser: Advertiser): ConnectionParameters | undefined;
}

/** The air, as a connection uses it. */
export interface Medium {
  readonly nowUs: number;
  readonly loss: number;
  readonly packetsPerEvent: number;
  readonly clock: { schedule(atUs: number, fire: () => void): Due };
  random(): number;
  reaches(one: LinkEnd, other: LinkEnd): boolean;
  /** The connection is over. */
  forget(link: Link): void;
}
