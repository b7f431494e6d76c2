// A phone without a screen: pairs with a card on a port of this computer (`ecard emulate --listen 7117`), and pays once.
//   npx tsx sdk/examples/node.ts SHEET MAKER-ROOT ISSUER-URL PORT
import { readFile } from "node:fs/promises";
import { Card, IssuerClient } from "@enabling-card/sdk";
import { FilePairingStore, tcpTransport } from "@enabling-card/sdk/node";

const [sheet = "my-card/pairing-code.txt", root = "my-card/maker-root.txt", issuerUrl = "http://127.0.0.1:7080", port] =
  process.argv.slice(2);
const transport = tcpTransport({ port: Number(port ?? 7117) });
const store = new FilePairingStore("my-phone.json");
const code = await readFile(sheet, "utf8"); // a secret: whoever has it and the card may pair
const makerRoot = Buffer.from(await readFile(root, "utf8"), "hex"); // which cards are genuine

const card = await Card.pair(transport, code, { store, phoneName: "My phone", makerRoot });
const issuer = new IssuerClient({ baseUrl: issuerUrl });
await issuer.enrol(card.certificate, "My phone"); // its answer holds an access key: keep it, it is given once
const { tokenRef } = await issuer.createToken(card.cardId, "EXAMPLE/ALEX");

const { challenge, checkpointSize } = card.info;
const domain = { requestor: "example", merchant: "Corner Coffee", channel: 0, country: 276, maxAmount: 950 };
const grant = await issuer.grant({
  ...{ cardId: card.cardId, tokenRef, challenge, checkpointSize, domain },
  ...{ maxEmissions: 1, kind: "online" },
});
const { merchant, cap } = await card.load(grant);
console.log(`The card would pay ${merchant} at most ${cap / 100} EUR: press its button twice`);
const { passesSent } = await card.present({ when: "now" });
console.log(`${passesSent} passes left the coil`);
await card.close();
