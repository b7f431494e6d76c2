// A delegated right in the hand of whoever has it (system 6): read, and narrowed for the next one, off-line. Nobody can widen one: each line that is added is
// the key of the next.

import {
  CAVEATS_MAX,
  type Caveat,
  caveatText,
  encodeDelegation,
  readCaveat,
  readDelegation,
  toBase32,
} from "@enabling-card/wire";
import macaroons from "macaroon";
import { sdkError } from "../errors.js";

/** What a right says. Whether it is genuine its issuer alone knows. */
export interface SeenDelegation {
  /** Base32: what its owner calls it by. */
  readonly id: string;
  /** In the order in which they were added. */
  readonly lines: readonly string[];
  /** Of each line; undefined for one of a kind that this app does not know, by which the issuer gives nothing. */
  readonly caveats: readonly (Caveat | undefined)[];
}

/** @throws {CardError} `DELEGATION_INVALID` */
export function seeDelegation(delegation: string): SeenDelegation {
  const { id, lines } = readOf(delegation);
  return { id, lines, caveats: lines.map(readCaveat) };
}

/**
 * The same right with restrictions more, to be handed on. One that counts is counted apart from what others were handed, and with all that came before.
 *
 * @throws {CardError} `DELEGATION_INVALID`; `ARGUMENT_INVALID` for no restriction, one that cannot be written, and more than anybody checks
 */
export function narrowDelegation(delegation: string, caveats: readonly Caveat[]): string {
  const { json, lines } = readOf(delegation);
  const counts = caveats.some(({ kind }) => kind === "uses" || kind === "total");
  const part: readonly Caveat[] = counts
    ? [{ kind: "part", name: toBase32(crypto.getRandomValues(new Uint8Array(16))) }]
    : [];
  const added = [...part, ...caveats];
  if (caveats.length === 0 || lines.length + added.length > CAVEATS_MAX)
    throw sdkError("ARGUMENT_INVALID", `caveats: 1 to ${CAVEATS_MAX} in all`);
  const chain = macaroons.importMacaroon(json);
  for (const caveat of added) chain.addFirstPartyCaveat(lineOf(caveat));
  return encodeDelegation(chain.exportJSON());
}

function readOf(delegation: string) {
  const read = readDelegation(delegation.trim());
  if (typeof read === "string") throw sdkError("DELEGATION_INVALID", read);
  return read;
}

function lineOf(caveat: Caveat): string {
  try {
    return caveatText(caveat);
  } catch (cause) {
    throw sdkError("ARGUMENT_INVALID", `caveats: ${caveat.kind}`, { cause });
  }
}
