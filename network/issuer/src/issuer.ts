// The issuer: enrols cards, mints tokens, issues sealed single-use grants and signed states, authorises swipes.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { equalText } from "@enabling-card/doors";
import { type Authority, authority, DevelopmentLog } from "@enabling-card/ledger";
import type { Once, Repeatable, SqlDatabase } from "@enabling-card/sql";
import {
  AAD,
  encodeSign1,
  encodeTokenState,
  fromHex,
  INFO_LINK_MAX,
  NAME_MAX,
  Role,
  type StateActor,
  TEST_IIN,
  TOKEN_REF_SIZE,
  TOKENS_MAX,
  TokenState,
  toBase32,
  toHex,
} from "@enabling-card/wire";
import { isFree, MINT_TRIES, type ResolvedToken, resolved } from "./accounts.js";
import { readCard, storeCard } from "./card-certificate.js";
import { IssuerError } from "./errors.js";
import type { Evidence, GrantBundle } from "./evidence.js";
import { GrantMaker } from "./grant-maker.js";
import type { GrantOptions, GrantRequest } from "./grant-request.js";
import { cardIn, tokenIn } from "./kept-rows.js";
import type { IssuerKeys } from "./keys.js";
import { ownCertificates, resealAll, tieToKeys } from "./own-certificate.js";
import { mintPan } from "./pan.js";
import { onceOf } from "./repeats.js";
import { Signers } from "./signers.js";
import { IssuerStore, type NewToken, openIssuerDatabase, type Tables, type TokenRow } from "./store.js";
import { expiryFrom, isPast } from "./token-expiry.js";
import { moveToken } from "./token-moves.js";
import { TokenSecrets } from "./token-secrets.js";
import { stateRefusal } from "./token-state.js";

export interface IssuerOptions {
  readonly keys: IssuerKeys;
  /** Where its store is: a file of SQLite, `:memory:` (unless told), or a `postgres:` URL. */
  readonly file?: string;
  /** The store itself, opened already (`openIssuerDatabase`), in place of `file`; closed with the issuer. */
  readonly database?: SqlDatabase;
  /** SQLite file of its development log; `:memory:` unless told. */
  readonly logFile?: string;
  readonly name?: string;
  /** Number ranges to mint in; the first one is used. */
  readonly iins?: readonly string[];
  /** Where the issuer helps whoever it suspended: https. */
  readonly helpUrl?: string;
  /** Seconds since 1970. */
  readonly now?: () => number;
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

export class Issuer {
  readonly keys: IssuerKeys;
  readonly store: IssuerStore;
  readonly log: DevelopmentLog;
  readonly secrets: TokenSecrets;
  readonly maker: Authority;
  /** Empty where there is none. */
  readonly helpUrl: string;
  readonly #signers: Signers;
  readonly #iins: readonly string[];
  readonly #clock: () => number;
  readonly once: Once;
  readonly grants: GrantMaker;

