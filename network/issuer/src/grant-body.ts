// A grant as the issuer signs it: templates of the tracks, a cryptogram, and the life that its kind has (docs/protocol.md, "Grant").

import { ANY_METHOD } from "@enabling-card/delegation";
import { SERVICE_CODE } from "@enabling-card/doors";
import { GRANT_LIFE_S, GrantKind, OFFLINE_GRANTS_MAX, type SwipeGrant } from "@enabling-card/wire";
import type { CodeToSwipe, Counted, GrantRequest } from "./grant-request.js";
import type { TokenSecrets } from "./token-secrets.js";

const KINDS = { online: GrantKind.Online, offline: GrantKind.Offline, delegated: GrantKind.Delegated } as const;

/** Times in seconds since 1970. Holds the PAN: to be sealed, and kept nowhere. */
export function composeGrant(
  secrets: TokenSecrets,
  { cardId, tokenRef, challenge, domain, kind, maxEmissions }: GrantRequest,
  { token, atc, n }: Counted,
  cryptogram: Uint8Array,
  { code, methods }: { readonly code?: CodeToSwipe | undefined; readonly methods?: number | undefined },
  life: { readonly issuedAt: number; readonly expires: number },
): SwipeGrant {
  const offline = kind === "offline";
  const pan = code?.number ?? secrets.open(token.pan);
  const tail = `${token.expiry}${SERVICE_CODE}`;
  return {
    kind: code ? GrantKind.Code : KINDS[kind],
    cardId,
    ...(challenge && { challenge }),
    ...(offline && { offline: { cap: domain.maxAmount, n, of: OFFLINE_GRANTS_MAX } }),
    ...life,
    // Off-line, the card judges by a clock that its last on-line grant set, late by that grant's way to it.
    notBefore: offline ? life.issuedAt - GRANT_LIFE_S : life.issuedAt,
    tokenRef,
    track2: `${pan}=${tail}`,
    // A code has no name beside it.
    ...(!code && { track1: `B${pan}^${secrets.open(token.holder)}^${tail}` }),
    atc,
    cryptogram,
    domain,
    maxEmissions: offline ? 1 : maxEmissions,
    // By either unless its owner wants one.
    ...(methods !== undefined && methods !== ANY_METHOD && { caveats: { methods } }),
    ...(code && { codeRef: code.codeRef }),
  };
}
