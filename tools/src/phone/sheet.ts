// The sheet that comes with a card, as a person gives it: its folder, a file, or a line of text. It is a secret: nothing of it is ever repeated.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { readMakerRoot, SHEET_TEXT } from "../card-folder.js";
import { CommandError, EXIT } from "../exit-codes.js";
import { readAtMost } from "../read-at-most.js";

export interface Sheet {
  readonly pairingCode: string;
  readonly makerRoot: Uint8Array;
}

const CODE_MAX = 256;

/**
 * @param path - A folder of `ecard personalise`, a file with the code, or `-` for standard input.
 * @param makerRoot - In place of what the folder says.
 * @throws {CommandError} `SHEET_UNREADABLE`, `MAKER_ROOT_MISSING`
 */
export async function readSheet(
  path: string,
  makerRoot: Uint8Array | undefined,
  stdin: AsyncIterable<Uint8Array>,
): Promise<Sheet> {
  const isFolder = path !== "-" && (await stat(path).catch(unreadable(path))).isDirectory();
  const root = makerRoot ?? (isFolder ? readMakerRoot(path) : undefined);
  if (root === undefined) {
    const sentence = "Which cards are genuine: give --maker-root, the maker's public key (maker-root.txt)";
    throw new CommandError("MAKER_ROOT_MISSING", sentence, EXIT.usage);
  }
  if (path === "-") return { pairingCode: await line(stdin), makerRoot: root };
  const file = isFolder ? join(path, SHEET_TEXT) : path;
  const octets = await readAtMost(file, CODE_MAX).catch(unreadable(file));
  return { pairingCode: new TextDecoder().decode(octets), makerRoot: root };
}

/** The first line; of one without an end, at most so much. */
async function line(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const octets of stdin) {
    text += new TextDecoder().decode(octets);
    if (text.includes("\n") || text.length > CODE_MAX) break;
  }
  return text.split("\n")[0]!.slice(0, CODE_MAX);
}

function unreadable(path: string): (cause: NodeJS.ErrnoException) => never {
  return (cause) => {
    const sentence = `The sheet ${path} cannot be read (${cause.code}): name its folder, or its file`;
    throw new CommandError("SHEET_UNREADABLE", sentence, EXIT.usage, { cause });
  };
}
