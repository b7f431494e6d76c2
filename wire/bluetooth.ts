// Bluetooth LE between card and phone: our UUIDs, sizes and times (docs/protocol.md, "Bluetooth"). Read by asc and by tsc, so numbers alone.

/**
 * The words of our UUIDs, 16 bits each, the highest first: b941nnnn-ae5d-499c-bd5d-5bc813e23314. `nnnn` is the number of what is named,
 * as in the Bluetooth Base UUID (Core 6.0, Vol 3 Part B 2.5.1).
 */
export const UUID_WORD_7 = 0xb941;
export const UUID_WORD_5 = 0xae5d;
export const UUID_WORD_4 = 0x499c;
export const UUID_WORD_3 = 0xbd5d;
export const UUID_WORD_2 = 0x5bc8;
export const UUID_WORD_1 = 0x13e2;
export const UUID_WORD_0 = 0x3314;

/** The card service, and its two characteristics: chunks to the card (written), chunks of the card (notified). */
export const CARD_SERVICE = 0x0001;
export const CARD_RX = 0x0002;
export const CARD_TX = 0x0003;

/** SMP's service and its one characteristic, by their second words: how the card's table names them. All of them: bluetooth-uuid.ts. */
export const SMP_SERVICE = 0xdc1d;
export const SMP_CHARACTERISTIC = 0x7828;

/** The card's longest ATT MTU, octets: with L2CAP's header it fills one data PDU of 251 (Vol 6 Part B 2.4). */
export const LE_MTU_MAX = 247;

/** Company identifier before the identifier that is advertised. Nobody's: Assigned Numbers keep it for tests, and a card that is sold needs its maker's. */
export const COMPANY_ID = 0xffff;

/** A link whose phone has not come so far in a handshake is ended. */
export const HANDSHAKE_MAX_MS = 5_000;

/** What the card asks a central for: an interval of 15 to 30 ms (in 1.25 ms), no latency, supervision time-out of 4 s (in 10 ms). */
export const INTERVAL_MIN = 12;
export const INTERVAL_MAX = 24;
export const SUPERVISION_TIMEOUT = 400;

/** Longest packet between a controller and its host that a machine hands over, H4's first octet included: an event of 255 octets. */
export const RADIO_PACKET_MAX = 258;
