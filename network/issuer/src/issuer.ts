// The issuer: enrols cards, mints tokens, issues sealed single-use grants and signed states, authorises swipes.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { type Authority, authority, DevelopmentLog, LedgerError } from "@enabling-card/ledger";
import {
  AAD,
  type CertificateClaims,
  decodeClaims,
  decodeSign1,
  encodeGrant,
  encodeSign1,
  encodeTokenState,
  fromHex,
  GRANT_LIFE_S,
  NAME_MAX,
  OFFLINE_LIFE_MAX_S,
  Role,
  TOKEN_REF_SIZE,
  TOKENS_MAX,
  TokenState,
  toBase32,
  toHex,
} from "@enabling-card/wire";
import { readCard, storeCard } from "./card-certificate.js";
import { IssuerError } from "./errors.js";
import { composeGrant } from "./grant-body.js";
import { checkedRequest, countGrant, type GrantRequest } from "./grant-request.js";
import type { IssuerKeys } from "./keys.js";
import { checkKeys, ownCertificate } from "./own-certificate.js";
import { mintPan, TEST_IIN } from "./pan.js";
import { sealToCard } from "./seal.js";
import { type CardRow, IssuerStore, type TokenRow } from "./store.js";
import { expiryFrom } from "./token-expiry.js";
import { TokenSecrets } from "./token-secrets.js";
import { checkTransition, type StateActor } from "./token-state.js";

export interface IssuerOptions {
  readonly keys: IssuerKeys;
  /** SQLite files of the issuer and of its development log; `:memory:` by default. */
  readonly file?: string;
  readonly logFile?: string;
  readonly name?: string;
  /** Number ranges to mint in; the first one is used. */
  readonly iins?: readonly string[];
  /** Seconds since 1970. */
  readonly now?: () => number;
}

/** What travels beside every signed object, so that the card can judge who signed it. */
export interface Evidence {
  readonly issuerCert: Uint8Array;
  readonly receipt: Uint8Array;
  readonly consistency: Uint8Array | null;
}

export interface GrantBundle extends Evidence {
  readonly sealed: Uint8Array;
}

export interface SignedTokenState extends Evidence {
  readonly signed: Uint8Array;
  readonly version: number;
  readonly state: TokenState;
}

export interface TokenView {
  readonly tokenRef: Uint8Array;
  readonly iin: string;
  readonly last4: string;
  readonly expiry: string;
}

export const LOG_ORIGIN = "enabling-card.test/log";
const PHONE_NAME_MAX = 64;
/** Random numbers that may be taken already before we say that the range is full. */
const MINT_TRIES = 16;

export class Issuer {
  readonly keys: IssuerKeys;
  readonly store: IssuerStore;
  readonly log: DevelopmentLog;
  readonly secrets: TokenSecrets;
  readonly maker: Authority;
  readonly certificate: Uint8Array;
  readonly #claims: CertificateClaims;
  readonly #iins: readonly string[];
  readonly #clock: () => number;

