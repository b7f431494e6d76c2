// A host for tests: answers each request with what the test says, byte for byte if it must.
import { createServer, type Socket } from "node:net";
import { decode, encode, FrameReader, frame, type Message } from "@enabling-card/iso8583";

/** What a host does with a request. Returning a message sends it. */
export type Behaviour = (request: Message, socket: Socket) => Message | undefined;

export interface FakeHost extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly requests: Message[];
}

export async function fakeHost(behaviour: Behaviour): Promise<FakeHost> {
  const requests: Message[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    const reader = new FrameReader();
    socket.on("data", (chunk) => {
      for (const bytes of reader.push(chunk)) {
        const request = decode(bytes);
        requests.push(request);
        const reply = behaviour(request, socket);
        if (reply !== undefined) socket.write(frame(encode(reply)));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    host: "127.0.0.1",
    port: address.port,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An approval of `request`, with changes. */
export function approval(request: Message, changes: Message["fields"] = {}, mti = "0110"): Message {
  const { 3: processing, 4: amount, 7: sent, 11: stan, 37: rrn, 41: terminal, 49: currency } = request.fields;
  const echoed = { 3: processing!, 4: amount!, 7: sent!, 11: stan!, 37: rrn!, 41: terminal!, 49: currency! };
  return { mti, fields: { ...echoed, 38: "A1B2C3", 39: "00", ...changes } };
}
