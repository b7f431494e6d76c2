// Buffers of the controller in a session (Core 6.0, Vol 4 Part E 4.1.1): who keeps them for ever is reset, and nobody else.

import { Mail, MessageType, ModuleId } from "@enabling-card/wire";
import { expect } from "chai";
import { LinkHost } from "../support/link-host.js";

const RESET = 0x0c03;
/** What is asked each minute. */
const CHANNEL_MAP = 0x2015;
const LISTEN = "12 1d00 0100";
const READ = "0a 0300";
/** Longer than any supervision time-out. */
const KEPT_MS = 33_000;

describe("a controller of link's, in a session,", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost({ aclBuffers: 2 }).start().connect();
    host.att(LISTEN);
    for (const type of [MessageType.Open2, MessageType.Sealed])
      host.post(ModuleId.Wallet, Uint8Array.of(Mail.Piece, 3, 3, 0, 1, type, 0));
    host.autoComplete = false;
    host.clear();
  });

  it("that keeps a buffer is reset after 33 s, and the wallet hears that the phone is gone", () => {
    host.att(READ);
    host.advance(KEPT_MS - 1);
    expect(host.commands).to.deep.equal([]);
    host.autoComplete = true;
    host.advance(1);
    expect(host.commands[0]).to.equal(RESET);
    expect(host.mail.map(({ to, bytes }) => [to, bytes[0]])).to.deep.equal([[ModuleId.Wallet, Mail.LineDown]]);
    expect(host.connect().att(READ)).to.deep.equal(["0b6563617264"]);
  });

  it("has its time anew with each buffer that it gives back", () => {
    host.att(READ);
    host.advance(20_000);
    host.att(READ);
    host
      .advance(12_000)
      .complete(1)
      .advance(KEPT_MS - 1);
    expect(host.commands).to.deep.equal([CHANNEL_MAP]);
    host.advance(1);
    expect(host.commands[1]).to.equal(RESET);
  });

  it("has no more of it where it is given more, and gives nothing back", () => {
    host.att(READ);
    host.advance(20_000);
    host.att(READ);
    host.advance(13_000);
    expect(host.commands[0]).to.equal(RESET);
  });

  it("that has given all back is left alone", () => {
    host.att(READ);
    host.advance(20_000).complete(1).advance(3_600_000);
    expect(host.commands).to.not.include(RESET);
  });

  it("has given all back where its connection is gone", () => {
    host.att(READ);
    host.disconnect().clear();
    host.advance(KEPT_MS);
    expect(host.commands).to.deep.equal([]);
  });
});
