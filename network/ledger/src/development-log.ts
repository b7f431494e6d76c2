// The development log: one node in this process, with receipts in their final format. The consortium's log (several nodes,
// announcements, threshold) takes its place later; the card does not notice.

import {
  type Checkpoint,
  type CheckpointPayload,
  checkpointToBeSigned,
  concat,
  decodeCheckpointPayload,
  encodeCheckpointPayload,
  encodeLeaf,
  encodeReceipt,
  encodeRevocationLeaf,
  equalBytes,
  LeafKind,
  type Role,
  toHex,
} from "@enabling-card/wire";
import { keyId, readCertificate, verifyCertificate } from "./authority.js";
import { type SigningKey, verifySignature } from "./ed25519.js";
import { LedgerError } from "./errors.js";
import { type LogEntry, LogStore, type StoredCheckpoint } from "./log-store.js";
import { leafHash, MerkleTree } from "./merkle.js";
import { Revocations } from "./revocations.js";

export interface DevelopmentLogOptions {
  /** SQLite file, or `:memory:`. */
  readonly file: string;
  readonly origin: string;
  readonly node: SigningKey;
  /** Roots that may certify, by role. */
  readonly roots: Readonly<Partial<Record<Role, Uint8Array>>>;
  /** Seconds since 1970. */
  readonly now?: () => number;
}

/** What a card or phone needs to follow this log. */
export interface LogIdentity {
  readonly origin: string;
  readonly nodeKeys: readonly Uint8Array[];
  /** Distinct nodes that must have signed a checkpoint. */
  readonly threshold: number;
}

/** A checkpoint is signed anew when it is older than this, s: cards refuse one of over 24 h. */
export const CHECKPOINT_FRESH_S = 3600;

export interface LogHead {
  readonly size: number;
  /** Hexadecimal. */
  readonly root: string;
}

export class DevelopmentLog {
  readonly identity: LogIdentity;
  readonly #store: LogStore;
  readonly #node: SigningKey;
  readonly #roots: DevelopmentLogOptions["roots"];
  readonly #now: () => number;
  #tree = new MerkleTree();
  #revocations = new Revocations();
  #signed!: { readonly payload: CheckpointPayload; readonly checkpoint: Checkpoint };

  /**
   * Opens the log; what is in it must be what it signed last.
   *
   * @throws {LedgerError} `LOG_DAMAGED`, `LOG_OTHER_KEYS`, `LOG_IN_USE`
   */
  constructor(options: DevelopmentLogOptions) {
    this.#node = options.node;
    this.#roots = options.roots;
    this.#now = options.now ?? (() => Math.floor(Date.now() / 1000));
    this.identity = { origin: options.origin, nodeKeys: [options.node.publicKey], threshold: 1 };
    this.#store = new LogStore(options.file);
    try {
      this.#replay();
    } catch (error) {
      this.#store.close();
      throw error;
    }
  }

  /** Entries: certificates and revocations. */
  get size(): number {
    return this.#tree.size;
  }

