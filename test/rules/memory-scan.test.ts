// Rule 12 and "the card loses the secure information": after a completion no octet of the card's memories tells a token, a key, a
// track or a discretionary digit, in any form they were in before.

import { Region } from "@enabling-card/emulator";
import { mintPan } from "@enabling-card/issuer";
import { coilSignal, readSamples } from "@enabling-card/pos-sim";
import { Channel, Indicator, Mail, toHex, VaultItem } from "@enabling-card/wire";
import { expect } from "chai";
import { DOMAIN, type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { forge } from "../support/forge.js";
import { settle } from "../support/raw-session.js";
import { confirm } from "../support/watched-worlds.js";

const MODULES = ["wallet", "authenticator", "link"] as const;

/** Everything that must not be found, by name. */
function secretsOf(w: World, tracks: readonly string[], cryptogram: string): Map<string, Uint8Array> {
  const secrets = new Map<string, Uint8Array>();
  const text = (name: string, value: string) => secrets.set(name, Buffer.from(value, "latin1"));
  for (const [i, track] of tracks.entries()) {
    const pan = /\d{16}/.exec(track)![0];
    const digits = track.slice(track.length - 1 - (track.startsWith("%") ? 29 : 13), -1);
    text(`PAN of read ${i}`, pan);
    text(`PAN of read ${i} without its IIN`, pan.slice(6));
    text(`discretionary digits of read ${i}`, digits.slice(0, 13));
    text(`cryptogram digits of read ${i}`, digits.slice(5, 13));
    secrets.set(
      `track 2 symbols of read ${i}`,
      Uint8Array.from(pan, (digit) => Number(digit)),
    );
    text(`name of read ${i}`, "LOVELACE/ADA");
  }
  secrets.set("cryptogram", Buffer.from(cryptogram, "hex"));
  text("cryptogram in hexadecimal", cryptogram);
  const keys = [
    VaultItem.PairingSecret,
    VaultItem.SessionKey,
    VaultItem.GrantKey,
    VaultItem.PinKey,
    VaultItem.PairKey,
    VaultItem.Pin,
  ];
  for (const item of keys) {
    const value = w.emulator.store.read(Region.Vault, item);
    if (value) secrets.set(`vault item ${item}`, value.slice(0, 32));
  }
  return secrets;
}

/** The 16 hexadecimal digits at the end of track 1. */
function cryptogramOf(tracks: readonly string[]): string {
  return /([0-9A-F]{16})\?$/.exec(tracks.find((track) => track.startsWith("%"))!)![1]!;
}

/** Names of the secrets that occur in `memory`; an 8-octet piece of one is enough. */
function found(memory: Uint8Array, secrets: ReadonlyMap<string, Uint8Array>): string[] {
  const haystack = Buffer.from(memory);
  return [...secrets]
    .filter(([, secret]) => {
      const step = Math.min(8, secret.length);
      for (let at = 0; at + step <= secret.length; at += step)
        if (haystack.includes(Buffer.from(secret.subarray(at, at + step)))) return true;
      return false;
    })
    .map(([name]) => name);
}

/** Intervals of the waveform, as the coil's buffer holds them: half-words; 24 in a row are never there by chance. */
function intervalsFound(memory: Uint8Array, edgesNs: Float64Array): boolean {
  const intervals = new Uint8Array(2 * 24);
  const view = new DataView(intervals.buffer);
  const haystack = Buffer.from(memory);
  for (let start = 1; start + 24 < edgesNs.length; start += 12) {
    for (let i = 0; i < 24; i++) view.setUint16(2 * i, (edgesNs[start + i]! - edgesNs[start + i - 1]!) / 1000, true);
    if (haystack.includes(Buffer.from(intervals))) return true;
  }
  return false;
}

describe("Rule 12: a scan of the card's memory", () => {
  let w: World;
  let phone: Phone;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
  });
  afterEach(() => w.close());

  async function pay(): Promise<{ tracks: string[]; edgesNs: Float64Array }> {
    await phone.card.load(await phone.grant());
    const presented = phone.card.present({ when: "now" });
    await w.emulator.shows(Indicator.Ask);
    w.emulator.pressTwice();
    await presented;
    const pass = w.emulator.coil.emission()!.passes[0]!;
    const signal = coilSignal({ edgesNs: pass.edgesNs, durationNs: pass.endNs });
    return {
      tracks: readSamples(signal.samples, signal.sampleRateHz).reads.map(({ data }) => data),
      edgesNs: pass.edgesNs,
    };
  }

  it("after a completion finds no token, key or discretionary digit, in any module", async () => {
    const { tracks, edgesNs } = await pay();
    expect(tracks).to.have.length(2);
    const secrets = secretsOf(w, tracks, cryptogramOf(tracks));
    for (const module of MODULES) {
      const memory = w.emulator.memory(module);
      expect(found(memory, secrets), module).to.deep.equal([]);
      expect(intervalsFound(memory, edgesNs), `waveform in ${module}`).to.equal(false);
    }
  });

  it("finds them while a grant is loaded: the scan can see", async () => {
    const { tracks } = await pay();
    const secrets = secretsOf(w, tracks, cryptogramOf(tracks));
    await phone.card.load(await phone.grant());
    const seen = found(w.emulator.memory("wallet"), secrets);
    expect(seen).to.include("PAN of read 0");
    expect(seen).to.include("name of read 0");
    expect(found(w.emulator.memory("link"), secrets)).to.deep.equal([]);
    expect(found(w.emulator.memory("authenticator"), secrets)).to.deep.equal([]);
  });

  for (const [how, end] of [
    ["disarmed", async () => void (await phone.card.disarm())],
    ["expired", async () => w.emulator.advance(121_000)],
    ["unpaired", () => phone.card.unpair()],
  ] as const) {
    it(`finds nothing of a grant that was ${how}`, async () => {
      const { tracks } = await pay();
      const secrets = secretsOf(w, tracks, cryptogramOf(tracks));
      await phone.card.load(await phone.grant());
      await end();
      for (const module of MODULES) expect(found(w.emulator.memory(module), secrets), module).to.deep.equal([]);
    });
  }

  it("finds nothing of a remote grant whose cryptogram was told, neither in a module nor in flash", async () => {
    const cryptogram = Uint8Array.from({ length: 8 }, (_, i) => 0x5b + 11 * i);
    const pan = mintPan("999999");
    const grant = { track2: `${pan}=2911101`, track1: `B${pan}^LOVELACE/ADA^2911101`, cryptogram };
    await phone.card.load(
      await forge(w, phone, { grant: { ...grant, domain: { ...DOMAIN, channel: Channel.Remote } } }),
    );
    const secrets = new Map<string, Uint8Array>([
      ["PAN without its IIN", Buffer.from(pan.slice(6), "latin1")],
      ["name", Buffer.from("LOVELACE/ADA")],
      ["cryptogram", cryptogram],
    ]);
    expect(found(w.emulator.memory("wallet"), secrets), "the scan can see").to.have.length(3);
    expect([...(await confirm(w, phone.card)).cryptogram]).to.deep.equal([...cryptogram]);
    for (const module of MODULES) expect(found(w.emulator.memory(module), secrets), module).to.deep.equal([]);
    expect(found(w.block.read(0, w.block.size), secrets), "flash").to.deep.equal([]);
  });

  it("finds the session's keys while it is open, and zeros in their place once the link is down", async () => {
    await phone.card.state();
    const during = w.emulator.memory("wallet");
    await phone.card.close();
    const after = w.emulator.memory("wallet");
    // Two keys of 32 octets, in a row: where a live session has 64 random octets and a closed one none.
    const wiped = [...during.keys()].filter((at) => {
      const [then, now] = [during.subarray(at, at + 64), after.subarray(at, at + 64)];
      return now.length === 64 && now.every((byte) => byte === 0) && then.filter((byte) => byte !== 0).length > 58;
    });
    expect(wiped).to.not.be.empty;
    const haystack = Buffer.from(after);
    for (const at of wiped)
      for (let i = 0; i < 64; i += 8)
        expect(haystack.includes(Buffer.from(during.subarray(at + i, at + i + 8)))).to.equal(false);
  });

  it("finds nothing of a grant that was replaced by another, and nothing of the other when that is gone", async () => {
    const made = [0x21, 0x42].map((fill) => {
      const pan = mintPan("999999");
      const cryptogram = Uint8Array.from({ length: 8 }, (_, i) => fill * 3 + 7 * i);
      return {
        tokenRef: new Uint8Array(16).fill(fill),
        track2: `${pan}=2911101`,
        track1: `B${pan}^LOVELACE/ADA^2911101`,
        cryptogram,
      };
    });
    const secrets = made.map(({ track2, cryptogram }, i) => {
      const digits: Uint8Array = Buffer.from(track2.slice(6, 16), "latin1");
      return new Map([
        [`PAN ${i} without its IIN`, digits],
        [`cryptogram ${i}`, cryptogram],
      ]);
    });
    const seen = () => secrets.map((of) => found(w.emulator.memory("wallet"), of).length);
    for (const [i, grant] of made.entries()) {
      const bundle = await forge(w, phone, { grant });
      await phone.card.load(bundle);
      expect(seen()).to.deep.equal(i === 0 ? [2, 0] : [0, 2]);
    }
    const refused = await forge(w, phone, { grant: { ...made[0]!, atc: 1 } });
    await phone.card.load(refused).catch(() => undefined);
    expect(seen()).to.deep.equal([0, 2]);
    await phone.card.disarm();
    expect(seen()).to.deep.equal([0, 0]);
  });

  it("finds no PAN, track or grant in flash, and no PIN anywhere", async () => {
    await phone.card.setPin("86420975");
    const { tracks } = await pay();
    const secrets = secretsOf(w, tracks, cryptogramOf(tracks));
    for (const name of secrets.keys()) if (name.startsWith("vault")) secrets.delete(name);
    secrets.set("PIN", Buffer.from("86420975"));
    expect(found(w.block.read(0, w.block.size), secrets)).to.deep.equal([]);
    for (const module of MODULES) expect(found(w.emulator.memory(module), secrets), module).to.deep.equal([]);
  });

  it("finds nothing secret in the trace, which people read", async () => {
    const { tracks } = await pay();
    const log = JSON.stringify(w.emulator.trace.events);
    for (const track of tracks) {
      const pan = /\d{16}/.exec(track)![0];
      expect(log).to.not.include(pan);
      expect(log).to.not.include(pan.slice(6));
    }
    expect(log).to.not.match(/[0-9a-f]{32}/i);
  });
});

