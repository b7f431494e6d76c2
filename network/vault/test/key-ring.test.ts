// Keys that are changed: what either sealed is opened, what neither did is told from what was altered, and a store never goes back.

import { createCipheriv } from "node:crypto";
import { expect } from "chai";
import {
  derivedKey,
  keyOf,
  type NumberedMaster,
  SealRing,
  type Settings,
  sealText,
  tellRenewed,
  tie,
  UnopenedError,
} from "../src/index.js";

const INFO = "test at rest";
const master = (number: number, before?: boolean): NumberedMaster => ({
  ...{ number, master: new Uint8Array(32).fill(number + 1) },
  ...(before && { before: { number: number - 1, master: new Uint8Array(32).fill(number) } }),
});
const ring = (number: number, before?: boolean) => new SealRing(master(number, before), INFO);

function whyNot(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof UnopenedError ? error.why : String(error);
  }
  return "opened";
}

describe("a ring of keys", () => {
  it("seals by the newest, and opens what either sealed", () => {
    const [first, second] = [ring(0).seal("first"), ring(1, true).seal("second")];
    expect(ring(1, true).open(first)).to.equal("first");
    expect(ring(1).open(second)).to.equal("second");
    expect(ring(2, true).open(second)).to.equal("second");
  });

  it("opens what was sealed before there were numbers", () => {
    const sealed = sealText(derivedKey(master(0).master, INFO, 32), "old");
    expect(ring(0).open(sealed)).to.equal("old");
    expect(ring(1, true).open(sealed)).to.equal("old");
  });

  it("opens such a one whose nonce looks like a number's mark", () => {
    const key = derivedKey(master(0).master, INFO, 32);
    // Of 2^32 nonces one: here it is written, and the text sealed by it.
    const nonce = Uint8Array.of(0x45, 0x43, 0x4b, 1, 0, 0, 0, 1, 9, 9, 9, 9);
    const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
    const sealed = Buffer.concat([nonce, cipher.update("odd", "utf8"), cipher.final(), cipher.getAuthTag()]);
    expect(ring(0).open(sealed)).to.equal("odd");
    expect(ring(1, true).open(sealed)).to.equal("odd");
  });

  it("tells a key that was taken out from one that is to come, and both from what was altered", () => {
    const [first, second] = [ring(0).seal("first"), ring(1).seal("second")];
    expect(whyNot(() => ring(2).open(second))).to.equal("retired");
    expect(whyNot(() => ring(1).open(first))).to.equal("retired");
    expect(whyNot(() => ring(0).open(second))).to.equal("not yet");
    expect(whyNot(() => ring(1).open(second.map((octet, i) => (i === 30 ? octet ^ 1 : octet))))).to.equal("altered");
    expect(whyNot(() => ring(1, true).open(new Uint8Array(40)))).to.equal("altered");
    expect(keyOf({ number: 3, before: { number: 2 } }, 1)).to.equal("retired");
    expect(keyOf({ number: 3, before: { number: 2 } }, 4)).to.equal("not yet");
  });

  it("takes no number for another's: it is its own key's alone", () => {
    const sealed = ring(1).seal("first");
    sealed[7] = 2;
    expect(whyNot(() => ring(2, true).open(sealed))).to.equal("altered");
  });

  it("renews what another than the newest sealed", () => {
    const renewed = ring(1, true).renewed(ring(0).seal("text"))!;
    expect(ring(1).open(renewed)).to.equal("text");
    expect(ring(1, true).renewed(renewed)).to.equal(undefined);
  });
});

describe("a store that is under keys", () => {
  let kept: Map<string, Uint8Array>;
  const settings: Settings = {
    setting: async (name) => kept.get(name),
    keepSetting: async (name, value) => void kept.set(name, value),
  };
  const tied = (keys: NumberedMaster) =>
    tie(settings, {
      ...{ master: keys, names: ["one", "other"], sealInfo: INFO },
      checkOf: (of) => derivedKey(of.master, "check", 32),
      refuse: (code) => new Error(code),
    });
  const refusal = (keys: NumberedMaster) =>
    tied(keys).then(
      () => "tied",
      (error: Error) => error.message,
    );
  beforeEach(() => {
    kept = new Map();
  });

  it("goes on to the next, and never back: KEYS_RETIRED", async () => {
    await tied(master(0));
    expect((await tied(master(1, true))).isRenewed).to.equal(false);
    expect(await refusal(master(0))).to.equal("KEYS_RETIRED");
  });

  it("keeps its names' keys, whatever it goes on to", async () => {
    const { names } = await tied(master(0));
    expect(names).to.deep.equal(["one", "other"].map((info) => derivedKey(master(0).master, info, 32)));
    for (const number of [1, 2, 3]) {
      expect((await tied(master(number, true))).names).to.deep.equal(names);
      await tellRenewed(settings, master(number));
      expect((await tied(master(number))).names).to.deep.equal(names);
    }
  });

  it("keeps no master of before", async () => {
    await tied(master(0));
    await tied(master(1, true));
    const names = new SealRing(master(1), INFO).open(kept.get("key of names")!);
    expect(names).not.to.contain(Buffer.from(master(0).master).toString("hex"));
  });

  it("is not opened without the ones before until all is sealed anew: KEYS_NOT_YET", async () => {
    await tied(master(0));
    expect(await refusal(master(1))).to.equal("KEYS_NOT_YET");
    await tied(master(1, true));
    expect(await refusal(master(1))).to.equal("KEYS_NOT_YET");
    expect((await tied(master(1, true))).isRenewed).to.equal(false);
    await tellRenewed(settings, master(1));
    expect(await refusal(master(1))).to.equal("tied");
  });

  it("skips none: KEYS_NOT_YET; and is opened by nobody else's: KEYS_MISMATCH", async () => {
    await tied(master(0));
    expect(await refusal(master(2, true))).to.equal("KEYS_NOT_YET");
    expect(await refusal({ number: 0, master: new Uint8Array(32) })).to.equal("KEYS_MISMATCH");
    const others = { number: 1, master: master(1).master, before: { number: 0, master: new Uint8Array(32) } };
    expect(await refusal(others)).to.equal("KEYS_MISMATCH");
    expect(await refusal(master(1, true))).to.equal("tied");
  });

  it("is made under later ones as well", async () => {
    const { names, isRenewed } = await tied(master(4));
    expect(isRenewed).to.equal(true);
    expect((await tied(master(4))).names).to.deep.equal(names);
  });
});
