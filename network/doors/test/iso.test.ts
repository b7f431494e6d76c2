// A door and a caller, over real TCP: a line of their own, its MAC, and both ends of everything that can go wrong on it.

import { connect, createServer, type Server, type Socket } from "node:net";
import { decode, encode, frame, type Message } from "@enabling-card/iso8583";
import { aesCmac } from "@enabling-card/vault";
import { expect } from "chai";
import {
  answerFields,
  type CallerOptions,
  IsoCaller,
  type IsoDoor,
  type IsoDoorOptions,
  lineKeys,
  openIsoDoor,
  type Serve,
} from "../src/index.js";
import { encodeWithMac, hasMac, sentAt } from "../src/line-mac.js";
import { approve, closed, KEYS, request } from "./iso-support.js";

describe("a line between services", () => {
  let door: IsoDoor;
  let faults: string[];
  const callers: IsoCaller[] = [];
  const open = async (serve: Serve, change: Partial<IsoDoorOptions> = {}) => {
    const onFault = (code: string) => faults.push(code);
    door = await openIsoDoor({
      host: "127.0.0.1",
      port: 0,
      served: ["0100", "0101", "0400"],
      serve,
      onFault,
      ...change,
    });
  };
  const caller = (change: Partial<CallerOptions> = {}) => {
    const made = new IsoCaller({ host: door.host, port: door.port, onFault: (code) => faults.push(code), ...change });
    callers.push(made);
    return made;
  };
  const refused = (work: Promise<unknown>) =>
    work.then(
      () => "answered",
      ({ code }) => code,
    );

  beforeEach(() => {
    faults = [];
  });
  afterEach(async () => {
    for (const one of callers.splice(0)) one.close();
    await door.close();
  });

  it("gives each who asks his own answer, in whatever order they come", async () => {
    const late: (() => void)[] = [];
    await open((message, answer) => {
      late.unshift(() => approve(message, answer));
      if (late.length === 50) for (const say of late) say();
    });
    const line = caller();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => line.ask(request(i))));
    expect(answers.map(({ mti, fields }) => [mti, Number(fields[11])])).to.deep.equal(
      answers.map((_, i) => ["0110", i]),
    );
  });

  it("tells a request from the reversal of the same number", async () => {
    await open(approve);
    const line = caller();
    const [asked, reversed] = await Promise.all([line.ask(request(1)), line.ask({ ...request(1), mti: "0400" })]);
    expect([asked.mti, reversed.mti]).to.deep.equal(["0110", "0410"]);
  });

  it("gives the repeat of a request that waits, and the same once more, its one answer: it is asked once", async () => {
    const held: (() => void)[] = [];
    await open((message, answer) => void held.push(() => approve(message, answer)));
    const line = caller();
    const asked = ["0100", "0101", "0100"].map((mti) => line.ask({ ...request(1), mti }));
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    held[0]!();
    const answers = await Promise.all(asked);
    for (const answer of answers) expect(answer).to.deep.equal(answers[0]);
    expect(held).to.have.length(1);
  });

  it("refuses another request of the name of one that waits, and harms that not: LINE_NAMED, which was not sent", async () => {
    const held: (() => void)[] = [];
    await open((message, answer) => void held.push(() => approve(message, answer)));
    const line = caller();
    const first = line.ask(request(1));
    for (const mti of ["0100", "0101"]) {
      const error = await line.ask({ ...request(1, { 4: "000000000951" }), mti }).catch((thrown) => thrown);
      expect(error).to.include({ code: "LINE_NAMED", isSent: false });
    }
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    held[0]!();
    expect((await first).fields[4]).to.equal("000000000950");
  });

  it("tells what was sent from what was not: nobody there, or no room, and a line that breaks, or says nothing", async () => {
    await open(() => undefined);
    const errorOf = (work: Promise<unknown>) => work.catch((thrown) => thrown);
    const line = caller({ answerMs: 100 });
    expect(await errorOf(line.ask(request(1)))).to.include({ code: "LINE_TIMEOUT", isSent: true });
    const full = caller();
    const all = Array.from({ length: 4096 }, (_, i) => errorOf(full.ask(request(i))));
    expect(await errorOf(full.ask(request(5000)))).to.include({ code: "LINE_BUSY", isSent: false });
    const reversal = errorOf(full.ask({ ...request(5000), mti: "0401" }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await door.close();
    expect(await all[0]).to.include({ code: "LINE_DOWN", isSent: true });
    expect(await reversal, "for which there is room").to.include({ code: "LINE_DOWN", isSent: true });
    const nobody = caller();
    const asked = errorOf(nobody.ask(request(1)));
    expect(await asked, "while it was tried").to.include({ code: "LINE_DOWN", isSent: false });
    expect(await errorOf(nobody.ask(request(2))), "at once").to.include({ code: "LINE_DOWN", isSent: false });
  });

  it("says LINE_DOWN where nobody is there, not again and again, and asks again by itself", async () => {
    await open(approve);
    const { host, port } = door;
    const line = caller();
    expect((await line.ask(request(1))).fields[39]).to.equal("00");
    await door.close();
    expect(await refused(line.ask(request(2)))).to.equal("LINE_DOWN");
    expect(await refused(line.ask(request(3)))).to.equal("LINE_DOWN");
    await open(approve, { host, port });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await line.ask(request(4))).fields[11]).to.equal("000004");
  });

  it("says LINE_DOWN to all who wait when the line breaks", async () => {
    await open(() => undefined);
    const line = caller();
    const waiting = [1, 2, 3].map((stan) => refused(line.ask(request(stan))));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await door.close();
    expect(await Promise.all(waiting)).to.deep.equal(["LINE_DOWN", "LINE_DOWN", "LINE_DOWN"]);
  });

  it("leaves a line on which nothing was heard since it asked: the next one asks on another", async () => {
    const held: (() => void)[] = [];
    await open((message, answer) => void held.push(() => approve(message, answer)));
    const line = caller({ answerMs: 80 });
    expect(await refused(line.ask(request(1)))).to.equal("LINE_TIMEOUT");
    const second = refused(line.ask(request(2)));
    while (held.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    held[0]!(); // its line is gone: nobody hears it
    held[1]!();
    expect(await second).to.equal("answered");
    expect(faults).to.deep.equal([]);
  });

  it("tells of an answer that nobody waits for, and goes on", async () => {
    await open((message, answer) => {
      approve(message, answer);
      approve(message, answer);
    });
    const line = caller();
    await line.ask(request(1));
    await line.ask(request(2));
    expect(faults).to.include("ANSWER_UNASKED");
  });

  it("is left where what comes cannot be read", async () => {
    await open(approve);
    const server: Server = createServer((socket: Socket) => socket.write(Buffer.from([0, 0])));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    expect(await refused(caller({ port }).ask(request(1)))).to.equal("LINE_DOWN");
    expect(faults).to.deep.equal(["FRAME_EMPTY"]);
    server.close();
  });

  describe("with a MAC", () => {
    it("is understood by whoever has the secret", async () => {
      await open(approve, { keys: KEYS });
      const line = caller({ keys: KEYS });
      expect((await line.ask(request(1))).fields[39]).to.equal("00");
      expect((await line.ask({ ...request(2, { 90: "0".repeat(42) }), mti: "0400" })).mti).to.equal("0410");
      expect(faults).to.deep.equal([]);
    });

    it("is closed on whoever has none, or another, or the answers' key: MAC_WRONG", async () => {
      await open(approve, { keys: KEYS });
      for (const keys of [undefined, lineKeys(new Uint8Array(32)), { request: KEYS.answer, answer: KEYS.request }]) {
        expect(await refused(caller(keys && { keys }).ask(request(1)))).to.equal("LINE_DOWN");
      }
      expect(faults).to.deep.equal(["MAC_WRONG", "MAC_WRONG", "MAC_WRONG"]);
    });

    it("is taken by either secret while both are there, and answered by the one that asked", async () => {
      const [old, next] = [new Uint8Array(32).fill(1), { number: 1, master: new Uint8Array(32).fill(2) }];
      await open(approve, { keys: lineKeys({ ...next, before: { number: 0, master: old } }) });
      for (const secret of [old, next]) {
        expect((await caller({ keys: lineKeys(secret) }).ask(request(1))).fields[39]).to.equal("00");
      }
      const forged = { ...lineKeys(old), request: lineKeys(new Uint8Array(32)).request };
      expect(await refused(caller({ keys: forged }).ask(request(1)))).to.equal("LINE_DOWN");
      expect(faults).to.deep.equal(["MAC_WRONG"]);
    });

    it("is this line's alone: the answer comes without it", async () => {
      await open(approve, { keys: KEYS });
      for (const change of [{}, { 90: "0".repeat(42) }]) {
        const { fields } = await caller({ keys: KEYS }).ask(request(1, change));
        expect(fields).to.include({ 39: "00" }).and.not.have.any.keys("64", "128");
      }
    });

    it("believes no answer without it", async () => {
      await open(approve);
      expect(await refused(caller({ keys: { ...KEYS, request: KEYS.request } }).ask(request(1)))).to.equal("LINE_DOWN");
      expect(faults).to.deep.equal(["MAC_WRONG"]);
    });

    it("is of about now: whose clock is a minute away is not heard, on either side (CLOCK_SKEW)", async () => {
      let now = 1_800_000_000;
      await open(approve, { keys: KEYS, now: () => 1_800_000_000 });
      const ask = (after: number) => {
        now = 1_800_000_000 + after;
        return refused(caller({ keys: KEYS, now: () => now }).ask(request(1)));
      };
      for (const after of [0, 60, -60]) expect(await ask(after)).to.equal("answered");
      for (const after of [61, -61]) expect(await ask(after)).to.equal("LINE_DOWN");
      expect(faults).to.deep.equal(["CLOCK_SKEW", "CLOCK_SKEW"]);
      const timeless = encode({ ...request(1), fields: { ...request(1).fields, 64: new Uint8Array(8) } });
      const mac = aesCmac(KEYS.request, timeless.subarray(0, -8)).subarray(0, 8);
      const raw = connect(door.port, door.host);
      raw.write(frame(Buffer.concat([timeless.subarray(0, -8), mac])));
      for await (const _ of raw) expect.fail("nothing is answered");
      expect(faults.at(-1), "no time at all").to.equal("CLOCK_SKEW");
      expect(faults.length).to.equal(3);
    });

    it("takes no answer of another time for one to this request", async () => {
      await open(approve);
      const server = createServer((socket) => {
        socket.on("data", (chunk) => {
          const message = decode(chunk.subarray(2));
          approve(message, (answer) => socket.write(frame(encodeWithMac(answer!, KEYS.answer, sentAt(1)))));
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as { port: number };
      expect(await refused(caller({ port, keys: KEYS, answerMs: 200 }).ask(request(1)))).to.equal("LINE_TIMEOUT");
      expect(faults).to.deep.equal(["ANSWER_UNASKED"]);
      server.close();
    });

    it("covers each octet of the message", () => {
      for (const message of [request(1), request(1, { 90: "0".repeat(42) })]) {
        const bytes = encodeWithMac(message, KEYS.request, sentAt(0));
        expect(hasMac(bytes, decode(bytes), KEYS.request)).to.equal(true);
        for (let i = 0; i < bytes.length; i++) {
          const altered = Uint8Array.from(bytes, (octet, at) => (at === i ? octet ^ 1 : octet));
          let read: Message;
          try {
            read = decode(altered);
          } catch {
            continue;
          }
          expect(hasMac(altered, read, KEYS.request), `octet ${i}`).to.equal(false);
        }
      }
      const early = encode({
        ...request(1),
        fields: { ...request(1, { 90: "0".repeat(42) }).fields, 64: new Uint8Array(8) },
      });
      expect(hasMac(early, decode(early), KEYS.request)).to.equal(false);
    });
  });

  it("answers whoever asks, beside ten thousand that say nothing", async () => {
    await open(approve);
    const asking = caller();
    await asking.ask(request(0));
    const idle = new Set<Socket>();
    for (let opened = 0; opened < 10_000; opened += 500) {
      const batch = Array.from({ length: 500 }, () => connect(door.port, door.host));
      for (const socket of batch) {
        idle.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => idle.delete(socket));
      }
      await Promise.all(
        batch.map((socket) => new Promise((resolve) => socket.once("connect", resolve).once("close", resolve))),
      );
      expect((await asking.ask(request(opened + 1))).fields[39]).to.equal("00");
    }
    for (let i = 0; idle.size > 1024 && i < 200; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(idle.size).to.be.within(900, 1024);
    expect(faults).to.deep.equal([]);
    for (const socket of idle) socket.destroy();
  });

  it("gets its turn beside a hundred that bring as much as they can, and none of them more than 64 at once", async () => {
    /** Who asked, in the order of being served, and who waits for an answer. */
    const served: string[] = [];
    const waiting: { readonly terminal: string; readonly say: () => void }[] = [];
    await open((message, answer) => {
      const terminal = message.fields[41]!;
      served.push(terminal);
      waiting.push({ terminal, say: () => approve(message, answer) });
    });
    const chunk = (terminal: string) =>
      Buffer.concat(Array.from({ length: 600 }, (_, i) => frame(encode(request(i, { 41: terminal })))));
    const floods = Array.from({ length: 100 }, (_, i) => {
      const socket = connect(door.port, door.host);
      socket.on("error", () => undefined).resume();
      const octets = chunk(`BAD${String(i).padStart(5, "0")}`);
      const more = () => {
        while (!socket.destroyed && socket.write(octets));
      };
      socket.on("drain", more);
      more();
      return socket;
    });
    const quiet = () => new Promise((resolve) => setTimeout(resolve, 50));
    while (served.length < 512) await quiet();
    await quiet();
    expect(served).to.have.length(512);
    const honest = refused(caller().ask(request(1, { 41: "HONEST01" })));
    await quiet();
    while (!served.includes("HONEST01")) {
      for (const { say } of waiting.splice(0)) say();
      await quiet();
      const counts = new Map<string, number>();
      for (const { terminal } of waiting) counts.set(terminal, (counts.get(terminal) ?? 0) + 1);
      expect(Math.max(...counts.values())).to.be.at.most(64);
    }
    // Behind no more than what was asked before, and one turn of each.
    expect(served.indexOf("HONEST01")).to.be.at.most(512 + 101 * 8);
    for (const { say } of waiting.splice(0)) say();
    expect(await honest).to.equal("answered");
    for (const socket of floods) socket.destroy();
    expect(faults).to.deep.equal([]);
  });

  it("is read no further while 64 of its requests wait, and goes on when they are answered", async () => {
    const held: (() => void)[] = [];
    await open((message, answer) => void held.push(() => approve(message, answer)));
    const socket = connect(door.port, door.host);
    let heard = 0;
    socket.on("data", (chunk) => {
      heard += chunk.length;
    });
    const one = frame(encode(request(1)));
    const size = frame(encode({ mti: "0110", fields: { ...answerFields(request(1)).fields, 39: "00" } })).length;
    for (let i = 0; i < 40; i++) {
      socket.write(Buffer.concat(Array.from({ length: 10 }, () => one)));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(held).to.have.length(64);
    while (heard < 400 * size) {
      for (const say of held.splice(0)) say();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    socket.destroy();
  });

  it("is kept while an answer is due on it, whoever comes; where answers are due on all nobody is let in", async () => {
    const held: (() => void)[] = [];
    await open((message, answer) => void held.push(() => approve(message, answer)), { connectionsMax: 2 });
    const first = caller().ask(request(1));
    while (held.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    const silent = Array.from({ length: 5 }, () => connect(door.port, door.host).on("error", () => undefined));
    await Promise.all(silent.slice(0, 4).map((socket) => closed(socket.resume())));
    const second = caller().ask(request(2));
    while (held.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await refused(caller().ask(request(3)))).to.equal("LINE_DOWN");
    for (const say of held) say();
    expect((await first).fields[39]).to.equal("00");
    expect((await second).fields[39]).to.equal("00");
    for (const socket of silent) socket.destroy();
  });

  it("is closed on whoever reads none of his answers", async () => {
    await open(approve);
    const socket = connect(door.port, door.host).on("error", () => undefined);
    const octets = Buffer.concat(Array.from({ length: 500 }, (_, i) => frame(encode(request(i)))));
    socket.pause();
    const more = () => {
      while (!socket.destroyed && socket.write(octets));
    };
    socket.on("drain", more);
    more();
    await closed(socket);
  });
});
