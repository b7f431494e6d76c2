export function developmentImageRoot(): { readonly privatePem: string; readonly publicKey: Uint8Array };
export function productionImageRoot(pem: string): Uint8Array;
