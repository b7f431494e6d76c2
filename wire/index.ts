// What card, phone and issuer say to each other: numbers, limits and codecs (docs/protocol.md). Looks at nobody.

export * from "./bytes.js";
export * from "./card-log.js";
export * from "./cbor.js";
export * from "./certificate.js";
export * from "./chunk.js";
export * from "./codes.js";
export * from "./cose.js";
export * from "./development-roots.js";
export * from "./errors.js";
export * from "./grant.js";
export * from "./image.js";
export * from "./image-errors.js";
export * from "./image-numbers.js";
export * from "./image-version.js";
export * from "./labels.js";
export * from "./limits.js";
export * from "./loader.js";
export * from "./machine.js";
export * from "./message.js";
export * from "./pairing-code.js";
export * from "./receipt.js";
export * from "./smp.js";
export * from "./smp-console.js";
export * from "./smp-numbers.js";
export * from "./status.js";
