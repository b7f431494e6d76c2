// Grants and states that no issuer of ours would make: the real issuer's keys in the wrong hands, one thing changed at a time.

import { mintPan, sealToCard } from "@enabling-card/issuer";
import { authority, type DevelopmentLog, keyId } from "@enabling-card/ledger";
import type { GrantBundle, SignedState } from "@enabling-card/sdk";
import {
  AAD,
  type Aad,
  type CborValue,
  cborDecode,
  cborEncode,
  checkpointToBeSigned,
  decodeCheckpointPayload,
  decodeClaims,
  decodeSign1,
  encodeCheckpointPayload,
  encodeGrant,
  encodeReceipt,
  encodeSign1,
  encodeTokenState,
  GrantKey,
  GrantKind,
  type Receipt,
  Role,
  type SwipeGrant,
  type TokenStateObject,
} from "@enabling-card/wire";
import { ed25519 } from "@noble/curves/ed25519.js";
import { DOMAIN, type Phone, type World } from "./card-with-issuer.js";

export interface Forgery {
  /** Fields of the grant that differ. */
  readonly grant?: Partial<SwipeGrant>;
  /** Changes the grant's bytes before they are signed. */
  readonly payload?: (grant: Uint8Array) => Uint8Array;
  /** Changes the COSE_Sign1 before it is sealed. */
  readonly signed?: (signed: Uint8Array) => Uint8Array;
  /** Changes the seal. */
  readonly sealed?: (sealed: Uint8Array) => Uint8Array;
  readonly sign?: (bytes: Uint8Array) => Uint8Array;
  readonly kid?: Uint8Array;
  readonly aad?: Aad;
  readonly sealTo?: { readonly cardId: Uint8Array; readonly grantKey: Uint8Array };
  readonly issuerCert?: Uint8Array;
  readonly receipt?: Uint8Array;
  readonly consistency?: Uint8Array | null;
}

let lastAtc = 1000;

/** A grant that the card takes, but for what `forgery` changes. Its ATC is higher than any before. */
export async function forge(
  world: Pick<World, "service">,
  phone: Pick<Phone, "card" | "token">,
  forgery: Forgery = {},
): Promise<GrantBundle> {
  const { issuer } = world.service;
  const now = issuer.now();
  const pan = mintPan("999999");
  const grant: SwipeGrant = {
    kind: GrantKind.Online,
    cardId: phone.card.cardId,
    challenge: phone.card.info.challenge,
    issuedAt: now,
    notBefore: now,
    expires: now + 120,
    tokenRef: phone.token.tokenRef,
    track2: `${pan}=2911101`,
    track1: `B${pan}^LOVELACE/ADA^2911101`,
    atc: ++lastAtc,
    cryptogram: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]),
    domain: DOMAIN,
    maxEmissions: 1,
    ...forgery.grant,
  };
  const payload = forgery.payload?.(encodeGrant(grant)) ?? encodeGrant(grant);
  const issuerCert = forgery.issuerCert ?? issuer.certificate;
  const kid = forgery.kid ?? decodeClaims(decodeSign1(issuer.certificate, AAD.certificate).payload).serial;
  const signed = encodeSign1(payload, kid, forgery.aad ?? AAD.grant, forgery.sign ?? issuer.keys.sign.sign);
  const own = decodeClaims(decodeSign1(phone.card.certificate, AAD.certificate).payload).keys.grant!;
  const to = forgery.sealTo ?? { cardId: phone.card.cardId, grantKey: own };
  const sealed = await sealToCard(forgery.signed?.(signed) ?? signed, to.cardId, to.grantKey);
  const evidence = issuer.evidence(phone.card.info.checkpointSize);
  return {
    sealed: forgery.sealed?.(sealed) ?? sealed,
    issuerCert,
    receipt: forgery.receipt ?? evidence.receipt,
    consistency: forgery.consistency === undefined ? evidence.consistency : forgery.consistency,
  };
}

