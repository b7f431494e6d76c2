// The issuer as a service: HTTP for phones, ISO 8583 over TCP for terminals, one process.

import type { AddressInfo } from "node:net";
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
  readonly onFault?: (code: string) => void;
}

export interface IssuerService {
  readonly issuer: Issuer;
  readonly url: string;
  readonly iso: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/** @throws {IssuerError} `SAMPLE_KEYS_LOOPBACK`, and what `Issuer` throws. */
export async function startIssuer(options: IssuerServiceOptions): Promise<IssuerService> {
  const host = options.host ?? "127.0.0.1";
  if (options.keys.sample && !LOOPBACK.has(host)) throw new IssuerError("SAMPLE_KEYS_LOOPBACK");
  const issuer = new Issuer(options);
  const http = httpServer(issuer);
  const url = await http.listen({ host, port: options.httpPort ?? 0 });
  const onFault = options.onFault ?? (() => undefined);
  const iso = await listenIso(issuer, { host, port: options.isoPort ?? 0, onFault });
  return {
    issuer,
    url,
    iso: { host, port: (iso.address() as AddressInfo).port },
    close: async () => {
      await http.close();
      await new Promise<void>((resolve) => {
        iso.close(() => resolve());
      });
      issuer.close();
    },
  };
}
