/**
 * Primitives, as a machine gives them: @noble in the emulator, a C library on the microcontroller, the same Wycheproof
 * cases on both. Compositions (HMAC, HKDF, Noise, HPKE, COSE) are firmware/crypto's and the wallet's.
 *
 * All pointers are the caller's memory; nothing is kept after the call. Keys are 32 octets, nonces 12, tags 16,
 * signatures 64. Comparisons of tags and signatures take constant time.
 */

/** SHA-256 (FIPS 180-4) of `length` octets at `data`, to 32 octets at `out`; `out` may overlap `data`. */
// @ts-ignore: decorator
@external("crypto", "sha256")
export declare function sha256(data: usize, length: i32, out: usize): void;

/** X25519 (RFC 7748 5). `CryptoFailed` where the result is all zero (a point of small order); `out` is then zeroed. */
// @ts-ignore: decorator
@external("crypto", "x25519")
export declare function x25519(secret: usize, point: usize, out: usize): i32;

/** ChaCha20-Poly1305 (RFC 8439 2.8), in place: ciphertext over the plaintext, the tag right behind it. */
// @ts-ignore: decorator
@external("crypto", "seal")
export declare function seal(key: usize, nonce: usize, aad: usize, aadLength: i32, data: usize, length: i32): void;

/** The reverse: `length` counts the ciphertext with its tag. `CryptoFailed`, and not an octet changed, where it was altered. */
// @ts-ignore: decorator
@external("crypto", "open")
export declare function open(key: usize, nonce: usize, aad: usize, aadLength: i32, data: usize, length: i32): i32;

/** Ed25519 (RFC 8032 5.1.7, strict: canonical S and point encodings). `CryptoFailed` where the signature does not hold. */
// @ts-ignore: decorator
@external("crypto", "verify")
export declare function verify(publicKey: usize, data: usize, length: i32, signature: usize): i32;
