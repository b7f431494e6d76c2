import { EventEmitter } from "node:events";
import type { EmulatedCard } from "@enabling-card/emulator";
import { expect } from "chai";
import sinon from "sinon";
import { type Keyboard, takeHands } from "../src/emulate/hands.js";

function keyboard(isTTY = true) {
  return Object.assign(new EventEmitter(), {
    isTTY,
    setRawMode: sinon.spy(),
    resume: sinon.spy(),
    pause: sinon.spy(),
  }) satisfies Keyboard;
}

function hands(keys = keyboard()) {
  const card = { press: sinon.spy(), pressTwice: sinon.spy(), hold: sinon.spy(), touchHead: sinon.spy() };
  const heard = { onKey: sinon.spy(), onQuit: sinon.spy(), onInterrupt: sinon.spy() };
  const letGo = takeHands(keys, card as unknown as EmulatedCard, heard);
  return { keys, card, heard, letGo };
}

describe("keys as hands", () => {
  it("press, press twice, hold long enough for a new phone, swipe", () => {
    const { keys, card, heard } = hands();
    keys.emit("data", Buffer.from("pths"));
    for (const spy of [card.press, card.pressTwice, card.hold, card.touchHead]) expect(spy.callCount).to.equal(1);
    expect(card.hold.firstCall.args[0]).to.be.within(3_001, 4_000);
    expect(heard.onKey.args.flat()).to.deep.equal(["press", "press twice", "hold for 3 s", "swipe"]);
  });

  it("that mean nothing do nothing, and are said to", () => {
    const { keys, card, heard } = hands();
    keys.emit("data", "x");
    for (const spy of Object.values(card)) expect(spy.callCount).to.equal(0);
    expect(heard.onKey.args).to.deep.equal([[undefined]]);
  });

  it("q quits, Ctrl-C interrupts, and nothing behind them is done", () => {
    const first = hands();
    first.keys.emit("data", "qp");
    expect(first.heard.onQuit.callCount).to.equal(1);
    expect(first.card.press.callCount).to.equal(0);
    const second = hands();
    second.keys.emit("data", Buffer.from([3]));
    expect(second.heard.onInterrupt.callCount).to.equal(1);
  });

  it("give the terminal back as it was", () => {
    const { keys, letGo } = hands();
    letGo();
    expect(keys.setRawMode.args).to.deep.equal([[true], [false]]);
    expect(keys.pause.callCount).to.equal(1);
    expect(keys.listenerCount("data")).to.equal(0);
  });

  it("are left alone where there is no terminal", () => {
    const { keys, letGo } = hands(keyboard(false));
    letGo();
    expect(keys.setRawMode.callCount).to.equal(0);
    expect(keys.resume.callCount).to.equal(0);
    expect(keys.listenerCount("data")).to.equal(0);
  });
});