  /**
   * Opens the issuer's files, or makes them.
   *
   * @throws {IssuerError} `SAMPLE_KEYS_TEST_IIN`, `IIN_NOT_CONFIGURED`, `KEYS_MISMATCH`, `STORE_DAMAGED`
   * @throws {LedgerError} what `DevelopmentLog` throws; `CERTIFICATE_REVOKED` for an issuer that was
   */
  constructor(options: IssuerOptions) {
    this.keys = options.keys;
    this.#iins = options.iins ?? [TEST_IIN];
    if (this.#iins.length === 0 || this.#iins.some((iin) => !/^\d{6}$/.test(iin))) {
      throw new IssuerError("IIN_NOT_CONFIGURED");
    }
    if (this.keys.sample && this.#iins.some((iin) => iin !== TEST_IIN)) throw new IssuerError("SAMPLE_KEYS_TEST_IIN");
    this.#clock = options.now ?? (() => Math.floor(Date.now() / 1000));
    const { issuerRoot, makerRoot, node, sign, master } = this.keys;
    this.secrets = new TokenSecrets(master);
    this.maker = authority("enabling-card test maker", Role.Card, makerRoot);
    const root = authority("enabling-card test root", Role.Issuer, issuerRoot);
    this.store = new IssuerStore(options.file ?? ":memory:");
    let log: DevelopmentLog | undefined;
    try {
      checkKeys(this.store, this.keys, this.secrets);
      const roots = { [Role.Issuer]: issuerRoot.publicKey, [Role.Card]: makerRoot.publicKey };
      log = new DevelopmentLog({
        file: options.logFile ?? ":memory:",
        origin: LOG_ORIGIN,
        node,
        roots,
        now: this.#clock,
      });
      const name = options.name ?? "Example Issuer";
      this.certificate = ownCertificate(this.store, root, sign.publicKey, name, this.now());
      log.append(this.certificate, Role.Issuer);
    } catch (error) {
      log?.close();
      this.store.close();
      throw error;
    }
    this.log = log;
    this.#claims = decodeClaims(decodeSign1(this.certificate, AAD.certificate).payload);
  }

  /** Seconds since 1970. */
  now(): number {
    return this.#clock();
  }

  /**
   * Enrols a card by its maker's certificate, and stores that on the ledger.
   *
   * @returns the card's id and its access key, told once.
   * @throws {IssuerError} `CARD_NOT_GENUINE`, `CARD_ENROLLED`
   */
  enrol(certificate: Uint8Array, phoneName: string): { readonly cardId: string; readonly accessKey: Uint8Array } {
    if (phoneName.length === 0 || phoneName.length > PHONE_NAME_MAX) {
      throw new IssuerError("BAD_REQUEST", { detail: `a phone's name has 1 to ${PHONE_NAME_MAX} characters` });
    }
    const { cardId, grantKey } = readCard(certificate, this.maker, this.now());
    const accessKey = Uint8Array.from(randomBytes(32));
    this.store.atomically(() => {
      if (this.store.card(cardId)) throw new IssuerError("CARD_ENROLLED");
      storeCard(certificate, this.log);
      this.store.addCard({ card_id: cardId, grant_key: grantKey, access_hash: hash(accessKey), phone_name: phoneName });
    });
    return { cardId, accessKey };
  }

  /** The operator's way out of a lost phone: a new access key, the old one is dead. @throws {IssuerError} `CARD_UNKNOWN` */
  renewAccess(cardId: Uint8Array): Uint8Array {
    const card = this.#card(cardId);
    const accessKey = Uint8Array.from(randomBytes(32));
    this.store.setAccess(card.card_id, hash(accessKey));
    return accessKey;
  }

  /** @throws {IssuerError} `CARD_UNKNOWN`, `UNAUTHORISED` */
  authenticate(cardId: Uint8Array, accessKey: Uint8Array): void {
    const { access_hash: kept } = this.#card(cardId);
    const [want, have] = [Buffer.from(kept, "hex"), Buffer.from(hash(accessKey), "hex")];
    if (!timingSafeEqual(want, have)) throw new IssuerError("UNAUTHORISED");
  }

  /**
   * A new token in the test range, active at once.
   *
   * @throws {IssuerError} `CARD_UNKNOWN`, `NAME_INVALID`, `TOKEN_LIMIT`
   */
  mint(cardId: Uint8Array, holderName: string, offline = false): TokenView {
    const { card_id } = this.#card(cardId);
    const holder = holderName.toUpperCase();
    if (holder.length < 2 || holder.length > NAME_MAX || !/^(?=.*[A-Z])[A-Z /.'-]+$/.test(holder)) {
      throw new IssuerError("NAME_INVALID");
    }
    const iin = this.#iins[0]!;
    const expiry = expiryFrom(this.now());
    return this.store.atomically(() => {
      if (this.store.tokensOutside(card_id, TokenState.Deactivated) >= TOKENS_MAX) throw new IssuerError("TOKEN_LIMIT");
      for (let tries = 0; tries < MINT_TRIES; tries++) {
        const pan = mintPan(iin);
        const tokenRef = Uint8Array.from(randomBytes(TOKEN_REF_SIZE));
        const row: TokenRow = {
          token_ref: toHex(tokenRef),
          card_id,
          pan: this.secrets.seal(pan),
          holder: this.secrets.seal(holder),
          last4: pan.slice(-4),
          expiry,
          offline: offline ? 1 : 0,
          state: TokenState.Active,
          state_by: "issuer",
          version: 0,
          atc: 0,
          last_expires: 0,
        };
        if (this.store.addToken(row, this.secrets.panIndex(pan))) return { tokenRef, iin, last4: row.last4, expiry };
      }
      throw new IssuerError("INTERNAL");
    });
  }

  /**
   * One sealed single-use grant, its ATC counted before anything leaves.
   *
   * @throws {IssuerError} `CHECKPOINT_UNKNOWN`, and what `checkedRequest` and `countGrant` throw: no ATC is counted then
   */
  async grant(asked: GrantRequest): Promise<GrantBundle> {
    const request = checkedRequest(asked);
    const evidence = this.evidence(request.checkpointSize);
    const issuedAt = this.now();
    const expires = issuedAt + (request.kind === "offline" ? OFFLINE_LIFE_MAX_S : GRANT_LIFE_S);
    const counted = this.store.atomically(() => countGrant(this.store, request, issuedAt, expires));
    const grant = encodeGrant(composeGrant(this.secrets, request, counted, { issuedAt, expires }));
    const signed = encodeSign1(grant, this.#claims.serial, AAD.grant, this.keys.sign.sign);
    const { grant_key } = this.#card(request.cardId);
    return { sealed: await sealToCard(signed, request.cardId, grant_key), ...evidence };
  }

  /** Certificate, receipt and consistency proof for a card that has seen `checkpointSize` entries. @throws {IssuerError} `CHECKPOINT_UNKNOWN` */
  evidence(checkpointSize: number): Evidence {
    try {
      const consistency = this.log.consistency(checkpointSize) ?? null;
      return { issuerCert: this.certificate, receipt: this.log.receipt(this.certificate), consistency };
    } catch (cause) {
      if (cause instanceof LedgerError && cause.code === "CHECKPOINT_UNKNOWN") {
        throw new IssuerError("CHECKPOINT_UNKNOWN", { cause });
      }
      throw cause;
    }
  }

  /**
   * Moves a token to another state, its version one up. The same state again changes nothing, but that a suspension the issuer
   * asks for is then the issuer's.
   *
   * @throws {IssuerError} `TOKEN_UNKNOWN`, `STATE_TRANSITION_ILLEGAL`, `SUSPENDED_BY_ISSUER`
   */
  setState(tokenRef: string, state: TokenState, by: StateActor): void {
    this.store.atomically(() => {
      const token = this.#token(tokenRef);
      if (token.state === state) {
        if (by === "issuer") this.store.setState(tokenRef, state, by, token.version);
        return;
      }
      checkTransition(token.state as TokenState, token.state_by, state, by);
      this.store.setState(tokenRef, state, by, token.version + 1);
      if (state === TokenState.Active) this.store.clearFailures(tokenRef); // five new tries, for a token that was vouched for
    });
  }

  /** `setState` for the card's holder, who gets the signed state, or a refusal and no change. */
  setHolderState(cardId: Uint8Array, tokenRef: string, state: TokenState, checkpointSize: number): SignedTokenState {
    return this.store.atomically(() => {
      this.#token(tokenRef, toBase32(cardId));
      this.setState(tokenRef, state, "cardholder");
      return this.stateObject(cardId, tokenRef, checkpointSize);
    });
  }

  /** The token's state as the card takes it. @throws {IssuerError} `TOKEN_UNKNOWN`, `CHECKPOINT_UNKNOWN` */
  stateObject(cardId: Uint8Array, tokenRef: string, checkpointSize: number): SignedTokenState {
    const token = this.#token(tokenRef, toBase32(cardId));
    const state = token.state as TokenState;
    const object = encodeTokenState({
      cardId,
      tokenRef: fromHex(tokenRef),
      version: token.version,
      state,
      ...(state === TokenState.Deactivated && { until: token.last_expires }),
    });
    const signed = encodeSign1(object, this.#claims.serial, AAD.state, this.keys.sign.sign);
    return { signed, version: token.version, state, ...this.evidence(checkpointSize) };
  }

  close(): void {
    this.store.close();
    this.log.close();
  }

  #card(cardId: Uint8Array): CardRow {
    const card = this.store.card(toBase32(cardId));
    if (card === undefined) throw new IssuerError("CARD_UNKNOWN");
    return card;
  }

  #token(tokenRef: string, cardId?: string): TokenRow {
    const token = this.store.token(tokenRef);
    if (token === undefined || (cardId !== undefined && token.card_id !== cardId)) {
      throw new IssuerError("TOKEN_UNKNOWN");
    }
    return token;
  }
}

function hash(accessKey: Uint8Array): string {
  return createHash("sha256").update(accessKey).digest("hex");
}
