// What a forged receipt could hide: a revocation between neighbours that are none, a second history of the same size, one node's
// signature counted twice. The node's own key is in the wrong hands here.

import { EmulatedCard, MemoryBlock, personalise } from "@enabling-card/emulator";
import { keyId, type SigningKey, signingKey } from "@enabling-card/ledger";
import { MemoryPairingStore } from "@enabling-card/sdk";
import { builtFirmware } from "@enabling-card/tools";
import {
  type CheckpointPayload,
  checkpointToBeSigned,
  concat,
  decodeCheckpointPayload,
  decodeReceipt,
  encodeCheckpointPayload,
  encodeReceipt,
  type NonMembership,
  type Receipt,
  toBase32,
} from "@enabling-card/wire";
import { expect } from "chai";
import { leafHash, MerkleTree } from "../../network/ledger/src/merkle.js";
import { type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectRefusal } from "../support/expect-refusal.js";
import { evidenceOf, forge, otherIssuer } from "../support/forge.js";

describe("a receipt is refused when", () => {
  let w: World;
  let phone: Phone;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
  });
  afterEach(() => w.close());

  const genuine = (certificate = w.service.issuer.certificate) =>
    decodeReceipt(w.service.issuer.log.receipt(certificate));
  const flip = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

  /** The receipt with another checkpoint, signed by each of `nodes`. */
  function under(receipt: Receipt, change: Partial<CheckpointPayload>, nodes: readonly SigningKey[]): Uint8Array {
    const payload = encodeCheckpointPayload({ ...decodeCheckpointPayload(receipt.checkpoint.payload), ...change });
    const signatures = nodes.map((node) => ({
      kid: keyId(node.publicKey),
      signature: node.sign(checkpointToBeSigned(payload)),
    }));
    return encodeReceipt({ ...receipt, checkpoint: { payload, signatures } });
  }

  const HIGH: readonly [string, (proof: NonMembership) => Partial<NonMembership>][] = [
    ["the high neighbour is another serial", ({ highSerial }) => ({ highSerial: flip(highSerial, 15) })],
    ["the high neighbour's path was altered", ({ highPath }) => ({ highPath: flip(highPath, 0) })],
    ["the high neighbour has no path", () => ({ highPath: new Uint8Array(0) })],
  ];
  for (const [name, change] of HIGH) {
    it(`${name}: REVOCATION_PROOF_INVALID`, async () => {
      const receipt = genuine();
      const notRevoked = { ...receipt.notRevoked, ...change(receipt.notRevoked) };
      const bundle = await forge(w, phone, { receipt: encodeReceipt({ ...receipt, notRevoked }) });
      await expectRefusal(w, () => phone.card.load(bundle), "REVOCATION_PROOF_INVALID");
    });
  }

  it("its neighbours are leaves of the tree, and the revoked serial lies between them: REVOCATION_PROOF_INVALID", async () => {
    const { log } = w.service.issuer;
    const other = otherIssuer(w, { stored: true });
    log.revoke(other.serial);
    const leaves = [new Uint8Array(16), other.serial, new Uint8Array(16).fill(0xff)] as const;
    const tree = new MerkleTree();
    for (const serial of leaves) tree.append(leafHash(serial));
    const [lowPath, highPath] = [concat(...tree.inclusionPath(0)), concat(...tree.inclusionPath(2))];
    const notRevoked = { lowIndex: 0, lowSerial: leaves[0], lowPath, highSerial: leaves[2], highPath };
    const { receipt, consistency } = evidenceOf(log, other.issuerCert, phone.card.info.checkpointSize);
    const forged = encodeReceipt({ ...decodeReceipt(receipt), notRevoked });
    const bundle = await forge(w, phone, { ...other, receipt: forged, consistency });
    await expectRefusal(w, () => phone.card.load(bundle), "REVOCATION_PROOF_INVALID");
  });

  const HALVES: readonly [string, (payload: CheckpointPayload) => Partial<CheckpointPayload>][] = [
    ["root of the log", ({ root }) => ({ root: flip(root, 0) })],
    ["root of the revocations", ({ revokedRoot }) => ({ revokedRoot: flip(revokedRoot, 0) })],
    ["number of revocations", ({ revokedSize }) => ({ revokedSize: revokedSize + 1 })],
  ];
  for (const [half, change] of HALVES) {
    it(`its checkpoint is of the size that the card has seen, with another ${half}: CHECKPOINT_INCONSISTENT`, async () => {
      await phone.card.load(await forge(w, phone));
      await phone.card.disarm();
      const receipt = genuine();
      const payload = decodeCheckpointPayload(receipt.checkpoint.payload);
      expect(payload.size).to.equal(phone.card.info.checkpointSize);
      const forked = under(receipt, change(payload), [w.service.issuer.keys.node]);
      const bundle = await forge(w, phone, { receipt: forked });
      await expectRefusal(w, () => phone.card.load(bundle), "CHECKPOINT_INCONSISTENT");
      await phone.card.load(await forge(w, phone));
    });
  }

  it("one node signed it twice, and two must have: CHECKPOINT_THRESHOLD", async () => {
    const [a, b] = [1, 2].map((n) => signingKey(new Uint8Array(32).fill(n))) as [SigningKey, SigningKey];
    const { issuer } = w.service;
    const block = new MemoryBlock();
    const made = await personalise(block, {
      cardClass: "test",
      issuerRoot: issuer.keys.issuerRoot.publicKey,
      ledger: { threshold: 2, nodeKeys: [a.publicKey, b.publicKey], origin: issuer.log.identity.origin },
      iins: ["999999"],
      certify: ({ cardId, keys }) =>
        issuer.maker.issue({ sub: toBase32(cardId), keys, notBefore: issuer.now() - 60, expires: issuer.now() + 3600 }),
    });
    const emulator = (await EmulatedCard.create({ firmware: await builtFirmware(), block })).start();
    const other: World = { ...w, block, made, emulator, store: new MemoryPairingStore() };
    const owner = await pairedPhone(other);
    const twice = replaced(under(genuine(), {}, [a, b]), keyId(b.publicKey), keyId(a.publicKey));
    const signature = (node: SigningKey) => node.sign(checkpointToBeSigned(genuine().checkpoint.payload));
    const same = replaced(twice, signature(b), signature(a));
    const bundle = await forge(other, owner, { receipt: same });
    await expectRefusal(other, () => owner.card.load(bundle), "CHECKPOINT_THRESHOLD");
    await owner.card.load(await forge(other, owner, { receipt: under(genuine(), {}, [a, b]) }));
    emulator.stop();
  });
});

/** `bytes` with the one occurrence of `from` overwritten: what no encoder of ours would write. */
function replaced(bytes: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  const at = Buffer.from(bytes).indexOf(Buffer.from(from));
  expect(at).to.be.greaterThan(0);
  const out = bytes.slice();
  out.set(to, at);
  return out;
}
