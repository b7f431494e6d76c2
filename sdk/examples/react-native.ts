// An app of React Native: react-native-ble-plx brings Bluetooth (npm install react-native-ble-plx), the app a store that its platform keeps safe.
import { blePlxTransport, Card, type PairingStore } from "@enabling-card/sdk";
import { BleManager } from "react-native-ble-plx";

const transport = blePlxTransport(new BleManager()); // one for the life of the app

/** @param store - Over the Keychain or the Keystore: pairings are secrets. @param makerRoot - Which cards are genuine, 32 octets */
export async function pairAndWatch(code: string, store: PairingStore, makerRoot: Uint8Array): Promise<Card> {
  const card = await Card.pair(transport, code, { store, phoneName: "My phone", makerRoot });
  card.subscribe((notice) => {
    if (notice.type === "armed") console.log(`armed for ${notice.secondsLeft} s`);
    if (notice.type === "pass-sent") console.log(`pass ${notice.passesSent} left the coil`);
  });
  return card;
}

/** The card that was paired last, one round trip away. */
export function comeBack(store: PairingStore, signal: AbortSignal): Promise<Card> {
  return Card.connect(transport, { store, signal });
}
