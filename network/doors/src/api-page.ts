// A service's API as a page for people, made of its OpenAPI document: routes by what they are about, with what each asks for, takes, answers and refuses.
// One file without scripts, and nothing of it comes from elsewhere.

import { createHash } from "node:crypto";
import { type Api, OF_SERVICE, type Operation, type Schema } from "./open-api.js";

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --dim: #777; --mark: #06c; }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; display: grid; grid-template-columns: 19rem minmax(0, 1fr); }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; border-right: 1px solid var(--line); font-size: 13px; }
nav h2 { font-size: 12px; text-transform: uppercase; letter-spacing: .06em; color: var(--dim); margin: 1rem 0 .2rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
main { padding: 1rem 2rem 4rem; max-width: 62rem; }
a { color: var(--mark); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre, td:first-child { font-family: ui-monospace, monospace; font-size: 13px; overflow-wrap: anywhere; }
article { border-top: 1px solid var(--line); padding: .8rem 0; }
h3 { margin: 0 0 .3rem; font-size: 16px; overflow-wrap: anywhere; }
h4 { margin: .8rem 0 .2rem; font-size: 13px; color: var(--dim); }
b.method { display: inline-block; min-width: 3.6rem; font: 700 12px ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
td, th { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; }
td:first-child { width: 15rem; }
td:nth-child(2) { width: 9rem; color: var(--dim); }
.dim { color: var(--dim); }
details pre { overflow: auto; padding: .6rem; border: 1px solid var(--line); }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; } main { padding: 1rem; } td:first-child { width: 40%; } td:nth-child(2) { width: 22%; } }
`;

/** What a browser may take of the page: its own style. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function apiPage(api: Api): string {
  const routes = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const tags = [...new Set(routes.map(tagOf))].sort((one, other) => +(one === OF_SERVICE) - +(other === OF_SERVICE));
  const of = (tag: string) => routes.filter((route) => tagOf(route) === tag);
  const list = tags.map((tag) => `<h2>${text(tag)}</h2><ul>${of(tag).map(link).join("")}</ul>`);
  const all = tags.map((tag) => `<h2>${text(tag)}</h2>${of(tag).map(article).join("")}`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(api.info.title)}</title><style>${STYLE}</style></head>
<body><nav><strong>${text(api.info.title)}</strong>${list.join("")}<h2>about</h2><ul><li><a href="#credentials">Credentials</a></li><li><a href="#refusals">Refusals</a></li></ul></nav>
<main><h1>${text(api.info.title)}</h1>
<p>JSON over HTTP. Octets are base64url (RFC 4648 5) without padding, times are seconds since 1970, amounts are hundredths. Nothing unnamed comes in. For programs: <a href="/v1/openapi.json">/v1/openapi.json</a>, OpenAPI ${text(api.openapi)}.</p>
${all.join("\n")}
<h2 id="credentials">Credentials</h2>${credentials(api)}
<h2 id="refusals">Refusals</h2><p>A refusal is <code>{"code", "message"}</code>, with one of these codes.</p>${refusals(api)}
</main></body></html>
`;
}

function tagOf({ operation }: Route): string {
  return operation.tags?.[0] ?? "others";
}

function idOf({ method, path }: Route): string {
  return `${method}${path.replace(/\W+/g, "-")}`.toLowerCase();
}

function link(route: Route): string {
  return `<li><a href="#${idOf(route)}"><b class="method">${route.method}</b>${text(route.path)}</a></li>`;
}

