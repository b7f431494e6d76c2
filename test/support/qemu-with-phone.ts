// The card's image in QEMU, personalised, with its owner's phone and an issuer that knows both: where a payment on the microcontroller begins.

import { MemoryBlock, QemuCard, type QemuCardOptions } from "@enabling-card/emulator";
import { Card, type CardTransport, type GrantBundle, MemoryPairingStore, memoryTransport } from "@enabling-card/sdk";
import { type BuiltImage, setTable } from "@enabling-card/tools";

export interface QemuWithPhone {
  readonly qemu: QemuCard;
  readonly air: CardTransport;
  readonly store: MemoryPairingStore;
  /** The phone as it was paired; whoever loses it connects anew. */
  readonly phone: Card;
  /** A grant of one emission that answers a phone's newest challenge. */
  grant(phone: Card): Promise<GrantBundle>;
  close(): Promise<void>;
}

export interface QemuWithPhoneOptions extends Pick<QemuCardOptions, "seed" | "icount" | "radio" | "halts"> {
  /** The card's serial line, unless told. */
  readonly transport?: CardTransport;
  /** What happens to the card before the phone comes. */
  readonly before?: (qemu: QemuCard) => Promise<void>;
}

export async function qemuWithPhone(
  built: BuiltImage,
  { transport, before, ...options }: QemuWithPhoneOptions,
): Promise<QemuWithPhone> {
  const block = new MemoryBlock();
  const { client, made, makerRoot, service } = await setTable({ block });
  const qemu = await QemuCard.start({ ...built, flash: block.snapshot(), autoPress: true, ...options });
  const close = async () => {
    await qemu.stop();
    await service.close();
  };
  try {
    await before?.(qemu);
    const air = transport ?? memoryTransport([qemu]);
    const store = new MemoryPairingStore();
    const phone = await Card.pair(air, made.pairingCode, { store, phoneName: "Ada's phone", makerRoot });
    await client.enrol(phone.certificate, "Ada's phone");
    const { tokenRef } = await client.createToken(phone.cardId, "LOVELACE/ADA");
    const grant = ({ cardId, info }: Card) =>
      client.grant({
        ...{ cardId, tokenRef, challenge: info.challenge, checkpointSize: info.checkpointSize },
        domain: { requestor: "test", channel: 0, country: 276, maxAmount: 1000 },
        ...{ maxEmissions: 1, kind: "online" },
      });
    return { qemu, air, store, phone, grant, close };
  } catch (error) {
    await close();
    throw error;
  }
}
