// Codecs of wire/: whatever is encoded comes back, and nothing else is taken.

import { expect } from "chai";
import fc from "fast-check";
import {
  AAD,
  cborEncode,
  decodeCardInfo,
  decodeCardMessage,
  decodeClaims,
  decodeGrant,
  decodePairingCode,
  decodeReceipt,
  decodeSign1,
  describeStatus,
  discretionaryData,
  encodeClaims,
  encodeGrant,
  encodePairingCode,
  encodeReceipt,
  encodeSign1,
  equalBytes,
  fromHex,
  MESSAGE_MAX,
  Reassembler,
  STATUS_CODES,
  Status,
  type SwipeGrant,
  toChunks,
  toHex,
  WireError,
} from "../index.js";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const time = fc.nat(0xffff_ffff);

function expectCode(work: () => unknown, code: string): void {
  expect(work).to.throw(WireError).with.property("code", code);
}

describe("chunks", () => {
  it("come together again at any MTU", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: MESSAGE_MAX }),
        fc.integer({ min: 20, max: 514 }),
        (message, maxWrite) => {
          const reassembler = new Reassembler();
          const chunks = toChunks(message, maxWrite);
          expect(chunks.every((chunk) => chunk.length <= maxWrite)).to.equal(true);
          const whole = chunks.map((chunk) => reassembler.push(chunk));
          expect(whole.slice(0, -1).every((part) => part === undefined)).to.equal(true);
          expect(equalBytes(whole.at(-1)!, message)).to.equal(true);
        },
      ),
    );
  });

  it("of nothing, or of more than 5 KiB, are not made", () => {
    expectCode(() => toChunks(new Uint8Array(0), 20), "CHUNK_INVALID");
    for (const maxWrite of [-1, 0, 1, 3, 19, 20.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expectCode(() => toChunks(new Uint8Array(10), maxWrite), "CHUNK_INVALID");
    }
    expectCode(() => toChunks(new Uint8Array(MESSAGE_MAX + 1), 20), "CHUNK_INVALID");
  });

  it("that are lost, doubled or swapped are refused, and the next message is whole", () => {
    const message = new Uint8Array(100).map((_, i) => i);
    fc.assert(
      fc.property(fc.nat(5), fc.nat(5), fc.constantFrom("lose", "double", "swap"), (a, b, how) => {
        const chunks = toChunks(message, 20);
        const [i, j] = [a % chunks.length, b % chunks.length];
        const wrong = how === "lose" ? chunks.filter((_, k) => k !== i) : [...chunks];
        if (how === "double") wrong.splice(i, 0, chunks[i]!);
        if (how === "swap") [wrong[i], wrong[j]] = [wrong[j]!, wrong[i]!];
        const reassembler = new Reassembler();
        let got: Uint8Array | undefined;
        for (const chunk of wrong) {
          try {
            got = reassembler.push(chunk) ?? got;
          } catch (error) {
            expect(error).to.be.instanceOf(WireError);
          }
        }
        if (got) expect(equalBytes(got, message)).to.equal(true);
        for (const chunk of chunks) got = reassembler.push(chunk);
        expect(equalBytes(got!, message)).to.equal(true);
      }),
    );
  });

  it("of any octets at all never throw anything else, and never hold more than a message", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 520 }), { maxLength: 40 }), (chunks) => {
        const reassembler = new Reassembler();
        for (const chunk of chunks) {
          try {
            expect(reassembler.push(chunk)?.length ?? 0).to.be.at.most(MESSAGE_MAX);
          } catch (error) {
            expect(error).to.be.instanceOf(WireError);
          }
        }
      }),
    );
  });
});

describe("a pairing code", () => {
  it("comes back from text, however it was typed", () => {
    fc.assert(
      fc.property(bytes(16), bytes(16), (cardId, secret) => {
        const text = encodePairingCode({ cardId, secret });
        expect(text).to.match(/^ECARD1:[A-Z2-7]{52}$/);
        const typed = ` ${text.slice(7, 20).toLowerCase()}-${text.slice(20)} `;
        const back = decodePairingCode(`ecard1:${typed}`);
        expect(toHex(back.cardId) + toHex(back.secret)).to.equal(toHex(cardId) + toHex(secret));
      }),
    );
  });

  for (const text of [
    "",
    "ECARD1:",
    "ECARD2:AAAA",
    `ECARD1:${"A".repeat(51)}`,
    `ECARD1:${"1".repeat(52)}`,
    "HTTP://EXAMPLE",
  ]) {
    it(`"${text}" is none, and is not repeated in the error`, () => {
      expectCode(() => decodePairingCode(text), "PAIRING_CODE_INVALID");
    });
  }
});

describe("status codes", () => {
  it("are unique, and each has a sentence for a person", () => {
    expect(new Set(STATUS_CODES.map(({ code }) => code)).size).to.equal(STATUS_CODES.length);
    for (const { code, sentence } of STATUS_CODES) {
      expect(code).to.match(/^[A-Z][A-Z_]+$/);
      expect(sentence, code).to.match(/^[A-Z].*[^.]$/);
    }
  });

  it("of a newer card are undefined here, not guessed", () => {
    expect(describeStatus(Status.GrantExpired)?.code).to.equal("GRANT_EXPIRED");
    expect(describeStatus(250)).to.equal(undefined);
  });
});

