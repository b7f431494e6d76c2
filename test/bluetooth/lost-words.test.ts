// Words of a controller that link never got, and settings that a controller has no more: the card is heard again, without a reset from outside.

import { HANDSHAKE_MAX_MS, Mail, MessageType, ModuleId, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { HANDLE, LinkHost, le } from "../support/link-host.js";

const RESET = 0x0c03;
const ENABLE = 0x200a;
const CHANNEL_MAP = 0x2015;
const DISCONNECT = 0x0406;
const RANDOM_ADDRESS = 0x2005;
const MASKS = [0x0c01, 0x2001];
const READ = "0a 0300";
const NAME = ["0b6563617264"];

describe("a connection whose beginning link has missed", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start();
    host.clear();
  });
  const WORDS: readonly [string, () => void][] = [
    ["its data", () => void host.att(READ)],
    ["its end", () => void host.disconnect()],
  ];

  for (const [what, comes] of WORDS) {
    it(`resets the controller by ${what}, as nobody else is let in`, () => {
      comes();
      expect(host.commands[0]).to.equal(RESET);
      expect(host.commands.at(-1)).to.equal(ENABLE);
      expect(host.connect().att(READ)).to.deep.equal(NAME);
    });

    it(`resets it once by ${what}, whatever comes before the answer`, () => {
      host.answer = () => undefined;
      for (let time = 0; time < 3; time++) comes();
      expect(host.commands).to.deep.equal([RESET]);
    });

    it(`resets it by ${what} also where the card leaves the air for a moment`, () => {
      host.answer = () => undefined;
      host.advance(60_000);
      host.event(0x0e, 1, le(ENABLE), 0).clear();
      comes();
      expect(host.commands).to.deep.equal([RESET]);
    });

    it(`ends no other by ${what}`, () => {
      host.connect({ handle: HANDLE + 1 });
      host.clear();
      comes();
      expect(host.commands).to.deep.equal([]);
      host.fragment(Uint8Array.of(3, 0, 4, 0, 0x0a, 3, 0), true, HANDLE + 1);
      expect(host.frames.map(({ payload }) => toHex(payload))).to.deep.equal(NAME);
    });
  }

  it("resets nothing by an end that failed", () => {
    host.event(0x05, 0x0c, le(HANDLE), 0x13);
    expect(host.commands).to.deep.equal([]);
  });
});

describe("a controller that starts again without a word", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start();
  });
  const inSession = () => {
    host.connect().att("12 1d00 0100");
    for (const type of [MessageType.Open2, MessageType.Sealed])
      host.post(ModuleId.Wallet, Uint8Array.of(Mail.Piece, 3, 3, 0, 1, type, 0));
    host.clear();
  };

  it("on the air has its settings again within a minute, and the card is seen", () => {
    host.forget();
    host.advance(60_000);
    expect(host.commands).to.include.members([...MASKS, RANDOM_ADDRESS]);
    expect(host.commands.at(-1)).to.equal(ENABLE);
  });

  it("in a connection without a session is reset 2 s behind the end of its time", () => {
    host.connect();
    host.forget();
    host.advance(HANDSHAKE_MAX_MS + 2_000);
    expect(host.commands.slice(0, 2)).to.deep.equal([DISCONNECT, RESET]);
    expect(host.commands.at(-1)).to.equal(ENABLE);
  });

  it("is not what one is that answers to the end of a connection behind its word that it has ended", () => {
    host.connect();
    host.answer = (opcode) => (opcode === DISCONNECT ? undefined : [0]);
    host.advance(HANDSHAKE_MAX_MS).disconnect();
    host.event(0x0f, 2, 1, le(DISCONNECT));
    host.advance(10_000);
    expect(host.commands.slice(1)).to.not.include(RESET);
    expect(host.connect().att(READ)).to.deep.equal(NAME);
  });

  it("in a session is asked of it each minute, and reset 2 s behind its answer; the wallet hears that the phone is gone", () => {
    inSession();
    host.advance(300_000);
    expect(host.commands, "while it knows it").to.deep.equal(Array(5).fill(CHANNEL_MAP));
    host.forget();
    host.advance(62_000);
    expect(host.commands.slice(0, 2)).to.deep.equal([CHANNEL_MAP, RESET]);
    expect(host.mail.map(({ to, bytes }) => [to, bytes[0]])).to.deep.equal([[ModuleId.Wallet, Mail.LineDown]]);
    expect(host.connect().att(READ)).to.deep.equal(NAME);
  });

  it("is not what one is that has no such command", () => {
    inSession();
    host.answer = (opcode) => [opcode === CHANNEL_MAP ? 1 : 0];
    host.advance(300_000);
    expect(host.commands).to.deep.equal(Array(5).fill(CHANNEL_MAP));
  });
});
