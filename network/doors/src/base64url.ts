// Octets in JSON: base64url without padding (RFC 4648 5).

/**
 * Canonical base64url alone: one text an octet string.
 *
 * @param refused - The service's `BAD_REQUEST`, of what is wrong
 * @param size - Octets, where they have to be so many
 */
export function octetsOf(text: string, refused: (detail: string) => Error, size?: number): Uint8Array {
  const octets = Buffer.from(text, "base64url");
  if (octets.toString("base64url") !== text) throw refused("not base64url");
  if (size !== undefined && octets.length !== size) throw refused(`expected ${size} octets`);
  return Uint8Array.from(octets);
}