describe("CBOR", () => {
  it("holds octets as octets, whatever class they have: Node's Buffer too", () => {
    const octets = Uint8Array.from([1, 2, 3]);
    for (const nested of [
      (value: Uint8Array) => value,
      (value: Uint8Array) => [[value]],
      (value: Uint8Array) => new Map([[1, value]]),
    ]) {
      expect(toHex(cborEncode(nested(Buffer.from(octets))))).to.equal(toHex(cborEncode(nested(octets))));
    }
    expect(toHex(cborEncode(Buffer.from(octets)))).to.equal("43010203");
  });
});

describe("signed objects", () => {
  const grants: fc.Arbitrary<SwipeGrant> = fc.record({
    kind: fc.constantFrom(0, 1),
    cardId: bytes(16),
    challenge: bytes(16),
    issuedAt: time,
    notBefore: time,
    expires: time,
    tokenRef: bytes(16),
    track2: fc.string({ maxLength: 24 }),
    track1: fc.string({ maxLength: 48 }),
    atc: fc.nat(0xffff_ffff),
    cryptogram: bytes(8),
    domain: fc.record({
      requestor: fc.string({ maxLength: 32 }),
      merchant: fc.string({ maxLength: 40 }),
      mcc: fc.nat(9999),
      channel: fc.nat(1),
      country: fc.nat(999),
      maxAmount: fc.nat(),
    }),
    maxEmissions: fc.integer({ min: 1, max: 3 }),
  });

  it("a grant comes back, and encodes to the same octets", () => {
    fc.assert(
      fc.property(grants, (grant) => {
        const encoded = encodeGrant(grant);
        expect(toHex(encodeGrant(decodeGrant(encoded)))).to.equal(toHex(encoded));
      }),
    );
  });

  it("claims of a certificate come back, and nothing cut is taken", () => {
    fc.assert(
      fc.property(bytes(16), bytes(32), time, (serial, key, notBefore) => {
        const claims = {
          iss: "root",
          sub: "leaf",
          notBefore,
          expires: notBefore + 1,
          serial,
          role: 3 as const,
          keys: { sign: key },
        };
        const encoded = encodeClaims(claims);
        expect(decodeClaims(encoded)).to.deep.equal(claims);
        for (let cut = 0; cut < encoded.length; cut += 7)
          expectCode(() => decodeClaims(encoded.subarray(0, cut)), "CBOR_MALFORMED");
      }),
      { numRuns: 30 },
    );
  });

  it("COSE_Sign1 says what is signed: context, header and payload", () => {
    let covered = "";
    const signed = encodeSign1(fromHex("a0"), fromHex("0102"), AAD.grant, (toBeSigned) => {
      covered = toHex(toBeSigned);
      return new Uint8Array(64);
    });
    // RFC 9052 4.4: ["Signature1", protected, external_aad, payload]
    expect(covered).to.equal("846a5369676e61747572653147a20127044201024d65636172642f31206772616e7441a0");
    expect(toHex(decodeSign1(signed, AAD.grant).toBeSigned)).to.equal(covered);
    expect(toHex(decodeSign1(signed, AAD.state).toBeSigned)).to.not.equal(covered);
  });

  it("a receipt comes back, and nothing cut is taken", () => {
    fc.assert(
      fc.property(bytes(64), bytes(16), bytes(8), time, fc.nat(1000), (path, serial, kid, at, index) => {
        const receipt = {
          time: at,
          index,
          path,
          checkpoint: { payload: fromHex("80"), signatures: [{ kid, signature: new Uint8Array(64) }] },
          notRevoked: { lowIndex: 0, lowSerial: serial, lowPath: path, highSerial: serial, highPath: path },
        };
        const encoded = encodeReceipt(receipt);
        expect(decodeReceipt(encoded)).to.deep.equal(receipt);
        expectCode(() => decodeReceipt(encoded.subarray(0, encoded.length - 1)), "CBOR_MALFORMED");
      }),
      { numRuns: 30 },
    );
  });

  it("discretionary data: profile, ATC mod 10^4, cryptogram mod 10^8", () => {
    expect(discretionaryData(12_345, fromHex("0000000000000001"))).to.equal("1234500000001");
    expect(discretionaryData(7, fromHex("ffffffffffffffff"))).to.equal("1000709551615"); // 18446744073709551615
    expect(discretionaryData(10_000, fromHex("0000000005f5e100"))).to.equal("1000000000000");
  });
});

describe("what the card says", () => {
  it("is an answer or an event, never something in between", () => {
    expect(decodeCardMessage(cborEncode([5, 0, null]))).to.deep.equal({ kind: "answer", id: 5, status: 0, body: null });
    expect(decodeCardMessage(cborEncode([0, 1, 2]))).to.deep.equal({ kind: "event", event: 1, body: 2 });
    for (const bad of [[0, 99, null], [-1, 0, null], [1, 0], [1, 256, null], "x"]) {
      expectCode(() => decodeCardMessage(cborEncode(bad as never)), "CBOR_MALFORMED");
    }
    expectCode(() => decodeCardInfo([1, 2, 3]), "CBOR_MALFORMED");
  });
});
