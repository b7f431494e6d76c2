// What each port of the microcontroller lets a module do: firmware/mcu/ports, compiled for this machine, asked by the table that the emulator's
// ports are held to.

import { Region } from "@enabling-card/emulator";
import { LoaderStart, MAIL_DEPTH, MAIL_SIZE, ModuleId, Status, VaultItem } from "@enabling-card/wire";
import { expect } from "chai";
import { BUDGET, mcuPorts, type Order } from "../support/mcu-ports.js";
import { coilRefusals, FLASH_OWNERS, ROUTES, VAULT_RIGHTS } from "../support/port-rules.js";

const MODULES = [ModuleId.Machine, ModuleId.Link, ModuleId.Wallet, ModuleId.Authenticator];
const [Link, Wallet, Authenticator] = MODULES.slice(1) as [ModuleId, ModuleId, ModuleId];
// const enums have no object to take these from.
const [Ok, Busy, BadArgument, Absent] = [Status.Ok, Status.Busy, Status.BadArgument, Status.Absent];
const [ABSENT, REFUSED] = [-1, -2];

describe("on a microcontroller", () => {
  const ask = mcuPorts();

  for (const [item, wallet, authenticator] of VAULT_RIGHTS)
    it(`item ${item} of the vault is wallet's (${wallet || "none"}) and authenticator's (${authenticator || "none"}), and nobody else's`, () => {
      const rights: Partial<Record<ModuleId, string>> = { [Wallet]: wallet, [Authenticator]: authenticator };
      for (const who of MODULES) {
        const may = (what: string) => rights[who]?.includes(what) ?? false;
        const answers = ask(
          [
            ["vault.read", who, item, 100, 10],
            ["peek", who, 100, 3],
            ["poke", who, 200, "09"],
            ["vault.write", who, item, 200, 1],
            ["store", Region.Vault, item],
          ],
          [[Region.Vault, item]],
        );
        expect(answers, `module ${who}`).to.deep.equal([
          may("r") ? 3 : REFUSED,
          may("r") ? "010203" : "000000",
          1,
          may("w") ? Status.Ok : Status.VaultFailed,
          may("w") ? "09" : "010203",
        ]);
      }
    });

  it("the vault answers -1 for none, -2 for too long or not one's memory, and erases with a length of zero", () => {
    const Owner = VaultItem.Owner;
    const cases: readonly [readonly (string | number)[], number][] = [
      [["vault.read", Wallet, Owner, 0, 100], ABSENT],
      [["vault.write", Wallet, Owner, 0, 80], Status.Ok],
      [["vault.read", Wallet, Owner, 0, 79], REFUSED],
      [["vault.read", Wallet, Owner, BUDGET - 79, 80], REFUSED],
      [["vault.write", Wallet, Owner, BUDGET, 1], Status.BadArgument],
      [["vault.write", Wallet, Owner, 0, -1], Status.BadArgument],
      [["vault.read", Wallet, 99, 0, 10], REFUSED],
      [["vault.read", Wallet, 0, 0, 10], REFUSED],
      [["vault.write", Wallet, 99, 0, 1], Status.VaultFailed],
      // A number whose lowest octet is an item's is no item.
      [["vault.read", Wallet, 256 + Owner, 0, 100], REFUSED],
      [["vault.write", Wallet, Owner, 0, 2049], Status.VaultFailed],
      [["vault.write", Wallet, Owner, 0, 0], Status.Ok],
      [["vault.read", Wallet, Owner, 0, 100], ABSENT],
    ];
    expect(ask(cases.map(([order]) => order))).to.deep.equal(cases.map(([, answer]) => answer));
  });

  it("each record of flash is its own module's alone, and none of the vault's", () => {
    for (const [record, owner] of FLASH_OWNERS)
      for (const who of MODULES) {
        const mine = who === owner;
        const answers = ask([
          ["flash.read", who, record, 0, 8],
          ["flash.write", who, record, 0, 8],
          ["flash.read", who, record, 0, 8],
          ["flash.read", who, record, 0, 7],
          ["flash.write", who, record, BUDGET - 1, 2],
          ["flash.write", who, record, 0, 2049],
          ["store", Region.Vault, record],
        ]);
        expect(answers, `record ${record}, module ${who}`).to.deep.equal([
          ...(mine ? [ABSENT, Status.Ok, 8, REFUSED, Status.BadArgument] : [REFUSED, Status.FlashFailed, REFUSED]),
          ...(mine ? [] : [REFUSED, Status.FlashFailed]),
          Status.FlashFailed,
          "",
        ]);
      }
    expect(
      ask([
        ["flash.read", Wallet, 3, 0, 8],
        ["flash.write", Authenticator, 0, 0, 8],
      ]),
    ).to.deep.equal([REFUSED, Status.FlashFailed]);
  });

  it("mail knows one way between modules: through link", () => {
    const ways = MODULES.flatMap((from) => [...MODULES, ModuleId.Loader, 77].map((to) => [from, to] as const));
    const answers = ask(ways.map(([from, to]) => ["mail.send", from, to, 0, 1]));
    expect(ways.filter((_, i) => answers[i] === Status.Ok)).to.deep.equal(ROUTES);
    expect(new Set(answers)).to.deep.equal(new Set([Status.BadArgument, Status.Ok]));
  });

  it("mail is 1 to 256 octets of the sender's own, copied, eight a receiver, and a module that starts anew has none", () => {
    const sends = (count: number, to: ModuleId) =>
      Array.from(
        { length: count },
        (_, i) =>
          [
            ["poke", Link, 0, `0a0${i}`],
            ["mail.send", Link, to, 0, 2],
          ] as const,
      ).flat();
    const orders = [
      ["mail.send", Wallet, Link, 0, 0],
      ["mail.send", Wallet, Link, 0, MAIL_SIZE + 1],
      ["mail.send", Wallet, Link, BUDGET - MAIL_SIZE + 1, MAIL_SIZE],
      ["mail.send", Wallet, Link, 0, -1],
      ...sends(MAIL_DEPTH + 1, Wallet),
      ...sends(1, Authenticator),
      ["poke", Link, 0, "ffff"],
      ["mail.take"],
      ["mail.forget", Wallet],
      ["mail.take"],
      ["mail.take"],
    ];
    const answers = ask(orders).filter((_, i) => !["poke", "mail.forget"].includes(String(orders[i]![0])));
    expect(answers).to.deep.equal([
      ...new Array<Status>(4).fill(Status.BadArgument),
      ...new Array<Status>(MAIL_DEPTH).fill(Status.Ok),
      Status.Full,
      Status.Ok,
      `${Link} ${Wallet} 0a00`,
      `${Link} ${Authenticator} 0a00`,
      "none",
    ]);
  });

  it("the coil refuses no intervals, memory that is not the wallet's, and a pass while one plays", () => {
    const refusals = coilRefusals(BUDGET).map(([at, count]) => ["coil.play", Wallet, at, count]);
    expect(ask(refusals)).to.deep.equal(refusals.map(() => Status.BadArgument));
    const tick = ["coil.tick"];
    const played = ask([
      ["poke", Wallet, 100, "0a000500"],
      ["coil.play", Wallet, 100, 2],
      ["coil.armed"],
      ["coil.play", Wallet, 100, 2],
      tick,
      ["coil.armed"],
      ["coil.play", Wallet, 100, 2],
      ["posted"],
      tick,
      ["posted"],
      ["coil.play", Wallet, 100, 2],
    ]);
    const done = 1;
    expect(played).to.deep.equal([4, Ok, 1250, Busy, 0, 1375, Busy, 0, 0, done, Ok]);
  });

  it("a pass that is stopped has no end that anybody is told, and its current goes back", () => {
    const steps = Array.from({ length: 20 }, () => ["coil.tick"]);
    const answers = ask([
      ["poke", Wallet, 100, "0a000500"],
      ["coil.play", Wallet, 100, 2],
      ["coil.stop", Wallet],
      ...steps,
      ["posted"],
      ["coil.level"],
      ["coil.armed"],
    ]);
    expect(answers.slice(-3)).to.deep.equal([0, 0, 0]);
    const late = ask([
      ["poke", Wallet, 100, "0a00"],
      ["coil.play", Wallet, 100, 1],
      ["coil.tick"],
      ["coil.stop", Wallet],
      ["posted"],
    ]);
    expect(late.at(-1), "its end, which nobody has looked at").to.equal(0);
  });

  it("a button that bounces is pressed once: its pin is looked at every 20 ms", () => {
    const look = (ms: number, down: 0 | 1): Order[] => [["time", ms], ["pin", down], ["button.look"]];
    const answers = ask([
      ...[...look(1000, 1), ["button.pressed", 0], ["posted"]],
      ...[...look(1005, 0), ["button.pressed", 0], ...look(1010, 1), ...look(1020, 1), ["button.pressed", 0]],
      ...[...look(1040, 0), ["button.pressed", 0]],
    ] as Order[]);
    const said = answers.filter((_, i) => ![0, 1, 5, 6, 9, 10, 12, 13, 16, 17].includes(i));
    expect(said).to.deep.equal([1020, 1, 1, 1020, 1, 1020, 1040, 1, 1060, 0]);
  });

  it("the clock counts milliseconds, and rings never for 0 and for what no counter reaches", () => {
    const never = -1; // the highest of 64 bits
    expect(
      ask([
        ["clock.now", Wallet],
        ["clock.wakeAt", Wallet, 5],
        ["clock.wakeAt", Wallet, 0],
        ["clock.wakeAt", Wallet, -1],
        ["clock.wakeAt", Wallet, "9223372036854775807"],
      ]),
    ).to.deep.equal([123456, 5000, never, never, never]);
  });

  it("the line takes chunks of link's own memory, as long as the phone takes, four under way", () => {
    const chunk = ["line.write", Link, 0, 20];
    const answers = ask([
      chunk,
      ["came", 0, "020002f700"],
      ["line.poll"],
      ["line.maxWrite", Link],
      ["line.write", Link, 0, 0],
      ["line.write", Link, 0, 248],
      ["line.write", Link, BUDGET - 19, 20],
      ...[1, 2, 3, 4, 5].map(() => chunk),
      ["came", 0, "000001"],
      ["line.poll"],
      chunk,
      ["line.hangUp", Link],
      chunk,
      ["line.advertise", Link, BUDGET - 15, 16],
    ]);
    expect(answers).to.deep.equal([
      ...[Absent, 5, 1, 247, BadArgument, BadArgument, BadArgument, Ok, Ok, Ok, Ok, Busy, 3, 3, Ok, 0, Absent],
      "trapped",
    ]);
  });

  it("a chunk longer than was agreed is not heard", () => {
    expect(
      ask([
        ["came", 0, "0200020300"],
        ["line.poll"],
        ["came", 0, "040000aabbccdd"],
        ["line.poll"],
        ["came", 0, "030000aabbcc"],
        ["line.poll"],
      ]),
    ).to.deep.equal([5, 1, 7, 0, 6, 4]);
  });

  it("a frame longer than any chunk is not waited for, nor kept: what comes behind its head is looked at anew", () => {
    const chunk = `020200${"aa".repeat(514)}`;
    const answers = ask([
      ["came", 0, `030200${"020002ffff"}`],
      ["line.poll"],
      ["line.maxWrite", Link],
      ["came", 0, chunk],
      ["line.poll"],
    ]);
    expect(answers).to.deep.equal([8, 1, 514, 517, 4]);
  });

  it("who asks for the loader resets a machine without mail, and modules without an octet", () => {
    const modules = [Link, Wallet, Authenticator];
    const poked = modules.flatMap((who) => [0, BUDGET / 2, BUDGET - 4].map((at) => ["poke", who, at, "5ec2e7ed"]));
    const answers = ask([
      ...poked,
      ["mail.send", Link, Wallet, 0, 4],
      ["came", 0, "000005"],
      ["line.poll"],
      ["mail.take"],
      ...modules.map((who) => ["peek", who, 0, BUDGET]),
    ]);
    const empty = modules.map(() => "00".repeat(BUDGET));
    expect(answers.slice(poked.length)).to.deep.equal([
      ...[Status.Ok, 3, `reset ${LoaderStart.Listen}`, "none"],
      ...empty,
    ]);
  });

  it("the radio takes whole commands and data of H4, of link's own memory, where there is one", () => {
    const send = (hex: string, length = hex.length / 2): readonly (readonly (string | number)[])[] => [
      ["poke", Link, 0, hex],
      ["radio.send", Link, 0, length],
    ];
    const cases: readonly [string, number, Status][] = [
      ["01030c00", 4, Ok],
      ["02400002000102", 7, Ok],
      ["01030c00", 0, BadArgument],
      ["01030c00", 3, BadArgument],
      ["01030c01", 4, BadArgument],
      ["01030c0000", 5, BadArgument],
      ["024000020001", 6, BadArgument],
      ["040e00", 3, BadArgument],
      ["030000", 3, BadArgument],
      [`024000fe00`, 259, BadArgument],
    ];
    const orders = [["radio.open", 1], ...cases.flatMap(([hex, length]) => send(hex, length)), ["sent"]];
    const answers = ask(orders);
    expect(answers.filter((_, i) => orders[i]![0] === "radio.send")).to.deep.equal(cases.map(([, , status]) => status));
    expect(answers.at(-1)).to.equal("01030c0002400002000102");
    expect(ask([["radio.open", 0], ...send("01030c00")]).at(-1)).to.equal(Absent);
    expect(
      ask([
        ["radio.open", 1],
        ["radio.send", Link, BUDGET - 3, 4],
      ]).at(-1),
    ).to.equal(BadArgument);
    const full = ask([
      ["radio.open", 1],
      ...send(`0101fcfa${"00".repeat(250)}`),
      ...send(`0101fcfa${"00".repeat(250)}`),
      ["radio.room"],
      ["radio.room"],
    ]);
    expect(full.slice(-3), "is told to come again, once").to.deep.equal([Busy, 1, 0]);
  });

  describe("the controller's reset line", () => {
    const RESET = "01030c00";
    const give = (hex: string): readonly (readonly (string | number)[])[] => [
      ["poke", Link, 0, hex],
      ["radio.send", Link, 0, hex.length / 2],
    ];
    const full = [...give(`0101fcfa${"00".repeat(250)}`), ...give(`0101fc28${"00".repeat(40)}`)]; // but for two octets
    const pulls = ["radio.pulls"];
    const [open, wired, answered, poll] = [
      ["radio.open", 1],
      ["radio.resetLine", 1],
      ["came", 1, "040e0401030c00"],
      ["radio.poll"],
    ];

    it("is pulled where the last Reset was not answered, and not for two in a row", () => {
      const orders = [open, wired, ...Array.from({ length: 5 }, () => [...give(RESET), pulls]).flat()];
      const answers = ask(orders);
      expect(answers.filter((_, i) => orders[i] === pulls)).to.deep.equal([0, 1, 1, 2, 2]);
    });

    it("is left alone where each Reset is answered, and by other commands", () => {
      const rounds = Array.from({ length: 3 }, () => [...give(RESET), answered, poll]).flat();
      expect(ask([open, wired, ...rounds, ...give("01022000"), ...give("01022000"), pulls]).at(-1)).to.equal(0);
    });

    it("is pulled where the way is full, and the Reset goes", () => {
      expect(ask([open, wired, ...full, ...give(RESET), pulls]).slice(-2)).to.deep.equal([Ok, 1]);
      expect(ask([open, ...full, ...give(RESET), pulls]).slice(-2), "no such line").to.deep.equal([Busy, 0]);
    });
  });

  it("the radio passes over a packet that is longer than any, whole, and hears the next one", () => {
    const data = (length: number) =>
      `024020${length
        .toString(16)
        .padStart(4, "0")
        .replace(/(..)(..)/, "$2$1")}${"11".repeat(length)}`;
    const [longest, event] = [data(253), "040e03010203"];
    const poll = ["radio.poll"];
    const answers = ask([
      ["radio.open", 1],
      ...[data(254), event, longest, data(1000), event].map((hex) => ["came", 1, hex]),
      ...[poll, poll, poll, poll],
    ]);
    expect(answers.slice(-4)).to.deep.equal([event, longest, event, ""]);
  });

  it("a wallet that traps stops the coil and the head, and another module neither", () => {
    const play = ["coil.play", Wallet, 100, 2];
    for (const who of [Wallet, Authenticator, Link]) {
      const answers = ask([
        ["poke", Wallet, 100, "0a000500"],
        play,
        ["head.listen", Wallet, 1],
        ["trap", who],
        ["run"],
        ["traps", who],
        ["head.awake"],
        ["coil.level"],
        ["coil.tick"],
        ["coil.level"],
        play,
      ]);
      // Its current goes back by steps from the last edge; else the next edge is the other way.
      const [awake, level, next, again] = who === Wallet ? [0, 20, 19, Ok] : [1, 20, -20, Busy];
      expect(answers.slice(4), `module ${who}`).to.deep.equal(["slept", 1, awake, level, 0, next, again]);
    }
  });
});
