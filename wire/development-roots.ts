// Public halves of the sample keys that everybody has (network/issuer, "sampleKeys"): what no card that pays may pin (rule 2).
// A test holds the list to the keys.

/** Ed25519 public keys in hexadecimal: issuer root, maker root, ledger node, image root. */
export const DEVELOPMENT_ROOTS: readonly string[] = [
  "7dcfddbd71ed13a7344b67d301523ff8df5fed69ee69ed3f0086e3d0feb34928",
  "c9f8cc70341014664b952cb6a0cf50f21c6d49294a240200660983a9ec86a471",
  "93b2525d4b315e8e741af69963b80c40e2e29a52dfda22509806e3caa1b00c80",
  "e840db6352aba49d574a9dafc783401ce4c71d9a338b889c2cbcc109b7a050d1",
];
