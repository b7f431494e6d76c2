// The access control server: is the cardholder there, for this purchase? It asks the card, which asks its own authenticator (system 2): what the card is
// sealed shows merchant and amount, and what it tells the phone, once its user has agreed, comes back here. Then there is a tracking number, and a CAVV.

import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { derivedKey, type Master, numbered, SealRing, tellRenewed, tie, UnopenedError } from "@enabling-card/vault";
import { ATN_PART_SIZE, ATN_SIZE, type CavvKeys, cavvOf } from "./cavv.js";
import { AcsError } from "./errors.js";
import {
  type AReq,
  type ARes,
  type CardChallenge,
  type CardOfRequest,
  type CReq,
  type CRes,
  Eci,
  EXTENSION,
  MESSAGE_VERSION,
  Reason,
  type RReq,
  type RRes,
} from "./messages.js";
import { type AcsStore, type AuthenticationRow, openAcsStore, type Tables } from "./store.js";

/** How long a card's user may take: as long as the grant lives that asks (docs/protocol.md, "Grant"). */
export const CHALLENGE_LIFE_S = 120;
/** Answers that may be wrong before the authentication has failed. */
export const TRIES_MAX = 3;
/** Authentications are kept so long. */
const KEPT_S = 86_400;
/** What the key of what is at rest is derived for. */
const AT_REST = "ecard/1 acs at rest";
/** Of a grant's cryptogram. */
const ANSWER_SIZE = 8;
/** Longest cardholderInfo (table A.1). */
const INFO_MAX = 128;

/** What a card is to show its user. Octets as base64url. */
export interface CardQuestion extends CardOfRequest {
  /** Account number that the domain server named. */
  readonly account: string;
  readonly requestor: string;
  readonly merchant: string;
  readonly mcc?: number;
  readonly country: number;
  readonly amount: number;
}

/** The issuer would not ask: why (transStatusReason), and what the cardholder may be told. */
export class CardNotAsked extends Error {
  override readonly name = "CardNotAsked";

