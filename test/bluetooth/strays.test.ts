// Connections that nobody wants: beside the one, or by themselves. Each is ended, or its handle would be lost for ever, and none ends the one.

import { fromHex, HANDSHAKE_MAX_MS, Mail, MessageType, ModuleId, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { HANDLE, LinkHost, le } from "../support/link-host.js";

const RESET = 0x0c03;
const DISCONNECT = 0x0406;
const STRAY = HANDLE + 1;
const REFUSED = 0x0c;
const UNKNOWN = 0x02;
const NAME = ["0b6563617264"];
/** Whom link told the controller to end. */
const ended = (host: LinkHost): string[] =>
  host.packets
    .filter((packet) => packet[0] === 1 && (packet[1]! | (packet[2]! << 8)) === DISCONNECT)
    .map((packet) => toHex(packet.slice(4, 6)));

describe("a stray connection of link's", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start().connect();
    host.att("12 1d00 0100");
    host.clear();
  });
  const refuses = (status: number) => {
    host.answer = (opcode) => [opcode === DISCONNECT ? status : 0];
  };

  it("whose end is refused is told to end again, once in five seconds, and the one lives on", () => {
    host.disconnect().connect({ interval: 24 }); // its five seconds begin now
    refuses(REFUSED);
    host.connect({ handle: STRAY });
    host.advance(HANDSHAKE_MAX_MS - 1);
    expect(ended(host)).to.deep.equal(["4100"]);
    expect(host.att("0a 0300")).to.deep.equal(NAME);
    host.advance(1);
    expect(ended(host).filter((handle) => handle === "4100")).to.have.length(2);
  });

  for (const [what, status] of [
    ["is being ended", 0],
    ["is not there any more", UNKNOWN],
  ] as const) {
    it(`that ${what} is not told again, and the next one is told at once`, () => {
      refuses(status);
      host.connect({ handle: STRAY });
      host.connect({ handle: STRAY + 1 });
      host.disconnect();
      host.advance(60_000);
      expect(ended(host)).to.deep.equal(["4100", "4200"]);
      expect(host.commands).to.not.include(RESET);
    });
  }

  it("is told again behind the end of the one, and the next one is none of its business", () => {
    refuses(REFUSED);
    host.connect({ handle: STRAY });
    host.disconnect();
    host.advance(4_000);
    host.connect();
    host.advance(1_500);
    expect(ended(host)).to.deep.equal(["4100", "4100"]);
    expect(host.att("0a 0300")).to.deep.equal(NAME);
  });

  it("whose end was refused, and who went, is forgotten where its handle is let in: the next of that handle is not ended for it", () => {
    refuses(REFUSED);
    host.connect({ handle: STRAY });
    host.disconnect();
    host.advance(4_000);
    host.connect({ handle: STRAY });
    host.advance(1_500);
    expect(ended(host)).to.deep.equal(["4100"]);
  });

  it("and its end are not what another command is answered", () => {
    host.advance(HANDSHAKE_MAX_MS);
    host.disconnect().connect();
    host.event(0x0f, UNKNOWN, 1, le(0x201b));
    expect(host.att("0a 0300")).to.deep.equal(NAME);
  });

  it("whose end is refused for good has its controller reset behind the session, and not in it", () => {
    for (const type of [MessageType.Open2, MessageType.Sealed])
      host.post(ModuleId.Wallet, Uint8Array.of(Mail.Piece, 3, 3, 0, 1, type, 0));
    refuses(REFUSED);
    host.connect({ handle: STRAY });
    host.advance(10 * HANDSHAKE_MAX_MS);
    expect(host.commands).to.not.include(RESET);
    host.disconnect();
    host.advance(HANDSHAKE_MAX_MS);
    expect(host.commands).to.include(RESET);
    host.clear();
    host.advance(60_000);
    expect(ended(host), "nobody is left to end").to.deep.equal([]);
  });

  it("whose end is refused for good, where nobody is connected, is told so seven times: longer than a supervision time-out", () => {
    refuses(REFUSED);
    host.disconnect().clear();
    host.connect({ handle: STRAY, role: 0 });
    host.advance(7 * HANDSHAKE_MAX_MS - 1);
    expect(ended(host)).to.deep.equal(Array.from({ length: 7 }, () => "4100"));
    expect(host.commands).to.not.include(RESET);
    host.advance(1);
    expect(host.commands).to.include(RESET);
    expect(host.connect().att("0a 0300")).to.deep.equal(NAME);
  });

  it("that went with a reset of the controller does not have it reset once more, where its time is over behind that", () => {
    refuses(REFUSED);
    host.disconnect();
    host.connect({ handle: STRAY, role: 0 });
    host.advance(7 * HANDSHAKE_MAX_MS - 1).event(0x10, 1);
    host.clear();
    host.advance(HANDSHAKE_MAX_MS);
    expect(host.commands).to.not.include(RESET);
  });

  it("gives the next one as much time as it had", () => {
    host.disconnect();
    for (let time = 0; time < 2; time++) {
      host.clear();
      refuses(REFUSED);
      host.connect({ handle: STRAY, role: 0 });
      host.advance(5 * HANDSHAKE_MAX_MS);
      expect(ended(host)).to.have.length(6);
      refuses(UNKNOWN);
      host.advance(HANDSHAKE_MAX_MS);
      expect(host.commands).to.not.include(RESET);
    }
  });

  it("who waits for its end, and a second one: the controller is reset", () => {
    refuses(REFUSED);
    host.connect({ handle: STRAY });
    host.connect({ handle: STRAY + 1 });
    expect(host.commands.slice(0, 2)).to.deep.equal([DISCONNECT, RESET]);
  });

  it("is gone with its controller: a reset leaves nobody to end", () => {
    host.answer = () => undefined;
    host.event(0x3e, 5, le(HANDLE), new Uint8Array(10)); // a command is under way
    host.connect({ handle: STRAY });
    host.answer = () => [0];
    host.event(0x10, 1); // Hardware Error
    expect(host.commands).to.include(RESET);
    expect(ended(host)).to.deep.equal([]);
  });

  it("does not end the one by what the controller says of it", () => {
    refuses(UNKNOWN);
    host.connect({ handle: STRAY });
    host.disconnect(STRAY);
    host.event(0x0f, UNKNOWN, 1, fromHex("0604"));
    expect(host.att("0a 0300")).to.deep.equal(NAME);
  });
});
