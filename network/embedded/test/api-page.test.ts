// Each service's API, as its document and its page tell it: whole, as OpenAPI 3.1 has it, and true: the credential that a route names is the one it asks for.

import { keysFromSeeds, randomSeeds } from "@enabling-card/issuer";
import { expect } from "chai";
import { T0 } from "../../issuer/test/issuer-support.js";
import type { Network } from "../src/index.js";
import { startApart } from "./start.js";

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly Record<string, readonly string[]>[];
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema?: object }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema?: object }> };
  readonly responses: Record<
    string,
    { readonly description?: string; readonly content?: Record<string, { schema?: object }> }
  >;
}
interface Api {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly securitySchemes: Record<string, Record<string, string>> };
  readonly "x-refusals": Record<string, { readonly status: number; readonly message: string }>;
}

const SERVICES = ["issuer", "processor", "acs"] as const;
const MOVES = ["post", "put", "delete"];

describe("a service's API", () => {
  let network: Network;
  const apis: Record<string, Api> = {};

  before(async () => {
    network = await startApart({ keys: keysFromSeeds(randomSeeds()), now: () => T0 });
    for (const service of SERVICES) {
      apis[service] = (await (await fetch(`${network[service].url}/v1/openapi.json`)).json()) as Api;
    }
  });
  after(() => network.close());

  const operations = () =>
    SERVICES.flatMap((service) =>
      Object.entries(apis[service]!.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ service, path, method, operation })),
      ),
    );
  const ask = (service: (typeof SERVICES)[number], path: string, method: string) =>
    fetch(network[service].url + path.replace(/\{\w+\}/g, "A".repeat(22)), {
      method: method.toUpperCase(),
      ...(MOVES.includes(method) && { headers: { "idempotency-key": "of-the-api-test" } }),
      ...(method === "post" && {
        headers: { "content-type": "application/json", "idempotency-key": "of-the-api-test" },
        body: "{}",
      }),
    });

  it("is OpenAPI 3.1: parts, names of parameters, statuses and schemas are as the standard has them", () => {
    for (const service of SERVICES) {
      const { openapi, info, paths, components } = apis[service]!;
      expect(openapi).to.equal("3.1.0");
      expect(info.title).to.be.a("string").and.not.equal("");
      expect(info.version).to.equal("1");
      for (const path of Object.keys(paths)) expect(path).to.match(/^\//);
      for (const [name, scheme] of Object.entries(components.securitySchemes)) {
        expect(name).to.match(/^[\w.-]+$/);
        if (scheme.type === "http") expect(scheme.scheme).to.equal("bearer");
        else expect(scheme).to.include({ type: "apiKey", in: "header", name: "signature" });
      }
    }
    for (const { service, path, method, operation } of operations()) {
      const route = `${service} ${method} ${path}`;
      expect(method, route).to.match(/^(get|put|post|delete|patch)$/);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const { parameters = [], responses, requestBody, security = [] } = operation;
      expect(
        parameters.filter((one) => one.in === "path").map(({ name }) => name),
        route,
      ).to.have.members(inPath);
      for (const one of parameters) {
        expect(one.in, route).to.be.oneOf(["path", "query", "header"]);
        expect(one.schema, route).to.have.property("type");
        if (one.in === "path") expect(one.required, route).to.equal(true);
      }
      expect(new Set(parameters.map((one) => `${one.in} ${one.name}`)).size, route).to.equal(parameters.length);
      expect(Object.keys(responses), route).to.not.have.length(0);
      for (const [status, { description, content = {} }] of Object.entries(responses)) {
        expect(status, route).to.match(/^[1-5](\d\d|XX)$/);
        expect(description, `${route} ${status}`).to.be.a("string").and.not.equal("Default Response");
        for (const { schema } of Object.values(content)) expect(schema, `${route} ${status}`).to.have.property("type");
      }
      for (const { schema } of Object.values(requestBody?.content ?? {}))
        expect(schema, route).to.have.property("type");
      if (requestBody) expect(method, route).to.equal("post");
      for (const name of security.flatMap((one) => Object.keys(one)))
        expect(apis[service]!.components.securitySchemes, route).to.have.property(name);
    }
  });

  it("says of each route what it is for and which credential it asks for, or that it asks for none", () => {
    for (const { service, path, method, operation } of operations()) {
      const route = `${service} ${method} ${path}`;
      expect(operation.summary, route).to.be.a("string").and.not.equal("");
      expect(operation.tags, route).to.have.length(1);
      expect(operation.security, route).to.be.an("array");
    }
    const of = (service: string, method: string, path: string) => apis[service]!.paths[path]![method]!.security;
    expect(of("issuer", "post", "/v1/grants")).to.deep.equal([{ accessKey: [] }]);
    expect(of("issuer", "post", "/v1/tokens/{ref}/grants/{atc}/closure")).to.deep.equal([{ accessKey: [] }]);
    expect(of("issuer", "post", "/v1/delegated-grants")).to.deep.equal([{ accessKey: [] }]);
    expect(of("issuer", "post", "/v1/services/questions")).to.deep.equal([{ acsSignature: [] }]);
    expect(of("issuer", "post", "/v1/operator/states")).to.deep.equal([{ operatorSignature: [] }]);
    expect(of("processor", "post", "/v1/rreq")).to.deep.equal([{ acsSignature: [] }]);
    expect(of("acs", "post", "/v1/areq")).to.deep.equal([{ processorSignature: [] }]);
    expect(of("acs", "post", "/v1/creq")).to.deep.equal([]);
  });

  it("refuses whoever asks without the credential that it names, and nobody for one where it names none", async () => {
    for (const { service, path, method, operation } of operations()) {
      const route = `${service} ${method} ${path}`;
      const answer = await ask(service, path, method);
      const [credential] = operation.security!.flatMap((one) => Object.keys(one));
      if (credential === undefined) {
        expect(answer.status, route).to.not.equal(401);
        await answer.arrayBuffer();
        continue;
      }
      const { code } = (await answer.json()) as { code: string };
      const expected = credential === "accessKey" ? "UNAUTHORISED" : "SIGNATURE_MISSING";
      expect([answer.status, code], route).to.deep.equal([401, expected]);
      const shown = answer.headers.get("www-authenticate");
      expect(shown, route).to.equal(credential === "accessKey" ? "Bearer" : null);
      expect(apis[service]!["x-refusals"], route).to.have.property(code);
    }
  });

  it("names the codes that it refuses by, and none that nobody is told over HTTP", () => {
    expect(apis.issuer!["x-refusals"].GRANT_LIMIT).to.include({ status: 403 });
    expect(apis.acs!["x-refusals"].TRANSACTION_UNKNOWN).to.include({ status: 404 });
    for (const service of SERVICES) {
      expect(apis[service]!["x-refusals"]).to.include.keys("BAD_REQUEST", "INTERNAL", "SIGNATURE_WRONG");
      expect(apis[service]!["x-refusals"]).to.not.include.keys("KEYS_MISMATCH", "STORE_IS_COPY");
    }
  });

  it("is a page for people, with each route, credential and code, of which nothing comes from elsewhere", async () => {
    for (const service of SERVICES) {
      const answer = await fetch(`${network[service].url}/docs`);
      expect(answer.headers.get("content-type")).to.equal("text/html; charset=utf-8");
      expect(answer.headers.get("content-security-policy")).to.match(/^default-src 'none'; style-src 'sha256-/);
      const page = await answer.text();
      expect(page).to.not.match(/<script|src=|url\(|@import|href="(?!#|\/v1\/openapi\.json")/);
      const { paths, components } = apis[service]!;
      for (const [path, methods] of Object.entries(paths)) {
        for (const [method, { summary, parameters = [] }] of Object.entries(methods)) {
          expect(page).to.contain(`<b class="method">${method.toUpperCase()}</b><code>${path}</code>`);
          expect(page).to.contain(summary!.replace(/'/g, "&#39;"));
          for (const { name } of parameters) expect(page).to.contain(`<td>${name}</td>`);
        }
      }
      for (const name of Object.keys(components.securitySchemes)) expect(page).to.contain(`id="credential-${name}"`);
      for (const code of Object.keys(apis[service]!["x-refusals"])) expect(page).to.contain(`<td>${code}</td>`);
    }
  });
});
