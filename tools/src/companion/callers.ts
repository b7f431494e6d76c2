// Who may call a door on loopback that stands open to every page and program of this computer: pages of its own, who know its token.

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Why somebody is sent away, with HTTP's status. */
export interface Refusal {
  readonly status: 401 | 403 | 404;
  readonly code: "TOKEN_WRONG" | "ORIGIN_WRONG" | "HOST_WRONG" | "NOT_FOUND";
}

const NAMES: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * By its name this computer, at that port: another name that leads here is another site's (DNS rebinding); and a page of the same origin, or no page at all.
 */
export function refusedCaller({ headers }: Pick<IncomingMessage, "headers">, port: number): Refusal | undefined {
  const { host, origin } = headers;
  const at = /^(.*):(\d+)$/.exec(host ?? "");
  if (at === null || !NAMES.has(at[1]!) || Number(at[2]) !== port) return { status: 403, code: "HOST_WRONG" };
  if (origin !== undefined && origin !== `http://${host}`) return { status: 403, code: "ORIGIN_WRONG" };
  return undefined;
}

/** In the same time whatever was said. */
export function isToken(said: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(said ?? ""), digest(token));
}
