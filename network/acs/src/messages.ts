// The messages of an authentication, with the names and sizes of EMV 3-D Secure 2.2.0 (protocol and core functions, table A.1), so that another server
// can stand on either side. What a card needs beside them travels in a message extension, where that standard has the room for it.

export const MESSAGE_VERSION = "2.2.0";
/** Of the card's question, of its number, and of what an authentication is called by: ours, and named so. */
export const EXTENSION = { name: "enabling-card", id: "enabling-card-1", criticalityIndicator: true } as const;

export interface Extension<Data> {
  readonly name: string;
  readonly id: string;
  readonly criticalityIndicator: boolean;
  readonly data: Data;
}

/** Authenticated, not authenticated, not to be found out, attempted, to be challenged, or apart from this, rejected, for information. */
export type TransStatus = "Y" | "N" | "U" | "A" | "C" | "D" | "R" | "I";

/** Which card is asked, and what it needs to believe us: octets as base64url. */
export interface CardOfRequest {
  readonly cardId: string;
  readonly tokenRef: string;
  /** The card's newest. */
  readonly challenge: string;
  readonly checkpointSize: number;
}

/** Authentication request: domain server to access control server. */
export interface AReq {
  readonly messageType: "AReq";
  readonly messageVersion: string;
  readonly threeDSServerTransID: string;
  readonly messageCategory: "01";
  readonly deviceChannel: "01";
  readonly threeDSRequestorName: string;
  readonly acctNumber: string;
  /** YYMM */
  readonly cardExpiryDate: string;
  readonly merchantName: string;
  readonly mcc?: string;
  readonly merchantCountryCode: string;
  /** In minor units, without leading zeros. */
  readonly purchaseAmount: string;
  readonly purchaseCurrency: string;
  readonly purchaseExponent: string;
  readonly messageExtension: readonly Extension<CardOfRequest>[];
}

/** What the card is asked by: a grant that pays nothing, sealed to it; octets as base64url. */
export interface CardChallenge {
  readonly sealed: string;
  readonly issuerCert: string;
  readonly receipt: string;
  readonly consistency: string | null;
}

/** Its answer. */
export interface ARes {
  readonly messageType: "ARes";
  readonly messageVersion: string;
  readonly threeDSServerTransID: string;
  readonly acsTransID: string;
  readonly transStatus: TransStatus;
  readonly transStatusReason?: string;
  /** What the cardholder may be told. */
  readonly cardholderInfo?: string;
  readonly acsURL?: string;
  readonly acsChallengeMandated?: "Y";
  /** 02: dynamic. */
  readonly authenticationType?: "02";
  readonly messageExtension?: readonly Extension<CardChallenge>[];
}

/** Challenge request: the phone, with what the card said. */
export interface CReq {
  readonly messageType: "CReq";
  readonly messageVersion: string;
  readonly threeDSServerTransID: string;
  readonly acsTransID: string;
  /** 8 octets as base64url. */
  readonly challengeDataEntry: string;
}

export interface CRes {
  readonly messageType: "CRes";
  readonly messageVersion: string;
  readonly threeDSServerTransID: string;
  readonly acsTransID: string;
  /** N: wrong, and may be tried again. */
  readonly challengeCompletionInd: "Y" | "N";
  readonly transStatus?: "Y" | "N";
}

/** What a result may say. */
export type ResultStatus = Extract<TransStatus, "Y" | "N" | "U" | "A" | "R">;

/** Results request: access control server to domain server, before the phone hears. */
export interface RReq {
  readonly messageType: "RReq";
  readonly messageVersion: string;
  readonly messageCategory: "01";
  readonly threeDSServerTransID: string;
  readonly acsTransID: string;
  /** All but Y are no authentication here: of an attempt alone (A) the issuer has not said that it pays. */
  readonly transStatus: ResultStatus;
  readonly transStatusReason?: string;
  readonly eci: string;
  /** CAVV: 20 octets as base64. */
  readonly authenticationValue?: string;
  /** The authentication tracking number: 16 octets as base64url. */
  readonly messageExtension?: readonly Extension<{ readonly atn: string }>[];
}

export interface RRes {
  readonly messageType: "RRes";
  readonly messageVersion: string;
  readonly threeDSServerTransID: string;
  readonly acsTransID: string;
  /** 01: received, and what it says is taken. */
  readonly resultsStatus: "01" | "03";
}

/** transStatusReason. */
export const Reason = {
  AuthenticationFailed: "01",
  NoCardRecord: "08",
  NotPermitted: "12",
  TimedOut: "14",
  TooManyTries: "19",
} as const;

/** Electronic commerce indicator: authenticated, not authenticated. */
export const Eci = { Full: "05", None: "07" } as const;