  constructor(
    readonly reason: typeof Reason.NoCardRecord | typeof Reason.NotPermitted,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface AcsOptions {
  /** 32 octets: what is at rest is sealed under keys of it. Where they were changed, those of before as well, for the overlap. */
  readonly master: Master;
  /** 16 octets, which the issuer has as well; or, where they were changed, they and their number. */
  readonly cavvKey: Uint8Array | CavvKeys;
  /** Has the issuer seal a question to the card, which tells `answer` where its user agrees. @throws {CardNotAsked}; {AcsError} `ISSUER_UNAVAILABLE` */
  readonly askCard: (question: CardQuestion, answer: Uint8Array) => Promise<CardChallenge>;
  /** Tells the domain server. @throws {AcsError} `DOMAIN_SERVER_ERROR` where it refuses it; anything where it did not take it */
  readonly tellResult: (result: RReq) => Promise<RRes>;
  /** Where phones reach this server. */
  readonly url: () => string;
  /** A file, `:memory:` (unless told), or a `postgres:` URL. */
  readonly file?: string;
  /** Seconds since 1970. */
  readonly now?: () => number;
}

export class Acs {
  readonly store: AcsStore;
  readonly #options: AcsOptions;
  readonly #rest: SealRing;

  private constructor(options: AcsOptions, store: AcsStore) {
    this.#options = options;
    this.store = store;
    this.#rest = new SealRing(numbered(options.master), AT_REST);
  }

  /** @throws {AcsError} `STORE_DAMAGED`, `STORE_UNAVAILABLE`, `KEYS_MISMATCH`, `KEYS_RETIRED`, `KEYS_NOT_YET` */
  static async open(options: AcsOptions): Promise<Acs> {
    const store = await openAcsStore(options.file ?? ":memory:");
    const master = numbered(options.master);
    try {
      await store.atomically(async (kept) => {
        const { isRenewed } = await tie(kept, {
          ...{ master, names: [], sealInfo: AT_REST },
          checkOf: (of) => derivedKey(of.master, "ecard/1 acs key check", 32),
          refuse: (code) => new AcsError(code),
        });
        // Nothing is kept for longer than a day: what the key before sealed is opened by it.
        if (!isRenewed) await tellRenewed(kept, master);
      });
    } catch (error) {
      await store.close();
      throw error;
    }
    return new Acs(options, store);
  }

  now(): number {
    return this.#options.now?.() ?? Math.floor(Date.now() / 1000);
  }

  /**
   * Begins an authentication: C with a question for the card, or N where the issuer has it not asked.
   *
   * @throws {AcsError} `BAD_REQUEST`, `TRANSACTION_KNOWN`, `ISSUER_UNAVAILABLE`
   */
  async authenticate(request: AReq): Promise<ARes> {
    const { threeDSServerTransID, messageExtension, acctNumber, merchantName, mcc } = request;
    const card = messageExtension.find(({ id }) => id === EXTENSION.id)?.data;
    if (card === undefined) throw new AcsError("BAD_REQUEST", { detail: `no message extension ${EXTENSION.id}` });
    const acsTransID = randomUUID();
    const named = { messageType: "ARes", messageVersion: MESSAGE_VERSION, threeDSServerTransID, acsTransID } as const;
    const answer = Uint8Array.from(randomBytes(ANSWER_SIZE));
    const question = {
      ...{ ...card, account: acctNumber, requestor: request.threeDSRequestorName, merchant: merchantName },
      ...(mcc !== undefined && { mcc: Number(mcc) }),
      ...{ country: Number(request.merchantCountryCode), amount: Number(request.purchaseAmount) },
    };
    const at = this.now();
    const isNew = await this.store.atomically(async (kept) => {
      await kept.forget(at - KEPT_S);
      return kept.add({
        ...{ acs_trans_id: acsTransID, server_trans_id: threeDSServerTransID, at },
        ...{ account: this.#rest.seal(acctNumber), answer_hash: hash(answer) },
      });
    });
    if (!isNew) throw new AcsError("TRANSACTION_KNOWN");
    let data: CardChallenge;
    try {
      data = await this.#options.askCard(question, answer);
    } catch (error) {
      if (!(error instanceof CardNotAsked)) throw error;
      await this.store.atomically((kept) => kept.decide(acsTransID, "N", error.reason, null));
      return {
        ...{ ...named, transStatus: "N", transStatusReason: error.reason },
        cardholderInfo: error.message.slice(0, INFO_MAX),
      };
    }
    return {
      ...{ ...named, transStatus: "C", acsChallengeMandated: "Y", authenticationType: "02" },
      acsURL: `${this.#options.url()}/v1/creq`,
      messageExtension: [{ ...EXTENSION, data }],
    };
  }

  /**
   * What the card told, by the phone. The domain server hears of the result before the phone does; the same answer again tells it again.
   *
   * @throws {AcsError} `TRANSACTION_UNKNOWN`, `DOMAIN_SERVER_UNAVAILABLE`, `DOMAIN_SERVER_ERROR`
   */
  async answer(request: CReq): Promise<CRes> {
    const { threeDSServerTransID, acsTransID, challengeDataEntry } = request;
    const said = hash(Buffer.from(challengeDataEntry, "base64url"));
    const row = await this.store.atomically((kept) => this.#judged(kept, request, said));
    const named = { messageType: "CRes", messageVersion: MESSAGE_VERSION, threeDSServerTransID, acsTransID } as const;
    if (row.status === "C") return { ...named, challengeCompletionInd: "N" };
    const transStatus = row.status === "Y" ? "Y" : "N";
    try {
      await this.#options.tellResult(this.#result(row, transStatus));
    } catch (cause) {
      throw cause instanceof AcsError ? cause : new AcsError("DOMAIN_SERVER_UNAVAILABLE", { cause });
    }
    return { ...named, challengeCompletionInd: "Y", transStatus };
  }

  close(): Promise<void> {
    return this.store.close();
  }

  /** The authentication, behind this answer. One that was right stays right for the same answer alone. */
  async #judged(
    kept: Tables,
    { acsTransID, threeDSServerTransID }: CReq,
    said: Uint8Array,
  ): Promise<AuthenticationRow> {
    const row = await kept.find(acsTransID);
    if (row?.server_trans_id !== threeDSServerTransID) throw new AcsError("TRANSACTION_UNKNOWN");
    const isRight = timingSafeEqual(said, row.answer_hash);
    if (row.status !== "C") return row.status === "Y" && !isRight ? { ...row, status: "C" } : row;
    const decided = async (status: "Y" | "N", reason: string | null, atn: Uint8Array | null) => {
      await kept.decide(acsTransID, status, reason, atn);
      return { ...row, status, reason, atn };
    };
    if (this.now() >= row.at + CHALLENGE_LIFE_S) return decided("N", Reason.TimedOut, null);
    if (isRight) return decided("Y", null, this.#rest.seal(randomBytes(ATN_SIZE).toString("base64url")));
    await kept.countTry(acsTransID);
    return row.tries + 1 >= TRIES_MAX ? decided("N", Reason.TooManyTries, null) : row;
  }

  #result(
    { acs_trans_id: acsTransID, server_trans_id, reason, account, atn }: AuthenticationRow,
    transStatus: "Y" | "N",
  ): RReq {
    const named = {
      messageType: "RReq",
      messageVersion: MESSAGE_VERSION,
      messageCategory: "01",
      threeDSServerTransID: server_trans_id,
      acsTransID,
      transStatus,
    } as const;
    if (atn === null) return { ...named, eci: Eci.None, ...(reason !== null && { transStatusReason: reason }) };
    const number = this.#opened(atn);
    const part = Buffer.from(number, "base64url").subarray(0, ATN_PART_SIZE);
    const { cavvKey } = this.#options;
    const made = cavvKey instanceof Uint8Array ? { number: 0, key: cavvKey } : cavvKey;
    const cavv = cavvOf(made.key, this.#opened(account), part, made.number);
    const messageExtension = [{ ...EXTENSION, data: { atn: number } }];
    return { ...named, eci: Eci.Full, authenticationValue: Buffer.from(cavv).toString("base64"), messageExtension };
  }

  #opened(sealed: Uint8Array): string {
    try {
      return this.#rest.open(sealed);
    } catch (cause) {
      const isGone = cause instanceof UnopenedError && cause.why !== "altered";
      throw new AcsError(isGone ? "KEY_RETIRED" : "INTERNAL", { cause });
    }
  }
}

function hash(answer: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(answer).digest());
}
