// The issuer: enrols cards, mints tokens, issues sealed single-use grants and signed states, authorises swipes.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { type Authority, authority, DevelopmentLog, LedgerError, verifyCertificate } from "@enabling-card/ledger";
import {
  AAD,
  type CertificateClaims,
  type Domain,
  decodeClaims,
  decodeSign1,
  EMISSIONS_MAX,
  encodeGrant,
  encodeSign1,
  encodeTokenState,
  fromHex,
  GRANT_LIFE_S,
  GrantKind,
  MERCHANT_MAX,
  NAME_MAX,
  OFFLINE_CAP_MAX,
  OFFLINE_GRANTS_MAX,
  OFFLINE_LIFE_MAX_S,
  REQUESTOR_MAX,
  Role,
  TOKEN_REF_SIZE,
  TokenState,
  toBase32,
  toHex,
} from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import type { IssuerKeys } from "./keys.js";
import { mintPan, TEST_IIN } from "./pan.js";
import { sealToCard } from "./seal.js";
import { IssuerStore, type TokenRow } from "./store.js";
import { TokenSecrets } from "./token-secrets.js";

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

export interface GrantRequest {
  readonly cardId: Uint8Array;
  readonly tokenRef: Uint8Array;
  /** The card's newest; none for an off-line grant. */
  readonly challenge?: Uint8Array;
  /** Entries of the newest checkpoint that the card has seen. */
  readonly checkpointSize: number;
  readonly domain: Domain;
  readonly maxEmissions: number;
  readonly kind: "online" | "offline";
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

export interface TokenView {
  readonly tokenRef: Uint8Array;
  readonly iin: string;
  readonly last4: string;
  readonly expiry: string;
}

/** Legal transitions of a token's state (system 3); a deactivated token stays so. */
const TRANSITIONS: Readonly<Record<TokenState, readonly TokenState[]>> = {
  [TokenState.Inactive]: [TokenState.Active, TokenState.Deactivated],
  [TokenState.Active]: [TokenState.Suspended, TokenState.Deactivated],
  [TokenState.Suspended]: [TokenState.Active, TokenState.Deactivated],
  [TokenState.Deactivated]: [],
};

const YEAR_S = 365 * 86_400;
const TOKEN_LIFE_YEARS = 3;
/** International, no chip, normal authorisation, no restrictions (ISO/IEC 7813 table 4): a chip reader may take the swipe. */
const SERVICE_CODE = "101";

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

