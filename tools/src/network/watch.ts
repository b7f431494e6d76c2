// The messages of a network that runs elsewhere: server-sent events of its watch door, until it ends.

import type { WatchedMessage } from "@enabling-card/network";
import { CommandError, EXIT } from "../exit-codes.js";

/** Of an event that does not end, octets. */
const EVENT_MAX = 64 * 1024;

/** @throws {CommandError} `NETWORK_UNREACHABLE` where nobody is there, or something else */
export async function* watchedMessages(url: string, signal: AbortSignal): AsyncGenerator<WatchedMessage> {
  const unreachable = (cause: unknown, what: string) => {
    const message = `No network is to be watched at ${url} (${what}): start it with ecard network start, or give --url`;
    return new CommandError("NETWORK_UNREACHABLE", message, EXIT.unavailable, { cause });
  };
  const response = await fetch(url, { signal }).catch((cause) => {
    throw signal.aborted ? cause : unreachable(cause, "nobody answers");
  });
  if (!response.headers.get("content-type")?.startsWith("text/event-stream") || response.body === null) {
    throw unreachable(undefined, `it answers ${response.status}, and no events`);
  }
  let unread = "";
  const text = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    unread += text.decode(chunk, { stream: true });
    const events = unread.split("\n\n");
    unread = events.pop()!;
    if (unread.length > EVENT_MAX) throw unreachable(undefined, "what it sends are no events");
    for (const event of events) {
      if (event.startsWith("data: ")) yield JSON.parse(event.slice("data: ".length)) as WatchedMessage;
    }
  }
}