  /** Where it stands: what it holds then is in it for ever. */
  get stand(): LogHead {
    return { size: this.size, root: toHex(this.#tree.root()) };
  }

  /** @throws {LedgerError} `LOG_GONE` where this is not the log that stood so once, grown */
  expectGrownFrom({ size, root }: LogHead): void {
    if (size <= this.size && toHex(this.#tree.root(size)) === root) return;
    const sentence = "This is not the log that the issuer had, which is gone: restore it from a copy, its newest";
    throw new LedgerError("LOG_GONE", sentence);
  }

  /**
   * Stores a certificate; one that is stored already is left as it is.
   *
   * @throws {LedgerError} the reasons of `verifyCertificate`, `CERTIFICATE_REVOKED`, `SERIAL_TAKEN`
   */
  append(certificate: Uint8Array, role: Role): void {
    const root = this.#roots[role];
    if (root === undefined) {
      throw new LedgerError("CERTIFICATE_ROLE_WRONG", "This log stores no certificates of that role");
    }
    const time = this.#time();
    const { serial } = verifyCertificate(certificate, root, role, time);
    if (this.#revocations.has(serial)) throw new LedgerError("CERTIFICATE_REVOKED", "The certificate was revoked");
    const stored = this.#store.entry(LeafKind.Certificate, serial);
    if (stored === undefined) this.#add({ kind: LeafKind.Certificate, time, serial, body: certificate });
    else if (!equalBytes(stored.body, certificate)) {
      throw new LedgerError("SERIAL_TAKEN", "Another certificate has that serial: issue it with one of its own");
    }
  }

  /** Revokes a certificate that is stored; the next receipt shows it. @throws {LedgerError} `CERTIFICATE_UNKNOWN` */
  revoke(serial: Uint8Array): void {
    if (this.#store.entry(LeafKind.Certificate, serial) === undefined) throw unknown();
    if (this.#revocations.has(serial)) return;
    this.#add({ kind: LeafKind.Revocation, time: this.#time(), serial, body: serial });
  }

  /** The signed head of the log, at most an hour old. Its time never goes back. */
  checkpoint(): Checkpoint {
    if (this.#time() - this.#signed.payload.time >= CHECKPOINT_FRESH_S) {
      const signed = this.#sign(this.head());
      this.#store.write(stored(signed.checkpoint));
      this.#signed = signed;
    }
    return this.#signed.checkpoint;
  }

  /** What a checkpoint of this moment says. */
  head(): CheckpointPayload {
    return {
      origin: this.identity.origin,
      size: this.size,
      root: this.#tree.root(),
      revokedSize: this.#revocations.size,
      revokedRoot: this.#revocations.root(),
      time: this.#time(),
    };
  }

  /**
   * The receipt of a stored certificate, encoded: inclusion, checkpoint, and that it is not revoked. For a revoked one the
   * neighbours are what the tree has: whoever checks it sees its serial there.
   *
   * @throws {LedgerError} `CERTIFICATE_MALFORMED`, `CERTIFICATE_UNKNOWN`
   */
  receipt(certificate: Uint8Array): Uint8Array {
    const { serial } = readCertificate(certificate).claims;
    const entry = this.#store.entry(LeafKind.Certificate, serial);
    if (entry === undefined || !equalBytes(entry.body, certificate)) throw unknown();
    return encodeReceipt({
      time: entry.time,
      index: entry.position,
      path: concat(...this.#tree.inclusionPath(entry.position)),
      checkpoint: this.checkpoint(),
      notRevoked: this.#revocations.proof(serial),
    });
  }

  /**
   * That the log of `oldSize` entries begins this one; undefined where a card that saw `oldSize` needs no proof.
   *
   * @throws {LedgerError} `CHECKPOINT_UNKNOWN` for a size this log never had.
   */
  consistency(oldSize: number): Uint8Array | undefined {
    if (!Number.isSafeInteger(oldSize) || oldSize < 0 || oldSize > this.size) {
      throw new LedgerError("CHECKPOINT_UNKNOWN", "This log never had that size: the card has followed another one");
    }
    return oldSize === 0 || oldSize === this.size ? undefined : concat(...this.#tree.consistencyProof(oldSize));
  }

  close(): void {
    this.#store.close();
  }

  /** Entries and checkpoints never go back in time, whatever the machine's clock does. */
  #time(): number {
    return Math.max(this.#now(), this.#signed?.payload.time ?? 0);
  }

  #add(part: Omit<LogEntry, "position">): void {
    const entry = { ...part, position: this.size };
    try {
      this.#take(entry);
      const signed = this.#sign(this.head());
      this.#store.write(stored(signed.checkpoint), entry);
      this.#signed = signed;
    } catch (error) {
      this.#replay(); // the disk said no: memory follows it
      throw error;
    }
  }

  #take({ kind, time, serial, body }: Omit<LogEntry, "position">): void {
    const leaf = kind === LeafKind.Certificate ? encodeLeaf(time, body) : encodeRevocationLeaf(time, serial);
    this.#tree.append(leafHash(leaf));
    if (kind === LeafKind.Revocation) this.#revocations.add(serial);
  }

  #sign(payload: CheckpointPayload): { readonly payload: CheckpointPayload; readonly checkpoint: Checkpoint } {
    const bytes = encodeCheckpointPayload(payload);
    const signature = this.#node.sign(checkpointToBeSigned(bytes));
    return { payload, checkpoint: { payload: bytes, signatures: [{ kid: keyId(this.#node.publicKey), signature }] } };
  }

  /** Reads all entries, and holds them against the signed checkpoint: a gap, another body, time or serial shows in its roots. */
  #replay(): void {
    this.#tree = new MerkleTree();
    this.#revocations = new Revocations();
    for (const entry of this.#store.entries()) {
      if (entry.position !== this.size) throw damaged(`entry ${this.size} is missing`);
      if (!equalBytes(serialOf(entry), entry.serial))
        throw damaged(`entry ${entry.position} is filed under another serial`);
      this.#take(entry);
    }
    const kept = this.#store.checkpoint();
    if (kept === undefined) {
      if (this.size > 0) throw damaged("its checkpoint is missing");
      this.#signed = this.#sign(this.head());
      this.#store.write(stored(this.#signed.checkpoint));
      return;
    }
    if (!equalBytes(kept.kid, keyId(this.#node.publicKey))) {
      throw new LedgerError("LOG_OTHER_KEYS", "Another node signed this log: open it with that node's key");
    }
    if (!verifySignature(this.#node.publicKey, checkpointToBeSigned(kept.payload), kept.signature)) {
      throw damaged("its checkpoint is not the one that was signed");
    }
    const payload = decodeCheckpointPayload(kept.payload);
    if (payload.origin !== this.identity.origin) {
      throw new LedgerError("LOG_OTHER_KEYS", "This log has another origin: open it under its own");
    }
    const head = encodeCheckpointPayload({ ...this.head(), time: payload.time });
    if (!equalBytes(head, kept.payload)) throw damaged("its entries are not those that were signed");
    const { kid, signature } = kept;
    this.#signed = { payload, checkpoint: { payload: kept.payload, signatures: [{ kid, signature }] } };
  }
}

function stored({ payload, signatures: [own] }: Checkpoint): StoredCheckpoint {
  return { payload, ...own! };
}

/** What an entry is about, from its body alone. */
function serialOf({ kind, body }: LogEntry): Uint8Array {
  if (kind === LeafKind.Revocation) return body;
  if (kind !== LeafKind.Certificate) throw damaged("it has an entry of no known kind");
  try {
    return readCertificate(body).claims.serial;
  } catch {
    throw damaged("a certificate in it cannot be read");
  }
}

function damaged(what: string): LedgerError {
  return new LedgerError("LOG_DAMAGED", `The log was altered, ${what}: restore it from a copy`);
}

function unknown(): LedgerError {
  return new LedgerError("CERTIFICATE_UNKNOWN", "The log holds no such certificate");
}
