// A door for signed requests, what is sent to it by hand, and a service that asks it.

import { request as ask, type IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import { signedRequest } from "../src/http-signature.js";
import {
  httpDoor,
  object,
  type Refusals,
  ServiceCaller,
  type ServiceCallerOptions,
  serviceKeys,
  signedRoutes,
} from "../src/index.js";

export const T0 = 1_800_000_000;
export const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
export const KEYS = serviceKeys(SECRET, "processor", "issuer");
export const BODY = { amount: 950 };

const refusal = (code: string, http: number) => ({ code, message: code, http });
export const REFUSALS: Refusals = {
  of: (error) => ((error as { own?: true }).own ? refusal("OWN", 403) : undefined),
  badRequest: () => refusal("BAD_REQUEST", 400),
  unknownRoute: () => refusal("ROUTE_UNKNOWN", 404),
  failure: () => refusal("INTERNAL", 500),
};

export type Sent = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A door of its own for each test. */
export function signedDoor() {
  let app: FastifyInstance;
  const door = { url: "", now: T0, served: [] as unknown[], faults: [] as string[] };

  beforeEach(async () => {
    door.now = T0;
    door.served = [];
    door.faults = [];
    app = await httpDoor({ refusals: REFUSALS, title: "Test" });
    await signedRoutes(app, { keys: KEYS, now: () => door.now }, (routes) => {
      const schema = { body: object({ amount: { type: "integer" } }) };
      for (const path of ["/v1/moves", "/v1/others"]) {
        routes.route<{ Body: typeof BODY }>({
          method: ["POST", "PUT"],
          url: path,
          schema,
          handler: async ({ body }) => {
            door.served.push(body);
            if (body.amount < 0) throw Object.assign(new Error(), { own: true });
            return { taken: body.amount };
          },
        });
      }
    });
    app.get("/v1/open", () => ({ open: true }));
    door.url = await app.listen({ host: "127.0.0.1", port: 0 });
  });
  afterEach(() => app.close());

  /** As it is, whatever it is. */
  const send = (path: string, headers: Sent, body = JSON.stringify(BODY), method = "POST") =>
    new Promise<{ code: unknown; message: IncomingMessage; text: string }>((resolve, reject) => {
      const told = Object.entries({ "content-type": "application/json", ...headers }).filter(([, value]) => value);
      const request = ask(`${door.url}${path}`, { method, headers: Object.fromEntries(told) as never }, (message) => {
        let text = "";
        message.on("data", (chunk) => {
          text += chunk;
        });
        message.on("end", () => {
          const { code } = JSON.parse(text) as { code?: unknown };
          resolve({ code: code ?? message.statusCode, message, text });
        });
      });
      request.once("error", reject);
      request.end(body);
    });
  const asked = {
    method: "POST",
    target: "/v1/moves",
    idempotencyKey: "a-key-of-its-own",
    body: Buffer.from(JSON.stringify(BODY)),
  };
  const signed = (change: Partial<typeof asked> = {}, keys = KEYS, at = door.now) =>
    signedRequest(keys, { ...asked, ...change }, at);
  const caller = (change: Partial<ServiceCallerOptions> = {}) =>
    new ServiceCaller({
      url: door.url,
      keys: KEYS,
      now: () => door.now,
      onFault: (code) => door.faults.push(code),
      ...change,
    });
  const said = (work: Promise<unknown>) =>
    work.then(
      (answer) => answer,
      ({ code, message }: { code: string; message: string }) =>
        `${code}${/ \(it says (\w+)\)/.exec(message)?.[1] ?? ""}`,
    );

  return { door, send, asked, signed, caller, said };
}
