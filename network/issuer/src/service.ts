// The issuer as a service: HTTP for phones, ISO 8583 over TCP for terminals, one process.

import type { HttpLimits, IsoDoor, IsoLimits } from "@enabling-card/doors";
import { IssuerError } from "./errors.js";
import { httpServer } from "./http-server.js";
import { listenIso } from "./iso-server.js";
import { Issuer, type IssuerOptions } from "./issuer.js";

export interface IssuerServiceOptions extends IssuerOptions {
  /** Loopback by default, and the only choice with sample keys. */
  readonly host?: string;
  /** 0 (default) takes any free port. */
  readonly httpPort?: number;
  readonly isoPort?: number;
  /** Told of what went wrong at the terminals' door: a code, never content. */
  readonly onFault?: (code: string) => void;
  readonly http?: HttpLimits;
  readonly iso?: IsoLimits;
}

export interface IssuerService {
  readonly issuer: Issuer;
  readonly url: string;
  readonly iso: { readonly host: string; readonly port: number };
  /** Cuts every line and closes the files. */
  close(): Promise<void>;
}

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/**
 * Opens the issuer and both its doors: all, or nothing stays open.
 *
 * @throws {IssuerError} `SAMPLE_KEYS_LOOPBACK`, and what `Issuer` throws; Node's error where a port cannot be had
 */
export async function startIssuer(options: IssuerServiceOptions): Promise<IssuerService> {
  const host = options.host ?? "127.0.0.1";
  if (options.keys.sample && !LOOPBACK.has(host)) throw new IssuerError("SAMPLE_KEYS_LOOPBACK");
  const issuer = await Issuer.open(options);
  const http = httpServer(issuer, options.http);
  let iso: IsoDoor | undefined;
  const close = async () => {
    await Promise.all([http.close(), iso?.close()]);
    await issuer.close();
  };
  try {
    const url = await http.listen({ host, port: options.httpPort ?? 0 });
    const { onFault = () => undefined } = options;
    iso = await listenIso(issuer, { ...options.iso, host, port: options.isoPort ?? 0, onFault });
    return { issuer, url, iso: { host, port: iso.port }, close };
  } catch (error) {
    await close();
    throw error;
  }
}
