// Serial ports by npm's serialport: which there are, and one as a line to a card. 115,200 baud, 8N1, no flow control.

import type { UpdateLine } from "@enabling-card/sdk";
import { CommandError, EXIT } from "../exit-codes.js";
import type { OpenLine } from "./qemu-line.js";

/** A port as the system tells of it; vendor and product as USB has them, in the shape of the Web Serial API's `getInfo`. */
export interface SerialPortFacts {
  readonly path: string;
  readonly manufacturer?: string;
  readonly serialNumber?: string;
  readonly usbVendorId?: number;
  readonly usbProductId?: number;
}

const BAUD = 115_200;

/** Loaded when it is needed: it brings a native part. @throws {CommandError} `SERIAL_UNAVAILABLE` */
async function library(): Promise<typeof import("serialport")> {
  try {
    return await import("serialport");
  } catch (cause) {
    const sentence = "Serial ports cannot be used here: npm's serialport did not install; run npm ci";
    throw new CommandError("SERIAL_UNAVAILABLE", sentence, EXIT.unavailable, { cause });
  }
}

/** Ports that there are, those of USB first. @throws {CommandError} `SERIAL_UNAVAILABLE` */
export async function serialPorts(): Promise<readonly SerialPortFacts[]> {
  const { SerialPort } = await library();
  const found = await SerialPort.list().catch((cause: NodeJS.ErrnoException) => {
    const sentence = `The system does not list its serial ports (${cause.path ?? cause.message} is missing): name one with --port; on Debian, udev lists them`;
    throw new CommandError("SERIAL_UNAVAILABLE", sentence, EXIT.unavailable, { cause });
  });
  const hex = (text: string | undefined) => (text === undefined ? undefined : Number.parseInt(text, 16));
  return found
    .map(({ path, manufacturer, serialNumber, vendorId, productId }): SerialPortFacts => {
      const [usbVendorId, usbProductId] = [hex(vendorId), hex(productId)];
      return {
        path,
        ...(manufacturer && { manufacturer }),
        ...(serialNumber && { serialNumber }),
        ...(usbVendorId !== undefined && { usbVendorId }),
        ...(usbProductId !== undefined && { usbProductId }),
      };
    })
    .sort((a, b) => Number(b.usbVendorId !== undefined) - Number(a.usbVendorId !== undefined));
}

/** Opens a port. @throws {CommandError} `SERIAL_UNAVAILABLE`, `PORT_UNUSABLE` */
export async function openSerial(path: string): Promise<OpenLine> {
  const { SerialPort } = await library();
  const port = new SerialPort({ path, baudRate: BAUD, autoOpen: false });
  await new Promise<void>((resolve, reject) => {
    port.open((cause) => {
      if (!cause) return resolve();
      const sentence = `The serial port ${path} cannot be used (${cause.message}): check its name, and that this user may use it`;
      reject(new CommandError("PORT_UNUSABLE", sentence, EXIT.unavailable, { cause }));
    });
  });
  const line: UpdateLine = {
    write: (octets) =>
      new Promise((resolve, reject) => {
        port.write(octets, (cause) => (cause ? reject(cause) : port.drain(() => resolve())));
      }),
    onOctets: (listener) => {
      const hear = (octets: Uint8Array) => listener(octets);
      port.on("data", hear);
      return () => port.off("data", hear);
    },
    onClose: (listener) => {
      port.on("close", listener);
      return () => port.off("close", listener);
    },
    close: () => new Promise((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve())),
  };
  return { line, close: () => line.close() };
}
