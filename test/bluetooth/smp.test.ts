// SMP's service in link: octets to the loader as they come, answers back without a frame around them, beside a phone's session and never with it. Link
// alone; what the loader says to them: test/loader/air.test.ts.

import { concat, fromHex, HANDSHAKE_MAX_MS, Mail, ModuleId, PIECE_FIRST, PIECE_LAST, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { LinkHost, le } from "../support/link-host.js";

const LISTEN = "12 2100 0100";
const LISTEN_TO_TX = "12 1d00 0100";
const NOT_CONFIGURED = "fd";
const DISCONNECT = 0x0406;

describe("SMP's service", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start().connect();
    host.att("02 f700");
    host.clear();
  });

  const posted = () => host.mail.map(({ to, bytes }) => [to, toHex(bytes)]);
  /** An answer of `sender`, of which this is a piece. */
  const says = (sender: ModuleId, octets: Uint8Array, flags = PIECE_FIRST | PIECE_LAST, total = octets.length) => {
    const length = flags & PIECE_FIRST ? le(total) : new Uint8Array(0);
    host.post(sender, concat(Uint8Array.of(Mail.Piece, flags), length, octets));
  };
  const said = () => host.frames.map(({ payload }) => toHex(payload));

  it("tells the loader of its client, and nobody else, as long as it listens", () => {
    host.att(LISTEN);
    expect(host.att("0a 2100")).to.deep.equal(["0b0100"]);
    host.att("12 2100 0000");
    host.att(LISTEN);
    host.disconnect().connect();
    expect(host.att("0a 2100")).to.deep.equal(["0b0000"]);
    const kinds = [Mail.LineUp, Mail.LineDown, Mail.LineUp, Mail.LineDown];
    expect(posted()).to.deep.equal(kinds.map((kind) => [ModuleId.Loader, `0${kind}`]));
  });

  it("passes writes on as they are, the longest too, and not before its client listens", () => {
    expect(host.att("52 2000 00112233")).to.deep.equal([]);
    expect(posted()).to.deep.equal([]);
    host.att(LISTEN);
    host.clear();
    const longest = Uint8Array.from({ length: 244 }, (_, i) => i);
    host.att("52 2000 00112233");
    host.att(concat(fromHex("522000"), longest));
    host.att("52 2000");
    expect(posted()).to.deep.equal([
      [ModuleId.Loader, `0${Mail.Smp}00112233`],
      [ModuleId.Loader, `0${Mail.Smp}${toHex(longest)}`],
      [ModuleId.Loader, `0${Mail.Smp}`],
    ]);
  });

  it("notifies answers as they are, in as many notifications as they take", () => {
    host.att(LISTEN);
    host.clear();
    const answer = Uint8Array.from({ length: 300 }, (_, i) => i);
    says(ModuleId.Loader, answer.subarray(0, 252), PIECE_FIRST, answer.length);
    expect(said()).to.deep.equal([]);
    says(ModuleId.Loader, answer.subarray(252), PIECE_LAST);
    expect(said()).to.deep.equal([`1b2000${toHex(answer.subarray(0, 244))}`, `1b2000${toHex(answer.subarray(244))}`]);
  });

  it("and a phone's session are refused to whoever has the other", () => {
    host.att(LISTEN);
    expect(host.att(LISTEN_TO_TX)).to.deep.equal([`01121d00${NOT_CONFIGURED}`]);
    expect(host.att("12 1a00 c00200 0104"), "a chunk for the wallet").to.deep.equal([`01121a00${NOT_CONFIGURED}`]);
    host.disconnect().connect();
    host.clear();
    host.att(LISTEN_TO_TX);
    expect(host.att(LISTEN)).to.deep.equal([`01122100${NOT_CONFIGURED}`]);
    host.att("52 2000 00112233");
    expect(posted()).to.deep.equal([[ModuleId.Wallet, `0${Mail.LineUp}`]]);
  });

  it("is left by a line that comes up", () => {
    host.att(LISTEN);
    host.run(() => host.exports.onLineUp!());
    expect(host.hangUps).to.have.length(1);
    expect(host.att("0a 2100")).to.deep.equal(["0b0100"]);
  });

  it("keeps a connection where the loader answers, and no longer than 5 s where the machine refuses", () => {
    for (const [sender, ends] of [
      [ModuleId.Machine, true],
      [ModuleId.Loader, false],
    ] as const) {
      host.disconnect().connect();
      host.att(LISTEN);
      host.clear();
      says(sender, Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0));
      host.advance(HANDSHAKE_MAX_MS);
      expect(host.commands.includes(DISCONNECT), `${sender}`).to.equal(ends);
    }
  });

  it("ends where the loader says so, once its answer has left", () => {
    host.att(LISTEN);
    host.autoComplete = false;
    host.clear();
    says(ModuleId.Loader, Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 5));
    host.post(ModuleId.Loader, Uint8Array.of(Mail.Hangup));
    expect(host.commands).to.deep.equal([]);
    host.complete(1);
    expect(host.commands).to.deep.equal([DISCONNECT]);
  });

  it("loses a client that does not read its answers", () => {
    host.att(LISTEN);
    host.autoComplete = false;
    host.clear();
    const answer = new Uint8Array(250);
    for (let i = 0; i < 20; i++) says(ModuleId.Loader, answer);
    host.autoComplete = true;
    host.advance(1_000);
    expect(host.commands).to.include(DISCONNECT);
  });
});
