import { fromHex, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { vectors } from "../../test/support/vectors.js";
import { Handshake } from "../src/noise/handshake.js";
import { softwareKey } from "../src/noise/static-key.js";

interface Vector {
  protocol_name: string;
  init_prologue: string;
  init_ephemeral: string;
  init_static: string;
  init_remote_static?: string;
  init_psks?: string[];
  resp_prologue: string;
  resp_ephemeral?: string;
  resp_static: string;
  resp_remote_static?: string;
  resp_psks?: string[];
  handshake_hash?: string;
  messages: { payload: string; ciphertext: string }[];
}

const OURS = /^Noise_((?:XX|KK)(?:psk\d)?)_25519_ChaChaPoly_SHA256$/;

for (const source of ["cacophony", "snow"]) {
  describe(`Noise against the vectors of ${source}`, () => {
    const file = vectors<{ vectors: Vector[] }>(`noise/${source}.txt`);
    const cases = (file?.vectors ?? []).filter((vector) => OURS.test(vector.protocol_name));
    if (file === undefined) it.skip("the folder is missing");
    else {
      it("finds the patterns that pair and open use", () => {
        const names = cases.map((vector) => vector.protocol_name);
        if (source === "cacophony") expect(names).to.include("Noise_XXpsk3_25519_ChaChaPoly_SHA256");
        expect(names).to.include("Noise_KK_25519_ChaChaPoly_SHA256");
      });
    }
    cases.forEach((vector, i) => {
      it(`${vector.protocol_name} (${i})`, () => run(vector));
    });
  });
}

async function run(vector: Vector): Promise<void> {
  const [initiator, responder] = [side(vector, "init"), side(vector, "resp")];
  const empty = new Uint8Array(0);
  let step = 0;
  while (!initiator.done) {
    const [writer, reader] = step % 2 === 0 ? [initiator, responder] : [responder, initiator];
    const { payload, ciphertext } = vector.messages[step++]!;
    const message = await writer.write(fromHex(payload));
    expect(toHex(message)).to.equal(ciphertext);
    expect(toHex(await reader.read(message))).to.equal(payload);
  }
  const [a, b] = [initiator.finish(), responder.finish()];
  expect(toHex(a.hash)).to.equal(toHex(b.hash));
  if (vector.handshake_hash) expect(toHex(a.hash)).to.equal(vector.handshake_hash);
  expect(vector.messages.length).to.be.greaterThan(step);
  for (; step < vector.messages.length; step++) {
    const [writer, reader] = step % 2 === 0 ? [a, b] : [b, a];
    const { payload, ciphertext } = vector.messages[step]!;
    const sealed = writer.send.encrypt(empty, fromHex(payload));
    expect(toHex(sealed)).to.equal(ciphertext);
    expect(toHex(reader.receive.decrypt(empty, sealed))).to.equal(payload);
  }
}

function side(vector: Vector, who: "init" | "resp"): Handshake {
  const hex = (name: string) => (vector as unknown as Record<string, string | undefined>)[`${who}_${name}`];
  const ephemeral = hex("ephemeral");
  const remote = hex("remote_static");
  return new Handshake({
    pattern: OURS.exec(vector.protocol_name)![1]!,
    initiator: who === "init",
    prologue: fromHex(hex("prologue") ?? ""),
    staticKey: softwareKey(fromHex(hex("static")!)),
    ...(remote !== undefined && { remoteStatic: fromHex(remote) }),
    ...(ephemeral !== undefined && { ephemeralSecret: fromHex(ephemeral) }),
    psks: (vector[`${who}_psks`] ?? []).map(fromHex),
  });
}
