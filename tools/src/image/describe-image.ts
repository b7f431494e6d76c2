// An image as facts for machines and as a table for people.

import { checkImage, imageDigest } from "@enabling-card/sdk";
import {
  equalBytes,
  type FirmwareImage,
  formatImageVersion,
  IMAGE_HEADER_SIZE,
  ImageError,
  type ImageErrorCode,
  ImageTlv,
  type TlvEntry,
  toHex,
} from "@enabling-card/wire";
import type { Paint } from "../output.js";
import { knownBoard } from "./board.js";
import type { Root } from "./choices.js";
import type { PublicImageKey } from "./image-keys.js";

const NAMES: Readonly<Record<number, string>> = {
  [ImageTlv.KeyHash]: "key",
  [ImageTlv.Digest]: "sha-256",
  [ImageTlv.Ed25519]: "ed25519",
  [ImageTlv.Counter]: "counter",
  [ImageTlv.Board]: "board",
};
/** Columns of the bar that shows how full the slot is. */
const BAR = 32;
/** Octets of a TLV's value that the table shows. */
const SHOWN = 16;

export interface ImageFacts {
  readonly version: string;
  readonly board: string;
  readonly counter: number;
  readonly loadAddress: number;
  readonly headerOctets: number;
  readonly programOctets: number;
  /** Header, program and TLVs. */
  readonly octets: number;
  /** Absent where the board is none of ours. */
  readonly slotOctets?: number;
  /** Hexadecimal, as all octets here. */
  readonly digest: string;
  readonly digestMatches: boolean;
  readonly signed: boolean;
  readonly keyHash?: string;
  readonly tlvs: readonly TlvFacts[];
  /** Of the key that was given: null where it signed this. */
  readonly key?: { readonly file: string; readonly root?: Root; readonly refusal: ImageErrorCode | null };
}

export interface TlvFacts {
  readonly area: TlvEntry["area"];
  readonly type: number;
  readonly name: string;
  readonly at: number;
  readonly octets: number;
  readonly value: string;
}

/** What an image says, and whether it is true as far as can be told without a key, or with `key`. */
export function imageFacts(
  bytes: Uint8Array,
  image: FirmwareImage,
  key?: PublicImageKey & { readonly file: string },
): ImageFacts {
  const slotOctets = knownBoard(image.board)?.slotSize;
  return {
    version: formatImageVersion(image.version),
    board: image.board,
    counter: image.counter,
    loadAddress: image.loadAddress,
    headerOctets: IMAGE_HEADER_SIZE,
    programOctets: image.body.length,
    octets: bytes.length,
    ...(slotOctets !== undefined && { slotOctets }),
    digest: toHex(image.digest),
    digestMatches: equalBytes(imageDigest(image), image.digest),
    signed: image.signature !== undefined,
    ...(image.signature && { keyHash: toHex(image.signature.keyHash) }),
    tlvs: image.tlvs.map(({ area, type, at, value }) => ({
      area,
      type,
      name: NAMES[type] ?? "",
      at,
      octets: value.length,
      value: toHex(value),
    })),
    ...(key && {
      key: { file: key.file, ...(key.root && { root: key.root }), refusal: refusalOf(bytes, key.publicKey) },
    }),
  };
}

function refusalOf(bytes: Uint8Array, publicKey: Uint8Array): ImageErrorCode | null {
  try {
    checkImage(bytes, { publicKey });
    return null;
  } catch (error) {
    if (error instanceof ImageError) return error.code;
    throw error;
  }
}

/** The table of `ecard image inspect`, at most 80 columns. */
export function imageLines(facts: ImageFacts, paint: Paint): string[] {
  const yes = (text: string) => `${paint("green", "✓")} ${text}`;
  const no = (text: string) => `${paint("red", "✗")} ${text}`;
  const rows: (readonly [name: string, value: string])[] = [
    ["version", facts.version],
    ["board", facts.board],
    ["counter", String(facts.counter)],
    ["load address", `0x${facts.loadAddress.toString(16).padStart(8, "0")}`],
    ["program", `${octetsText(facts.programOctets)}, behind a header of ${facts.headerOctets}`],
    ["whole", octetsText(facts.octets)],
    ["slot", slotText(facts)],
    ["digest", facts.digest],
    [
      "",
      facts.digestMatches
        ? yes("of header, program and protected TLVs")
        : no("header, program or protected TLVs were altered"),
    ],
    ["signed by", facts.keyHash ?? "nobody"],
    ["", signerText(facts, yes, no)],
  ];
  const tlvs = facts.tlvs.map((tlv) => {
    const kind = `0x${tlv.type.toString(16).padStart(2, "0")} ${tlv.name}`;
    return `  ${String(tlv.at).padStart(8)}  ${tlv.area.padEnd(9)}  ${kind.padEnd(12)}  ${String(tlv.octets).padStart(6)}  ${valueText(tlv, facts)}`;
  });
  return [
    ...rows
      .filter(([name, value]) => name !== "" || value !== "")
      .map(([name, value]) => `  ${paint("dim", name.padEnd(14))}${value}`),
    "",
    paint("bold", `  ${"at".padStart(8)}  ${"TLVs".padEnd(9)}  ${"type".padEnd(12)}  octets  value`),
    ...tlvs,
  ];
}

/** A value as a person reads it: the first octets of a long one. */
function valueText({ type, value }: TlvFacts, { counter, board }: ImageFacts): string {
  if (type === ImageTlv.Counter) return String(counter);
  if (type === ImageTlv.Board) return board;
  return value.length > 2 * SHOWN ? `${value.slice(0, 2 * SHOWN)}…` : value;
}

function slotText({ octets, slotOctets }: ImageFacts): string {
  if (slotOctets === undefined) return "unknown: none of our boards";
  const share = octets / slotOctets;
  const full = Math.min(BAR, Math.ceil(share * BAR));
  return `${"█".repeat(full)}${"░".repeat(BAR - full)} ${(100 * share).toFixed(1)} % of ${thousands(slotOctets)}`;
}

type Told = (text: string) => string;

function signerText({ signed, key }: ImageFacts, yes: Told, no: Told): string {
  if (key?.refusal === null)
    return yes(`the ${key.root === undefined ? "" : `${key.root} `}key given, over this digest`);
  if (key !== undefined) return no(`not the key given [${key.refusal}]`);
  return signed ? "not checked: give --key, or see ecard image verify" : "";
}

function octetsText(octets: number): string {
  return `${thousands(octets)} ${octets === 1 ? "octet" : "octets"}`;
}

function thousands(value: number): string {
  return value.toLocaleString("en-US");
}
