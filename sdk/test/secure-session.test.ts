import { CardEvent, cborEncode, encodeMessage, MessageType, Op, toChunks } from "@enabling-card/wire";
import { expect } from "chai";
import { CardError, sdkError } from "../src/errors.js";
import type { CardErrorCode, CardLink } from "../src/index.js";
import { MessageLink } from "../src/link/message-link.js";
import { CipherState } from "../src/noise/cipher-state.js";
import { SecureSession } from "../src/session/secure-session.js";
import { expectError } from "./expect-error.js";
import { soon } from "./paired.js";

const EMPTY = new Uint8Array(0);

/** A session whose card is the test, and its keys as the session holds them: `held` are the octets themselves. */
async function session() {
  let hear = (_chunk: Uint8Array) => {};
  let drop = (_reason: CardError) => {};
  const link: CardLink = {
    id: "test",
    maxWrite: 244,
    write: async () => undefined,
    async subscribe(listener) {
      hear = listener;
      return () => undefined;
    },
    onDisconnect(listener) {
      drop = listener;
      return () => undefined;
    },
    close: async () => undefined,
  };
  const [out, back] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const held: Uint8Array[] = [];
  const watched = (key: Uint8Array) => Object.assign(key.slice(), { slice: () => held[held.push(key.slice()) - 1]! });
  const keys = {
    send: new CipherState(watched(out)),
    receive: new CipherState(watched(back)),
    hash: new Uint8Array(32),
  };
  const card = new CipherState(back);
  const ended: CardErrorCode[] = [];
  const events: CardEvent[] = [];
  const open = new SecureSession(await MessageLink.open(link), keys, {
    event: (event) => events.push(event),
    ended: ({ code }) => ended.push(code),
  });
  const say = (type: MessageType, body: Uint8Array) => {
    for (const chunk of toChunks(encodeMessage(type, body), 244)) hear(chunk);
  };
  const sayEvent = () => say(MessageType.Sealed, card.encrypt(EMPTY, cborEncode([0, CardEvent.BatteryLow, 4])));
  return { open, keys, held, ended, events, say, sayEvent, drop: () => drop(sdkError("LINK_LOST")) };
}

describe("a session that is over", () => {
  const ends: readonly [string, CardErrorCode, (s: Awaited<ReturnType<typeof session>>) => void][] = [
    ["by the app", "LINK_CLOSED", ({ open }) => open.end(sdkError("LINK_CLOSED"))],
    ["by a lost link", "LINK_LOST", ({ drop }) => drop()],
    ["by a fault", "BUSY", ({ say }) => say(MessageType.Fault, Uint8Array.of(1))],
    [
      "by a message that does not open",
      "SESSION_AUTH_FAILED",
      ({ say }) => say(MessageType.Sealed, new Uint8Array(20)),
    ],
  ];
  for (const [how, code, end] of ends) {
    it(`${how} has forgotten its keys, opens nothing and seals nothing`, async () => {
      const one = await session();
      one.sayEvent();
      expect(one.events).to.deep.equal([CardEvent.BatteryLow]);
      expect([one.keys.send.hasKey, one.keys.receive.hasKey]).to.deep.equal([true, true]);
      end(one);
      await soon();
      expect(one.open.alive).to.equal(false);
      expect(one.ended).to.deep.equal([code]);
      expect([one.keys.send.hasKey, one.keys.receive.hasKey]).to.deep.equal([false, false]);
      expect(one.held).to.deep.equal([new Uint8Array(32), new Uint8Array(32)]);
      expect(() => one.keys.send.encrypt(EMPTY, EMPTY))
        .to.throw(CardError)
        .with.property("code", "SESSION_ENDED");
      one.sayEvent();
      expect(one.events).to.have.length(1);
      await expectError(() => one.open.request(Op.State, null, { timeoutMs: 50 }), code);
    });
  }
});
