// What passed between processor and issuer, recorded, and sent again by whoever can reach the issuer's line: nothing is approved by it a second time, ever.

import { connect } from "node:net";
import { lineKeys } from "@enabling-card/doors";
import { decode, FrameReader, frame } from "@enabling-card/iso8583";
import { type IssuerService, keysFromSeeds, randomSeeds, startIssuer } from "@enabling-card/issuer";
import { toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { encodeWithMac, sentAt } from "../../doors/src/line-mac.js";
import { DAY, enrolledCard, purchase, T0 } from "../../issuer/test/issuer-support.js";

const SECRET = new Uint8Array(32).fill(3);

describe("a recorded request for an account", () => {
  let issuer: IssuerService;
  let now = T0;
  let faults: string[] = [];

  beforeEach(async () => {
    [now, faults] = [T0, []];
    issuer = await startIssuer({
      keys: keysFromSeeds(randomSeeds()),
      now: () => now,
      onFault: (code) => faults.push(code),
      processor: { port: 0, secret: SECRET },
    });
  });
  afterEach(() => issuer.close());

  it("has its answer for a minute, and is heard no more: CLOCK_SKEW", async () => {
    const card = await enrolledCard(issuer.issuer);
    const { tokenRef } = await issuer.issuer.mint(card.cardId, "Lovelace/Ada");
    const { token, expiry } = await issuer.issuer.resolve(card.cardId, card.accessKey, toHex(tokenRef));
    const request = purchase({}, { 2: token, 14: expiry, 22: "012", 33: "999999", 42: "POWDERS".padEnd(15) });
    const recorded = frame(encodeWithMac(request, lineKeys(SECRET).request, sentAt(T0)));
    const sent = async () => {
      const { host, port } = issuer.line!;
      const socket = connect(port, host);
      const reader = new FrameReader();
      socket.write(recorded);
      for await (const chunk of socket) {
        const [answer] = reader.push(chunk as Buffer);
        if (answer) return decode(answer).fields[38];
      }
      return "closed";
    };
    const approved = await sent();
    expect(approved).to.match(/^\d{6}$/);
    now = T0 + 60;
    expect(await sent()).to.equal(approved);
    for (const later of [61, DAY - 1, DAY + 1, 30 * DAY]) {
      now = T0 + later;
      expect(await sent(), `${later} s later`).to.equal("closed");
    }
    expect(faults).to.deep.equal(Array(4).fill("CLOCK_SKEW"));
  });
});
