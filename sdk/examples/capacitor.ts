// An app of Capacitor: @capacitor-community/bluetooth-le brings Bluetooth (npm install @capacitor-community/bluetooth-le).
import { BleClient } from "@capacitor-community/bluetooth-le";
import { Card, capacitorTransport, followCard, type PairingStore, type WalletView } from "@enabling-card/sdk";

const transport = capacitorTransport(BleClient);

/** Shows what its owner should see of a card, from now on. @returns how to stop */
export async function show(store: PairingStore, onChange: (view: WalletView) => void): Promise<() => Promise<void>> {
  const card = await Card.connect(transport, { store });
  const follower = followCard(card, onChange);
  onChange(follower.view);
  return async () => {
    follower.stop();
    await card.close();
  };
}
