// The companion's server: who is let in, what is taken, and what the table tells.
import { request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { WorldEvent } from "@enabling-card/companion/world";
import { type CardError, IssuerClient } from "@enabling-card/sdk";
import { expect } from "chai";
import { builtPages } from "../src/companion/pages.js";
import { type CompanionServer, serveCompanion } from "../src/companion/serve.js";
import { World } from "../src/companion/world.js";
import { CommandError } from "../src/exit-codes.js";
import { testFolder } from "./run-ecard.js";

describe("the companion's server", () => {
  let world: World;
  let server: CompanionServer;
  let token: string;
  before(async () => {
    world = await World.open();
    server = await serveCompanion(world);
    token = server.url.split("#token=")[1]!;
  });
  after(async () => {
    await server.close();
    await world.close();
  });

  interface Asked {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  }
  /** As any program may, with whatever headers. */
  const ask = (path: string, { method = "GET", headers = {}, body }: Asked = {}) =>
    new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port: server.port, path, method, headers }, (answer) => {
        let said = "";
        answer.on("data", (piece) => {
          said += piece;
        });
        answer.on("end", () => resolve({ status: answer.statusCode!, headers: answer.headers, body: said }));
      });
      asked.on("error", reject);
      asked.end(body);
    });
  const own = (path: string, { headers, ...rest }: Asked = {}) =>
    ask(path, { ...rest, headers: { authorization: `Bearer ${token}`, ...headers } });
  const post = (path: string, body: unknown) =>
    own(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

  it("gives its pages to whoever asks by its own name, and nothing of another folder", async () => {
    const page = await ask("/");
    expect(page.status).to.equal(200);
    expect(page.headers["content-security-policy"]).to.contain("default-src 'none'");
    expect(page.headers["cache-control"]).to.equal("no-cache");
    const script = /src="(\/assets\/[^"]+)"/.exec(page.body)![1]!;
    expect((await ask(script)).headers["cache-control"]).to.contain("immutable");
    for (const path of ["/stamp", "/../package.json", "/%2e%2e/package.json", "/assets/", "/assets/../../stamp"])
      expect((await ask(path)).status, path).to.equal(404);
  });

  for (const [who, headers] of [
    ["another site", { origin: "https://example.com" }],
    ["a page of another port", { origin: "http://127.0.0.1:1" }],
  ] as const) {
    it(`answers no page of ${who}, with the token or without`, async () => {
      for (const path of ["/", "/world/table", "/v1/health"])
        expect(await own(path, { headers }).then(({ status, body }) => [status, body]), path).to.deep.equal([
          403,
          '{"code":"ORIGIN_WRONG"}',
        ]);
    });
  }

  it("answers to no other name: HOST_WRONG", async () => {
    const answer = await own("/world/table", { headers: { host: "card.example:7090" } });
    expect([answer.status, answer.body]).to.deep.equal([403, '{"code":"HOST_WRONG"}']);
  });

  it("shows the table to whoever has the token, and to nobody else", async () => {
    for (const headers of [{}, { authorization: "Bearer x" }, { authorization: token }] as Record<string, string>[])
      expect((await ask("/world/table", { headers })).body).to.equal('{"code":"TOKEN_WRONG"}');
    for (const path of ["/world/hands", "/world/bill", "/world/cashier", "/world/events", "/world/access"])
      expect((await ask(path, { method: path === "/world/events" ? "GET" : "POST" })).status, path).to.equal(401);
    const facts = JSON.parse((await own("/world/table")).body);
    expect(facts.pairingCode).to.equal(world.pairingCode);
    expect(facts.table.bill).to.deep.equal({ amount: 950, merchant: "Corner Coffee" });
    expect((await own("/world/other")).status).to.equal(404);
    // However its path is written.
    for (const path of ["/%77orld/table", "/world/%74able", `http://127.0.0.1:${server.port}/world/table`])
      expect((await ask(path)).body, path).to.equal('{"code":"TOKEN_WRONG"}');
    expect((await ask("/%77orld/access", { method: "POST" })).status).to.equal(401);
  });

  for (const [what, path, body] of [
    ["an amount of nothing", "/world/bill", { amount: 0, merchant: "A" }],
    ["an amount in parts of a cent", "/world/bill", { amount: 1.5, merchant: "A" }],
    ["an amount as text", "/world/bill", { amount: "100", merchant: "A" }],
    ["more than DE 4 holds", "/world/bill", { amount: 1e8, merchant: "A" }],
    ["no merchant", "/world/bill", { amount: 1, merchant: "" }],
    ["a merchant that DE 43 cannot hold", "/world/bill", { amount: 1, merchant: "Café" }],
    ["too long a merchant", "/world/bill", { amount: 1, merchant: "A".repeat(41) }],
    ["what nobody knows", "/world/bill", { amount: 1, merchant: "A", tip: 2 }],
    ["another gesture", "/world/hands", { does: "bend" }],
    ["no gesture", "/world/hands", {}],
    ["another cashier", "/world/cashier", { how: "slowly" }],
    ["no cashier", "/world/cashier", {}],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const before = JSON.stringify(world.view);
      const answer = await post(path, body);
      expect([answer.status, answer.body]).to.deep.equal([400, '{"code":"BAD_REQUEST"}']);
      expect(JSON.stringify(world.view)).to.equal(before);
    });
  }

  it("refuses what is no JSON, and more than it takes", async () => {
    const headers = { "content-type": "application/json" };
    expect((await own("/world/bill", { method: "POST", headers, body: "{" })).status).to.equal(400);
    expect((await own("/world/bill", { method: "POST", headers, body: " ".repeat(5_000) })).status).to.equal(413);
    expect(
      (await own("/world/bill", { method: "POST", headers: { "content-type": "text/plain" }, body: "x" })).status,
    ).to.equal(400);
  });

  it("leads to the issuer of its table, events too", async () => {
    const issuer = new IssuerClient({ baseUrl: `http://127.0.0.1:${server.port}`, accessKey: "nobody's" });
    const refused = await issuer
      .news(new Uint8Array(16))
      .next()
      .then(
        () => "",
        (error: CardError) => error.code,
      );
    expect(refused).to.equal("ISSUER_NOT_ENROLLED");
    expect((await ask("/v1/health")).status).to.equal(200);
  });

  it("tells the table to sixteen at once: LISTENERS_MANY for a further one, and room again where one has gone", async () => {
    const listen = () =>
      new Promise<ReturnType<typeof request> & { readonly status: number | undefined }>((resolve) => {
        const headers = { authorization: `Bearer ${token}` };
        const asked = request({ host: "127.0.0.1", port: server.port, path: "/world/events", headers }, (answer) => {
          answer.on("error", () => undefined);
          answer.resume();
          resolve(Object.assign(asked, { status: answer.statusCode }));
        });
        asked.on("error", () => undefined);
        asked.end();
      });
    const open = [];
    while (open.length < 16) open.push(await listen());
    expect(open.map(({ status }) => status)).to.deep.equal(Array.from({ length: 16 }, () => 200));
    const refused = await own("/world/events");
    expect([refused.status, refused.body]).to.deep.equal([503, '{"code":"LISTENERS_MANY"}']);
    open.pop()!.destroy();
    let again = await listen();
    for (let tries = 0; tries < 100 && again.status === 503; tries++) {
      await pause(20);
      again = await listen();
    }
    expect(again.status).to.equal(200);
    for (const one of [...open, again]) one.destroy();
  });

  it("tells the table as it is, and what happens on it", async () => {
    const heard: WorldEvent[] = [];
    const asked = request({
      ...{ host: "127.0.0.1", port: server.port, path: "/world/events" },
      headers: { authorization: `Bearer ${token}` },
    });
    asked.on("response", (answer) => {
      let unread = "";
      answer.on("data", (piece) => {
        const lines = (unread + piece).split("\n");
        unread = lines.pop()!;
        for (const line of lines) heard.push(JSON.parse(line));
      });
      answer.on("error", () => undefined);
    });
    asked.on("error", () => undefined);
    asked.end();
    const until = async (is: () => boolean) => {
      for (let tries = 0; tries < 200 && !is(); tries++) await pause(20);
      expect(is()).to.equal(true);
    };
    await until(() => heard.length === 1);
    expect(heard[0]).to.deep.equal({ kind: "table", ...world.view });
    expect((await post("/world/bill", { amount: 1234, merchant: "A Bakery" })).status).to.equal(204);
    await until(() => heard.length > 1);
    expect(heard.at(-1)).to.deep.include({ bill: { amount: 1234, merchant: "A Bakery" } });
    expect((await post("/world/hands", { does: "power-off" })).status).to.equal(204);
    await until(() => heard.some((event) => event.kind === "table" && !event.on));
    expect((await post("/world/hands", { does: "swipe" })).status).to.equal(204); // nobody is there
    await post("/world/hands", { does: "power-on" });
    await until(() => {
      const last = heard.at(-1)!;
      return last.kind === "table" && last.on;
    });
    asked.destroy();
  });
});

describe("the companion's table", () => {
  const folder = testFolder();

  it("is kept in a folder: the same card the next time, and one table at a time", async () => {
    const first = await World.open(folder());
    const code = first.pairingCode;
    const second = await World.open(folder()).then(
      () => "opened",
      (error: CommandError) => error.code,
    );
    await first.close();
    expect(second).to.not.equal("opened");
    const again = await World.open(folder());
    expect(again.pairingCode).to.equal(code);
    await again.close();
  });

  it("says what to do where its pages are not built: PAGES_MISSING", async () => {
    const error = await builtPages(folder()).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(CommandError).with.property("code", "PAGES_MISSING");
    expect((error as CommandError).message).to.contain("npm run companion");
  });
});
