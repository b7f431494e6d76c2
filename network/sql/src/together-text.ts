// Statements of one row each as one statement of many, in PostgreSQL's words: their values are arrays, one of each place, so that it is the same statement
// however many there are.

import type { SqlValue, SqlValues } from "./port.js";

type Statement = [text: string, values: SqlValue[]];

/**
 * The first row of a SELECT for each, with its place, from 1, as `each_place`. LATERAL with a LIMIT is looked up for each by itself (PostgreSQL 15, 7.2.1.5):
 * never by a scan of the table, which a serializable transaction would be in everybody's way with.
 */
export function selectTogether(text: string, all: readonly SqlValues[]): Statement {
  const { names, from, values } = arraysOf(all);
  const one = inPlaces(text, names);
  const each = `CROSS JOIN LATERAL (SELECT * FROM (${one}) AS one LIMIT 1) AS found`;
  return [`SELECT asked.each_place, found.* FROM ${from} ${each}`, values];
}

const INSERT = /^(INSERT INTO \w+ \([^)]*\))\s+VALUES \((\?(?:, \?)*)\)/;
const UPDATE = /^(UPDATE \w+ SET [^;]*?) WHERE /;

/** An INSERT or an UPDATE of each; undefined of any other statement. */
export function runTogether(text: string, all: readonly SqlValues[]): Statement | undefined {
  const { names, from, values } = arraysOf(all);
  if (INSERT.test(text)) return [text.replace(INSERT, `$1 SELECT ${names.join(", ")} FROM ${from}`), values];
  if (!UPDATE.test(text)) return undefined;
  return [inPlaces(text, names).replace(UPDATE, `$1 FROM ${from} WHERE `), values];
}

/** The statement with a name for each value, in their order. */
export function inPlaces(text: string, names: readonly string[]): string {
  let place = 0;
  return text.replace(/\?/g, () => names[place++]!);
}

/** Each place's values as one array, of the type of what is in it; a place where all have nothing says so itself, as nothing has a type. */
function arraysOf(all: readonly SqlValues[]) {
  const columns = all[0]!.map((_, place) => all.map((one) => one[place]!));
  const types = columns.map((column) => typeOf(column.find((value) => value !== null)));
  const told = [...types.keys()].filter((place) => types[place] !== undefined);
  const arrays = told.map((place) => `?::${types[place]}[]`).join(", ");
  const asked = [...told.map((place) => `v${place}`), "each_place"].join(", ");
  return {
    names: types.map((type, place) => (type === undefined ? "NULL" : `asked.v${place}`)),
    from: `unnest(${arrays}) WITH ORDINALITY AS asked(${asked})`,
    values: told.map((place) => columns[place]) as unknown as SqlValue[],
  };
}

function typeOf(value: SqlValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "number" ? "bigint" : typeof value === "string" ? "text" : "bytea";
}
