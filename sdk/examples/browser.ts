// A page that pairs with a card over Web Bluetooth, and shows what the card says of itself: browser.html is its page, Vite or esbuild its builder. It
// wants https, and a click for each card. In a frame of `ecard companion` the card is an emulated one, on a WebSocket.
import {
  Card,
  type CardError,
  MemoryPairingStore,
  newWebCryptoKey,
  softwareKey,
  webBluetoothTransport,
  webSocketTransport,
} from "@enabling-card/sdk";
import { fromHex } from "@enabling-card/wire";

const settings = new URLSearchParams(location.search);
const makerRoot = fromHex(settings.get("makerRoot") ?? ""); // which cards are genuine: your app knows it
const [url, token] = [settings.get("card"), settings.get("token")];
const transport = url && token ? webSocketTransport({ url, token }) : webBluetoothTransport();

/** Forgets with the page: keep pairings in IndexedDB, which takes `handle` of a WebCrypto key as it is. */
class Store extends MemoryPairingStore {
  newKey = () => newWebCryptoKey().catch(() => softwareKey());
}
const store = new Store();

const said = document.querySelector<HTMLElement>("#said")!;
document.querySelector<HTMLButtonElement>("#pair")!.onclick = async () => {
  const code = document.querySelector<HTMLInputElement>("#code")!.value;
  try {
    const onProgress = (step: string) => {
      said.textContent = step;
    };
    const card = await Card.pair(transport, code, { store, phoneName: "A page", makerRoot, onProgress });
    said.textContent = `Card ${card.name.slice(0, 6)}, battery ${card.info.batteryPercent} %`;
    await card.close();
  } catch (error) {
    said.textContent = (error as CardError).message; // a sentence that says what to do
  }
};
