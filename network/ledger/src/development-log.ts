// The development log: one node in this process, with receipts in their final format. The consortium's log (several nodes,
// announcements, threshold) takes its place later; the card does not notice.

import {
  AAD,
  type Checkpoint,
  type CheckpointPayload,
  checkpointToBeSigned,
  concat,
  decodeClaims,
  decodeSign1,
  encodeCheckpointPayload,
  encodeLeaf,
  encodeReceipt,
  encodeRevocationLeaf,
  LeafKind,
  type Role,
  SERIAL_SIZE,
  toHex,
} from "@enabling-card/wire";
import Database from "better-sqlite3";
import { keyId, verifyCertificate } from "./authority.js";
import type { SigningKey } from "./ed25519.js";
import { LedgerError } from "./errors.js";
import { leafHash, MerkleTree } from "./merkle.js";

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
const CHECKPOINT_FRESH_S = 3600;
const LOWEST = new Uint8Array(SERIAL_SIZE);
const HIGHEST = new Uint8Array(SERIAL_SIZE).fill(0xff);

export class DevelopmentLog {
  readonly identity: LogIdentity;
  readonly #db: Database.Database;
  readonly #node: SigningKey;
  readonly #roots: DevelopmentLogOptions["roots"];
  readonly #now: () => number;
  readonly #tree = new MerkleTree();
  #revoked: Uint8Array[] = [LOWEST, HIGHEST];
  #revocationTree = revocationTree(this.#revoked);
  #checkpoint: Checkpoint | undefined;
  #payload: CheckpointPayload | undefined;

