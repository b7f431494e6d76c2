// Words of a controller that link never got, and settings that a controller has no more: the card is heard again, without a reset from outside.

import { toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { HANDLE, LinkHost, le } from "../support/link-host.js";

const RESET = 0x0c03;
const ENABLE = 0x200a;
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
