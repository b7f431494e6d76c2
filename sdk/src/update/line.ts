// What a way to a card's serial line, or to its loader, must give: octets, in any portions. A serial line in Node or in a browser, QEMU's, or a loader in memory.

export interface UpdateLine {
  /** Resolves when the line has taken the octets. @throws {CardError} `LINK_LOST` */
  write(octets: Uint8Array): Promise<void>;
  /** Octets from now on. Returns how to stop. */
  onOctets(listener: (octets: Uint8Array) => void): () => void;
  /** Called once when the line goes; at once where it has gone. Returns how to stop. */
  onClose(listener: () => void): () => void;
  close(): Promise<void>;
}
