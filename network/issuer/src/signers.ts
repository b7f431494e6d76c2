// What the issuer signs with, by the numbers of its keys: the newest, and for an overlap the one before; each with its certificate and its place in the log.

import { type DevelopmentLog, LedgerError, type SigningKey } from "@enabling-card/ledger";
import { AAD, decodeClaims, decodeSign1, equalBytes, Role } from "@enabling-card/wire";
import { IssuerError } from "./errors.js";
import type { Evidence } from "./evidence.js";
import type { IssuerKeys } from "./keys.js";
import type { OwnCertificates } from "./own-certificate.js";

/** Signs grants and states, and makes the ephemeral keys of seals. */
export interface Signer {
  readonly certificate: Uint8Array;
  /** Of the certificate. */
  readonly serial: Uint8Array;
  readonly sign: SigningKey;
  readonly master: Uint8Array;
}

export class Signers {
  readonly newest: Signer;
  readonly #number: number;
  readonly #before: Signer | undefined;
  readonly #log: DevelopmentLog;
  /** Of the log's newest checkpoint: with another one each is made anew. */
  #receipts: { readonly checkpoint: unknown; readonly of: Map<Signer, Uint8Array> } | undefined;

  /** Stores certificates on the log, and revokes the one whose key was taken out: whoever has that key signs nothing more that a card takes. */
  constructor(keys: IssuerKeys, { newest, before, retired }: OwnCertificates, log: DevelopmentLog) {
    const signer = (certificate: Uint8Array, { sign, master }: Pick<IssuerKeys, "sign" | "master">): Signer =>
      // Not enumerable, as in the keys: whoever prints an issuer does not print the master.
      Object.defineProperty({ certificate, serial: serialOf(certificate), sign } as Signer, "master", {
        value: master,
      });
    this.newest = signer(newest, keys);
    this.#number = keys.number;
    this.#before = before && keys.before && signer(before, keys.before);
    this.#log = log;
    if (before) log.append(before, Role.Issuer); // there already, but in a log of memory alone
    log.append(newest, Role.Issuer);
    if (retired) revokeIn(log, serialOf(retired));
  }

  /** What signs by the keys of that number. @throws {IssuerError} `KEY_RETIRED` */
  of(number: number): Signer {
    if (number === this.#number) return this.newest;
    if (number !== this.#number - 1 || this.#before === undefined) throw new IssuerError("KEY_RETIRED");
    return this.#before;
  }

  /**
   * Certificate, receipt and consistency proof for a card that has seen `checkpointSize` entries.
   *
   * @param serial - Of the certificate
   * @throws {IssuerError} `CHECKPOINT_UNKNOWN`; `KEY_RETIRED` where that certificate is not there any more
   */
  evidence(checkpointSize: number, serial: Uint8Array): Evidence {
    const found = [this.newest, this.#before].find((signer) => signer && equalBytes(signer.serial, serial));
    if (found === undefined) throw new IssuerError("KEY_RETIRED");
    try {
      const consistency = this.#log.consistency(checkpointSize) ?? null;
      return { issuerCert: found.certificate, receipt: this.#receipt(found), consistency };
    } catch (cause) {
      if (cause instanceof LedgerError && cause.code === "CHECKPOINT_UNKNOWN") {
        throw new IssuerError("CHECKPOINT_UNKNOWN", { cause });
      }
      throw cause;
    }
  }

  /** The same for every grant, until something is added to the log or its checkpoint is an hour old. */
  #receipt(signer: Signer): Uint8Array {
    const checkpoint = this.#log.checkpoint();
    if (this.#receipts?.checkpoint !== checkpoint) this.#receipts = { checkpoint, of: new Map() };
    const { of } = this.#receipts;
    const receipt = of.get(signer) ?? this.#log.receipt(signer.certificate);
    of.set(signer, receipt);
    return receipt;
  }
}

/** A log that was made anew holds no receipt of it, and so nothing that could be taken. */
function revokeIn(log: DevelopmentLog, serial: Uint8Array): void {
  try {
    log.revoke(serial);
  } catch (cause) {
    if (!(cause instanceof LedgerError && cause.code === "CERTIFICATE_UNKNOWN")) throw cause;
  }
}

function serialOf(certificate: Uint8Array): Uint8Array {
  return decodeClaims(decodeSign1(certificate, AAD.certificate).payload).serial;
}
