// The operations that the page begins, counted, and held back while the emulated radio ends a connection: an operation that is under way by then is dropped
// by the browser, and no promise of the page's Bluetooth is settled any more (../peripheral.ts). What was held goes on as soon as the page knows of the end,
// and fails as any that comes too late.

interface Device extends EventTarget {
  readonly gatt: { readonly connected: boolean };
}

type Operation = (this: { readonly service: { readonly device: Device } }, ...given: unknown[]) => Promise<unknown>;

const OPERATIONS = ["readValue", "writeValueWithResponse", "writeValueWithoutResponse"] as const;

const shape = (
  globalThis as { BluetoothRemoteGATTCharacteristic?: { prototype: Record<(typeof OPERATIONS)[number], Operation> } }
).BluetoothRemoteGATTCharacteristic?.prototype;

let begun = 0;
let device: Device | undefined;
let held: Promise<void> | undefined;
let letGo: () => void = () => undefined;

for (const name of shape === undefined ? [] : OPERATIONS) {
  const begin = shape![name];
  shape![name] = async function (...given) {
    device = this.service.device;
    while (held !== undefined) await held;
    if (device.gatt.connected) begun++;
    return begin.apply(this, given);
  };
}

/** How many were begun on this connection. */
export function hold(): number {
  held ??= new Promise((resolve) => {
    letGo = resolve;
  });
  return begun;
}

/** The radio has ended the connection. */
export async function release(): Promise<void> {
  if (device?.gatt.connected) {
    await new Promise((resolve) => device!.addEventListener("gattserverdisconnected", resolve, { once: true }));
  }
  begun = 0;
  held = undefined;
  letGo();
}
