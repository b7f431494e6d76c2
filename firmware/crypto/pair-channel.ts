// What wallet and authenticator say to each other past an untrusted courier (docs/protocol.md, "Wallet and authenticator").
// A slot = kind(1) | nonce u64 LE | ciphertext | tag; the kind is the associated data. One key a direction and a pair of
// starts; a sender's nonce never goes back within its start; a receiver takes only rising ones.
import { open, seal } from "../ports/crypto";
import { read, write } from "../ports/vault";
import { putU32be, wipe } from "../common/bytes";
import { draft, post } from "../common/mailbox";
import { expand } from "./hkdf";
import { KEY_SIZE, TAG_SIZE } from "../../wire/limits";
import { Mail, MAIL_SIZE, ModuleId, VaultItem } from "../../wire/machine";
import { Status } from "../../wire/status";

export const SEALED_HEADER: i32 = 9;
/** Longest plaintext of a slot. */
export const SEALED_MAX: i32 = MAIL_SIZE - SEALED_HEADER - TAG_SIZE;
const NAME_SIZE: i32 = 28;
/** A direction's name, the wallet's start, the authenticator's start. */
const INFO_SIZE: i32 = NAME_SIZE + 8;

/** "ecard/1 wallet>authenticator" */
const TO_AUTHENTICATOR: usize = memory.data<u8>([
  0x65, 0x63, 0x61, 0x72, 0x64, 0x2f, 0x31, 0x20, 0x77, 0x61, 0x6c, 0x6c, 0x65, 0x74, 0x3e, 0x61, 0x75, 0x74, 0x68, 0x65, 0x6e, 0x74,
  0x69, 0x63, 0x61, 0x74, 0x6f, 0x72,
]);
/** "ecard/1 authenticator>wallet" */
const TO_WALLET: usize = memory.data<u8>([
  0x65, 0x63, 0x61, 0x72, 0x64, 0x2f, 0x31, 0x20, 0x61, 0x75, 0x74, 0x68, 0x65, 0x6e, 0x74, 0x69, 0x63, 0x61, 0x74, 0x6f, 0x72, 0x3e,
  0x77, 0x61, 0x6c, 0x6c, 0x65, 0x74,
]);

const key: usize = memory.data(KEY_SIZE);
const info: usize = memory.data(INFO_SIZE);
const nonce: usize = memory.data(12);
const number: usize = memory.data(4);

let self: ModuleId = ModuleId.Wallet;
let sent: u64 = 0;
let received: u64 = 0;
let peerStart: u32 = 0;
/** This start, once the vault has counted it; 0 before: the channel is closed. */
let ownStart: u32 = 0;

/**
 * Counts this start in the vault, before any key is used. Where that fails the channel stays closed until the next start:
 * nonces begin anew with a start, so under one that was counted before, each would be used twice.
 */
export function channelStart(module: ModuleId): Status {
  self = module;
  ownStart = 0;
  const item = module == ModuleId.Wallet ? VaultItem.WalletStart : VaultItem.AuthenticatorStart;
  if (!readStart(item) || load<u32>(number) == u32.MAX_VALUE) return Status.VaultFailed;
  const next = load<u32>(number) + 1;
  store<u32>(number, next);
  if (write(item, number, 4) != 0) return Status.VaultFailed;
  ownStart = next;
  return Status.Ok;
}

/** Seals the `length` octets at draft() + SEALED_HEADER and sends the slot to the peer, by way of link. */
export function sendSealed(kind: Mail, length: i32): Status {
  const slot = draft();
  const to = self == ModuleId.Wallet;
  if (!derive(to)) return Status.VaultFailed;
  sent++;
  store<u8>(slot, <u8>kind);
  store<u64>(slot + 1, sent);
  nonceOf(sent);
  seal(key, nonce, slot, 1, slot + SEALED_HEADER, length);
  wipe(key, KEY_SIZE);
  return <Status>post(ModuleId.Link, SEALED_HEADER + length + TAG_SIZE);
}

/**
 * Opens a slot in place: the plaintext lies at `slot` + SEALED_HEADER. Returns its length, or -1 where the slot is not the
 * peer's, was altered, or is not newer than the last one.
 */
export function openSealed(slot: usize, length: i32): i32 {
  const size = length - SEALED_HEADER;
  if (size < TAG_SIZE) return -1;
  if (!derive(self != ModuleId.Wallet)) return -1;
  const count = load<u64>(slot + 1);
  nonceOf(count);
  const status = count > received ? open(key, nonce, slot, 1, slot + SEALED_HEADER, size) : -1;
  wipe(key, KEY_SIZE);
  if (status != 0) return -1;
  received = count;
  return size - TAG_SIZE;
}

/** The key of a direction for this start and the peer's that the vault tells now; none while the channel is closed. A peer that started again counts from zero. */
function derive(toAuthenticator: bool): bool {
  const isWallet = self == ModuleId.Wallet;
  if (ownStart == 0 || !readStart(isWallet ? VaultItem.AuthenticatorStart : VaultItem.WalletStart)) return false;
  const peer = load<u32>(number);
  if (peer != peerStart) {
    peerStart = peer;
    received = 0;
  }
  if (read(VaultItem.PairKey, key, KEY_SIZE) != KEY_SIZE) return false;
  memory.copy(info, toAuthenticator ? TO_AUTHENTICATOR : TO_WALLET, NAME_SIZE);
  putU32be(info + NAME_SIZE, isWallet ? ownStart : peer);
  putU32be(info + NAME_SIZE + 4, isWallet ? peer : ownStart);
  // RFC 5869 3.3: a key that is random all over needs no extraction. Half of the hashing, before the first edge.
  expand(key, info, INFO_SIZE, KEY_SIZE, key);
  return true;
}

/** The start that the vault has counted to `number`: 0 before the first. False where the vault cannot be read. */
function readStart(item: VaultItem): bool {
  store<u32>(number, 0);
  const length = read(item, number, 4);
  return length == 4 || length == -1;
}

function nonceOf(count: u64): void {
  store<u32>(nonce, 0);
  store<u64>(nonce + 4, count);
}
