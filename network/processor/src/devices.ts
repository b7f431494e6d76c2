// Devices of a card's holder (system 5): registered by the key that each will show codes with, and removed, under the card's access key; so many of a card.

import { randomBytes } from "node:crypto";
import type { Repeatable } from "@enabling-card/sql";
import { DEVICE_KEY_SIZE } from "./device-mac.js";
import { ProcessorError } from "./errors.js";
import { type AccountName, KEPT_S, type Processor } from "./processor.js";

/** Of one card, at once. */
export const DEVICES_MAX = 16;
/** With those that were removed and whose codes are kept still. */
export const DEVICES_KEPT_MAX = 256;

/**
 * A device that comes with its key. The same request under the same idempotency key gets the same answer.
 *
 * @returns what codes are made for it by
 * @throws {ProcessorError} `BAD_REQUEST`, `DEVICE_LIMIT`, `IDEMPOTENCY_MISMATCH`, what `FindAccount` throws: none is registered then
 */
export async function addDevice(
  processor: Processor,
  account: AccountName,
  key: Uint8Array,
  idempotencyKey: string,
): Promise<string> {
  if (key.length !== DEVICE_KEY_SIZE) throw new ProcessorError("BAD_REQUEST", { detail: "a key has 16 octets" });
  await processor.account(account);
  const owner = processor.nameOf("owner", account.cardId);
  const asked = ["device", account.tokenRef, Buffer.from(key).toString("hex")];
  const repeat: Repeatable = { owner: account.cardId, key: idempotencyKey, asked };
  return processor.atomicallyOnce(repeat, async (kept) => {
    await kept.forget(processor.now() - KEPT_S);
    const { all, registered } = await kept.devices.count(owner);
    if (registered >= DEVICES_MAX || all >= DEVICES_KEPT_MAX) throw new ProcessorError("DEVICE_LIMIT");
    const device = randomBytes(16).toString("base64url");
    await kept.devices.add(device, processor.sealKey(key), owner);
    return device;
  });
}

/** It shows no code any more, and its open ones pay nothing. Twice is once. @throws {ProcessorError} `DEVICE_UNKNOWN`, of another's, too; as `addDevice` */
export async function removeDevice(
  processor: Processor,
  account: AccountName,
  device: string,
  idempotencyKey: string,
): Promise<string> {
  await processor.account(account);
  const owner = processor.nameOf("owner", account.cardId);
  const asked = ["remove device", account.tokenRef, device];
  return processor.atomicallyOnce({ owner: account.cardId, key: idempotencyKey, asked }, async (kept) => {
    if ((await kept.devices.find(device))?.owner !== owner) throw new ProcessorError("DEVICE_UNKNOWN");
    await kept.devices.remove(device);
    return device;
  });
}