  private constructor(
    parts: Pick<Issuer, "keys" | "store" | "log" | "secrets"> & { readonly signers: Signers },
    answerNames: Uint8Array,
    options: Checked,
  ) {
    this.keys = parts.keys;
    this.store = parts.store;
    this.log = parts.log;
    this.secrets = parts.secrets;
    this.#signers = parts.signers;
    this.maker = authority("enabling-card test maker", Role.Card, parts.keys.makerRoot);
    this.helpUrl = options.helpUrl;
    this.#iins = options.iins;
    this.#clock = options.now;
    this.once = onceOf(parts.keys, answerNames, this.#clock);
    this.grants = new GrantMaker({
      ...{ ...parts, now: this.#clock, once: this.once },
      signer: (number) => this.#signers.of(number),
      evidence: (checkpointSize, serial) => this.evidence(checkpointSize, serial),
      grantKey: async (cardId) => (await cardIn(this.store, cardId)).grant_key,
    });
  }

  /**
   * Opens the issuer's stores, or makes them.
   *
   * @throws {IssuerError} `SAMPLE_KEYS_TEST_IIN`, `IIN_NOT_CONFIGURED`, `HELP_URL_INVALID`, `KEYS_MISMATCH`, `KEYS_RETIRED`, `KEYS_NOT_YET`, `STORE_DAMAGED`, `STORE_UNAVAILABLE`
   * @throws {LedgerError} what `DevelopmentLog` throws; `CERTIFICATE_REVOKED` for an issuer that was
   */
  static async open(options: IssuerOptions): Promise<Issuer> {
    const { keys } = options;
    const checked = checkedOptions(options);
    const root = authority("enabling-card test root", Role.Issuer, keys.issuerRoot);
    const store = new IssuerStore(options.database ?? (await openIssuerDatabase(options.file ?? ":memory:")));
    let log: DevelopmentLog | undefined;
    try {
      const { names, isRenewed } = await tieToKeys(store, keys);
      const secrets = new TokenSecrets(keys, names);
      const roots = { [Role.Issuer]: keys.issuerRoot.publicKey, [Role.Card]: keys.makerRoot.publicKey };
      const { now } = checked;
      log = new DevelopmentLog({
        file: options.logFile ?? ":memory:",
        origin: LOG_ORIGIN,
        node: keys.node,
        roots,
        now,
      });
      const name = options.name ?? "Example Issuer";
      const certificates = await ownCertificates(store, root, keys, name, now());
      const signers = new Signers(keys, certificates, log);
      // Last: until then the store tells whoever opens it that the keys before these are needed.
      if (!isRenewed) await resealAll(store, keys, secrets);
      return new Issuer({ keys, store, log, secrets, signers }, names[2]!, checked);
    } catch (error) {
      log?.close();
      await store.close();
      throw error;
    }
  }

  /** Under which it signs. */
  get certificate(): Uint8Array {
    return this.#signers.newest.certificate;
  }

  /** Seconds since 1970. */
  now(): number {
    return this.#clock();
  }

  /**
   * Enrols a card by its maker's certificate, and stores that on the ledger.
   *
   * @returns the card's id and its access key, told once.
   * @throws {IssuerError} `CARD_NOT_GENUINE`, `CARD_ENROLLED`, `IDEMPOTENCY_MISMATCH`
   */
  async enrol(
    certificate: Uint8Array,
    phoneName: string,
    repeat?: Repeatable,
  ): Promise<{ readonly cardId: string; readonly accessKey: Uint8Array }> {
    if (phoneName.length === 0 || phoneName.length > PHONE_NAME_MAX) {
      throw new IssuerError("BAD_REQUEST", { detail: `a phone's name has 1 to ${PHONE_NAME_MAX} characters` });
    }
    const { cardId, grantKey } = readCard(certificate, this.maker, this.now());
    const enrolled = await this.store.atomically((kept) =>
      this.once.within(kept.answers, repeat, async () => {
        if (await kept.card(cardId)) throw new IssuerError("CARD_ENROLLED");
        storeCard(certificate, this.log); // on the ledger already: it stays as it is
        const accessKey = Uint8Array.from(randomBytes(32));
        await kept.addCard({
          card_id: cardId,
          grant_key: grantKey,
          access_hash: hash(accessKey),
          phone_name: phoneName,
        });
        return { accessKey: toHex(accessKey) };
      }),
    );
    return { cardId, accessKey: fromHex(enrolled.accessKey) };
  }

  /** The operator's way out of a lost phone: a new access key, the old one is dead. @throws {IssuerError} `CARD_UNKNOWN` */
  async renewAccess(cardId: Uint8Array): Promise<Uint8Array> {
    const accessKey = Uint8Array.from(randomBytes(32));
    const isKnown = await this.store.setAccess(toBase32(cardId), hash(accessKey));
    if (!isKnown) throw new IssuerError("CARD_UNKNOWN");
    return accessKey;
  }

  /** @throws {IssuerError} `CARD_UNKNOWN`, `UNAUTHORISED` */
  async authenticate(cardId: Uint8Array, accessKey: Uint8Array): Promise<void> {
    const { access_hash: kept } = await cardIn(this.store, cardId);
    const [want, have] = [Buffer.from(kept, "hex"), Buffer.from(hash(accessKey), "hex")];
    if (!timingSafeEqual(want, have)) throw new IssuerError("UNAUTHORISED");
  }

  /**
   * The account behind a token, for the processor, where the card's access key is with it (system 5): it may pay now.
   *
   * @throws {IssuerError} `CARD_UNKNOWN`, `UNAUTHORISED`, `TOKEN_UNKNOWN`, `TOKEN_SUSPENDED`, `TOKEN_DEACTIVATED`, `TOKEN_INACTIVE`, `TOKEN_EXPIRED`,
   * `DOMAIN_REQUIRED`
   */
  async account(cardId: Uint8Array, accessKey: Uint8Array, tokenRef: string): Promise<{ pan: string; expiry: string }> {
    await this.authenticate(cardId, accessKey);
    const token = await tokenIn(this.store, tokenRef, cardId);
    const refusal = stateRefusal(token.state as TokenState);
    if (refusal) throw new IssuerError(refusal);
    if (isPast(token.expiry, this.now())) throw new IssuerError("TOKEN_EXPIRED");
    if (token.domain_only === 1) throw new IssuerError("DOMAIN_REQUIRED");
    return { pan: this.secrets.open(token.pan), expiry: token.expiry };
  }

  /**
   * The number of a token, and that of the account behind it, for the domain server (system 4), where the card's access key is with it: it may pay now.
   *
   * @throws {IssuerError} as `account`
   */
  async resolve(cardId: Uint8Array, accessKey: Uint8Array, tokenRef: string): Promise<ResolvedToken> {
    await this.authenticate(cardId, accessKey);
    return this.store.atomically(async (kept) => {
      const token = await tokenIn(kept, tokenRef, cardId);
      return resolved(kept, this.secrets, token, this.now(), this.#iins[0]!);
    });
  }

  /**
   * That `account` is behind the token, and it may pay now, for the access control server.
   *
   * @throws {IssuerError} `TOKEN_UNKNOWN`, `ACCOUNT_WRONG`, `TOKEN_SUSPENDED`, `TOKEN_DEACTIVATED`, `TOKEN_INACTIVE`, `TOKEN_EXPIRED`
   */
  async vouch(cardId: Uint8Array, tokenRef: string, account: string): Promise<void> {
    await this.store.atomically(async (kept) => {
      const token = await tokenIn(kept, tokenRef, cardId);
      const behind = await resolved(kept, this.secrets, token, this.now(), this.#iins[0]!);
      if (!equalText(behind.account, account)) throw new IssuerError("ACCOUNT_WRONG");
    });
  }

  /**
   * A new token in the test range, active at once.
   *
   * @param kind - An off-line token's grants are kept on the phone; one that is restricted to domains pays by grants of the domain server alone
   * @throws {IssuerError} `CARD_UNKNOWN`, `NAME_INVALID`, `TOKEN_LIMIT`, `IDEMPOTENCY_MISMATCH`
   */
  async mint(
    cardId: Uint8Array,
    holderName: string,
    kind: "online" | "offline" | "domain" = "online",
    repeat?: Repeatable,
  ): Promise<TokenView> {
    const { card_id } = await cardIn(this.store, cardId);
    const holder = holderName.toUpperCase();
    if (holder.length < 2 || holder.length > NAME_MAX || !/^(?=.*[A-Z])[A-Z /.'-]+$/.test(holder)) {
      throw new IssuerError("NAME_INVALID");
    }
    const iin = this.#iins[0]!;
    const expiry = expiryFrom(this.now());
    const mint = async (kept: Tables) => {
      const held = await kept.tokensOutside(card_id, TokenState.Deactivated);
      if (held >= TOKENS_MAX) throw new IssuerError("TOKEN_LIMIT");
      for (let tries = 0; tries < MINT_TRIES; tries++) {
        const pan = mintPan(iin);
        const tokenRef = Uint8Array.from(randomBytes(TOKEN_REF_SIZE));
        const row: NewToken = {
          token_ref: toHex(tokenRef),
          card_id,
          pan: this.secrets.seal(pan),
          holder: this.secrets.seal(holder),
          last4: pan.slice(-4),
          expiry,
          offline: kind === "offline" ? 1 : 0,
          domain_only: kind === "domain" ? 1 : 0,
          state: TokenState.Active,
          state_by: "issuer",
          version: 0,
          atc: 0,
          last_expires: 0,
        };
        const isAdded =
          (await isFree(kept, this.secrets, pan)) && (await kept.addToken(row, this.secrets.panIndex(pan)));
        if (isAdded) return { tokenRef: row.token_ref, iin, last4: row.last4, expiry };
      }
      throw new IssuerError("INTERNAL");
    };
    const minted = await this.store.atomically((kept) => this.once.within(kept.answers, repeat, () => mint(kept)));
    return { ...minted, tokenRef: fromHex(minted.tokenRef) };
  }

  /**
   * One sealed single-use grant, its ATC counted before anything leaves.
   *
   * @param options - A service's, for a cryptogram that is not the issuer's own, and a number that is not the token's
   * @throws {IssuerError} `CHECKPOINT_UNKNOWN`, and what `checkedRequest` and `countGrant` throw: no ATC is counted then
   */
  async grant(asked: GrantRequest, { cryptogramOf, code, repeat }: GrantOptions = {}): Promise<GrantBundle> {
    const counted = await this.grants.count(asked, cryptogramOf === undefined, repeat);
    const { atc } = counted.counted;
    const cryptogram = (await cryptogramOf?.({ atc, expires: counted.expires })) ?? this.grants.cryptogram(counted);
    return this.grants.make(counted, cryptogram, code);
  }

  /**
   * Certificate, receipt and consistency proof for a card that has seen `checkpointSize` entries.
   *
   * @param serial - Of the certificate, where it is not the newest: what was signed by the keys before these
   * @throws {IssuerError} `CHECKPOINT_UNKNOWN`; `KEY_RETIRED` where that certificate is not there any more
   */
  evidence(checkpointSize: number, serial: Uint8Array = this.#signers.newest.serial): Evidence {
    return this.#signers.evidence(checkpointSize, serial);
  }

  /**
   * Moves a token to another state: `moveToken`.
   *
   * @throws {IssuerError} `TOKEN_UNKNOWN`, `STATE_TRANSITION_ILLEGAL`, `SUSPENDED_BY_…`
   */
  async setState(tokenRef: string, state: TokenState, by: StateActor): Promise<void> {
    await this.store.atomically(async (kept) => moveToken(kept, await tokenIn(kept, tokenRef), state, by));
  }

  /**
   * `setState` for the card's holder, or the card's PIN lock by its phone, who gets the signed state, or a refusal and no change; of a repeat the state that it came to then.
   *
   * @throws {IssuerError} as `setState`, `IDEMPOTENCY_MISMATCH`
   */
  setHolderState(
    cardId: Uint8Array,
    tokenRef: string,
    state: TokenState,
    checkpointSize: number,
    { by = "cardholder", repeat }: HolderMove = {},
  ): Promise<SignedTokenState> {
    return this.store.atomically(async (kept) => {
      const moved = await this.once.within<StateOfToken>(kept.answers, repeat, async () => {
        await moveToken(kept, await tokenIn(kept, tokenRef, cardId), state, by);
        const { token_ref, state: now, version, last_expires } = await tokenIn(kept, tokenRef, cardId);
        return { token_ref, state: now, version, last_expires };
      });
      return this.#signedState(cardId, moved, checkpointSize);
    });
  }

  /** The token's state as the card takes it. @throws {IssuerError} `TOKEN_UNKNOWN`, `CHECKPOINT_UNKNOWN` */
  async stateObject(cardId: Uint8Array, tokenRef: string, checkpointSize: number): Promise<SignedTokenState> {
    return this.#signedState(cardId, await tokenIn(this.store, tokenRef, cardId), checkpointSize);
  }

  #signedState(cardId: Uint8Array, token: StateOfToken, checkpointSize: number): SignedTokenState {
    const state = token.state as TokenState;
    const object = encodeTokenState({
      cardId,
      tokenRef: fromHex(token.token_ref),
      version: token.version,
      state,
      ...(state === TokenState.Deactivated && { until: token.last_expires }),
    });
    const signed = encodeSign1(object, this.#signers.newest.serial, AAD.state, this.keys.sign.sign);
    return { signed, version: token.version, state, ...this.evidence(checkpointSize) };
  }

  async close(): Promise<void> {
    await this.store.close();
    this.log.close();
  }
}

type StateOfToken = Pick<TokenRow, "token_ref" | "state" | "version" | "last_expires">;

/** Who asks for a state, the holder unless told, and by which repeatable request. */
export interface HolderMove {
  readonly by?: "cardholder" | "PIN lock" | undefined;
  readonly repeat?: Repeatable | undefined;
}

type Checked = Required<Pick<IssuerOptions, "iins" | "now" | "helpUrl">>;

function checkedOptions({ iins = [TEST_IIN], keys, now = secondsNow, helpUrl = "" }: IssuerOptions): Checked {
  if (iins.length === 0 || iins.some((iin) => !/^\d{6}$/.test(iin))) throw new IssuerError("IIN_NOT_CONFIGURED");
  if (keys.sample && iins.some((iin) => iin !== TEST_IIN)) throw new IssuerError("SAMPLE_KEYS_TEST_IIN");
  if (helpUrl !== "" && !(/^https:\/\/[!-~]+$/.test(helpUrl) && helpUrl.length <= INFO_LINK_MAX)) {
    throw new IssuerError("HELP_URL_INVALID");
  }
  return { iins, now, helpUrl };
}

function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}

function hash(accessKey: Uint8Array): string {
  return createHash("sha256").update(accessKey).digest("hex");
}
