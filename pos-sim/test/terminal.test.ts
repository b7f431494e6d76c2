import { encode, frame, Iso8583Error, type Message, printMessage } from "@enabling-card/iso8583";
import { expect } from "chai";
import fc from "fast-check";
import { type Answered, PosError, type Read, Terminal, type TerminalConfig } from "../src/index.js";
import { approval, type Behaviour, fakeHost } from "./fake-host.js";

const PAN = "9999991234567893";
const TRACK1 = `%B${PAN}^DOE/JANE^30121011777700000042?`;
const TRACK2 = `;${PAN}=30121011777700000042?`;
const NOW = new Date(2026, 4, 17, 13, 5, 9);

function read(data: string, changes: Partial<Read> = {}): Read {
  const track = data.startsWith("%") ? 1 : 2;
  const quality = {
    confidence: 1,
    characterConfidence: [],
    lrc: true,
    startS: 0,
    endS: 1,
    cellUs: 400,
    jitterPercent: 0,
    masked: false,
  } as const;
  return { track, data, direction: "forward", ...quality, ...changes };
}
const approve: Behaviour = (request) => approval(request);
const BOTH = [read(TRACK1), read(TRACK2)];

async function withHost<T>(behaviour: Behaviour, config: Partial<TerminalConfig>, run: (t: Terminal) => Promise<T>) {
  const host = await fakeHost(behaviour);
  try {
    const terminal = new Terminal({ host: host.host, port: host.port, now: () => NOW, timeoutMs: 2000, ...config });
    return { result: await run(terminal), requests: host.requests };
  } finally {
    await host[Symbol.asyncDispose]();
  }
}
const buy = (terminal: Terminal) => terminal.authorise(BOTH, { amount: 1250 });

async function errorCode(action: Promise<unknown>): Promise<string> {
  const error = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PosError)) throw error ?? new Error("nothing was thrown");
  return error.code;
}

describe("a terminal", () => {
  it("asks with what ISO 8583 wants of a swipe", async () => {
    const { requests } = await withHost(approve, { firstStan: 42, merchantName: "SHOP" }, buy);
    const { mti, fields } = requests[0]!;
    expect(mti).to.equal("0100");
    expect(fields).to.include({
      3: "000000",
      4: "000000001250",
      11: "000042",
      12: "130509",
      13: "0517",
      14: "3012",
      18: "5999",
      22: "902",
      25: "00",
      35: TRACK2.slice(1, -1),
      41: "POS00001",
      42: "TEST MERCHANT  ",
      43: "SHOP".padEnd(40),
      45: TRACK1.slice(1, -1),
      49: "978",
    });
    expect(fields[37]).to.match(/^6137[0-9]{2}000042$/); // 2026, day 137
  });

  it("shows an approval", async () => {
    const { result } = await withHost((request) => approval(request, { 44: "APPROVED" }), {}, buy);
    expect(result).to.include({
      outcome: "answered",
      approved: true,
      responseCode: "00",
      ourCode: "APPROVED",
      authCode: "A1B2C3",
    });
  });

  it("shows a refusal of the network as a result, with the network's own name for it", async () => {
    const { result } = await withHost(
      (request) => approval(request, { 38: "      ", 39: "05", 44: "ATC_REPLAYED" }),
      {},
      buy,
    );
    expect(result).to.include({ approved: false, responseCode: "05", ourCode: "ATC_REPLAYED" });
    expect(result.receipt).to.include("DECLINED 05 ATC_REPLAYED");
  });

  it("sends one track when only one was read", async () => {
    const one = (track: string) =>
      withHost(approve, {}, (terminal) => terminal.authorise([read(track)], { amount: 1 }));
    expect((await one(TRACK2)).requests[0]!.fields).to.not.have.property("45");
    expect((await one(TRACK1)).requests[0]!.fields).to.not.have.property("35");
  });

  it("takes the same track twice, as a card that sends it in both directions gives it", async () => {
    const reads = [...BOTH, read(TRACK2, { direction: "reverse" })];
    const { result } = await withHost(approve, {}, (terminal) => terminal.authorise(reads, { amount: 1 }));
    expect(result.approved).to.equal(true);
  });

  it("counts its STAN, and 1 follows 999999", async () => {
    const { requests } = await withHost(approve, { firstStan: 999_999 }, async (terminal) => {
      await buy(terminal);
      return buy(terminal);
    });
    expect(requests.map(({ fields }) => fields[11])).to.deep.equal(["999999", "000001"]);
  });

  it("prints and logs nothing of the card but first six and last four", async () => {
    const { result } = await withHost(approve, {}, buy);
    const shown = `${result.receipt}\n${printMessage((result as Answered).request)}`;
    expect(shown).to.include("999999******7893");
    expect(shown).to.not.include(PAN).and.not.include("1777700000042");
  });
});