  /** @throws {IssuerError} `SAMPLE_KEYS_TEST_IIN`, `IIN_NOT_CONFIGURED` */
  constructor(options: IssuerOptions) {
    this.keys = options.keys;
    this.#iins = options.iins ?? [TEST_IIN];
    if (this.#iins.length === 0) throw new IssuerError("IIN_NOT_CONFIGURED");
    if (this.keys.sample && this.#iins.some((iin) => iin !== TEST_IIN)) throw new IssuerError("SAMPLE_KEYS_TEST_IIN");
    this.#clock = options.now ?? (() => Math.floor(Date.now() / 1000));
    this.store = new IssuerStore(options.file ?? ":memory:");
    this.secrets = new TokenSecrets(this.keys.master);
    this.maker = authority("enabling-card test maker", Role.Card, this.keys.makerRoot);
    const { issuerRoot, makerRoot, node } = this.keys;
    this.log = new DevelopmentLog({
      file: options.logFile ?? ":memory:",
      origin: "enabling-card.test/log",
      node,
      roots: { [Role.Issuer]: issuerRoot.publicKey, [Role.Card]: makerRoot.publicKey },
      now: this.#clock,
    });
    const root = authority("enabling-card test root", Role.Issuer, issuerRoot);
    this.certificate = this.store.setting("certificate", () =>
      root.issue({
        sub: options.name ?? "Example Issuer",
        keys: { sign: this.keys.sign.publicKey },
        notBefore: this.now() - 86_400,
        expires: this.now() + 5 * YEAR_S,
      }),
    );
    this.#claims = decodeClaims(decodeSign1(this.certificate, AAD.certificate).payload);
    this.log.append(this.certificate, Role.Issuer);
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
    let claims: CertificateClaims;
    try {
      claims = verifyCertificate(certificate, this.keys.makerRoot.publicKey, Role.Card, this.now());
      this.log.append(certificate, Role.Card);
    } catch (cause) {
      if (cause instanceof LedgerError) throw new IssuerError("CARD_NOT_GENUINE", { cause, detail: cause.code });
      throw cause;
    }
    const grantKey = claims.keys.grant;
    if (grantKey === undefined) throw new IssuerError("CARD_NOT_GENUINE", { detail: "no grant key" });
    const accessKey = Uint8Array.from(randomBytes(32));
    this.store.atomically(() => {
      if (this.store.card(claims.sub)) throw new IssuerError("CARD_ENROLLED");
      this.store.addCard({
        card_id: claims.sub,
        grant_key: grantKey,
        access_hash: hash(accessKey),
        phone_name: phoneName.slice(0, 64),
      });
    });
    return { cardId: claims.sub, accessKey };
  }

  /** @throws {IssuerError} `CARD_UNKNOWN`, `UNAUTHORISED` */
  authenticate(cardId: Uint8Array, accessKey: Uint8Array): void {
    const card = this.store.card(toBase32(cardId));
    if (card === undefined) throw new IssuerError("CARD_UNKNOWN");
    const [want, have] = [Buffer.from(card.access_hash, "hex"), Buffer.from(hash(accessKey), "hex")];
    if (!timingSafeEqual(want, have)) throw new IssuerError("UNAUTHORISED");
  }

  /** @throws {IssuerError} `CARD_UNKNOWN`, `NAME_INVALID` */
  mint(cardId: Uint8Array, holderName: string, offline = false): TokenView {
    const card = this.store.card(toBase32(cardId));
    if (card === undefined) throw new IssuerError("CARD_UNKNOWN");
    const holder = holderName.toUpperCase();
    if (holder.length < 2 || holder.length > NAME_MAX || !/^[A-Z /.'-]+$/.test(holder))
      throw new IssuerError("NAME_INVALID");
    const iin = this.#iins[0]!;
    const expiry = this.#expiry();
    for (;;) {
      const pan = mintPan(iin);
      const tokenRef = Uint8Array.from(randomBytes(TOKEN_REF_SIZE));
      const row: TokenRow = {
        token_ref: toHex(tokenRef),
        card_id: card.card_id,
        pan: this.secrets.seal(pan),
        holder: this.secrets.seal(holder),
        last4: pan.slice(-4),
        expiry,
        offline: offline ? 1 : 0,
        state: TokenState.Active,
        version: 0,
        atc: 0,
        last_expires: 0,
      };
      if (this.store.addToken(row, this.secrets.panIndex(pan))) return { tokenRef, iin, last4: row.last4, expiry };
    }
  }

  /**
   * One sealed single-use grant, its ATC counted before anything leaves.
   *
   * @throws {IssuerError} `TOKEN_UNKNOWN`, `TOKEN_SUSPENDED`, `TOKEN_DEACTIVATED`, `TOKEN_INACTIVE`, `DOMAIN_MISSING`, `OFFLINE_LIMIT`,
   * `BAD_REQUEST`, `CHECKPOINT_UNKNOWN`
   */
  async grant(request: GrantRequest): Promise<GrantBundle> {
    const { cardId, tokenRef, domain, kind } = request;
    checkDomain(domain);
    if (!Number.isInteger(request.maxEmissions) || request.maxEmissions < 1 || request.maxEmissions > EMISSIONS_MAX) {
      throw new IssuerError("BAD_REQUEST", { detail: "maxEmissions is 1 to 3" });
    }
    const offline = kind === "offline";
    if (offline !== (request.challenge === undefined)) {
      throw new IssuerError("BAD_REQUEST", { detail: "an on-line grant answers a challenge, an off-line one none" });
    }
    const evidence = this.evidence(request.checkpointSize);
    const issuedAt = this.now();
    const expires = issuedAt + (offline ? OFFLINE_LIFE_MAX_S : GRANT_LIFE_S);
    const { token, atc, n } = this.store.atomically(() => this.#count(request, issuedAt, expires));
    const pan = this.secrets.open(token.pan);
    const tail = `${token.expiry}${SERVICE_CODE}`;
    const grant = encodeGrant({
      kind: offline ? GrantKind.Offline : GrantKind.Online,
      cardId,
      ...(request.challenge && { challenge: request.challenge }),
      ...(offline && { offline: { cap: domain.maxAmount, n, of: OFFLINE_GRANTS_MAX } }),
      issuedAt,
      notBefore: issuedAt,
      expires,
      tokenRef,
      track2: `${pan}=${tail}`,
      track1: `B${pan}^${this.secrets.open(token.holder)}^${tail}`,
      atc,
      cryptogram: this.secrets.cryptogram(tokenRef, atc, domain),
      domain,
      maxEmissions: offline ? 1 : request.maxEmissions,
    });
    const signed = encodeSign1(grant, this.#claims.serial, AAD.grant, this.keys.sign.sign);
    const card = this.store.card(token.card_id)!;
    return { sealed: await sealToCard(signed, cardId, card.grant_key), ...evidence };
  }

  /** Certificate, receipt and consistency proof for a card that has seen `checkpointSize` entries. @throws {IssuerError} `CHECKPOINT_UNKNOWN` */
  evidence(checkpointSize: number): Evidence {
    try {
      const receipt = this.log.receipt(this.certificate);
      return { issuerCert: this.certificate, receipt, consistency: this.log.consistency(checkpointSize) ?? null };
    } catch (cause) {
      if (cause instanceof LedgerError) throw new IssuerError("CHECKPOINT_UNKNOWN", { cause });
      throw cause;
    }
  }

  /**
   * Moves a token to another state, its version one up. The same state again changes nothing.
   *
   * @throws {IssuerError} `TOKEN_UNKNOWN`, `STATE_TRANSITION_ILLEGAL`
   */
  setState(tokenRef: string, state: TokenState): TokenRow {
    return this.store.atomically(() => {
      const token = this.#token(tokenRef);
      if (token.state === state) return token;
      if (!TRANSITIONS[token.state as TokenState].includes(state)) throw new IssuerError("STATE_TRANSITION_ILLEGAL");
      this.store.setState(tokenRef, state, token.version + 1);
      this.store.clearFailures(tokenRef);
      return this.#token(tokenRef);
    });
  }

  /** The token's state as the card takes it. @throws {IssuerError} `TOKEN_UNKNOWN`, `CHECKPOINT_UNKNOWN` */
  stateObject(
    cardId: Uint8Array,
    tokenRef: string,
    checkpointSize: number,
  ): Evidence & { readonly signed: Uint8Array; readonly version: number; readonly state: TokenState } {
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

  #token(tokenRef: string, cardId?: string): TokenRow {
    const token = this.store.token(tokenRef);
    if (token === undefined || (cardId !== undefined && token.card_id !== cardId))
      throw new IssuerError("TOKEN_UNKNOWN");
    return token;
  }

  /** The token's next ATC, written with the grant's row: two callers never get one. */
  #count(request: GrantRequest, now: number, expires: number): { token: TokenRow; atc: number; n: number } {
    const token = this.#token(toHex(request.tokenRef), toBase32(request.cardId));
    if (token.state === TokenState.Suspended) throw new IssuerError("TOKEN_SUSPENDED");
    if (token.state === TokenState.Deactivated) throw new IssuerError("TOKEN_DEACTIVATED");
    if (token.state === TokenState.Inactive) throw new IssuerError("TOKEN_INACTIVE");
    const offline = request.kind === "offline";
    if (offline !== (token.offline === 1)) {
      throw new IssuerError("BAD_REQUEST", { detail: "off-line grants have a token of their own" });
    }
    const held = offline ? this.store.liveGrants(token.token_ref, now) : 0;
    if (offline && (held >= OFFLINE_GRANTS_MAX || request.domain.maxAmount > OFFLINE_CAP_MAX)) {
      throw new IssuerError("OFFLINE_LIMIT");
    }
    const atc = token.atc + 1;
    this.store.addGrant({
      token_ref: token.token_ref,
      atc,
      expires,
      max_amount: request.domain.maxAmount,
      mcc: request.domain.mcc ?? null,
      country: request.domain.country,
      domain: JSON.stringify(request.domain),
    });
    return { token, atc, n: held + 1 };
  }

  #expiry(): string {
    const date = new Date(this.now() * 1000);
    return `${String((date.getUTCFullYear() + TOKEN_LIFE_YEARS) % 100).padStart(2, "0")}${String(date.getUTCMonth() + 1).padStart(2, "0")}`;
  }
}

/** Rule 7: a grant without a domain is invalid. */
function checkDomain(domain: Domain | undefined): void {
  const ascii = (text: unknown, max: number) =>
    typeof text === "string" && text.length <= max && /^[\x20-\x7e]+$/.test(text);
  const whole = (value: unknown, max: number) =>
    Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= max;
  const { requestor, merchant, mcc, channel, country, maxAmount } = domain ?? ({} as Partial<Domain>);
  const fine =
    ascii(requestor, REQUESTOR_MAX) &&
    (merchant === undefined || ascii(merchant, MERCHANT_MAX)) &&
    (mcc === undefined || whole(mcc, 9999)) &&
    whole(channel, 1) &&
    whole(country, 999) &&
    whole(maxAmount, 999_999_999_999);
  if (!fine) throw new IssuerError("DOMAIN_MISSING");
}

function hash(accessKey: Uint8Array): string {
  return createHash("sha256").update(accessKey).digest("hex");
}
