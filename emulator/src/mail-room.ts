// Where letters between modules wait, and what a hostile link does to the sealed ones on their way (courier.ts).

import { MAIL_SIZE, ModuleId, Status } from "@enabling-card/wire";
import { type Courier, isSealed } from "./courier.js";
import { type ModuleName, moduleNameOf } from "./modules.js";
import type { Timeline } from "./ports/clock.js";
import { type Letter, mailName, PostOffice } from "./ports/mailbox.js";
import type { Trace } from "./trace.js";

export class MailRoom {
  courier: Courier = (mail) => [mail];
  readonly #timeline: Timeline;
  readonly #trace: Trace;
  readonly #post = new PostOffice();

  constructor(timeline: Timeline, trace: Trace) {
    this.#timeline = timeline;
    this.#trace = trace;
  }

  /** The next letter, in the order in which they were sent. */
  take(): Letter | undefined {
    return this.#post.take();
  }

  /** Throws away what waits for a module, or for all. */
  forget(to?: ModuleId): void {
    this.#post.forget(to);
  }

  /** `Full` where the receiver has as many waiting as may. */
  send(letter: Letter): Status {
    const kind = letter.bytes[0]!;
    this.#trace.add({
      kind: "mail",
      from: nameOf(letter.from),
      to: nameOf(letter.to),
      name: mailName(kind),
      length: letter.bytes.length,
    });
    if (letter.from !== ModuleId.Link || !isSealed(kind)) return this.#put(letter);

    const delivered = this.courier({ to: letter.to as ModuleId.Wallet | ModuleId.Authenticator, bytes: letter.bytes });
    if (delivered.length !== 1 || delivered[0]!.bytes !== letter.bytes) {
      this.#trace.add({ kind: "courier", name: mailName(kind), delivered: delivered.length });
    }
    for (const { to, bytes, delayNs = 0 } of delivered) {
      const later = { from: ModuleId.Link, to, bytes: bytes.slice(0, MAIL_SIZE) };
      if (delayNs > 0) this.#timeline.schedule(this.#timeline.nowNs + delayNs, () => this.#putOrDrop(later));
      else if (delivered.length === 1) return this.#put(later);
      else this.#putOrDrop(later);
    }
    return Status.Ok;
  }

  #put(letter: Letter): Status {
    return this.#post.put(letter) ? Status.Ok : Status.Full;
  }

  #putOrDrop(letter: Letter): void {
    if (this.#post.put(letter)) return;
    this.#trace.add({ kind: "mail-dropped", to: nameOf(letter.to), name: mailName(letter.bytes[0]!) });
  }
}

/** Who writes, and to whom: the loader and the machine under all have letters too. */
function nameOf(id: ModuleId): ModuleName | "loader" | "machine" {
  return moduleNameOf(id) ?? (id === ModuleId.Loader ? "loader" : "machine");
}
