// Handles of the card's own service in link's table (firmware/link/bluetooth/gatt.ts), for benches that speak ATT themselves.

/** What the phone writes chunks to. */
export const RX_HANDLE = 26;
/** What has the card notify: Client Characteristic Configuration. */
export const TX_CLIENT_HANDLE = 29;
