// The crypto port of the microcontroller, by libsodium, on the cases that the emulator's is held to.
import { type MemoryBlock, type QemuBoard, QemuCard } from "@enabling-card/emulator";
import type { BuiltImage } from "@enabling-card/tools";
import { fromHex, Status, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { world } from "../support/card-with-issuer.js";
import { BOARD_CORES, imageOrSkip } from "../support/mcu-image.js";
import { vectors } from "../support/vectors.js";

const SHA256 = 0;
const X25519 = 1;
const SEAL = 2;
const OPEN = 3;
const VERIFY = 4;

interface File<T> {
  readonly testGroups: readonly (T & { readonly tests: readonly (Case & T)[] })[];
}
interface Case {
  readonly tcId: number;
  readonly comment: string;
  readonly result: "valid" | "invalid" | "acceptable";
}

/** Arguments laid out in a memory of their own. */
function laid(...hex: readonly string[]): { readonly at: readonly number[]; readonly memory: Uint8Array } {
  const at: number[] = [];
  let size = 16;
  for (const one of hex) {
    at.push(size);
    size += one.length / 2 + 16;
  }
  const memory = new Uint8Array(size);
  hex.forEach((one, i) => {
    memory.set(fromHex(one), at[i]!);
  });
  return { at, memory };
}

/** A file of cases; `run` says how many it has tried on a board, undefined where the file is not there. */
interface Suite {
  readonly file: string;
  run(qemu: QemuCard): Promise<number | undefined>;
}

function wycheproof<T>(
  file: string,
  accept: (group: T) => boolean,
  run: (qemu: QemuCard, group: T, test: Case & T) => Promise<void>,
): Suite {
  return {
    file,
    async run(qemu) {
      const loaded = vectors<File<T>>(`wycheproof/${file}`);
      if (loaded === undefined) return undefined;
      let count = 0;
      for (const group of loaded.testGroups.filter(accept)) {
        for (const test of group.tests) {
          count++;
          try {
            await run(qemu, group, test);
          } catch (cause) {
            throw new Error(`case ${test.tcId} (${test.comment}, ${test.result}): ${(cause as Error).message}`, {
              cause,
            });
          }
        }
      }
      return count;
    },
  };
}

const SUITES: readonly Suite[] = [
  wycheproof<{ public: string; private: string; shared: string; curve: string }>(
    "x25519_test.json",
    (group) => group.curve === "curve25519",
    async (qemu, _, test) => {
      const { at, memory } = laid(test.private, test.public, "ee".repeat(32));
      const result = await qemu.crypto(X25519, at, memory);
      expect(result.status).to.equal(/^0*$/.test(test.shared) ? Status.CryptoFailed : Status.Ok);
      expect(toHex(result.memory.subarray(at[2]!, at[2]! + 32))).to.equal(test.shared);
    },
  ),
  wycheproof<{ ivSize: number; key: string; iv: string; aad: string; msg: string; ct: string; tag: string }>(
    "chacha20_poly1305_test.json",
    (group) => group.ivSize === 96,
    async (qemu, _, test) => {
      const [size, aadSize] = [test.msg.length / 2, test.aad.length / 2];
      const sealed = laid(test.key, test.iv, test.aad, test.ct + test.tag);
      const [key, nonce, aad, data] = sealed.at as [number, number, number, number];
      const result = await qemu.crypto(OPEN, [key, nonce, aad, aadSize, data, size + 16], sealed.memory);
      const valid = test.result === "valid";
      expect(result.status).to.equal(valid ? Status.Ok : Status.CryptoFailed);
      const left = toHex(result.memory.subarray(data, data + (valid ? size : size + 16)));
      expect(left).to.equal(valid ? test.msg : test.ct + test.tag);
      if (!valid) return;
      const plain = laid(test.key, test.iv, test.aad, `${test.msg}${"00".repeat(16)}`);
      const again = await qemu.crypto(SEAL, [key, nonce, aad, aadSize, data, size], plain.memory);
      expect(toHex(again.memory.subarray(data, data + size + 16))).to.equal(test.ct + test.tag);
    },
  ),
  wycheproof<{ publicKey: { pk: string }; msg: string; sig: string }>(
    "ed25519_test.json",
    () => true,
    async (qemu, group, test) => {
      if (test.sig.length !== 128) return; // another length never reaches the port
      const { at, memory } = laid(group.publicKey.pk, test.msg, test.sig);
      const result = await qemu.crypto(VERIFY, [at[0]!, at[1]!, test.msg.length / 2, at[2]!], memory);
      expect(result.status).to.equal(test.result === "valid" ? Status.Ok : Status.CryptoFailed);
    },
  ),
];

/** A board and what its cases come to. Both boards work at the same time: each is a process that computes. */
interface Bench {
  readonly qemu: QemuCard;
  readonly counts: ReadonlyMap<string, Promise<number | undefined>>;
}
const BOARDS = ["an386", "an505"] as const;
const benches: Partial<Record<QemuBoard, Bench>> = {};

async function bench(built: BuiltImage, flash: Uint8Array): Promise<Bench> {
  const qemu = await QemuCard.start({ ...built, flash });
  const counts = new Map<string, Promise<number | undefined>>();
  let last: Promise<unknown> = Promise.resolve();
  for (const { file, run } of SUITES) {
    const count = last.then(() => run(qemu));
    last = count.catch(() => undefined);
    counts.set(file, count);
  }
  return { qemu, counts };
}

describe("the crypto port of the microcontroller", () => {
  before(async function () {
    this.timeout(60_000);
    const built = BOARDS.map((board) => imageOrSkip(this, board));
    const made = await world();
    made.emulator.stop();
    const flash = (made.block as MemoryBlock).snapshot();
    await Promise.all(BOARDS.map(async (board, i) => (benches[board] = await bench(built[i]!, flash))));
    await made.close();
  });
  after(async () => {
    await Promise.all(BOARDS.map((board) => benches[board]?.qemu.stop()));
  });

  for (const board of BOARDS)
    describe(`on a ${BOARD_CORES[board]}`, () => {
      for (const { file } of SUITES)
        it(`${file}: every case`, async function () {
          this.timeout(120_000);
          const count = await benches[board]!.counts.get(file);
          if (count === undefined) return this.skip();
          expect(count).to.be.greaterThan(80);
        });

      it("hashes where the output lies over the input (FIPS 180-4, the example 'abc')", async () => {
        const { memory } = laid("616263", "00".repeat(32));
        const result = await benches[board]!.qemu.crypto(SHA256, [16, 3, 16], memory);
        expect(toHex(result.memory.subarray(16, 48))).to.equal(
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        );
      });

      it("traps where an argument lies outside of the module's memory, and goes on", async () => {
        const memory = new Uint8Array(64);
        for (const args of [
          [40, 8, 33],
          [60, 8, 0],
          [0, 0xffff_ffff, 0],
          [0xffff_fff0, 32, 0],
        ]) {
          expect((await benches[board]!.qemu.crypto(SHA256, args, memory)).trapped, args.join(", ")).to.equal(true);
        }
        // A length that wraps around with the tag behind it, and no room for the tag.
        for (const length of [0xffff_fff8, 40]) {
          const { trapped } = await benches[board]!.qemu.crypto(SEAL, [0, 0, 0, 0, 16, length], memory);
          expect(trapped, `seal of ${length} octets`).to.equal(true);
        }
        expect((await benches[board]!.qemu.crypto(SHA256, [0, 8, 32], memory)).trapped).to.equal(false);
      });
    });
});
