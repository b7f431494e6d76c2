// The processor as a service: ISO 8583 over TCP for terminals, HTTP for phones and devices, one process.

import type { RReq, RRes } from "@enabling-card/acs";
import {
  type HttpLimits,
  type IsoLimits,
  Operations,
  type OperationsOptions,
  openIsoDoor,
  timed,
} from "@enabling-card/doors";
import type { Master } from "@enabling-card/vault";
import type { IssueCode } from "./card-codes.js";
import { DomainServer, type DomainServerOptions } from "./domain-server.js";
import { httpServer } from "./http-server.js";
import { Processor, type ProcessorOptions } from "./processor.js";
import { type Route, Switch, type SwitchOptions } from "./switch.js";

/** Authorisation request and reversal advice, and the repeat of either. */
const SERVED = ["0100", "0101", "0400", "0401"];

export interface ProcessorServiceOptions extends ProcessorOptions, Pick<SwitchOptions, "onFault" | "onMessage"> {
  /** To the issuer: an `IsoCaller`'s `ask`, or the issuer's own where both are one process. */
  readonly route: Route;
  /** The issuer's, for codes that cards swipe; without it there are none. */
  readonly issueCode?: IssueCode;
  /** Whom the domain server asks (system 4); without it there is none. */
  readonly domain?: Omit<DomainServerOptions, "processor">;
  /** 32 octets that an access control server in another process has as well, and signs results by; without it none is let in over HTTP. */
  readonly acs?: Master;
  /** Told of each such result, and of what was said to it. */
  readonly onResult?: (result: RReq, taken: RRes) => void;
  /** Loopback unless told. */
  readonly host?: string;
  /** 0 (unless told) takes any free port. */
  readonly httpPort?: number;
  readonly isoPort?: number;
  readonly http?: HttpLimits;
  /** Where its log goes, a line of JSON for each thing that happened; nowhere unless told. */
  readonly log?: OperationsOptions["log"];
  readonly iso?: IsoLimits;
}

export interface ProcessorService {
  readonly processor: Processor;
  readonly domain: DomainServer | undefined;
  readonly url: string;
  readonly iso: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

/** Opens the processor and both its doors: all, or nothing stays open. @throws what `Processor.open` throws; Node's error where a port cannot be had */
export async function startProcessor(options: ProcessorServiceOptions): Promise<ProcessorService> {
  const { host = "127.0.0.1", route, onMessage } = options;
  const processor = await Processor.open(options);
  const operations = new Operations({ service: "processor", ...(options.log && { log: options.log }) });
  const onFault = (code: string) => {
    operations.fault(code);
    options.onFault?.(code);
  };
  const terminals = new Switch({ processor, route, onFault, ...(onMessage && { onMessage }) });
  const domain = options.domain && new DomainServer({ ...options.domain, processor });
  const http = await httpServer(
    { processor, terminals, domain, issueCode: options.issueCode, acs: options.acs, onResult: options.onResult },
    { ...options.http, operations },
  );
  const closing: (() => Promise<void>)[] = [() => http.close()];
  const close = async () => {
    terminals.close();
    await Promise.all(closing.map((end) => end()));
    await processor.close();
  };
  try {
    const url = await http.listen({ host, port: options.httpPort ?? 0 });
    const iso = await openIsoDoor({
      ...options.iso,
      ...{ host, port: options.isoPort ?? 0, served: SERVED, onFault },
      serve: timed(operations, (message, answer, line) => void terminals.answer(message, line).then(answer)),
    });
    closing.push(() => iso.close());
    return { processor, domain, url, iso: { host, port: iso.port }, close };
  } catch (error) {
    await close();
    throw error;
  }
}
