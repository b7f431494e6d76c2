// Whether this phone's clock is right, by what the issuer's server says of the time (RFC 9110, Date). Nothing is decided by it: grants end by the issuer's clock
// and the card's own; but the times in the history are this phone's, and a certificate is looked at by it.

/** Beside what a request may take. */
const RIGHT_MS = 5 * 60_000;

/** How far this clock is ahead of the issuer's, ms, where that is worth a word; undefined where it is right, or nobody can be asked. */
export async function clockFault(issuerUrl: string): Promise<number | undefined> {
  const answer = await fetch(new URL("/v1/health", issuerUrl), { cache: "no-store" }).catch(() => undefined);
  const said = Date.parse(answer?.headers.get("date") ?? "");
  const ahead = Date.now() - said;
  return Number.isNaN(said) || Math.abs(ahead) < RIGHT_MS ? undefined : ahead;
}
