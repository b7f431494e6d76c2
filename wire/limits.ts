// Sizes and times that card, phone and issuer agree on. Read by asc and by tsc, so constants only.
// Where each comes from: docs/protocol.md.

export const PROTOCOL_VERSION = 1;
/** major << 16 | minor << 8 | patch, as card info shows it. */
export const FIRMWARE_VERSION = 0x000100;

// Link
export const MTU_MIN = 23;
export const MTU_MAX = 517;
/** ATT header octets that a chunk cannot use. */
export const ATT_HEADER = 3;
export const CHUNK_FIRST = 0x80;
export const CHUNK_LAST = 0x40;
export const CHUNK_COUNTER_MASK = 0x3f;
/** Longest message, octets, version and type included. */
export const MESSAGE_MAX = 5120;
/** Before a session is proven. */
export const MESSAGE_MAX_UNPROVEN = 256;
/** Inside a pairing. */
export const MESSAGE_MAX_PAIRING = 512;

// Sizes, octets
export const CARD_ID_SIZE = 16;
export const SECRET_SIZE = 16;
export const KEY_SIZE = 32;
export const TAG_SIZE = 16;
export const SIGNATURE_SIZE = 64;
export const TOKEN_REF_SIZE = 16;
export const CHALLENGE_SIZE = 16;
export const PIN_NONCE_SIZE = 16;
export const SERIAL_SIZE = 16;
/** Key identifiers inside receipts and under a root. */
export const KID_SIZE = 8;
export const CRYPTOGRAM_SIZE = 8;
/** A stripe has an ATC's last four digits. */
export const STRIPE_ATCS = 10_000;
export const IDENTIFIER_SIZE = 16;

/** How long its phone may be away from a card before it drops what it holds, seconds. */
export const NEAR_MIN_S = 30;
export const NEAR_MAX_S = 86_400;
/** How long a card shows which payment means its button has chosen. */
export const CHOICE_SHOWN_MS = 5_000;

// Bounds on what a grant or certificate may hold, octets
export const GRANT_MAX = 512;
export const CERTIFICATE_MAX = 400;
/** As DE 43 of ISO 8583 has room for. */
export const MERCHANT_MAX = 40;
export const REQUESTOR_MAX = 32;
export const PHONE_NAME_MAX = 32;
/** Track 1 has 79 characters; discretionary data of profile 1 takes 29 of them. */
export const NAME_MAX = 21;
/** Longest Merkle path, in hashes: a log of 2^24 entries is four years of one a ten seconds. */
export const PATH_MAX_HASHES = 24;
export const NODES_MAX = 7;
/** Number ranges of one card, and the digits of each. */
export const IINS_MAX = 16;
export const IIN_SIZE = 6;

// Times
export const CHALLENGE_RENEW_MS = 60_000;
export const CHALLENGE_LIFE_MS = 120_000;
export const GRANT_LIFE_S = 120;
export const ARMED_MAX_MS = 120_000;
export const SESSION_PROOF_MS = 5_000;
export const PAIRING_WINDOW_MS = 60_000;
export const PAIRING_HOLD_MS = 3_000;
/** An update over the air ends, and the card starts again, after a silence of so long, and after so long in all; a reset lets what was said leave. */
export const UPDATE_SILENCE_MS = 60_000;
export const UPDATE_MAX_MS = 600_000;
export const UPDATE_LEAVE_MS = 2_000;
/** How long the authenticator waits for its user. */
export const PRESENCE_MAX_MS = 30_000;
/** How long the wallet waits for the authenticator's answer. */
export const CONFIRMATION_MAX_MS = 35_000;
export const CHECKPOINT_AGE_MAX_S = 86_400;
export const CLOCK_MOVE_MAX_S = 600;
export const IDENTIFIER_LIFE_MS = 900_000;

// Emission: rule 5 of the ten systems
export const EMISSIONS_MAX = 3;
export const PASSES_MAX = 3;
export const EMISSION_MAX_MS = 10_000;

// Tokens
export const TOKENS_MAX = 8;
export const OFFLINE_GRANTS_MAX = 5;
/** Minor units; the issuer may set less. */
export const OFFLINE_CAP_MAX = 5_000;
export const OFFLINE_LIFE_MAX_S = 7 * 86_400;

// PIN
export const PIN_MIN_DIGITS = 4;
export const PIN_MAX_DIGITS = 12;
/** Wrong ones in a row before each next one waits. */
export const PIN_TRIES = 5;
/** The first wait, ms; doubled by each wrong one behind it, up to two years. */
export const PIN_WAIT_MS = 60_000;
/** Wrong ones in a row that are counted: the longest wait has begun. */
export const PIN_WRONG_MAX = 25;
/** enc(32), at most 2 PINs in CBOR, tag(16). */
export const SEALED_PIN_MAX = 80;