function article(route: Route): string {
  const { method, path, operation } = route;
  const { summary = "", description, parameters = [], requestBody, responses, security } = operation;
  const asked = security?.flatMap((one) => Object.keys(one)) ?? [];
  const shown = asked.map((name) => `<a href="#credential-${text(name)}">${text(name)}</a>`).join(" or ");
  const named = parameters.map(({ name, schema, in: where, required = false, description: said }) => [
    ...[name, `${where}${required ? "" : ", optional"}`],
    [formOf(schema), said].filter(Boolean).join("; "),
  ]);
  return `<article id="${idOf(route)}"><h3><b class="method">${method}</b><code>${text(path)}</code></h3>
<p>${text(summary)}</p>${description === undefined ? "" : `<p class="dim">${text(description)}</p>`}
<p>Asks for: ${shown === "" ? "no credential" : shown}</p>
${named.length === 0 ? "" : `<h4>Parameters</h4>${table(named)}`}
${requestBody === undefined ? "" : Object.entries(requestBody.content).map(contentPart("Body")).join("")}
${answersOf(responses)}</article>`;
}

/** Answers of one form stand together. */
function answersOf(responses: Operation["responses"]): string {
  const byForm = new Map<string, string[]>();
  for (const [status, response] of Object.entries(responses)) {
    const form = JSON.stringify(response);
    byForm.set(form, [...(byForm.get(form) ?? []), status]);
  }
  return [...byForm]
    .map(([form, statuses]) => {
      const { description, content = {} } = JSON.parse(form) as Operation["responses"][string];
      const title = `${statuses.join(", ")} ${description}`;
      const parts = Object.entries(content).map(contentPart(title));
      return parts.length === 0 ? `<h4>${text(title)}</h4>` : parts.join("");
    })
    .join("");
}

function contentPart(title: string) {
  return ([type, { schema }]: [string, { readonly schema: Schema }]): string => {
    const rows = rowsOf(schema);
    const whole = `<details><summary class="dim">as JSON schema</summary><pre>${text(JSON.stringify(schema, undefined, 2))}</pre></details>`;
    const form = rows.length === 0 ? `<p>${text(formOf(schema))}</p>` : table(rows) + whole;
    return `<h4>${text(title)} <span class="dim">${text(type)}</span></h4>${form}`;
  };
}

/** Name, whether it must be there, form: of what is inside as well. */
function rowsOf({ properties = {}, required = [] }: Schema, before = ""): string[][] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const inside = schema.items ?? schema;
    const own = `${before}${name}${schema.items === undefined ? "" : "[]"}`;
    const may = required.includes(name) ? "" : "optional";
    return [[own, may, formOf(schema)], ...rowsOf(inside, `${own}.`)];
  });
}

function formOf(schema: Schema): string {
  const { type = "any", items, pattern, minimum, maximum, minLength, maxLength } = schema;
  const types = typeof type === "string" ? type : type.join(" or ");
  const range = (least: number | undefined, most: number | undefined) =>
    least === most ? `${least}` : `${least ?? 0} to ${most ?? "any"}`;
  return [
    schema.description,
    schema.enum === undefined ? types : `${types}: ${schema.enum.map((one) => JSON.stringify(one)).join(", ")}`,
    items && `of ${formOf(items)}`,
    (minimum ?? maximum) === undefined ? undefined : range(minimum, maximum),
    (minLength ?? maxLength) === undefined ? undefined : `${range(minLength, maxLength)} characters`,
    pattern,
  ]
    .filter((part) => part !== undefined)
    .join("; ");
}

function credentials({ components }: Api): string {
  const rows = Object.entries(components.securitySchemes).map(([name, { type, scheme, name: header, description }]) => {
    const where = scheme === undefined ? `${type}, header ${header}` : `${type} ${scheme}`;
    return `<tr id="credential-${text(name)}"><td>${text(name)}</td><td>${text(where)}</td><td>${text(description)}</td></tr>`;
  });
  return rows.length === 0 ? "<p>None.</p>" : `<table>${rows.join("")}</table>`;
}

function refusals(api: Api): string {
  return table(Object.entries(api["x-refusals"]).map(([code, { status, message }]) => [code, String(status), message]));
}

function table(rows: readonly (readonly string[])[]): string {
  return `<table>${rows.map((row) => `<tr>${row.map((cell) => `<td>${text(cell)}</td>`).join("")}</tr>`).join("")}</table>`;
}

/** As HTML has it, in an attribute, too. */
function text(plain: string): string {
  return plain.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}
