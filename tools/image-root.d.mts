export function developmentImageRoot(): { readonly privatePem: string; readonly publicKey: Uint8Array };
export function publicImageRoot(pem: string): Uint8Array;
