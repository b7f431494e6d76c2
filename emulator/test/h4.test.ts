import { fromHex, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import fc from "fast-check";
import { H4Packets } from "../src/index.js";

const PACKETS = ["01030c00", "024020040001000400", "040e0401030c00", "043e00"];

describe("H4", () => {
  it("gives the packets of a line, however it is cut", () => {
    const octets = fromHex(PACKETS.join(""));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: octets.length })), (cuts) => {
        const line = new H4Packets();
        const at = [0, ...cuts.sort((a, b) => a - b), octets.length];
        const given = at.slice(1).flatMap((end, i) => line.push(octets.subarray(at[i], end)));
        expect(given.map(toHex)).to.deep.equal(PACKETS);
      }),
    );
  });

  it("passes over octets that begin no packet", () => {
    expect(new H4Packets().push(fromHex(`0003ff05${PACKETS[2]}07${PACKETS[3]}`)).map(toHex)).to.deep.equal(
      PACKETS.slice(2),
    );
  });

  it("waits for the rest of a packet that has begun", () => {
    const line = new H4Packets();
    expect(line.push(fromHex("0240"))).to.deep.equal([]);
    expect(line.push(fromHex("20ffff"))).to.deep.equal([]);
    expect(line.push(new Uint8Array(0xffff)).map((packet) => packet.length)).to.deep.equal([5 + 0xffff]);
  });
});
