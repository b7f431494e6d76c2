// Keys that sign images: Ed25519, PKCS#8 and SubjectPublicKeyInfo in PEM (RFC 8410, RFC 7468), of a development or a production root.
// Which root a key is of stands before its PEM, where RFC 7468 2 has room for words. It keeps people from the wrong file; what keeps a
// card from development images is that it pins another key.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { DEVELOPMENT_ROOTS, toHex } from "@enabling-card/wire";
import { CommandError, EXIT } from "../exit-codes.js";
import { readAtMost } from "../read-at-most.js";
import type { Root } from "./choices.js";
import type { ImageSigner } from "./make-image.js";

/** Longest key file, octets; ours have about 200. */
const KEY_FILE_MAX = 4096;
const MARK = /^Image key of a (development|production) root\r?$/m;
const mark = (root: Root) => `Image key of a ${root} root\n`;

/** Of a key that is to sign as the other root. */
const OTHER_ROOT: Readonly<Record<Root, string>> = {
  development: "is a development key, which signs nothing as production: give one of ecard image key --root production",
  production: "is a production key: give a development key, or say --root production",
};

export interface ImageKey extends ImageSigner {
  readonly root: Root;
}

export interface PublicImageKey {
  /** Ed25519, 32 octets. */
  readonly publicKey: Uint8Array;
  /** Absent where its file does not say. */
  readonly root?: Root;
}

export interface NewImageKey extends PublicImageKey {
  readonly privatePem: string;
  readonly publicPem: string;
}

export function makeImageKey(root: Root): NewImageKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    root,
    publicKey: octetsOf(publicKey),
    privatePem: mark(root) + privateKey.export({ type: "pkcs8", format: "pem" }),
    publicPem: mark(root) + publicKey.export({ type: "spki", format: "pem" }),
  };
}

/**
 * A private key to sign as `root` with. A key that does not say of which root it is counts as development's.
 *
 * @throws {CommandError} `KEY_INVALID`, `KEY_ROOT_OTHER`
 */
export async function readImageKey(file: string, root: Root): Promise<ImageKey> {
  const text = await readPem(file);
  const key = parsed(file, "private key", () => createPrivateKey(text));
  const publicKey = octetsOf(createPublicKey(key));
  // A sample key, which everybody has, is development's whatever its file says.
  const own = DEVELOPMENT_ROOTS.includes(toHex(publicKey)) ? "development" : (rootOf(text) ?? "development");
  if (own !== root) throw new CommandError("KEY_ROOT_OTHER", `${file} ${OTHER_ROOT[own]}`, EXIT.usage);
  return { root, publicKey, sign: (digest) => Uint8Array.from(sign(null, digest, key)) };
}

/** A public key to check with. @throws {CommandError} `KEY_INVALID`, for a private one too */
export async function readPublicImageKey(file: string): Promise<PublicImageKey> {
  const text = await readPem(file);
  // Node would make the public key of a private one, and nobody would notice that it was lying about.
  if (text.includes("PRIVATE KEY"))
    throw invalid(`${file} is a private key: give the public one, and keep this one to yourself`);
  const publicKey = octetsOf(parsed(file, "public key", () => createPublicKey(text)));
  const root = rootOf(text);
  return { publicKey, ...(root && { root }) };
}

function rootOf(text: string): Root | undefined {
  return MARK.exec(text.split("-----BEGIN", 1)[0]!)?.[1] as Root | undefined;
}

function parsed(file: string, what: string, parse: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = parse();
  } catch (cause) {
    throw invalid(`${file} is no ${what} in PEM, or it has a password: make one with ecard image key`, cause);
  }
  if (key.asymmetricKeyType !== "ed25519")
    throw invalid(`${file} is not an Ed25519 key: make one with ecard image key`);
  return key;
}

async function readPem(file: string): Promise<string> {
  const octets = await readAtMost(file, KEY_FILE_MAX + 1).catch((cause: NodeJS.ErrnoException) => {
    throw invalid(`The key ${file} cannot be read (${cause.code}): check the name`, cause);
  });
  if (octets.length > KEY_FILE_MAX) throw invalid(`${file} is too long for a key: make one with ecard image key`);
  return octets.toString("latin1");
}

/** The 32 octets of a public key (RFC 8037 2). */
function octetsOf(publicKey: KeyObject): Uint8Array {
  return Uint8Array.from(Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url"));
}

function invalid(sentence: string, cause?: unknown): CommandError {
  return new CommandError("KEY_INVALID", sentence, EXIT.usage, { cause });
}