/** A grant under another certificate than the issuer's: `change` says how that one differs. */
export function otherIssuer(
  world: World,
  change: {
    readonly sub?: string;
    readonly role?: Role;
    readonly root?: Uint8Array;
    readonly notBefore?: number;
    readonly expires?: number;
    /** Stored on the ledger, so that its receipt is genuine. */
    readonly stored?: boolean;
  } = {},
): Pick<Required<Forgery>, "issuerCert" | "kid" | "sign"> & { readonly serial: Uint8Array } {
  const { issuer } = world.service;
  const secret = new Uint8Array(32).fill(0x5a);
  const rootKey = change.root
    ? { publicKey: ed25519.getPublicKey(change.root), sign: (bytes: Uint8Array) => ed25519.sign(bytes, change.root!) }
    : issuer.keys.issuerRoot;
  const root = authority("enabling-card test root", change.role ?? Role.Issuer, rootKey);
  const issuerCert = root.issue({
    sub: change.sub ?? "Example Issuer",
    keys: { sign: ed25519.getPublicKey(secret) },
    notBefore: change.notBefore ?? issuer.now() - 60,
    expires: change.expires ?? issuer.now() + 3600,
  });
  if (change.stored) issuer.log.append(issuerCert, Role.Issuer);
  const { serial } = decodeClaims(decodeSign1(issuerCert, AAD.certificate).payload);
  return { issuerCert, kid: serial, serial, sign: (bytes) => ed25519.sign(bytes, secret) };
}

/** Certificate, receipt and proof for a card that has seen `size` entries, of any certificate that `log` stores. */
export function evidenceOf(log: DevelopmentLog, certificate: Uint8Array, size: number) {
  return { receipt: log.receipt(certificate), consistency: log.consistency(size) ?? null };
}

/** A state object as the issuer signs it, but for what is changed. */
export function forgeState(
  world: World,
  phone: Phone,
  object: Partial<TokenStateObject> & Pick<TokenStateObject, "state" | "version">,
  forgery: Pick<Forgery, "sign" | "kid" | "issuerCert"> = {},
): SignedState {
  const { issuer } = world.service;
  const { issuerCert = issuer.certificate, sign = issuer.keys.sign.sign } = forgery;
  const kid = forgery.kid ?? decodeClaims(decodeSign1(issuer.certificate, AAD.certificate).payload).serial;
  const payload = encodeTokenState({ cardId: phone.card.cardId, tokenRef: phone.token.tokenRef, ...object });
  const evidence = evidenceOf(issuer.log, issuerCert, phone.card.info.checkpointSize);
  return { signed: encodeSign1(payload, kid, AAD.state, sign), issuerCert, ...evidence };
}

/** A grant map with one entry changed or taken out. */
export const withEntry = (key: GrantKey, value: CborValue | undefined) => (grant: Uint8Array) => {
  const map = new Map(cborDecode(grant) as Map<number, CborValue>);
  if (value === undefined) map.delete(key);
  else map.set(key, value);
  return cborEncode(map);
};

/** The receipt as if the nodes had signed its checkpoint at `time`. */
export function atTime(world: World, receipt: Receipt, time: number): Uint8Array {
  const payload = encodeCheckpointPayload({ ...decodeCheckpointPayload(receipt.checkpoint.payload), time });
  const { publicKey, sign } = world.service.issuer.keys.node;
  const signatures = [{ kid: keyId(publicKey), signature: sign(checkpointToBeSigned(payload)) }];
  return encodeReceipt({ ...receipt, checkpoint: { payload, signatures } });
}

/** Forgery of an off-line grant: [cap, number, of how many], and what else of it differs. */
export function offlineGrant(world: World, offer: readonly number[], grant: Forgery["grant"] = {}): Forgery {
  return {
    payload: (bytes) => withEntry(GrantKey.Offline, [...offer])(withEntry(GrantKey.Challenge, undefined)(bytes)),
    grant: { kind: GrantKind.Offline, expires: world.service.issuer.now() + 86_400, ...grant },
  };
}
