// Which card is meant where several are in reach: a person at a terminal picks one by its number, and a program gets the list.

import { Readable } from "node:stream";
import type { CardTransport } from "@enabling-card/sdk";
import { expect } from "chai";
import { collecting } from "../../test/support/collecting.js";
import { type CommandError, exitCodeOf } from "../src/exit-codes.js";
import { Output } from "../src/output.js";
import { lookAround, pickCard, type SeenCard } from "../src/phone/choose.js";

const IN_REACH = [
  { id: "c0ffee000001", name: "ecard", rssi: -70 },
  { id: "c0ffee000002", name: "ecard", rssi: -41 },
  { id: "c0ffee000003", name: "\x1b[2Jecard" },
  { id: "c0ffee000001", name: "ecard", rssi: -52 }, // heard once more
];

const transport: CardTransport = {
  async *discover() {
    yield* IN_REACH;
  },
  connect: () => Promise.reject(new Error("nobody connects")),
};

/** What a person types, a line each, once the one before was taken; the end where `ends`. */
function typing(lines: readonly string[], { ends = true, isTTY = true } = {}) {
  let taken = 0;
  const stdin = new Readable({
    objectMode: true, // a terminal gives a line at a time
    read() {
      const line = lines[taken++];
      if (line !== undefined) this.push(Buffer.from(`${line}\n`));
      else if (ends) this.push(null);
    },
  });
  return { stdin: Object.assign(stdin, { isTTY }), taken: () => taken };
}

function terminal({ isTTY = true, json = false } = {}) {
  let [said, onSaid] = ["", (_: string): void => undefined];
  const write = (text: string) => {
    said += text;
    onSaid(text);
  };
  const streams = { stdout: { isTTY, write }, stderr: { isTTY, write: () => true } };
  return {
    output: new Output({ json, streams, env: {} }),
    said: () => said,
    hears(listener: (text: string) => void) {
      onSaid = listener;
    },
  };
}

const LIST = `  1  c0ffee000001  ecard  -52 dBm
  2  c0ffee000002  ecard  -41 dBm
  3  c0ffee000003  \\u{1b}[2Jecard
`;
const QUESTION = "which one? its number, then Enter\n";

describe("cards in reach", () => {
  it("are looked for no longer than was said, also where garbage is collected meanwhile", async () => {
    const quiet: CardTransport = {
      ...transport,
      async *discover(over) {
        yield IN_REACH[0]!;
        await new Promise((resolve) => over!.addEventListener("abort", resolve));
      },
    };
    const looking = () => lookAround(quiet, [], { ms: 60, signal: new AbortController().signal });
    expect(await collecting(looking)).to.have.length(1);
  });
});

describe("one of several cards", () => {
  const { signal } = new AbortController();
  let cards: readonly SeenCard[];
  before(async () => {
    cards = await lookAround(transport, [], { ms: 1_000, signal });
    expect(cards.map(({ id }) => id)).to.deep.equal(["c0ffee000001", "c0ffee000002", "c0ffee000003"]);
  });

  const refused = async (picking: Promise<SeenCard>) => {
    const error = await picking.then(
      ({ id }) => expect.fail(`${id} was taken`),
      (error: CommandError) => error,
    );
    return [error.code, exitCodeOf(error), error.message];
  };

  it("is taken by its number, and only that line is read", async () => {
    const [{ output, said }, { stdin, taken }] = [terminal(), typing(["2", "left for others"], { ends: false })];
    expect((await pickCard(cards, output, { stdin, signal })).id).to.equal("c0ffee000002");
    expect(said()).to.equal(LIST + QUESTION);
    expect(stdin.destroyed, "the program can end").to.equal(true);
    expect(taken()).to.be.at.most(3);
  });

  it("is asked for again after a number that is none of them", async () => {
    const wrong = ["0", "4", "-1", "1.5", "", "ecard", "c0ffee000001", "2 3"];
    const [{ output, said }, { stdin }] = [terminal(), typing([...wrong, " 3 "])];
    expect((await pickCard(cards, output, { stdin, signal })).id).to.equal("c0ffee000003");
    expect(said()).to.equal(LIST + QUESTION + "1 to 3\n".repeat(wrong.length));
  });

  it("is none without an answer, also after a wrong one: CARD_AMBIGUOUS", async () => {
    for (const lines of [[], ["7"]]) {
      const picking = pickCard(cards, terminal().output, { stdin: typing(lines).stdin, signal });
      expect(await refused(picking)).to.deep.equal(["CARD_AMBIGUOUS", 2, "No card was chosen"]);
    }
  });

  it("is not waited for after Ctrl-C, before the question and while it stands", async () => {
    const interrupt = new AbortController();
    const [{ output, hears }, { stdin }] = [terminal(), typing([], { ends: false })];
    hears((text) => text === QUESTION && setImmediate(() => interrupt.abort()));
    for (let time = 0; time < 2; time++) {
      const error = await pickCard(cards, output, { stdin, signal: interrupt.signal }).catch((thrown: Error) => thrown);
      expect(error).to.have.property("name", "AbortError");
    }
  });

  it("is not asked for where nobody could answer: the list, and CARD_AMBIGUOUS", async () => {
    const sentence = "3 cards are in reach: put the others away, or name one with --id";
    for (const { keys = true, json = false, isTTY = true } of [{ isTTY: false }, { keys: false }, { json: true }] as {
      keys?: boolean;
      json?: boolean;
      isTTY?: boolean;
    }[]) {
      const [{ output, said }, { stdin, taken }] = [terminal({ isTTY, json }), typing(["1"], { isTTY: keys })];
      expect(await refused(pickCard(cards, output, { stdin, signal }))).to.deep.equal(["CARD_AMBIGUOUS", 2, sentence]);
      if (json) expect(JSON.parse(said()).cards).to.have.length(3);
      else expect(said()).to.equal(LIST);
      expect(taken()).to.equal(0);
    }
  });
});
