// Certificates on the ledger: authorities that sign them, and the development log that stores and vouches for them.

export { type Authority, authority, keyId, readCertificate, verifyCertificate } from "./authority.js";
export {
  CHECKPOINT_FRESH_S,
  DevelopmentLog,
  type DevelopmentLogOptions,
  type LogHead,
  type LogIdentity,
} from "./development-log.js";
export { type SigningKey, signingKey, verifySignature } from "./ed25519.js";
export { LedgerError, type LedgerErrorCode } from "./errors.js";
export { EMPTY_ROOT, leafHash, MerkleTree } from "./merkle.js";