describe("a terminal refuses without asking", () => {
  const cases: [string, Read[], string, Partial<TerminalConfig>?][] = [
    ["a swipe without reads", [], "NO_READ"],
    ["a swipe of track 3 alone", [read(";0199999912345678930=1?", { track: 3 })], "NO_READ"],
    ["a card outside the test range", [read(";411111******1111=3012101?", { masked: true })], "NOT_A_TEST_CARD"],
    ["a track that breaks its standard", [read(`;${PAN}=3013101?`)], "BAD_TRACK"],
    ["two cards at once", [read(TRACK2), read(TRACK2.replace("0042", "0043"))], "TRACKS_DISAGREE"],
    ["tracks with two numbers", [read(TRACK1), read(TRACK2.replace(PAN, "9999990000000014"))], "TRACKS_DISAGREE"],
    ["tracks with two expiries", [read(TRACK1), read(TRACK2.replace("=3012", "=3011"))], "TRACKS_DISAGREE"],
    ["tracks with two service codes", [read(TRACK1), read(TRACK2.replace("=3012101", "=3012201"))], "TRACKS_DISAGREE"],
    ["a wrong check digit", [read(TRACK2.replace("7893", "7896"))], "BAD_CHECK_DIGIT"],
    ["a card of last month", [read(TRACK2.replace("=3012", "=2604"))], "CARD_EXPIRED"],
    ["service code 201", [read(TRACK2.replace("=3012101", "=3012201"))], "USE_CHIP"],
    ["service code 601", [read(TRACK2.replace("=3012101", "=3012601"))], "USE_CHIP"],
  ];
  for (const [what, reads, code] of cases) {
    it(what, async () => {
      const { result, requests } = await withHost(approve, {}, (t) => t.authorise(reads, { amount: 1 }));
      expect(result.outcome === "refused" && result.refusal.code).to.equal(code);
      expect(result.receipt.split("\n").at(-1)).to.match(/\.$/);
      expect(requests).to.have.length(0);
    });
  }

  it("but takes a card in the month that it expires", async () => {
    const reads = [read(TRACK2.replace("=3012", "=2605"))];
    const { result } = await withHost(approve, {}, (terminal) => terminal.authorise(reads, { amount: 1 }));
    expect(result.approved).to.equal(true);
  });

  it("but swipes a chip card where it has no chip reader", async () => {
    const reads = [read(TRACK2.replace("=3012101", "=3012201"))];
    const { result } = await withHost(approve, { chipCapable: false }, (t) => t.authorise(reads, { amount: 1 }));
    expect(result.approved).to.equal(true);
  });
});

describe("a terminal with a bad network", () => {
  const cases: [string, Behaviour, string][] = [
    ["a host that says nothing", () => undefined, "HOST_TIMEOUT"],
    ["a host that hangs up", (_, socket) => void socket.end(), "HOST_LOST"],
    ["a reset", (_, socket) => void socket.resetAndDestroy(), "HOST_LOST"],
    ["half a reply", (_, socket) => void socket.end(Uint8Array.of(0, 40, 48)), "HOST_LOST"],
    ["a reply that never ends", (_, socket) => void socket.write(Uint8Array.of(0, 40, 48)), "HOST_TIMEOUT"],
    ["a frame of 65,535 bytes", (_, socket) => void socket.write(new Uint8Array(70_000).fill(255)), "HOST_BAD_REPLY"],
    ["an empty frame", (_, socket) => void socket.write(Uint8Array.of(0, 0)), "HOST_BAD_REPLY"],
    ["garbage", (_, socket) => void socket.write(frame(new Uint8Array(99).fill(0x5a))), "HOST_BAD_REPLY"],
    ["an echo of the request", (request) => request, "HOST_BAD_REPLY"],
    ["an answer of another type", (request) => approval(request, {}, "0210"), "HOST_BAD_REPLY"],
    ["the answer to another STAN", (request) => approval(request, { 11: "999998" }), "HOST_BAD_REPLY"],
    ["the answer to another reference", (request) => approval(request, { 37: "000000000000" }), "HOST_BAD_REPLY"],
    ["another amount", (request) => approval(request, { 4: "000000000001" }), "HOST_BAD_REPLY"],
    ["another terminal", (request) => approval(request, { 41: "POS00002" }), "HOST_BAD_REPLY"],
    [
      "no response code",
      (request) => ({ mti: "0110", fields: { 11: request.fields[11]!, 37: request.fields[37]! } }),
      "HOST_BAD_REPLY",
    ],
  ];
  for (const [what, behaviour, code] of cases) {
    it(`calls ${what} ${code}`, async () => {
      const timeoutMs = code === "HOST_TIMEOUT" ? 60 : 2000;
      expect(await errorCode(withHost(behaviour, { timeoutMs }, buy))).to.equal(code);
    });
  }

  it("knows a port where nobody listens", async () => {
    const { host, port, [Symbol.asyncDispose]: close } = await fakeHost(approve);
    await close();
    expect(await errorCode(buy(new Terminal({ host, port, now: () => NOW })))).to.equal("HOST_UNREACHABLE");
  });

  it("takes a reply that comes byte by byte", async () => {
    const slow: Behaviour = (request, socket) => {
      const bytes = frame(encode(approval(request)));
      bytes.forEach((byte, i) => void setTimeout(() => socket.write(Uint8Array.of(byte)), i / 4));
      return undefined;
    };
    expect((await withHost(slow, {}, buy)).result.approved).to.equal(true);
  });

  it("can be cancelled, before and while it waits", async () => {
    const cancelled = (signal: AbortSignal) =>
      withHost(
        () => undefined,
        {},
        (terminal) => terminal.authorise(BOTH, { amount: 1, signal }),
      );
    expect(await errorCode(cancelled(AbortSignal.abort()))).to.equal("ABORTED");
    expect(await errorCode(cancelled(AbortSignal.timeout(30)))).to.equal("ABORTED");
  });

  it("never ends with anything but a coded error, whatever bytes come back", async () => {
    const replies = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 200 }), { numRuns: 40, seed: 7 });
    for (const reply of replies) {
      const behaviour: Behaviour = (_, socket) =>
        void socket.end(Buffer.concat([Uint8Array.of(0, reply.length), reply]));
      expect(await errorCode(withHost(behaviour, {}, buy))).to.match(/^HOST_/);
    }
  });
});

