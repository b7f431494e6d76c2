// System 1: each grant whose issuer's certificate, receipt or checkpoint is not right ends with its own code, and changes nothing.

import { decodeCheckpointPayload, decodeReceipt, Op, Role } from "@enabling-card/wire";
import { type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectRefusal } from "../support/expect-refusal.js";
import { atTime, evidenceOf, forge, otherIssuer } from "../support/forge.js";
import { rawSession, settle } from "../support/raw-session.js";
import { type Case, flip, itIsRefused, resigned, STRANGER, withReceipt } from "../support/refused-grants.js";

const CASES: readonly Case[] = [
  ["its certificate is not one", "CERTIFICATE_MALFORMED", { issuerCert: new Uint8Array(40) }],
  [
    "its certificate was altered",
    "CERTIFICATE_SIGNATURE_INVALID",
    (w) => ({ issuerCert: flip(w.service.issuer.certificate, -1) }),
  ],
  [
    "its certificate names no key, and brings one behind its end",
    "CERTIFICATE_MALFORMED",
    (w) => resigned(w, (payload) => flip(payload, payload.length - 36)),
  ],
  [
    "its certificate's root goes by a longer name",
    "CERTIFICATE_MALFORMED",
    (w) => resigned(w, (payload) => payload, new Uint8Array(16)),
  ],
  [
    "its certificate's root goes by a shorter name",
    "CERTIFICATE_MALFORMED",
    (w) => resigned(w, (payload) => payload, new Uint8Array(7)),
  ],
  ["another root signed its issuer", "CERTIFICATE_SIGNATURE_INVALID", (w) => otherIssuer(w, { root: STRANGER })],
  ["its certificate is a card's", "CERTIFICATE_ROLE_WRONG", (w) => otherIssuer(w, { role: Role.Card })],
  ["its certificate is on no ledger", "RECEIPT_NOT_INCLUDED", (w) => otherIssuer(w)],
  [
    "its certificate was revoked",
    "CERTIFICATE_REVOKED",
    (w, { card }) => {
      const { issuer } = w.service;
      const other = otherIssuer(w, { stored: true });
      issuer.log.revoke(other.serial);
      return { ...other, ...evidenceOf(issuer.log, other.issuerCert, card.info.checkpointSize) };
    },
  ],
  [
    "its certificate has run out",
    "CERTIFICATE_EXPIRED",
    (w, { card }) => {
      const { issuer } = w.service;
      const other = otherIssuer(w, { stored: true, expires: issuer.now() + 1 });
      const late = issuer.now() + 2;
      return {
        ...other,
        ...evidenceOf(issuer.log, other.issuerCert, card.info.checkpointSize),
        grant: { issuedAt: late, notBefore: late, expires: late + 60 },
      };
    },
  ],
  ["its receipt cannot be read", "RECEIPT_MALFORMED", { receipt: Uint8Array.from([0x80]) }],
  [
    "its receipt's path is not whole hashes",
    "RECEIPT_MALFORMED",
    (w) => ({ receipt: withReceipt((r) => ({ ...r, path: r.path.slice(1) }))(w) }),
  ],
  [
    "its receipt shows another time",
    "RECEIPT_NOT_INCLUDED",
    (w) => ({ receipt: withReceipt((r) => ({ ...r, time: r.time + 1 }))(w) }),
  ],
  [
    "its receipt's path was altered",
    "RECEIPT_NOT_INCLUDED",
    (w) => ({ receipt: withReceipt((r) => ({ ...r, path: flip(r.path, 0) }))(w) }),
  ],
  [
    "its checkpoint is unsigned",
    "CHECKPOINT_THRESHOLD",
    (w) => ({ receipt: withReceipt((r) => ({ ...r, checkpoint: { ...r.checkpoint, signatures: [] } }))(w) }),
  ],
  [
    "a stranger signed its checkpoint",
    "CHECKPOINT_THRESHOLD",
    (w) => ({
      receipt: withReceipt((r) => ({
        ...r,
        checkpoint: { ...r.checkpoint, signatures: [{ kid: new Uint8Array(8), signature: new Uint8Array(64) }] },
      }))(w),
    }),
  ],
  [
    "its checkpoint's signature was altered",
    "CHECKPOINT_THRESHOLD",
    (w) => ({
      receipt: withReceipt((r) => ({
        ...r,
        checkpoint: {
          ...r.checkpoint,
          signatures: r.checkpoint.signatures.map((s) => ({ ...s, signature: flip(s.signature, 5) })),
        },
      }))(w),
    }),
  ],
  [
    "its revocation proof has other neighbours",
    "REVOCATION_PROOF_INVALID",
    (w) => ({
      receipt: withReceipt((r) => ({
        ...r,
        notRevoked: { ...r.notRevoked, lowSerial: flip(r.notRevoked.lowSerial, 0) },
      }))(w),
    }),
  ],
  ["its consistency proof is missing", "CHECKPOINT_INCONSISTENT", { consistency: null }],
  [
    "its consistency proof was altered",
    "CHECKPOINT_INCONSISTENT",
    (w, { card }) => ({
      consistency: flip(w.service.issuer.log.consistency(card.info.checkpointSize)!, 3),
    }),
  ],
];

