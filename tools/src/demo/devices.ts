// Which cards the demonstration can be given, and how a phone can talk to them. Apart from what they need: help loads none of it.

export const DEVICES = ["emulator", "qemu"] as const;
export type Device = (typeof DEVICES)[number];

/** `memory`: chunks from hand to hand, as the card's serial line carries them. `noble`: Bluetooth LE over an emulated air, by noble's own stack. `web-bluetooth`: a page in Chromium, whose emulated radio noble's is behind. */
export const TRANSPORTS = ["memory", "noble", "web-bluetooth"] as const;
export type Transport = (typeof TRANSPORTS)[number];
