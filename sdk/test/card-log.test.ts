// A card's log as it is followed: each record told once, over restarts and calls, by a line in memory.
import { encodeLineFrame, LineKind, LOG_RECORD_SIZE, LogEvent, StartReason } from "@enabling-card/wire";
import { expect } from "chai";
import { type CardLogRecord, followLog, LogMemory, type UpdateLine } from "../src/index.js";

interface Said {
  readonly ms: number;
  readonly number: number;
  readonly event: LogEvent;
  readonly detail: number;
}

const started = (detail: StartReason): Said => ({ ms: 0, number: 1, event: LogEvent.Started, detail });
const played = (number: number, ms = 1000 * number): Said => ({ ms, number, event: LogEvent.Played, detail: 90 });

/** A card that says what its log is, once each time that it is asked; behind the last answer the caller goes away. */
function lineOf(answers: readonly (readonly Said[])[], over: AbortController): UpdateLine {
  const ears = new Set<(octets: Uint8Array) => void>();
  let asked = 0;
  return {
    async write() {
      const answer = answers[asked++];
      if (answer === undefined) return over.abort();
      const octets = new Uint8Array(answer.length * LOG_RECORD_SIZE);
      const view = new DataView(octets.buffer);
      for (const [i, { ms, number, event, detail }] of answer.entries()) {
        view.setUint32(i * LOG_RECORD_SIZE, ms, true);
        view.setUint32(i * LOG_RECORD_SIZE + 4, number, true);
        view.setUint8(i * LOG_RECORD_SIZE + 8, event);
        view.setUint16(i * LOG_RECORD_SIZE + 10, detail, true);
      }
      for (const hear of ears) hear(encodeLineFrame(LineKind.Log, octets));
      return undefined;
    },
    onOctets: (listener) => {
      ears.add(listener);
      return () => ears.delete(listener);
    },
    onClose: () => () => undefined,
    close: async () => undefined,
  };
}

async function told(answers: readonly (readonly Said[])[], memory?: LogMemory): Promise<readonly CardLogRecord[]> {
  const over = new AbortController();
  const records: CardLogRecord[] = [];
  await followLog(lineOf(answers, over), {
    ...{ signal: over.signal, onRecord: (record: CardLogRecord) => records.push(record) },
    ...(memory && { memory }),
  });
  return records;
}

const numbers = (records: readonly CardLogRecord[]) => records.map(({ number }) => number);

describe("a card's log that is followed", () => {
  it("tells each record once, however often the card says it", async () => {
    const plain = started(StartReason.Plain);
    const records = await told([[plain], [plain, played(2)], [plain, played(2)], [plain, played(2), played(3)]]);
    expect(numbers(records)).to.deep.equal([1, 2, 3]);
  });

  it("tells all of a card that was started again, also where its first record is the same", async () => {
    const plain = started(StartReason.Plain);
    expect(numbers(await told([[plain, played(2), played(3)], [plain], [plain, played(2, 9)]]))).to.deep.equal([
      ...[1, 2, 3, 1, 2],
    ]);
    const back = started(StartReason.WentBack);
    expect(numbers(await told([[plain], [back]]))).to.deep.equal([1, 1]);
    const late = Array.from({ length: 16 }, (_, i) => played(i + 30));
    expect(numbers(await told([late, [plain, played(2)]])).slice(16)).to.deep.equal([1, 2]);
  });

  it("tells what is new alone to whoever has followed it before", async () => {
    const memory = new LogMemory();
    const plain = started(StartReason.Plain);
    expect(numbers(await told([[plain, played(2)]], memory))).to.deep.equal([1, 2]);
    expect(numbers(await told([[plain, played(2), played(3)]], memory))).to.deep.equal([3]);
  });
});
