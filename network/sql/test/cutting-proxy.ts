// A server of PostgreSQL behind a line that can be cut amid a commit: before it gets there, or before its answer is back.

import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface CuttingProxy {
  /** The store's URL, by way of this line. */
  readonly url: string;
  /** Cuts the line of the next commit that writes. @param isDone - Whether the server still gets it. @param stays - Whether no other line is to be had from then on */
  cutNext(isDone: boolean, stays?: boolean): void;
  /** Lines are to be had again. */
  mend(): void;
  /** How many lines were cut amid a commit. */
  readonly cuts: number;
  close(): void;
}

export async function cuttingProxy(storeUrl: string): Promise<CuttingProxy> {
  const url = new URL(storeUrl);
  const target = Number(url.port);
  let next: { readonly isDone: boolean; readonly stays: boolean } | undefined;
  let isDown = false;
  let cuts = 0;
  const lines = new Set<Socket>();
  const server = createServer((client) => {
    if (isDown) return void client.destroy();
    lines.add(client);
    const line = connect(target, "127.0.0.1");
    let isDoomed = false;
    client.on("error", () => undefined);
    line.on("error", () => undefined);
    client.on("data", (chunk) => {
      if (next !== undefined && !isDoomed && chunk.includes("INSERT INTO commits") && chunk.includes("COMMIT")) {
        const { isDone, stays } = next;
        next = undefined;
        isDoomed = true;
        isDown = stays;
        cuts++;
        if (stays) for (const other of lines) if (other !== client) other.destroy();
        if (!isDone) {
          client.destroy();
          line.destroy();
          return;
        }
      }
      line.write(chunk);
    });
    line.on("data", (chunk) => {
      if (isDoomed)
        client.destroy(); // the server has answered, so it is done
      else client.write(chunk);
    });
    client.on("close", () => {
      lines.delete(client);
      line.destroy();
    });
    line.on("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cutNext: (isDone, stays = false) => {
      next = { isDone, stays };
    },
    mend: () => {
      isDown = false;
    },
    get cuts() {
      return cuts;
    },
    close: () => server.close(),
  };
}