describe("Rule 12: no key outlives its use", () => {
  let w: World;
  let phone: Phone;
  let heard: Map<string, Uint8Array>;
  beforeEach(async () => {
    heard = new Map();
    w = await world({ onSecret: (secret) => isSecret(secret) && heard.set(toHex(secret), secret) });
    phone = await pairedPhone(w);
  });
  afterEach(() => w.close());

  /** The card asks, and nobody has pressed yet. */
  async function ask(): Promise<void> {
    await phone.card.load(await phone.grant());
    phone.card.present({ when: "now" }).catch(() => undefined);
    await w.emulator.shows(Indicator.Ask);
  }

  // Where each ends matters: a key that is left is one that the last call left.
  const STEPS: readonly [what: string, step: () => Promise<unknown>][] = [
    ["a pairing", async () => undefined],
    ["a request", () => phone.card.state()],
    ["a start", async () => void w.emulator.restart()],
    ["a load", async () => phone.card.load(await phone.grant())],
    ["a question that waits", ask],
    [
      "a question taken back, of which nothing more is heard",
      async () => {
        await ask();
        w.emulator.setCourier("drop", { kinds: [Mail.PinNonce] });
        await phone.card.disarm();
      },
    ],
    [
      "a payment",
      async () => {
        await ask();
        w.emulator.pressTwice();
        await w.emulator.shows(Indicator.Done);
      },
    ],
    ["a PIN that was set", () => phone.card.setPin("2468")],
    [
      "a PIN that paid",
      async () => {
        await phone.card.setPin("2468");
        await phone.card.load(await phone.grant());
        await phone.card.present({ when: "now", pin: "2468" });
      },
    ],
    ["a hold of the button", async () => w.emulator.hold(3100)],
    ["an unpairing", () => phone.card.unpair()],
  ];
  for (const [what, step] of STEPS) {
    it(`after ${what}: of all that went through the crypto port, nothing is left`, async () => {
      await step();
      await phone.card.close();
      for (let i = 0; i < 3; i++) await settle();
      expect(heard.size).to.be.greaterThan(20);
      for (const module of MODULES) expect(found(w.emulator.memory(module), heard), module).to.deep.equal([]);
    });
  }

  it("while a session is open, of all that its handshake made two keys are left: one each way", async () => {
    await phone.card.state();
    expect(found(w.emulator.memory("wallet"), heard)).to.have.length(2);
    w.emulator.dropLine();
    await phone.card.state(); // over a new session
    expect(found(w.emulator.memory("wallet"), heard)).to.have.length(2);
  });
});

