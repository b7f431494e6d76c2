// The terminals' door over real TCP: answers, and every way a line can misbehave.

import { connect, type Socket } from "node:net";
import { decode, encode, FrameReader, frame, type Message } from "@enabling-card/iso8583";
import { expect } from "chai";
import {
  type IssuerService,
  type IssuerServiceOptions,
  keysFromSeeds,
  randomSeeds,
  startIssuer,
} from "../src/index.js";
import { enrolledCard, purchase, T0, takeGrant, tracksOf } from "./issuer-support.js";

/** A terminal's line: what came back, and the moment it was cut. */
class Line {
  readonly answers: Message[] = [];
  readonly closed: Promise<void>;
  readonly socket: Socket;
  #waiting: (() => void)[] = [];

  constructor({ iso }: IssuerService) {
    const reader = new FrameReader();
    this.socket = connect(iso!.port, iso!.host);
    this.socket.on("error", () => undefined);
    this.socket.on("data", (chunk) => {
      this.answers.push(...reader.push(chunk).map(decode));
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.closed = new Promise((resolve) => this.socket.once("close", () => resolve()));
  }

  send(...messages: readonly (Message | Uint8Array)[]): this {
    this.socket.write(Buffer.concat(messages.map((one) => (one instanceof Uint8Array ? one : frame(encode(one))))));
    return this;
  }

  async answered(count: number): Promise<readonly Message[]> {
    while (this.answers.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.answers;
  }
}

describe("the terminals' door", () => {
  let service: IssuerService;
  let faults: string[];
  const lines: Line[] = [];
  const open = () => {
    const line = new Line(service);
    lines.push(line);
    return line;
  };
  const swipe = async () => {
    const card = await enrolledCard(service.issuer);
    const { tokenRef } = await service.issuer.mint(card.cardId, "Lovelace/Ada");
    return tracksOf(await takeGrant(service.issuer, card, tokenRef));
  };

  const start = async (iso: IssuerServiceOptions["iso"] = {}) => {
    faults = [];
    service = await startIssuer({
      keys: keysFromSeeds(randomSeeds()),
      now: () => T0,
      onFault: (code) => faults.push(code),
      isoPort: 0,
      iso: { connectionsMax: 20, ...iso },
    });
  };
  afterEach(async () => {
    for (const line of lines.splice(0)) line.socket.destroy();
    await service.close();
  });

  describe("open as it comes", () => {
    beforeEach(() => start());

    it("answers a 0100 with what it was asked: amount, STAN, time, terminal, reference", async () => {
      const message = purchase(await swipe(), { 42: "TEST MERCHANT  " });
      const [answer] = await open().send(message).answered(1);
      expect(answer!.mti).to.equal("0110");
      expect(answer!.fields[39]).to.equal("00");
      for (const de of [3, 4, 7, 11, 32, 37, 41, 42, 49] as const)
        expect(answer!.fields[de]).to.equal(message.fields[de]);
      expect(answer!.fields).not.to.have.any.keys("2", "14", "35", "45");
    });

    it("answers several on one line, in order, however the line cuts them", async () => {
      const messages = [purchase(await swipe()), purchase(await swipe()), purchase(await swipe())];
      const line = open();
      for (const octet of Buffer.concat(messages.map((message) => frame(encode(message)))))
        line.socket.write(Buffer.of(octet));
      const answers = await line.answered(3);
      expect(answers.map(({ fields }) => fields[11])).to.deep.equal(messages.map(({ fields }) => fields[11]));
      expect(answers.map(({ fields }) => fields[39])).to.deep.equal(["00", "00", "00"]);
    });

    it("approves one of many terminals that bring the same swipe at once", async () => {
      const tracks = await swipe();
      const answers = await Promise.all(
        Array.from({ length: 20 }, async () => (await open().send(purchase(tracks)).answered(1))[0]!),
      );
      const codes = answers.map(({ fields }) => fields[39]);
      expect(codes.filter((code) => code === "00")).to.have.length(1);
      expect(codes.filter((code) => code === "94")).to.have.length(19);
    });

    const GARBAGE: readonly (readonly [what: string, octets: Uint8Array, fault: string])[] = [
      ["text of another protocol", Buffer.from("GET / HTTP/1.1\r\n\r\n"), "FRAME_TOO_LONG"],
      ["a frame that is too long", Buffer.from([0x10, 0x01, 1, 2, 3]), "FRAME_TOO_LONG"],
      ["an empty frame", Buffer.from([0, 0]), "FRAME_EMPTY"],
      ["a frame of garbage", frame(Buffer.from("garbage, not digits")), "BAD_MTI"],
      ["a message that is cut", frame(encode(purchase({ track2: "1" })).slice(0, 36)), "CUT_MESSAGE"],
      [
        "an unknown field",
        frame(Buffer.from("30313030" + "2000000000000002" + "303030303030", "hex")),
        "UNKNOWN_FIELD",
      ],
      ["an answer", frame(encode({ ...purchase({}), mti: "0110" })), "MTI_UNSUPPORTED"],
    ];
    for (const [what, octets, fault] of GARBAGE) {
      it(`closes a line that brings ${what}: ${fault}, and no other`, async () => {
        const good = open();
        const bad = open().send(octets);
        await bad.closed;
        expect(bad.answers).to.deep.equal([]);
        expect(faults).to.deep.equal([fault]);
        const [answer] = await good.send(purchase(await swipe())).answered(1);
        expect(answer!.fields[39]).to.equal("00");
      });
    }

    it("still delivers the answers before the garbage, and reads nothing behind it", async () => {
      const line = open().send(purchase(await swipe()), frame(Buffer.from("garbage")), purchase(await swipe()));
      await line.closed;
      expect(line.answers.map(({ fields }) => fields[39])).to.deep.equal(["00"]);
      expect(faults).to.deep.equal(["BAD_MTI"]);
    });

    it("says that a line ended inside a message", async () => {
      const line = open().send(Buffer.from([0, 50, 1, 2, 3]));
      line.socket.end();
      await line.closed;
      expect(faults).to.deep.equal(["FRAME_CUT"]);
    });

    it("cuts a terminal that asks and never reads", async () => {
      const line = open();
      line.socket.pause();
      const batch = Buffer.concat(Array.from({ length: 200 }, () => frame(encode(purchase({})))));
      const timer = setInterval(() => line.socket.destroyed || line.socket.write(batch), 1);
      const closed = await Promise.race([
        new Promise((resolve) => line.socket.once("error", () => resolve(true))),
        line.closed.then(() => true),
        new Promise((resolve) => setTimeout(() => resolve(false), 50_000)),
      ]);
      clearInterval(timer);
      expect(closed).to.equal(true);
    });

    it("takes so many lines and no more: for a further one it closes the one that has been quiet for the longest time", async () => {
      const many = Array.from({ length: 20 }, () => open());
      for (const line of many) await line.send(purchase({})).answered(1);
      await many[0]!.send(purchase({})).answered(2);
      const extra = open();
      await many[1]!.closed;
      expect(await extra.send(purchase({})).answered(1)).to.have.length(1);
      expect(await many[0]!.send(purchase({})).answered(3)).to.have.length(3);
    });

    it("closes at once, whatever is open", async () => {
      const idle = open();
      const half = open().send(Buffer.from([1]));
      await open().send(purchase({})).answered(1);
      const pending = fetch(`${service.url}/v1/health`).then((response) => response.text()); // leaves a kept-alive line
      await pending;
      const phone = connect(Number(new URL(service.url).port), "127.0.0.1");
      phone.on("error", () => undefined);
      phone.write(
        "POST /v1/cards HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 400\r\n\r\n{",
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
      const before = performance.now();
      await service.close();
      await Promise.all([idle.closed, half.closed]);
      expect(performance.now() - before).to.be.lessThan(1000);
      await service.close(); // twice is once
    });
  });

  it("closes a line that says half a frame and no more, or dribbles it", async () => {
    await start({ frameMs: 120 });
    const half = open().send(Buffer.from([0x01, 0x00, 0x30, 0x31]));
    const dribble = open().send(Buffer.from([0x01]));
    const timer = setInterval(() => dribble.socket.destroyed || dribble.socket.write(Buffer.of(0)), 20);
    await Promise.all([half.closed, dribble.closed]);
    clearInterval(timer);
    expect(faults).to.deep.equal([]); // and nothing of what it dribbled was whole
  });

  it("gives each message its own time: a busy line is not a slow one", async () => {
    await start({ frameMs: 400 });
    const line = open();
    for (let i = 1; i <= 6; i++) {
      const octets = frame(encode(purchase({})));
      line.send(octets.slice(0, 5));
      await new Promise((resolve) => setTimeout(resolve, 80));
      line.send(octets.slice(5));
      await line.answered(i);
    }
    expect(line.answers).to.have.length(6);
  });

  it("closes a line on which nothing comes", async () => {
    await start({ idleMs: 100 });
    await open().closed;
  });
});
