// A terminal's line, for tests: requests out at once, answers in the order in which they come.

import { connect } from "node:net";
import { decode, encode, FrameReader, frame, type Message } from "@enabling-card/iso8583";

export async function answersOf(
  { host, port }: { readonly host: string; readonly port: number },
  messages: readonly Message[],
): Promise<Message[]> {
  const socket = connect(port, host);
  const reader = new FrameReader();
  const answers: Message[] = [];
  socket.write(Buffer.concat(messages.map((message) => frame(encode(message)))));
  for await (const chunk of socket) {
    answers.push(...reader.push(chunk as Buffer).map(decode));
    if (answers.length === messages.length) break;
  }
  return answers;
}

/** Approved, or the network's own name of the decline. */
export function saidOf({ fields }: Message): string | undefined {
  return fields[39] === "00" ? "APPROVED" : fields[44];
}
