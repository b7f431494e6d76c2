import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { fromHex, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import fc from "fast-check";
import { H4Packets } from "../src/index.js";

const PACKETS = ["01030c00", "024020040001000400", "040e0401030c00", "043e00"];

/** Of one line of this machine. */
async function twoEnds(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const theirs = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [ours] = (await once(server, "connection")) as [Socket];
  server.close();
  return [ours, theirs];
}

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

  it("forgets a packet that has begun and does not go on, and finds its place again", async () => {
    const line = new H4Packets({ pauseMs: 5 });
    expect(line.push(fromHex("024020ffff"))).to.deep.equal([]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(line.push(fromHex(PACKETS[0]!)).map(toHex)).to.deep.equal([PACKETS[0]]);
  });

  it("goes on with a packet whose rest waited to be read while the process was held up", async () => {
    const [ours, theirs] = await twoEnds();
    const line = new H4Packets({ pauseMs: 5 });
    line.push(fromHex("0240"));
    const heard = new Promise<Uint8Array[]>((resolve) => ours.once("data", (octets) => resolve(line.push(octets))));
    theirs.write(fromHex("20010000"));
    const until = performance.now() + 50;
    while (performance.now() < until);
    expect((await heard).map(toHex)).to.deep.equal(["024020010000"]);
    for (const end of [ours, theirs]) end.destroy();
  });

  it("waits for the rest of a packet that has begun", () => {
    const line = new H4Packets();
    expect(line.push(fromHex("0240"))).to.deep.equal([]);
    expect(line.push(fromHex("20ffff"))).to.deep.equal([]);
    expect(line.push(new Uint8Array(0xffff)).map((packet) => packet.length)).to.deep.equal([5 + 0xffff]);
  });
});
