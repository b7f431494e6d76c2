// The issuer as a service: HTTP for phones, ISO 8583 over TCP for terminals, one process.

import {
  type HttpLimits,
  type IsoDoor,
  type IsoLimits,
  lineKeys,
  Operations,
  type OperationsOptions,
} from "@enabling-card/doors";
import type { Message } from "@enabling-card/iso8583";
import type { Master } from "@enabling-card/vault";
import { delegationRoutes } from "./delegation-routes.js";
import { Desk } from "./desk.js";
import { IssuerError } from "./errors.js";
import { httpServer } from "./http-server.js";
import { askedHere, listenIso } from "./iso-server.js";
import { Issuer } from "./issuer.js";
import type { IssuerOptions } from "./issuer-options.js";
import { operatorRoutes } from "./operator-routes.js";
import { serviceRoutes } from "./service-routes.js";
import { StateNews } from "./state-news.js";

export interface IssuerServiceOptions extends IssuerOptions {
  /** Loopback by default, and the only choice with sample keys. */
  readonly host?: string;
  /** 0 (default) takes any free port. */
  readonly httpPort?: number;
  /**
   * Of a door for terminals, 0 for any free one; without it there is none. It is for an issuer all alone: where there is a processor, terminals ask that,
   * which looks at domains and codes and locks who tries wrong ones.
   */
  readonly isoPort?: number;
  /** Told of what went wrong at the terminals' door: a code, never content. */
  readonly onFault?: (code: string) => void;
  readonly http?: HttpLimits;
  /** Where its log goes, a line of JSON for each thing that happened; nowhere unless told. */
  readonly log?: OperationsOptions["log"];
  readonly iso?: IsoLimits;
  /** A door for a processor in another process, and the 32 octets that both have; it signs what it asks over HTTP by them, too. */
  readonly processor?: { readonly port: number; readonly secret: Master };
  /** 32 octets that an access control server in another process has as well. */
  readonly acs?: Master;
  /** 32 octets that its operator has as well, and that the requestor of its tokens has: without, neither has a door. */
  readonly operator?: Master;
  readonly requestor?: Master;
}

export interface IssuerService {
  readonly issuer: Issuer;
  readonly url: string;
  /** The terminals' door, where one was asked for. */
  readonly iso: { readonly host: string; readonly port: number } | undefined;
  /** The processor's door, where one was asked for. */
  readonly line: { readonly host: string; readonly port: number } | undefined;
  /** What a processor in this process asks: it may name an account. */
  ask(message: Message): Promise<Message>;
  /** Cuts every line and closes the files. */
  close(): Promise<void>;
}

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/**
 * Opens the issuer and its doors: all, or nothing stays open.
 *
 * @throws {IssuerError} `SAMPLE_KEYS_LOOPBACK`, and what `Issuer` throws; Node's error where a port cannot be had
 */
export async function startIssuer(options: IssuerServiceOptions): Promise<IssuerService> {
  const host = options.host ?? "127.0.0.1";
  if (options.keys.sample && !LOOPBACK.has(host)) throw new IssuerError("SAMPLE_KEYS_LOOPBACK");
  const issuer = await Issuer.open(options);
  const news = new StateNews(issuer.store);
  const operations = new Operations({ service: "issuer", ...(options.log && { log: options.log }) });
  const http = await httpServer(issuer, news, { ...options.http, operations });
  await serviceRoutes(http, issuer, {
    ...(options.processor && { processor: options.processor.secret }),
    ...(options.acs && { acs: options.acs }),
  });
  delegationRoutes(http, issuer);
  await operatorRoutes(http, issuer, options);
  const desk = new Desk(issuer);
  const doors: IsoDoor[] = [];
  const close = async () => {
    news.close();
    await Promise.all([http.close(), ...doors.map((door) => door.close())]);
    await issuer.close();
  };
  try {
    const url = await http.listen({ host, port: options.httpPort ?? 0 });
    const { processor, isoPort } = options;
    const onFault = (code: string) => {
      operations.fault(code);
      options.onFault?.(code);
    };
    const door = { host, onFault, operations };
    const iso =
      isoPort === undefined ? undefined : await listenIso(desk, "terminal", { ...options.iso, ...door, port: isoPort });
    if (iso) doors.push(iso);
    const keys = processor && lineKeys(processor.secret);
    const now = () => issuer.now();
    const line = processor && (await listenIso(desk, "processor", { ...door, now, port: processor.port, keys: keys! }));
    if (line) doors.push(line);
    const at = ({ port }: IsoDoor) => ({ host, port });
    return {
      issuer,
      url,
      iso: iso && at(iso),
      line: line && at(line),
      ask: (message) => askedHere(desk, "processor", message, onFault),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
