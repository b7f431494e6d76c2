// Controllers that fail again and again: the first time they are reset at once, and from then on with a pause, so that card and controller do not keep
// each other busy; and once it is over, the card is there again.

import { Mail } from "@enabling-card/wire";
import { expect } from "chai";
import { HANDLE, LinkHost } from "../support/link-host.js";

const RESET = 0x0c03;
const ENABLE = 0x200a;
/** Between two resets of a controller that fails. */
const PAUSE_MS = 2_000;
const NAME = ["0b6563617264"];
const resets = (host: LinkHost) => host.commands.filter((opcode) => opcode === RESET).length;

/** What a controller says for which it is reset. */
const FAILURES: readonly [string, (host: LinkHost) => void][] = [
  ["Hardware Error", (host) => host.event(0x10, 1)],
  ["data of a connection that nobody told of", (host) => host.fragment(new Uint8Array(8), true, HANDLE + 1)],
  ["the end of a connection that nobody told of", (host) => host.disconnect(HANDLE + 1)],
  [
    "two connections that are none of the card's",
    (host) => {
      host.answer = (opcode) => [opcode === 0x0406 ? 0x0c : 0];
      host.connect({ handle: HANDLE + 1, role: 0 }).connect({ handle: HANDLE + 2, role: 0 });
    },
  ],
];

describe("a controller that fails again and again", () => {
  let host: LinkHost;
  beforeEach(() => {
    host = new LinkHost().start();
    host.clear();
  });

  for (const [what, fails] of FAILURES) {
    it(`by ${what} is reset at once, then every two seconds, and is on the air again once that is over`, () => {
      for (let ms = 0; ms < 5 * PAUSE_MS; ms += 10) {
        fails(host);
        host.advance(10);
        expect(resets(host)).to.equal(1 + Math.floor((ms + 10) / PAUSE_MS));
      }
      host.advance(PAUSE_MS);
      expect(host.commands.at(-1)).to.equal(ENABLE);
      expect(host.connect().att("0a 0300")).to.deep.equal(NAME);
    });
  }

  it("at its reset is given no other command until the next one", () => {
    host.answer = () => undefined;
    host.event(0x10, 1);
    host.event(0x10, 1);
    host.connect().disconnect();
    host.advance(PAUSE_MS - 1);
    expect(host.commands).to.deep.equal([RESET]);
    host.answer = () => [0];
    host.advance(1);
    expect(resets(host)).to.equal(2);
    expect(host.commands.at(-1)).to.equal(ENABLE);
  });

  it("with a phone: the wallet hears that it is gone at once, not behind the pause", () => {
    host.event(0x10, 1).connect();
    host.att("12 1d00 0100");
    host.clear();
    host.event(0x10, 1);
    expect(host.mail.map(({ bytes }) => bytes[0])).to.deep.equal([Mail.LineDown]);
    expect(host.commands).to.deep.equal([]);
  });

  it("lets nobody in until it is reset, though it was on the air", () => {
    host.event(0x10, 1).event(0x10, 1);
    expect(host.connect().att("0a 0300")).to.deep.equal([]);
  });

  it("is reset at once again where the last time is two seconds ago", () => {
    host.event(0x10, 1).advance(PAUSE_MS);
    host.clear();
    host.event(0x10, 1);
    expect(resets(host)).to.equal(1);
  });
});
