// What happens inside a card, a line an event.

import type { TraceEvent } from "@enabling-card/emulator";

/** `    12.345 ms  indicator  name ask` */
export function traceLine({ atNs, kind, ...rest }: TraceEvent): string {
  const facts = Object.entries(rest).map(([name, value]) => `${name} ${String(value)}`);
  return `${(atNs / 1e6).toFixed(3).padStart(10)} ms  ${kind}${facts.length > 0 ? `  ${facts.join(", ")}` : ""}`;
}