  /** Opens the log and checks what is in it. @throws {LedgerError} `LOG_DAMAGED` */
  constructor(options: DevelopmentLogOptions) {
    this.#node = options.node;
    this.#roots = options.roots;
    this.#now = options.now ?? (() => Math.floor(Date.now() / 1000));
    this.identity = { origin: options.origin, nodeKeys: [options.node.publicKey], threshold: 1 };
    this.#db = new Database(options.file);
    this.#db.pragma("journal_mode = WAL");
    this.#db.exec(
      `CREATE TABLE IF NOT EXISTS entries (position INTEGER PRIMARY KEY, kind INTEGER NOT NULL, time INTEGER NOT NULL,
         serial TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (kind, serial))`,
    );
    this.#replay();
  }

  get size(): number {
    return this.#tree.size;
  }

  /**
   * Stores a certificate; one that is stored already is left as it is.
   *
   * @throws {LedgerError} the reasons of `verifyCertificate`, `CERTIFICATE_REVOKED`
   */
  append(certificate: Uint8Array, role: Role): void {
    const root = this.#roots[role];
    if (root === undefined)
      throw new LedgerError("CERTIFICATE_ROLE_WRONG", "This log stores no certificates of that role");
    const time = this.#now();
    const { serial } = verifyCertificate(certificate, root, role, time);
    if (this.#isRevoked(serial)) throw new LedgerError("CERTIFICATE_REVOKED", "The certificate was revoked");
    if (this.#entry(LeafKind.Certificate, serial) !== undefined) return;
    this.#insert(LeafKind.Certificate, time, serial, certificate);
  }

  /** Revokes a certificate that is stored. Takes effect with the next receipt. @throws {LedgerError} `CERTIFICATE_UNKNOWN` */
  revoke(serial: Uint8Array): void {
    if (this.#entry(LeafKind.Certificate, serial) === undefined) throw unknown();
    if (this.#isRevoked(serial)) return;
    this.#insert(LeafKind.Revocation, this.#now(), serial, serial);
  }

  /** The signed head of the log, at most an hour old. */
  checkpoint(): Checkpoint {
    const time = this.#now();
    const payload = this.#payload;
    if (
      this.#checkpoint &&
      payload?.size === this.size &&
      time - payload.time < CHECKPOINT_FRESH_S &&
      time >= payload.time
    ) {
      return this.#checkpoint;
    }
    this.#payload = this.head();
    const bytes = encodeCheckpointPayload(this.#payload);
    const signature = this.#node.sign(checkpointToBeSigned(bytes));
    this.#checkpoint = { payload: bytes, signatures: [{ kid: keyId(this.#node.publicKey), signature }] };
    return this.#checkpoint;
  }

  /** What the next checkpoint says. */
  head(): CheckpointPayload {
    return {
      origin: this.identity.origin,
      size: this.size,
      root: this.#tree.root(),
      revokedSize: this.#revoked.length,
      revokedRoot: this.#revocationTree.root(),
      time: this.#now(),
    };
  }

  /**
   * The receipt of a stored certificate, encoded: inclusion, checkpoint, and that it is not revoked. For a revoked one the
   * neighbours are what the tree has: whoever checks it sees its serial there.
   *
   * @throws {LedgerError} `CERTIFICATE_UNKNOWN`
   */
  receipt(certificate: Uint8Array): Uint8Array {
    const { serial } = decodeClaims(decodeSign1(certificate, AAD.certificate).payload);
    const entry = this.#entry(LeafKind.Certificate, serial);
    if (entry === undefined) throw unknown();
    const checkpoint = this.checkpoint();
    const lowIndex = this.#revoked.findLastIndex((other) => compare(other, serial) <= 0 && compare(other, HIGHEST) < 0);
    return encodeReceipt({
      time: entry.time,
      index: entry.position,
      path: concat(...this.#tree.inclusionPath(entry.position)),
      checkpoint,
      notRevoked: {
        lowIndex,
        lowSerial: this.#revoked[lowIndex]!,
        lowPath: concat(...this.#revocationTree.inclusionPath(lowIndex)),
        highSerial: this.#revoked[lowIndex + 1]!,
        highPath: concat(...this.#revocationTree.inclusionPath(lowIndex + 1)),
      },
    });
  }

  /**
   * That the log of `oldSize` entries begins this one; undefined where a card that saw `oldSize` needs no proof.
   *
   * @throws {LedgerError} `CHECKPOINT_UNKNOWN` for a size this log never had.
   */
  consistency(oldSize: number): Uint8Array | undefined {
    if (oldSize > this.size)
      throw new LedgerError("CHECKPOINT_UNKNOWN", "The card has seen a larger log than this one");
    return oldSize === 0 || oldSize === this.size ? undefined : concat(...this.#tree.consistencyProof(oldSize));
  }

  close(): void {
    this.#db.close();
  }

  #entry(kind: LeafKind, serial: Uint8Array): { position: number; time: number } | undefined {
    return this.#db
      .prepare<[number, string], { position: number; time: number }>(
        "SELECT position, time FROM entries WHERE kind = ? AND serial = ?",
      )
      .get(kind, toHex(serial));
  }

  #insert(kind: LeafKind, time: number, serial: Uint8Array, body: Uint8Array): void {
    this.#db
      .prepare("INSERT INTO entries (position, kind, time, serial, body) VALUES (?, ?, ?, ?, ?)")
      .run(this.size, kind, time, toHex(serial), body);
    this.#take(kind, time, serial, body);
  }

  #take(kind: LeafKind, time: number, serial: Uint8Array, body: Uint8Array): void {
    const leaf = kind === LeafKind.Certificate ? encodeLeaf(time, body) : encodeRevocationLeaf(time, serial);
    this.#tree.append(leafHash(leaf));
    if (kind !== LeafKind.Revocation) return;
    this.#revoked = [...this.#revoked, serial].sort(compare);
    this.#revocationTree = revocationTree(this.#revoked);
  }

  #replay(): void {
    const rows = this.#db
      .prepare<[], { position: number; kind: LeafKind; time: number; serial: string; body: Uint8Array }>(
        "SELECT position, kind, time, serial, body FROM entries ORDER BY position",
      )
      .all();
    for (const [i, { position, kind, time, serial, body }] of rows.entries()) {
      if (position !== i)
        throw new LedgerError("LOG_DAMAGED", `Entry ${i} of the log is missing: restore it from a copy`);
      this.#take(kind, time, Uint8Array.from(Buffer.from(serial, "hex")), Uint8Array.from(body));
    }
  }

  #isRevoked(serial: Uint8Array): boolean {
    return this.#entry(LeafKind.Revocation, serial) !== undefined;
  }
}

function revocationTree(serials: readonly Uint8Array[]): MerkleTree {
  const tree = new MerkleTree();
  for (const serial of serials) tree.append(leafHash(serial));
  return tree;
}

function compare(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

function unknown(): LedgerError {
  return new LedgerError("CERTIFICATE_UNKNOWN", "The log holds no certificate with that serial");
}
