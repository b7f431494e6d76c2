// One request, one reply, one TCP connection. Whatever the host does, this ends: with its message or with a `PosError`.
import { connect } from "node:net";
import { decode, encode, FrameReader, frame, Iso8583Error, type Message } from "@enabling-card/iso8583";
import { PosError } from "../errors.js";

export interface HostAddress {
  readonly host: string;
  readonly port: number;
}

export interface ExchangeOptions {
  /** From the call to the reply, milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends `request` and returns the first message that comes back, decoded, not yet judged.
 *
 * @throws {@link PosError} `BAD_ARGUMENT` for a request or port that cannot be sent, `HOST_UNREACHABLE`, `HOST_LOST`, `HOST_TIMEOUT`, `HOST_BAD_REPLY`, `ABORTED`.
 */
export async function exchange(address: HostAddress, request: Message, options: ExchangeOptions): Promise<Message> {
  const framed = framedRequest(request);
  if (!(Number.isInteger(address.port) && address.port > 0 && address.port < 65_536)) {
    throw new PosError("BAD_ARGUMENT", `${address.port} is no TCP port`);
  }
  const { timeoutMs, signal } = options;
  const where = `${address.host}:${address.port}`;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new PosError("ABORTED", "The transaction was cancelled before it was sent"));
    const reader = new FrameReader();
    const socket = connect(address.port, address.host);
    let connected = false;
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      socket.destroy();
      settle();
    };
    const fail = (code: PosError["code"], message: string, cause?: unknown): void =>
      end(() => reject(new PosError(code, message, { cause })));
    const aborted = (): void => fail("ABORTED", "The transaction was cancelled; the host may have decided it");
    const timer = setTimeout(
      () =>
        fail("HOST_TIMEOUT", `${where} gave no reply in ${timeoutMs} ms${connected ? "" : ": not even a connection"}`),
      timeoutMs,
    );
    signal?.addEventListener("abort", aborted, { once: true });

    socket.on("connect", () => {
      connected = true;
      socket.write(framed);
    });
    socket.on("data", (chunk) => {
      try {
        const [first] = reader.push(chunk);
        if (first === undefined) return;
        const reply = decode(first);
        end(() => resolve(reply));
      } catch (cause) {
        fail("HOST_BAD_REPLY", `${where} sent what is no ISO 8583 message: ${(cause as Error).message}`, cause);
      }
    });
    socket.on("error", (cause) =>
      connected
        ? fail("HOST_LOST", `The connection to ${where} broke before the reply`, cause)
        : fail("HOST_UNREACHABLE", `No connection to ${where}: ${cause.message || "refused"}`, cause),
    );
    socket.on("close", () =>
      fail("HOST_LOST", `${where} closed the connection before ${reader.idle ? "its reply" : "the end of its reply"}`),
    );
  });
}

function framedRequest(request: Message): Uint8Array {
  try {
    return frame(encode(request));
  } catch (cause) {
    if (cause instanceof Iso8583Error) throw new PosError("BAD_ARGUMENT", cause.message, { cause });
    throw cause;
  }
}
