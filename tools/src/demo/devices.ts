// Which cards the demonstration can be given. Apart from what they need: help loads none of it.

export const DEVICES = ["emulator", "qemu"] as const;
export type Device = (typeof DEVICES)[number];
