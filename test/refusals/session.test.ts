// A session must be proven, and takes nothing over from the one before it: neither its keys nor its requests.

import { Indicator, Mail, MessageType, Op, Phase } from "@enabling-card/wire";
import { expect } from "chai";
import { type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectError } from "../support/expect-refusal.js";
import { rawSession, settle, type Watch } from "../support/raw-session.js";

const typeOf = (chunk: Uint8Array) => chunk[4];

describe("a session", () => {
  let w: World;
  let phone: Phone;
  beforeEach(async () => {
    w = await world();
    phone = await pairedPhone(w);
  });
  afterEach(async () => {
    expect(w.emulator.traps).to.deep.equal([]);
    await w.close();
  });

  async function begin(watch: Watch = {}) {
    await phone.card.close();
    return rawSession(w, watch);
  }

  it("is proven by its first message within 5 s", async () => {
    const session = await begin();
    w.emulator.advance(4_900);
    await session.request(Op.State, null);
    w.emulator.advance(60_000);
    await session.request(Op.State, null); // once proven, it lasts
    await session.close();
  });

  it("that was not proven within 5 s is none: NO_SESSION", async () => {
    const session = await begin();
    w.emulator.advance(5_001);
    await expectError(() => session.request(Op.State, null), "NO_SESSION");
    await session.close();
  });

  it("lives on when its opening is replayed, within those 5 s and after them", async () => {
    const openings: Uint8Array[] = [];
    const answers: (number | undefined)[] = [];
    const session = await begin({
      onWrite: (chunk) => typeOf(chunk) === MessageType.Open1 && openings.push(chunk.slice()),
      onChunk: (chunk) => answers.push(typeOf(chunk)),
      hides: (chunk) => typeOf(chunk) === MessageType.Open2 && openings.length === 1 && answers.length > 1,
    });
    await session.request(Op.State, null);
    await session.write(openings[0]!);
    expect(answers.at(-1)).to.equal(MessageType.Open2); // the card cannot know yet
    await session.request(Op.State, null);
    w.emulator.advance(5_001);
    await session.request(Op.State, null);
    await session.close();
  });

  it("that is not proven gets no grace from the live one's messages: SESSION_AUTH_FAILED after 5 s", async () => {
    let hidden = false;
    const live = await begin({ hides: () => hidden });
    await live.request(Op.State, null);
    const pending = await live.reopen();
    hidden = true; // what the live session hears is nothing that the pending one could read
    live.request(Op.State, null).catch(() => undefined);
    for (let i = 0; i < 3; i++) await settle();
    w.emulator.advance(5_001);
    hidden = false;
    await expectError(() => pending.request(Op.State, null), "SESSION_AUTH_FAILED");
    await live.close();
  });

  /** The second session has its request 2 under way, of which the card never hears. */
  async function second(ask: (first: Awaited<ReturnType<typeof begin>>) => Promise<unknown>) {
    let lost = false;
    const first = await begin({ loses: () => lost });
    await first.request(Op.State, null);
    ask(first).catch(() => undefined);
    await settle();
    const session = await first.reopen();
    await session.request(Op.State, null);
    lost = true;
    const heard: unknown[] = [];
    session.request(Op.State, null).then(
      (body) => heard.push(body),
      (error: { code: string }) => error.code !== "LINK_TIMEOUT" && heard.push(error.code),
    );
    await settle();
    return { session, heard, close: () => first.close() };
  }

  it("hears no answer to what the one before it asked: a present", async () => {
    await phone.card.load(await phone.grant());
    const { heard, close } = await second((first) => first.request(Op.Present, [0, null]));
    expect(w.emulator.indicators.now).to.equal(Indicator.Ask);
    w.emulator.pressTwice(); // the user says yes to the grant, whoever presented it
    for (let i = 0; i < 20; i++) await settle();
    expect(w.emulator.coil.emission()?.passes).to.have.length(2);
    expect(heard).to.deep.equal([]);
    await close();
  });

  it("hears no answer to what the one before it asked: a PIN", async () => {
    w.emulator.setCourier("delay", { kinds: [Mail.P1], ms: 1000 });
    const { heard, close } = await second((first) => first.request(Op.SetPin, new Uint8Array(60)));
    w.emulator.advance(36_000);
    for (let i = 0; i < 5; i++) await settle();
    expect(heard).to.deep.equal([]);
    await close();
  });

  it("finds the grant of the one before it as it was", async () => {
    await phone.card.load(await phone.grant());
    const first = await begin();
    await first.request(Op.State, null);
    const session = await first.reopen();
    const [, info] = (await session.request(Op.State, null)) as [unknown, unknown[]];
    expect(info[6]).to.equal(Phase.Loaded);
    await first.close();
  });
});