describe("a terminal that got no answer it can trust", () => {
  /** Says nothing to purchases, and `toReversal` to reversals. */
  const mute =
    (toReversal: Behaviour): Behaviour =>
    (request, socket) =>
      request.mti.startsWith("04") ? toReversal(request, socket) : undefined;
  const taken: Behaviour = (request) => approval(request, {}, "0410");
  const lost = async (behaviour: Behaviour, config: Partial<TerminalConfig> = {}) => {
    const host = await fakeHost(behaviour);
    const terminal = new Terminal({ host: host.host, port: host.port, now: () => NOW, timeoutMs: 60, ...config });
    const error = await buy(terminal).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    await host[Symbol.asyncDispose]();
    return { error: error as PosError, requests: host.requests };
  };

  it("reverses what it asked for, by its name and no card's data, and says that nothing was paid", async () => {
    const { error, requests } = await lost(mute(taken), { firstStan: 42 });
    expect(error).to.include({ code: "HOST_TIMEOUT", reversal: "taken" });
    expect(error.message).to.contain("it was reversed, nothing was paid");
    expect(requests.map(({ mti }) => mti)).to.deep.equal(["0100", "0400"]);
    const [asked, { fields }] = [requests[0]!, requests[1]!];
    const acquirer = "999999".padStart(11, "0");
    expect(fields).to.include({
      ...{ 4: "000000001250", 11: "000043", 41: "POS00001" },
      90: `0100000042${asked.fields[7]}${acquirer}${"0".repeat(11)}`,
    });
    expect(fields).not.to.have.any.keys("2", "14", "35", "45");
  });

  it("tries once more, as a repeat, and then says that nobody knows", async () => {
    let tries = 0;
    const second = await lost(mute((request, socket) => (++tries === 2 ? taken(request, socket) : undefined)));
    expect(second.error).to.include({ reversal: "taken" });
    expect(second.requests.map(({ mti }) => mti)).to.deep.equal(["0100", "0400", "0401"]);
    expect(second.requests[2]!.fields).to.deep.equal(second.requests[1]!.fields);
    for (const answer of [() => undefined, (request: Message) => approval(request, { 39: "96" }, "0410"), approve]) {
      const { error } = await lost(mute(answer));
      expect(error).to.include({ code: "HOST_TIMEOUT", reversal: "unanswered" });
      expect(error.message).to.contain("ask the network whether it was paid");
    }
  });

  it("reverses what an answer to another request cannot be believed of", async () => {
    const { error } = await lost((request) =>
      request.mti === "0400" ? approval(request, {}, "0410") : approval(request, { 11: "999999" }),
    );
    expect(error).to.include({ code: "HOST_BAD_REPLY", reversal: "taken" });
  });

  it("reverses nothing that was never sent", async () => {
    const host = await fakeHost(taken);
    const terminal = new Terminal({ host: host.host, port: host.port, now: () => NOW });
    const signal = AbortSignal.abort();
    expect(await errorCode(terminal.authorise(BOTH, { amount: 1, signal }))).to.equal("ABORTED");
    expect(host.requests).to.deep.equal([]);
    await host[Symbol.asyncDispose]();
  });
});

describe("a terminal set up wrongly", () => {
  it("says which amount, port or field", async () => {
    const terminal = new Terminal({ host: "127.0.0.1", port: 1, now: () => NOW });
    for (const amount of [-1, 0.5, Number.NaN, 1e12]) {
      expect(await errorCode(terminal.authorise(BOTH, { amount }))).to.equal("BAD_ARGUMENT");
    }
    expect(await errorCode(buy(new Terminal({ host: "127.0.0.1", port: 99_999 })))).to.equal("BAD_ARGUMENT");
    const long = new Terminal({ host: "127.0.0.1", port: 1, terminalId: "POS000001" });
    const error = await buy(long).catch((reason: unknown) => reason);
    expect(error)
      .to.be.instanceOf(PosError)
      .with.property("message")
      .that.matches(/^DE 41 /);
    expect((error as PosError).cause).to.be.instanceOf(Iso8583Error);
  });
});
