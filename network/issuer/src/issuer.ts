// The issuer: enrols cards, mints tokens, issues sealed single-use grants and signed states, authorises swipes.

import { equalText, isPast } from "@enabling-card/doors";
import { type Authority, authority, DevelopmentLog, type LogHead } from "@enabling-card/ledger";
import type { Once, Repeatable } from "@enabling-card/sql";
import { AAD, encodeSign1, encodeTokenState, fromHex, Role, type StateActor, TokenState } from "@enabling-card/wire";
import { type ResolvedToken, resolved } from "./accounts.js";
import { authenticateCard, type Enrolled, enrolCard, renewAccess } from "./enrolment.js";
import { IssuerError } from "./errors.js";
import type { Evidence, GrantBundle } from "./evidence.js";
import { GrantMaker } from "./grant-maker.js";
import { filled } from "./grant-rate.js";
import type { GrantOptions, GrantRequest } from "./grant-request.js";
import { type Checked, checkedOptions, type IssuerOptions } from "./issuer-options.js";
import { cardIn, tokenIn } from "./kept-rows.js";
import type { IssuerKeys } from "./keys.js";
import { mintToken, type TokenKind, type TokenView } from "./minting.js";
import { ownCertificates, resealAll, tieToKeys } from "./own-certificate.js";
import { onceOf } from "./repeats.js";
import { Signers } from "./signers.js";
import { IssuerStore, openIssuerDatabase, type TokenRow } from "./store.js";
import { moveToken } from "./token-moves.js";
import { TokenSecrets } from "./token-secrets.js";
import { stateRefusal } from "./token-state.js";

export interface SignedTokenState extends Evidence {
  readonly signed: Uint8Array;
  readonly version: number;
  readonly state: TokenState;
}

export const LOG_ORIGIN = "enabling-card.test/log";
/** The setting that says how its log stood when the store was opened last. */
const LOG_HEAD = "log head";

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
      const isKept = options.logFile !== undefined && options.logFile !== ":memory:";
      if (isKept) await expectOwnLog(store, log);
      const name = options.name ?? "Example Issuer";
      const certificates = await ownCertificates(store, root, keys, name, now());
      const signers = new Signers(keys, certificates, log);
      // Last: until then the store tells whoever opens it that the keys before these are needed.
      if (!isRenewed) await resealAll(store, keys, secrets);
      if (isKept) await store.keepSetting(LOG_HEAD, Buffer.from(JSON.stringify(log.stand)));
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
  enrol(certificate: Uint8Array, phoneName: string, repeat?: Repeatable): Promise<Enrolled> {
    return enrolCard(this, certificate, phoneName, repeat);
  }

  /** The operator's way out of a lost phone: a new access key, the old one is dead. @throws {IssuerError} `CARD_UNKNOWN` */
  renewAccess(cardId: Uint8Array): Promise<Uint8Array> {
    return renewAccess(this.store, cardId);
  }

  /** @throws {IssuerError} `CARD_UNKNOWN`, `UNAUTHORISED` */
  authenticate(cardId: Uint8Array, accessKey: Uint8Array): Promise<void> {
    return authenticateCard(this.store, cardId, accessKey);
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
   * That `account` is behind the token, and it may pay now, for the access control server: there is a grant for its question, and one for its payment.
   *
   * @throws {IssuerError} `GRANT_LIMIT`, `TOKEN_UNKNOWN`, `ACCOUNT_WRONG`, `TOKEN_SUSPENDED`, `TOKEN_DEACTIVATED`, `TOKEN_INACTIVE`, `TOKEN_EXPIRED`
   */
  async vouch(cardId: Uint8Array, tokenRef: string, account: string): Promise<void> {
    await this.store.atomically(async (kept) => {
      const token = await tokenIn(kept, tokenRef, cardId);
      const behind = await resolved(kept, this.secrets, token, this.now(), this.#iins[0]!);
      if (!equalText(behind.account, account)) throw new IssuerError("ACCOUNT_WRONG");
      const asked = filled(token, this.now());
      if (asked === undefined || filled(asked, this.now()) === undefined) throw new IssuerError("GRANT_LIMIT");
    });
  }

  /**
   * A new token in the test range, active at once.
   *
   * @param kind - An off-line token's grants are kept on the phone; one that is restricted to domains pays by grants of the domain server alone
   * @throws {IssuerError} `CARD_UNKNOWN`, `NAME_INVALID`, `TOKEN_LIMIT`, `IDEMPOTENCY_MISMATCH`
   */
  mint(cardId: Uint8Array, holderName: string, kind?: TokenKind, repeat?: Repeatable): Promise<TokenView> {
    return mintToken(this, this.#iins[0]!, { cardId, holderName, ...(kind && { kind }) }, repeat);
  }

  /**
   * One sealed single-use grant, its ATC counted before anything leaves.
   *
   * @param options - A service's, for a cryptogram that is not the issuer's own, and a number that is not the token's
   * @throws {IssuerError} `CHECKPOINT_UNKNOWN`, and what `checkedRequest` and `countGrant` throw: no ATC is counted then
   */
  async grant(asked: GrantRequest, { cryptogramOf, code, by, repeat }: GrantOptions = {}): Promise<GrantBundle> {
    const kind = { hasOwnCryptogram: cryptogramOf === undefined, isOfCode: code !== undefined, by };
    const counted = await this.grants.count(asked, kind, repeat);
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
   * The failure lock, of wrong tries that a processor has counted: closed once for each `lock`, whose name is the processor's. What holds already is enough.
   *
   * @returns whether the token may not pay now
   * @throws {IssuerError} `TOKEN_UNKNOWN`
   */
  lockForFailures(tokenRef: string, lock: string): Promise<{ readonly isHeld: boolean }> {
    return this.store.atomically(async (kept) => {
      const repeat = { owner: `failure locks of ${tokenRef}`, key: lock, asked: ["failure lock"] };
      await this.once.within(kept.answers, repeat, async () => {
        const token = await tokenIn(kept, tokenRef);
        if (token.state === TokenState.Active) await moveToken(kept, token, TokenState.Suspended, "failure lock");
        return {};
      });
      return { isHeld: (await tokenIn(kept, tokenRef)).state !== TokenState.Active };
    });
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

/** A new log in the place of one that cards have seen would be a fork of it: the same origin, the same node. @throws {LedgerError} `LOG_GONE` */
async function expectOwnLog(store: IssuerStore, log: DevelopmentLog): Promise<void> {
  const kept = await store.setting(LOG_HEAD);
  if (kept !== undefined) log.expectGrownFrom(JSON.parse(Buffer.from(kept).toString()) as LogHead);
}

type StateOfToken = Pick<TokenRow, "token_ref" | "state" | "version" | "last_expires">;

/** Who asks for a state, the holder unless told, and by which repeatable request. */
export interface HolderMove {
  readonly by?: "cardholder" | "PIN lock" | undefined;
  readonly repeat?: Repeatable | undefined;
}
