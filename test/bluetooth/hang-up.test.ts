// Who is hung up, when, and how often: a hang-up gives what was written a second, and is of its own connection alone.

import { concat, HANDSHAKE_MAX_MS, Mail, MessageType, ModuleId } from "@enabling-card/wire";
import { expect } from "chai";
import { LinkHost } from "../support/link-host.js";

const RESET = 0x0c03;
const DISCONNECT = 0x0406;
/** A second for what was written, and another for its end. */
const WRITTEN_MS = 1_000;
const END_MS = 1_000;
const LISTEN = "12 1d00 0100";
const NAME = ["0b6563617264"];
const says = (host: LinkHost, type: MessageType) =>
  host.post(ModuleId.Wallet, Uint8Array.of(Mail.Piece, 3, 3, 0, 1, type, 0));
const hangUp = (host: LinkHost) => host.post(ModuleId.Wallet, Uint8Array.of(Mail.Hangup));

/** The controller keeps the last word. */
const holdsBack = (host: LinkHost) => {
  host.autoComplete = false;
  says(host, MessageType.Fault);
  host.clear();
};

describe("a hang-up", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start().connect();
    host.att(LISTEN);
    host.clear();
  });

  it("has one second, and no other by a second hang-up", () => {
    holdsBack(host);
    hangUp(host).advance(600);
    hangUp(host).advance(400);
    expect(host.commands).to.deep.equal([DISCONNECT]);
    hangUp(host);
    host.complete(1);
    expect(host.commands, "and one end").to.deep.equal([DISCONNECT]);
  });

  it("has no more time by what the wallet answers meanwhile", () => {
    holdsBack(host);
    hangUp(host);
    says(host, MessageType.Open2).advance(1_000);
    expect(host.commands).to.deep.equal([DISCONNECT]);
  });

  it("of nobody ends nobody, neither now nor later", () => {
    host.disconnect();
    host.clear();
    hangUp(host).connect();
    expect(host.att("0a 0300")).to.deep.equal(NAME);
    expect(host.commands).to.deep.equal([]);
  });

  it("that did not come to its end is over with its connection", () => {
    holdsBack(host);
    hangUp(host).disconnect().connect();
    host.autoComplete = true;
    host.clear();
    expect(host.att("0a 0300")).to.deep.equal(NAME);
    host.advance(HANDSHAKE_MAX_MS - 1);
    expect(host.commands).to.deep.equal([]);
  });

  it("leaves no clock behind once its connection is gone", () => {
    hangUp(host).disconnect();
    expect(host.alarmMs - host.nowMs).to.be.above(HANDSHAKE_MAX_MS);
  });
});

describe("a line that comes up", () => {
  it("ends a connection without a session at once", () => {
    const host = new LinkHost().start().connect();
    host.clear();
    host.run(() => host.exports.onLineUp!());
    expect(host.commands).to.deep.equal([DISCONNECT]);
  });

  it("and goes, while nobody is connected, ends nobody later", () => {
    const host = new LinkHost().start();
    host.run(() => host.exports.onLineUp!());
    host.run(() => host.exports.onLineDown!());
    host.connect().clear();
    expect(host.att("0a 0300")).to.deep.equal(NAME);
    expect(host.commands).to.deep.equal([]);
  });
});

describe("a way to the controller that was full", () => {
  it("takes the next chunk as soon as it is free, and does not wait for the controller", () => {
    const host = new LinkHost().start().connect();
    host.att(LISTEN);
    host.autoComplete = false;
    host.complete(host.held);
    host.radio = 1;
    host.post(ModuleId.Wallet, concat(Uint8Array.of(Mail.Piece, 3, 40, 0), new Uint8Array(40).fill(7)));
    host.clear();
    host.radio = 0;
    host.run(() => host.exports.onRadioReady!());
    expect(host.frames.length).to.equal(3);
  });
});

describe("an end that does not come", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start().connect();
    host.att(LISTEN);
    host.clear();
  });

  for (const [what, status] of [
    ["takes it", 0],
    ["refuses it", 0x0c],
  ] as const) {
    it(`resets a controller that ${what}`, () => {
      host.answer = (opcode) => [opcode === DISCONNECT ? status : 0];
      hangUp(host).advance(END_MS - 1);
      expect(host.commands).to.deep.equal([DISCONNECT]);
      host.clear();
      host.advance(1);
      expect(host.commands[0]).to.equal(RESET);
      expect(host.connect().att("0a 0300")).to.deep.equal(NAME);
    });
  }

  it("resets a controller that is given no Disconnect, as it takes none or the way to it is full", () => {
    host.radio = 1;
    hangUp(host).advance(END_MS - 1);
    host.radio = 0;
    expect(host.commands).to.deep.equal([]);
    host.advance(1);
    expect(host.commands[0]).to.equal(RESET);
  });

  it("has a second after what was written had its own", () => {
    holdsBack(host);
    hangUp(host).advance(WRITTEN_MS + END_MS - 1);
    expect(host.commands).to.deep.equal([DISCONNECT]);
    host.advance(1);
    expect(host.commands[1]).to.equal(RESET);
  });

  it("has its second also where what was written took most of its own", () => {
    holdsBack(host);
    hangUp(host).advance(WRITTEN_MS - 1);
    host.complete(1);
    host.advance(END_MS - 1);
    expect(host.commands).to.deep.equal([DISCONNECT]);
    host.advance(1);
    expect(host.commands[1]).to.equal(RESET);
  });

  it("is waited for no longer where the phone is hung up again and again, and the line comes up", () => {
    host.advance(HANDSHAKE_MAX_MS + END_MS / 2);
    hangUp(host);
    host.run(() => host.exports.onLineUp!());
    expect(host.commands).to.deep.equal([DISCONNECT]);
    hangUp(host).advance(END_MS / 2);
    expect(host.commands[1]).to.equal(RESET);
  });

  it("is waited for no longer where a session is given up meanwhile", () => {
    for (const type of [MessageType.Open2, MessageType.Sealed]) says(host, type);
    holdsBack(host);
    hangUp(host);
    host.att("12 1d00 0000");
    host.advance(WRITTEN_MS);
    expect(host.commands).to.deep.equal([DISCONNECT]);
    host.advance(END_MS);
    expect(host.commands[1]).to.equal(RESET);
  });

  it("resets nothing where it comes, and not in the next phone's session", () => {
    hangUp(host)
      .advance(END_MS - 1)
      .disconnect()
      .connect();
    host.att(LISTEN);
    for (const type of [MessageType.Open2, MessageType.Sealed]) says(host, type);
    host.clear();
    host.advance(68_000);
    for (const opcode of [DISCONNECT, RESET]) expect(host.commands).to.not.include(opcode);
  });
});
