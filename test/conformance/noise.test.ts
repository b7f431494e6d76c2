// The card's Noise responder against the vectors of cacophony and snow: XXpsk3 and KK, 25519_ChaChaPoly_SHA256.

import { concat, fromHex, toHex } from "@enabling-card/wire";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { expect } from "chai";
import { Probe } from "../support/probe.js";
import { readJson, vectorsOrSkip } from "../support/vectors.js";

interface NoiseVector {
  readonly protocol_name: string;
  readonly init_prologue: string;
  readonly init_static: string;
  readonly resp_static: string;
  readonly resp_ephemeral: string;
  readonly resp_psks?: readonly string[];
  readonly handshake_hash?: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

const SUITE = "25519_ChaChaPoly_SHA256";
const pairOf = (secret: string) => concat(fromHex(secret), x25519.getPublicKey(fromHex(secret)));

function respond(vector: NoiseVector): void {
  const probe = new Probe();
  const [first, second, third] = vector.messages;
  const prologue = fromHex(vector.init_prologue);
  const prologueAt = probe.put(prologue);
  const pair = probe.put(pairOf(vector.resp_static));
  const kk = vector.protocol_name.includes("_KK_");
  probe.random = [fromHex(vector.resp_ephemeral)];

  const in1 = fromHex(first!.ciphertext);
  const at1 = probe.put(in1);
  const read = kk
    ? probe.call(
        "kkRead1",
        pair,
        probe.put(x25519.getPublicKey(fromHex(vector.init_static))),
        prologueAt,
        prologue.length,
        at1,
        in1.length,
      )
    : probe.call("xxRead1", prologueAt, prologue.length, at1, in1.length);
  expect(read).to.equal(0);
  expect(toHex(probe.get(at1 + 32, in1.length - 48))).to.equal(first!.payload);

  const payload = fromHex(second!.payload);
  const head = kk ? 32 : 80;
  const out = probe.put(concat(new Uint8Array(head), payload, new Uint8Array(16))); // the payload waits behind the keys
  expect(kk ? probe.call("kkWrite2", out, payload.length) : probe.call("xxWrite2", pair, out, payload.length)).to.equal(
    0,
  );
  expect(toHex(probe.get(out, head + payload.length + 16))).to.equal(second!.ciphertext);

  if (!kk) {
    const in3 = fromHex(third!.ciphertext);
    const at3 = probe.put(in3);
    expect(probe.call("xxRead3", probe.put(fromHex(vector.resp_psks![0]!)), at3, in3.length)).to.equal(0);
    expect(toHex(probe.get(at3 + 48, in3.length - 64))).to.equal(third!.payload);
  }
  if (vector.handshake_hash) expect(toHex(probe.get(probe.call("noiseHash"), 32))).to.equal(vector.handshake_hash);
  transport(probe, vector.messages.slice(kk ? 2 : 3), !kk);
}

/** Transport messages go on in turn; the phone's next one has an even place in the vector. */
function transport(probe: Probe, messages: NoiseVector["messages"], cardFirst: boolean): void {
  const [fromPhone, toPhone] = [probe.room(32), probe.room(32)];
  probe.call("split", fromPhone, toPhone);
  const counts = [0, 0];
  messages.forEach(({ payload, ciphertext }, i) => {
    const card = cardFirst ? i % 2 === 0 : i % 2 === 1;
    const nonce = new Uint8Array(12);
    nonce[4] = counts[card ? 1 : 0]!++;
    const key = probe.get(card ? toPhone : fromPhone, 32);
    expect(toHex(chacha20poly1305(key, nonce).encrypt(fromHex(payload)))).to.equal(ciphertext);
  });
}

describe("the card's Noise responder", () => {
  for (const [file, names] of [
    ["cacophony.txt", ["XXpsk3", "KK"]],
    ["snow.txt", ["KK"]],
  ] as const) {
    for (const name of names) {
      it(`answers ${name} as the vectors of ${file} say`, function () {
        const folder = vectorsOrSkip(this, "noise");
        const { vectors } = readJson<{ vectors: NoiseVector[] }>(folder, file);
        const chosen = vectors.filter(({ protocol_name }) => protocol_name === `Noise_${name}_${SUITE}`);
        expect(chosen).to.not.be.empty;
        for (const vector of chosen) respond(vector);
      });
    }
  }
});
