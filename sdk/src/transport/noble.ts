// What is used of @stoprocent/noble (2.8), as a shape: whoever has noble hands it in.

import type { KnownCharacteristic, KnownService } from "./known-tables.js";

// biome-ignore lint/suspicious/noExplicitAny: noble's events have listeners of many shapes
type Listener = (...values: any[]) => void;

interface Emitter {
  on(event: string, listener: Listener): unknown;
  removeListener(event: string, listener: Listener): unknown;
}

export interface NobleCharacteristic extends Emitter {
  readonly uuid: string;
  /** Takes a Buffer, and no other octets. */
  writeAsync(data: Buffer, withoutResponse: boolean): Promise<void>;
  subscribeAsync(): Promise<void>;
}

export interface NobleService extends Emitter {
  readonly uuid: string;
  discoverCharacteristicsAsync(characteristics: string[]): Promise<readonly NobleCharacteristic[]>;
}

export interface NoblePeripheral extends Emitter {
  readonly id: string;
  readonly address?: string;
  readonly state?: string;
  services?: unknown;
  readonly rssi: number;
  /** The server's, once it was exchanged; null before. */
  readonly mtu: number | null;
  readonly advertisement: { readonly localName?: string; readonly manufacturerData?: Uint8Array };
  connectAsync(options?: object): Promise<void>;
  cancelConnect(): void;
  disconnectAsync(): Promise<void>;
  discoverServicesAsync(services: string[]): Promise<readonly NobleService[]>;
  /** No octets where the server refuses. */
  readHandleAsync?(handle: number): Promise<Uint8Array>;
  writeHandleAsync?(handle: number, data: Buffer, withoutResponse: boolean): Promise<unknown>;
}

/** What is used of noble. */
export interface Noble extends Emitter {
  waitForPoweredOnAsync(timeoutMs?: number): Promise<void>;
  startScanningAsync(services?: string[], allowDuplicates?: boolean): Promise<void>;
  stopScanningAsync(): Promise<void>;
  /** What noble's HCI binding takes of a table that is known. */
  addServices?(id: string, services: Omit<KnownService, "characteristics">[]): unknown;
  addCharacteristics?(
    id: string,
    service: string,
    characteristics: KnownCharacteristic[],
  ): readonly NobleCharacteristic[] | undefined;
}
