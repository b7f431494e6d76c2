// Who tries codes, or a device's digits: whom that locks, for how long, and whom it does not.

import { IsoCaller } from "@enabling-card/doors";
import type { Message } from "@enabling-card/iso8583";
import { expect } from "chai";
import { networkOf } from "../../processor/src/present.js";
import { codesWorld } from "./codes-support.js";
import { saidOf } from "./terminal-line.js";

describe("a transaction code that is guessed", () => {
  const { at, ask, newCode, query, request, swipe, swiped } = codesWorld();

  it("that nobody made pays nothing: CODE_UNKNOWN; a terminal that tries five is heard no more: TERMINAL_LOCKED", async () => {
    const { code } = await newCode();
    const sweep = (i: number) => request(`9999999${String(i).padStart(9, "0")}`);
    const other = await newCode();
    const line = new IsoCaller(at.network.processor.iso);
    const onIt = async (message: Message) => saidOf(await line.ask(message));
    for (let i = 0; i < 5; i++) expect(await onIt(sweep(i))).to.equal("CODE_UNKNOWN");
    expect(await onIt(request(code))).to.equal("TERMINAL_LOCKED");
    expect(await onIt(request(other.code, { 41: "POS00002" })), "another terminal").to.equal("APPROVED");
    line.close();
    expect(
      await swiped(request(code)),
      "the shop, on a line of its own: anybody can say that he is its terminal",
    ).to.equal("APPROVED");
  });

  it("is found by nobody who opens one line after the other, and paid with beside him: TRIES_SPENT", async () => {
    const { code } = await newCode();
    const unpaid = await newCode();
    let tried = 0;
    const sweep = () =>
      request(`9999999${String(++tried).padStart(9, "0")}`, { 41: `S${String(tried).padStart(7, "0")}` });
    const outcomes: (string | undefined)[] = [];
    for (let line = 0; line < 25; line++) outcomes.push(await swiped(sweep()), await swiped(sweep()));
    for (let line = 0; line < 10; line++) {
      outcomes.push(...(await swipe(...Array.from({ length: 5 }, sweep))).map(saidOf));
    }
    expect(outcomes).to.deep.equal(Array(100).fill("CODE_UNKNOWN"));
    expect(await swiped(sweep())).to.equal("TRIES_SPENT");
    const guess = request(unpaid.code, {}, "00000000");
    expect(await swiped(guess), "and he does not hear that there is such a code").to.equal("TRIES_SPENT");
    expect(await swiped(request(code)), "what is right").to.equal("APPROVED");
    at.now += 3600;
    expect(await swiped(sweep())).to.equal("CODE_UNKNOWN");
  });

  it("that was used locks no device by whoever has seen it: its other codes pay", async () => {
    const spent = await newCode();
    const open = await newCode();
    expect(await swiped(request(spent.code))).to.equal("APPROVED");
    for (let i = 0; i < 8; i++) {
      const again = request(spent.code, { 41: `S000000${i}` }, "00000000");
      expect(await swiped(again), "he hears no more than before").to.equal("DEVICE_WRONG");
    }
    expect(await swiped(request(open.code))).to.equal("APPROVED");
  });

  it("that is over, by its time or its owner's word, locks no device either", async () => {
    const [late, ended, open] = [await newCode({ lifeS: 60 }), await newCode(), await newCode()];
    expect((await ask("DELETE", `/v1/codes/${ended.codeRef}?${query()}`)).body).to.deep.equal({ state: "cancelled" });
    at.now += 60;
    for (let i = 0; i < 4; i++) {
      for (const { code } of [late, ended]) {
        expect(await swiped(request(code, { 41: `S000000${i}` }, "00000000"))).to.equal("DEVICE_WRONG");
      }
    }
    expect(await swiped(request(open.code))).to.equal("APPROVED");
  });

  it("is not guessed by whoever has had his tries: those of its device are counted on", async () => {
    const { code } = await newCode();
    const { store } = at.network.processor.processor;
    const address = at.network.processor.processor.nameOf("address", "127.0.0.1");
    for (let i = 0; i < 100; i++) await store.addFailure(address, at.now, 0);
    for (let i = 0; i < 5; i++) expect(await swiped(request(code, {}, "00000000"))).to.equal("TRIES_SPENT");
    expect(await swiped(request(code))).to.equal("TRIES_SPENT");
    at.now += 3600;
    expect(await swiped(request(code))).to.equal("DEVICE_LOCKED");
  });

  it("is tried from a network: of IPv6 its first 64 bits", () => {
    for (const [address, network] of [
      ["127.0.0.1", "127.0.0.1"],
      ["::ffff:192.0.2.1", "192.0.2.1"],
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
      ["2001:db8::6", "2001:db8:0:0"],
      ["::1", "0:0:0:0"],
      ["2001:db8:1:2::", "2001:db8:1:2"],
    ]) {
      expect(networkOf(address!), address).to.equal(network);
    }
  });

  it("of a device that five wrong tries named is heard no more: DEVICE_LOCKED, at any terminal", async () => {
    const { code } = await newCode();
    for (let i = 0; i < 5; i++) {
      expect(await swiped(request(code, { 41: `POS1000${i}` }, "00000000"))).to.equal("DEVICE_WRONG");
    }
    expect(await swiped(request(code, { 41: "POS20000" }))).to.equal("DEVICE_LOCKED");
  });
});
