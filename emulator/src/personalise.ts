// Personalisation: once, at the maker's. Device keys are made on the card, the maker signs their certificate, then all is locked.

import {
  CARD_ID_SIZE,
  CERTIFICATE_MAX,
  CHECKPOINT_ITEM_SIZE,
  type CheckpointPayload,
  concat,
  DEVELOPMENT_ROOTS,
  encodePairingCode,
  equalBytes,
  IIN_SIZE,
  IINS_MAX,
  KEY_SIZE,
  NODES_MAX,
  SECRET_SIZE,
  toHex,
  utf8,
  VaultItem,
} from "@enabling-card/wire";
import { x25519 } from "@noble/curves/ed25519.js";
import { EmulatorError } from "./errors.js";
import { type RandomSource, trueRandom } from "./ports/random.js";
import type { Block } from "./store/block.js";
import { Region, Store } from "./store/store.js";

export type CardClass = "test" | "production";

/** What the card asks the maker to certify: its name and the public halves of its keys. */
export interface CertificateRequest {
  readonly cardId: Uint8Array;
  readonly keys: { readonly session: Uint8Array; readonly grant: Uint8Array; readonly pin: Uint8Array };
}

export interface PersonaliseOptions {
  readonly cardClass: CardClass;
  /** Ed25519 public key that signs issuers' certificates, 32 octets. */
  readonly issuerRoot: Uint8Array;
  readonly ledger: {
    /** Distinct nodes that must have signed a checkpoint. */
    readonly threshold: number;
    /** Ed25519 public keys, 32 octets each, at most 7. */
    readonly nodeKeys: readonly Uint8Array[];
    readonly origin: string;
    /** The newest checkpoint at the maker's: the card refuses older ones from its first day. */
    readonly checkpoint?: CheckpointPayload;
  };
  /** Number ranges the card may speak for, 6 digits each. */
  readonly iins: readonly string[];
  /** The maker's CA, wherever it is: returns the card's certificate. */
  certify(request: CertificateRequest): Uint8Array | Promise<Uint8Array>;
  readonly random?: RandomSource;
}

export interface PersonalisedCard {
  readonly cardId: Uint8Array;
  /** `ECARD1:…`, for the sheet in the box. It is a secret. */
  readonly pairingCode: string;
  readonly certificate: Uint8Array;
  readonly cardClass: CardClass;
}

/** Record of region `Card`: class octet, written last; its presence is the lock. */
const LOCK = 1;
const CLASS_OCTET: Readonly<Record<CardClass, number>> = { test: 0, production: 1 };

/**
 * Makes the store of a new card in `block`.
 *
 * A power cut on the way leaves a card that does not start, and that can be personalised again.
 *
 * @throws {EmulatorError} `ALREADY_PERSONALISED` where the block holds a locked card, `PERSONALISATION_INVALID` naming the option.
 */