describe("a grant is refused for what vouches for its issuer, and nothing changes, when", () => {
  let w: World;
  let phone: Phone;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
  });
  afterEach(() => w.close());

  itIsRefused(CASES, () => ({ w, phone }));

  it("its checkpoint is smaller than one that was seen: CHECKPOINT_ROLLBACK", async () => {
    const early = w.service.issuer.evidence(phone.card.info.checkpointSize);
    otherIssuer(w, { stored: true });
    await phone.card.load(await forge(w, phone));
    await phone.card.disarm();
    const bundle = await forge(w, phone, { receipt: early.receipt, consistency: early.consistency });
    await expectRefusal(w, () => phone.card.load(bundle), "CHECKPOINT_ROLLBACK");
  });

  it("its certificate is not valid yet at the card's time: CERTIFICATE_EXPIRED", async () => {
    const early = w.service.issuer.now() + 100;
    w.pass(300);
    await settle();
    const { issuer } = w.service;
    const other = otherIssuer(w, { stored: true, notBefore: issuer.now() });
    // The log takes no certificate before its time: so the nodes say that their checkpoint is an earlier one.
    const receipt = atTime(w, decodeReceipt(issuer.log.receipt(other.issuerCert)), early);
    const { consistency } = evidenceOf(issuer.log, other.issuerCert, phone.card.info.checkpointSize);
    const grant = { issuedAt: early, notBefore: early, expires: early + 60 };
    const bundle = await forge(w, phone, { ...other, receipt, consistency, grant });
    await expectRefusal(w, () => phone.card.load(bundle), "CERTIFICATE_EXPIRED");
  });

  it("its checkpoint is larger than the last and older: CHECKPOINT_ROLLBACK", async () => {
    await phone.card.load(await forge(w, phone));
    await phone.card.disarm();
    otherIssuer(w, { stored: true });
    const now = decodeReceipt(w.service.issuer.log.receipt(w.service.issuer.certificate));
    const receipt = atTime(w, now, decodeCheckpointPayload(now.checkpoint.payload).time - 100);
    const bundle = await forge(w, phone, { receipt });
    await expectRefusal(w, () => phone.card.load(bundle), "CHECKPOINT_ROLLBACK");
  });

  it("its consistency proof has hashes too many: CHECKPOINT_INCONSISTENT", async () => {
    const proof = w.service.issuer.log.consistency(phone.card.info.checkpointSize)!;
    for (const more of [1, 48, 60]) {
      const consistency = Uint8Array.from([...proof, ...new Uint8Array(32 * more)]);
      const bundle = await forge(w, phone, { consistency });
      await expectRefusal(w, () => phone.card.load(bundle), "CHECKPOINT_INCONSISTENT");
    }
  });

  it("its consistency proof has an octet too many: CHECKPOINT_INCONSISTENT", async () => {
    const proof = w.service.issuer.log.consistency(phone.card.info.checkpointSize)!;
    const bundle = await forge(w, phone, { consistency: Uint8Array.from([...proof, 0]) });
    await expectRefusal(w, () => phone.card.load(bundle), "CHECKPOINT_INCONSISTENT");
  });

  it("its receipt is missing: RECEIPT_MISSING", async () => {
    const { sealed, issuerCert } = await forge(w, phone);
    await phone.card.close();
    const session = await rawSession(w);
    await expectRefusal(w, () => session.request(Op.Load, [sealed, issuerCert, null, null]), "RECEIPT_MISSING");
  });
});
