// The network that a suite runs on: all in one process, or, in the run of apart-suites.test.ts, three services that ask each other over their lines alone.

import { randomInt } from "node:crypto";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { cavvKeysOf, startIssuer } from "@enabling-card/issuer";
import type { Master } from "@enabling-card/vault";
import { storeOfRun } from "../../../test/support/postgresql.js";
import {
  type Network,
  type NetworkOptions,
  operatorMaster,
  placeOf,
  requestorMaster,
  startAcsApart,
  startNetwork,
  startProcessorApart,
} from "../src/index.js";

const secret = (fill: number) => new Uint8Array(32).fill(fill);
const [PROCESSOR_ISSUER, PROCESSOR_ACS, ACS_ISSUER] = [secret(1), secret(2), secret(3)];
/** Of each two services. */
export const SECRETS = [PROCESSOR_ISSUER, PROCESSOR_ACS, ACS_ISSUER];

/** Over the store of the run, unless another one is told. */
export async function startOfRun(options: NetworkOptions): Promise<Network> {
  const store = options.store ?? (await storeOfRun());
  const all = { ...options, ...(store !== undefined && { store }) };
  return process.env.ECARD_TEST_APART === undefined ? startNetwork(all) : startApart(all);
}

export async function startApart({ keys, store, onMessage, onFault, now, log }: NetworkOptions): Promise<Network> {
  if (store !== undefined && !store.startsWith("postgres")) mkdirSync(store, { recursive: true });
  const shared = {
    ...(now && { now }),
    ...(onFault && { onFault }),
    ...(log && { log }),
  };
  // Changed with the issuer's.
  const changed = (of: Uint8Array): Master => {
    const at = (number: number) => ({ number, master: of.map((octet) => octet + 16 * number) });
    return keys.number === 0 ? of : { ...at(keys.number), ...(keys.before && { before: at(keys.before.number) }) };
  };
  const [processorIssuer, processorAcs, acsIssuer] = SECRETS.map(changed) as [Master, Master, Master];
  const [processorPort, acsPort] = [await freePort(), await freePort()];
  const issuer = await startIssuer({
    ...{ ...shared, keys, acs: acsIssuer, file: placeOf(store, "issuer") },
    ...{ operator: operatorMaster(keys), requestor: requestorMaster(keys) },
    processor: { port: 0, secret: processorIssuer },
  });
  const processor = await startProcessorApart({
    ...{
      ...shared,
      master: changed(secret(4)),
      httpPort: processorPort,
      file: placeOf(store, "processor"),
      ...(onMessage && { onMessage }),
    },
    issuer: { url: issuer.url, line: issuer.line!, secret: processorIssuer },
    acs: { url: `http://127.0.0.1:${acsPort}`, secret: processorAcs },
  });
  const acs = await startAcsApart({
    ...{
      ...shared,
      master: changed(secret(5)),
      cavvKey: cavvKeysOf(keys),
      httpPort: acsPort,
      file: placeOf(store, "acs"),
    },
    issuer: { url: issuer.url, secret: acsIssuer },
    processor: { url: processor.url, secret: processorAcs },
  });
  const close = async () => {
    for (const service of [acs, processor, issuer]) await service.close();
  };
  return { issuer, processor, acs, close };
}

/** A port that nobody listens on, below those that outgoing lines are given: one of these would take it before the service is up. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
