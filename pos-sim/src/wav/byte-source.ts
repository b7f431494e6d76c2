// Bytes from chunks of any size, a few at a time or as they come. Holds one chunk.

export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** Bytes taken so far. */
  position = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Up to `limit` bytes of what is at hand, or undefined at the end. Valid until the next call. */
  async some(limit: number): Promise<Uint8Array | undefined> {
    while (this.#at === this.#chunk.length) {
      const next = await this.#chunks.next();
      if (next.done === true) return undefined;
      this.#chunk = next.value;
      this.#at = 0;
    }
    const part = this.#chunk.subarray(this.#at, Math.min(this.#chunk.length, this.#at + limit));
    this.#at += part.length;
    this.position += part.length;
    return part;
  }

  /** `count` bytes as a copy, or fewer where the source ends. */
  async take(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      const part = await this.some(count - filled);
      if (part === undefined) return bytes.subarray(0, filled);
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  /** Puts `bytes`, the last that were taken, before what comes next. */
  giveBack(bytes: Uint8Array): void {
    const rest = this.#chunk.subarray(this.#at);
    this.#chunk = new Uint8Array(bytes.length + rest.length);
    this.#chunk.set(bytes);
    this.#chunk.set(rest, bytes.length);
    this.#at = 0;
    this.position -= bytes.length;
  }

  /** Passes over `count` bytes; false where the source ends before. */
  async skip(count: number): Promise<boolean> {
    for (let left = count; left > 0; ) {
      const part = await this.some(left);
      if (part === undefined) return false;
      left -= part.length;
    }
    return true;
  }

  /** Lets the source go: closes a file that was not read to its end. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
