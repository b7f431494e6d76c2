// Images that the table's card takes: for its board, signed by the development root that everybody has.
import { createPrivateKey, sign } from "node:crypto";
import { buildImage, readBoard, signImage } from "@enabling-card/tools";
import { developmentImageRoot } from "../../tools/image-root.mjs";

const BOARD = readBoard("an386");

interface Made {
  readonly version?: number;
  readonly counter?: number;
  /** Of the program. */
  readonly octets?: number;
  readonly board?: typeof BOARD;
}

export function tableImage({ version = 2, counter = 1, octets = 6_000, board = BOARD }: Made = {}): Buffer {
  const { privatePem, publicKey } = developmentImageRoot();
  const key = createPrivateKey(privatePem);
  const program = Uint8Array.from({ length: octets }, (_, i) => (i * 7 + version) & 0xff);
  const plain = buildImage(program, { version: { major: version, minor: 0, revision: 0, build: 0 }, counter, board });
  return Buffer.from(signImage(plain, { publicKey, sign: (digest) => Uint8Array.from(sign(null, digest, key)) }));
}