/** R of system 2 is known to nobody but wallet and authenticator: what both hold while a question waits, and held neither before. */
describe("Rule 12: R is erased in every case", () => {
  const R_SIZE = 16;
  let w: World;
  let phone: Phone;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
    await phone.card.load(await phone.grant());
  });
  afterEach(() => w.close());

  /** Every run of 16 octets that looks random. */
  function runs(module: (typeof MODULES)[number]): Set<string> {
    const memory = Buffer.from(w.emulator.memory(module));
    const seen = new Set<string>();
    for (let at = 0; at + R_SIZE <= memory.length; at++) {
      const run = memory.subarray(at, at + R_SIZE);
      if (new Set(run).size > 10) seen.add(run.toString("latin1"));
    }
    return seen;
  }

  async function asked(): Promise<{ shared: string[]; answer: Promise<unknown> }> {
    const before = new Set([...runs("wallet"), ...runs("authenticator")]);
    const answer = phone.card.present({ when: "now" }).catch(() => undefined);
    await w.emulator.shows(Indicator.Ask);
    const other = runs("authenticator");
    const seen = runs("link"); // the letter as it was sealed
    const both = [...runs("wallet")].filter((run) => other.has(run) && !before.has(run) && !seen.has(run));
    // A run with a zero at its end is R and what lies beside it, or a nonce of which one side keeps a part.
    const whole = both.filter((run) => !run.startsWith("\0") && !run.endsWith("\0"));
    return { shared: whole.length > 0 ? whole : both, answer };
  }

  for (const [how, end] of [
    ["yes", () => w.emulator.pressTwice()],
    ["no", () => w.emulator.hold(1100)],
    ["taken back", () => void phone.card.disarm().catch(() => undefined)],
    ["not answered", () => w.emulator.advance(61_000)],
    [
      "answered, and the answer is lost",
      () => {
        w.emulator.setCourier("drop", { kinds: [Mail.V2] });
        w.emulator.pressTwice();
        w.emulator.advance(61_000);
      },
    ],
  ] as const) {
    it(`is in both while the user is asked, and in neither when it was ${how}`, async () => {
      const { shared, answer } = await asked();
      expect(shared).to.not.be.empty;
      end();
      await answer;
      for (let i = 0; i < 3; i++) await settle();
      for (const module of ["wallet", "authenticator"] as const) {
        const left = runs(module);
        expect(shared.filter((run) => left.has(run)).length, module).to.equal(0);
      }
    });
  }
});

/** HMAC's key is also a public salt now and then: start numbers and an identifier, which are short, and KK's own name. */
function isSecret(octets: Uint8Array): boolean {
  const short = octets.subarray(16).every((octet) => octet === octets[31]);
  return !short && Buffer.from(octets).toString("latin1") !== "Noise_KK_25519_ChaChaPoly_SHA256";
}
