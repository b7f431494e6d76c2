// What the apps' own packages give, as far as the examples use it: they are the apps' to install, and these types are checked against the adapters'.
declare module "react-native-ble-plx" {
  import type { BlePlxManager } from "@enabling-card/sdk";
  export const BleManager: new () => BlePlxManager;
}
declare module "@capacitor-community/bluetooth-le" {
  import type { CapacitorBleClient } from "@enabling-card/sdk";
  export const BleClient: CapacitorBleClient;
}
