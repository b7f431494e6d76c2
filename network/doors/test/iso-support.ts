// A request, who approves it, and keys of a line, for the tests of lines.

import type { Socket } from "node:net";
import type { Message } from "@enabling-card/iso8583";
import { answerFields, lineKeys, type Serve } from "../src/index.js";

export const KEYS = lineKeys(new Uint8Array(32).fill(1));
export const request = (stan: number, change: Message["fields"] = {}): Message => ({
  mti: "0100",
  fields: {
    ...{ 3: "000000", 4: "000000000950", 7: "1130120000", 11: String(stan).padStart(6, "0"), 32: "999999" },
    ...{ 41: "POS00001", ...change },
  },
});
export const approve: Serve = (message, answer) => {
  const { mti, fields } = answerFields(message);
  answer({ mti, fields: { ...fields, 39: "00" } });
};

export const closed = (socket: Socket) => new Promise((resolve) => socket.once("close", resolve));
