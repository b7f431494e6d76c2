// Opens what this browser keeps, finds out what stands behind the pages, and shows them.

import { type CardTransport, webBluetoothTransport, webSocketTransport } from "@enabling-card/sdk";
import { fromHex } from "@enabling-card/wire";
import { render } from "preact";
import { App, clockAhead, isOutdated } from "./app.js";
import { type Database, openDatabase } from "./keep/database.js";
import { takeCard } from "./one-tab.js";
import { sentenceOf } from "./parts/sentence.js";
import { clockFault } from "./phone/clock.js";
import { Phone } from "./phone/phone.js";
import { TableModel } from "./world/table-model.js";
import { takeToken, WorldClient } from "./world/world-client.js";
import "./style.css";

const MAKER_ROOT = "makerRoot";
const root = document.getElementById("app")!;

begin(false);
// A part that was not loaded yet cannot be: it is another version's by now, or the network is gone. Who wanted it says so; nothing is loaded anew behind his back.
addEventListener("vite:preloadError", () => (isOutdated.value = navigator.onLine));

/** Where this tab has the card, or is to have it. */
function begin(isTaken: boolean): void {
  start(isTaken).catch((error: unknown) => say(sentenceOf(error)));
}

async function start(isTaken: boolean): Promise<void> {
  const token = takeToken();
  const lost = () => {
    over.abort();
    sayTaken("Another tab has taken the card over");
  };
  const over = new AbortController();
  if (!(await takeCard(isTaken, lost))) return sayTaken("This app is open in another tab, which has the card");
  const database = await openDatabase();
  const client = token === undefined ? undefined : new WorldClient(token);
  const facts = await client?.facts();
  const makerRoot = await knownRoot(database, facts?.makerRoot);
  if (makerRoot === undefined) return askForAddress();
  const phone = await Phone.open({
    database,
    makerRoot,
    transport: transportOf(token),
    canLook: token !== undefined,
    issuerUrl: location.origin,
  });
  const table = client && facts && new TableModel(client, facts);
  render(<App phone={phone} table={table} isStranger={client?.isStranger} until={over.signal} />, root);
  over.signal.addEventListener("abort", () => void phone.leave(), { once: true });
  void table?.follow(over.signal);
  void clockFault(location.origin).then((ahead) => (clockAhead.value = ahead));
  for (const { name } of phone.cards.value) void greet(phone, name);
  const workers = navigator.serviceWorker;
  if (workers === undefined) return; // without one the app works while it is on-line
  // Another version's worker has taken over: these pages go on, until their user loads the new ones.
  if (workers.controller !== null) workers.addEventListener("controllerchange", () => (isOutdated.value = true));
  await workers.register("/sw.js").catch(() => undefined);
}

/** Which cards are genuine: told by the server once, and kept for when it is away. */
async function knownRoot(database: Database, told: string | undefined): Promise<Uint8Array | undefined> {
  if (told !== undefined) await database.put("settings", told, MAKER_ROOT);
  const known = told ?? (await database.get("settings", MAKER_ROOT));
  return known === undefined ? undefined : fromHex(known);
}

/** The emulated card's line where these pages have a token for it; else the card over Bluetooth. */
function transportOf(token: string | undefined): CardTransport {
  if (token === undefined) return webBluetoothTransport();
  return webSocketTransport({ url: `ws://${location.host}/card`, token });
}

/** A card that is near is there when it is needed. One that is not is looked for when its owner says so. */
async function greet(phone: Phone, name: string): Promise<void> {
  try {
    await phone.reach(name);
  } catch {
    // Away: the page says so.
  }
  await phone.compare(name).catch(() => undefined);
  await phone.follow();
}

function askForAddress(): void {
  say("Open the address that npm run companion printed: this one lacks what lets the page in");
}

function sayTaken(why: string): void {
  say(why, () => begin(true));
}

/** In place of all pages. @param useHere - What its user may do about it */
function say(why: string, useHere?: () => void): void {
  render(
    <main class="shell">
      <h1>enabling-card</h1>
      <p class="problem" role="alert">
        {why}.
      </p>
      {useHere !== undefined && (
        <button type="button" class="primary" onClick={useHere}>
          Use it here
        </button>
      )}
    </main>,
    root,
  );
}