export async function personalise(block: Block, options: PersonaliseOptions): Promise<PersonalisedCard> {
  check(options);
  const store = new Store(block);
  if (isPersonalised(store)) {
    throw new EmulatorError("ALREADY_PERSONALISED", "This card was personalised and locked: take a new flash file");
  }
  const random = options.random ?? trueRandom;
  const cardId = random(CARD_ID_SIZE);
  const secret = random(SECRET_SIZE);
  const [session, grant, pin] = [random(KEY_SIZE), random(KEY_SIZE), random(KEY_SIZE)] as const;
  const keys = {
    session: x25519.getPublicKey(session),
    grant: x25519.getPublicKey(grant),
    pin: x25519.getPublicKey(pin),
  };
  const certificate = await options.certify({ cardId: cardId.slice(), keys });
  if (certificate.length === 0 || certificate.length > CERTIFICATE_MAX) {
    throw invalid("certify", `a certificate of 1 to ${CERTIFICATE_MAX} octets`);
  }

  const { issuerRoot, ledger, iins, cardClass } = options;
  const items: [VaultItem, Uint8Array][] = [
    [VaultItem.CardId, cardId],
    [VaultItem.PairingSecret, secret],
    [VaultItem.SessionKey, concat(session, keys.session)],
    [VaultItem.GrantKey, concat(grant, keys.grant)],
    [VaultItem.PinKey, concat(pin, keys.pin)],
    [VaultItem.Certificate, certificate],
    [VaultItem.PairKey, random(KEY_SIZE)],
    [VaultItem.Roots, concat(Uint8Array.of(CLASS_OCTET[cardClass]), issuerRoot)],
    [
      VaultItem.Ledger,
      concat(Uint8Array.of(ledger.threshold, ledger.nodeKeys.length), ...ledger.nodeKeys, utf8(ledger.origin)),
    ],
    [VaultItem.Iins, utf8(iins.join(""))],
  ];
  if (ledger.checkpoint) items.push([VaultItem.Checkpoint, checkpointItem(ledger.checkpoint)]);
  for (const [item, value] of items) store.write(Region.Vault, item, value);
  store.write(Region.Card, LOCK, Uint8Array.of(CLASS_OCTET[cardClass]));
  return { cardId, pairingCode: encodePairingCode({ cardId, secret }), certificate, cardClass };
}

/** True where the store holds a whole, locked card. */
export function isPersonalised(store: Store): boolean {
  return store.read(Region.Card, LOCK) !== undefined;
}

/** Layout: wire/machine.ts. */
function checkpointItem({ size, revokedSize, time, root, revokedRoot }: CheckpointPayload): Uint8Array {
  const head = new Uint8Array(CHECKPOINT_ITEM_SIZE - 2 * KEY_SIZE);
  const view = new DataView(head.buffer);
  view.setUint32(0, size, true);
  view.setUint32(4, revokedSize, true);
  view.setBigUint64(8, BigInt(time), true);
  return concat(head, root, revokedRoot);
}

function check({ cardClass, issuerRoot, ledger, iins }: PersonaliseOptions): void {
  if (CLASS_OCTET[cardClass] === undefined) throw invalid("cardClass", "test or production");
  if (issuerRoot.length !== KEY_SIZE) throw invalid("issuerRoot", "32 octets");
  const { threshold, nodeKeys, origin } = ledger;
  if (nodeKeys.length < 1 || nodeKeys.length > NODES_MAX) throw invalid("ledger.nodeKeys", `1 to ${NODES_MAX} keys`);
  if (nodeKeys.some((nodeKey) => nodeKey.length !== KEY_SIZE)) throw invalid("ledger.nodeKeys", "32 octets each");
  if (nodeKeys.some((one, i) => nodeKeys.some((other, j) => i < j && equalBytes(one, other)))) {
    throw invalid("ledger.nodeKeys", "each node once");
  }
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > nodeKeys.length) {
    throw invalid("ledger.threshold", "1 to the number of nodes");
  }
  if (origin.length < 1 || utf8(origin).length > 64) throw invalid("ledger.origin", "1 to 64 octets");
  if (iins.length < 1 || iins.length > IINS_MAX || iins.some((iin) => iin.length !== IIN_SIZE || !/^\d+$/.test(iin))) {
    throw invalid("iins", `1 to ${IINS_MAX} number ranges of ${IIN_SIZE} digits`);
  }
  if (cardClass !== "production") return;
  // Rule 2: nothing that anybody can sign for may be pinned in a card that pays.
  const everybodys = (publicKey: Uint8Array) => DEVELOPMENT_ROOTS.includes(toHex(publicKey));
  if (everybodys(issuerRoot)) throw invalid("issuerRoot", "a key of its own for a production card");
  if (nodeKeys.some(everybodys)) throw invalid("ledger.nodeKeys", "keys of their own for a production card");
}

function invalid(option: string, expected: string): EmulatorError {
  return new EmulatorError("PERSONALISATION_INVALID", `Option "${option}": expected ${expected}`);
}
