// The browser's emulated Bluetooth can answer reads, and cannot notify. While the page is subscribed one real read is kept pending, which is answered
// when the card notifies: by the specification a read fires the same event on the same characteristic as a notification, so that the adapter notices nothing.

interface Characteristic {
  readonly service: { readonly device: { readonly gatt: { readonly connected: boolean } } };
  startNotifications(): Promise<unknown>;
  readValue(): Promise<unknown>;
}

const shape = (globalThis as { BluetoothRemoteGATTCharacteristic?: { prototype: Characteristic } })
  .BluetoothRemoteGATTCharacteristic?.prototype;

if (shape !== undefined) {
  const start = shape.startNotifications;
  shape.startNotifications = async function (this: Characteristic) {
    const started = await start.call(this);
    void listen(this);
    return started;
  };
}

async function listen(characteristic: Characteristic): Promise<void> {
  while (characteristic.service.device.gatt.connected) {
    try {
      await characteristic.readValue();
    } catch {
      return;
    }
  }
}
