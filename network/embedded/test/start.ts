// The network that a suite runs on: all in one process, or, in the run of apart-suites.test.ts, three services that ask each other over their lines alone.

import { createServer } from "node:net";
import { cavvKeyOf, startIssuer } from "@enabling-card/issuer";
import { type Network, type NetworkOptions, startAcsApart, startNetwork, startProcessorApart } from "../src/index.js";

const secret = (fill: number) => new Uint8Array(32).fill(fill);
const [PROCESSOR_ISSUER, PROCESSOR_ACS, ACS_ISSUER] = [secret(1), secret(2), secret(3)];
/** Of each two services. */
export const SECRETS = [PROCESSOR_ISSUER, PROCESSOR_ACS, ACS_ISSUER];

export function startOfRun(options: NetworkOptions): Promise<Network> {
  return process.env.ECARD_TEST_APART === undefined ? startNetwork(options) : startApart(options);
}

export async function startApart({ keys, store, onMessage, onFault, now, log }: NetworkOptions): Promise<Network> {
  const shared = {
    ...(store !== undefined && { file: store }),
    ...(now && { now }),
    ...(onFault && { onFault }),
    ...(log && { log }),
  };
  const [processorPort, acsPort] = [await freePort(), await freePort()];
  const issuer = await startIssuer({
    ...{ ...shared, keys, acs: ACS_ISSUER },
    processor: { port: 0, secret: PROCESSOR_ISSUER },
  });
  const processor = await startProcessorApart({
    ...{ ...shared, master: secret(4), httpPort: processorPort, ...(onMessage && { onMessage }) },
    issuer: { url: issuer.url, line: issuer.line!, secret: PROCESSOR_ISSUER },
    acs: { url: `http://127.0.0.1:${acsPort}`, secret: PROCESSOR_ACS },
  });
  const acs = await startAcsApart({
    ...{ ...shared, master: secret(5), cavvKey: cavvKeyOf(keys.master), httpPort: acsPort },
    issuer: { url: issuer.url, secret: ACS_ISSUER },
    processor: { url: processor.url, secret: PROCESSOR_ACS },
  });
  const close = async () => {
    for (const service of [acs, processor, issuer]) await service.close();
  };
  return { issuer, processor, acs, close };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
