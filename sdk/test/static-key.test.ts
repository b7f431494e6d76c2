// A phone's keys by what they can do: in memory, and in WebCrypto's keeping, which never gives them out.

import { toHex } from "@enabling-card/wire";
import { expect } from "chai";
import {
  Card,
  MemoryPairingStore,
  memoryTransport,
  newWebCryptoKey,
  type StaticKey,
  softwareKey,
  type WebCryptoKey,
  webCryptoKey,
} from "../src/index.js";
import { FilePairingStore } from "../src/node/index.js";
import { expectError } from "./expect-error.js";
import { TwinCard } from "./twin-card.js";

const failed = (call: Promise<unknown>) =>
  call.then(
    () => false,
    () => true,
  );

describe("a static key", () => {
  it("shares one secret with another, whoever keeps either", async () => {
    const [memory, kept] = [softwareKey(), await newWebCryptoKey()];
    expect(toHex(await kept.dh(memory.publicKey))).to.equal(toHex(await memory.dh(kept.publicKey)));
    const again = webCryptoKey(structuredClone(kept.handle));
    expect(toHex(await again.dh(memory.publicKey)), "of what a database gives back").to.equal(
      toHex(await kept.dh(memory.publicKey)),
    );
  });

  it("shares none with a point of small order, nor with what is no key", async () => {
    for (const key of [softwareKey(), await newWebCryptoKey()]) {
      for (const bad of [new Uint8Array(32), Uint8Array.of(1, ...new Uint8Array(31)), new Uint8Array(31)]) {
        expect(await failed(key.dh(bad)), toHex(bad)).to.equal(true);
      }
    }
  });

  it("of WebCrypto is given out to nobody", async () => {
    const { handle } = await newWebCryptoKey();
    for (const format of ["pkcs8", "jwk"] as const) {
      expect(await failed(crypto.subtle.exportKey(format as "pkcs8", handle.privateKey)), format).to.equal(true);
    }
  });

  it("of the store's own making pairs, and opens sessions from then on", async () => {
    const twin = new TwinCard();
    const made: WebCryptoKey[] = [];
    const store = Object.assign(new MemoryPairingStore(), {
      async newKey(): Promise<StaticKey> {
        made.push(await newWebCryptoKey());
        return made[0]!;
      },
    });
    const air = memoryTransport([twin]);
    const options = { phoneName: "Ada's phone", makerRoot: twin.makerRoot, store, timeoutMs: 500 };
    await (await Card.pair(air, twin.pairingCode, options)).close();
    expect(made).to.have.length(1);
    expect(toHex(twin.owner!.key)).to.equal(toHex(made[0]!.publicKey));
    await (await Card.connect(air, { store, timeoutMs: 500 })).close();
  });

  it("that cannot be made, or not be kept, pairs with nobody: PAIRING_STORE_FAILED", async () => {
    const twin = new TwinCard();
    const stores = [
      Object.assign(new MemoryPairingStore(), { newKey: () => Promise.reject(new Error("no X25519 here")) }),
      Object.assign(new FilePairingStore("/no/such/folder/pairings.json"), { newKey: newWebCryptoKey }),
    ];
    for (const store of stores) {
      const options = { phoneName: "Ada's phone", makerRoot: twin.makerRoot, store, timeoutMs: 500 };
      const pairing = () => Card.pair(memoryTransport([twin]), twin.pairingCode, options);
      await expectError(pairing, "PAIRING_STORE_FAILED");
      expect(twin.owner).to.equal(undefined);
    }
  });
});
