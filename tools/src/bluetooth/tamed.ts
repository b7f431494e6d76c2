// noble (2.8) as one of several in a program: it ends the process at Ctrl-C where it hears of it last, and cannot be stopped where it never began.

import type { Noble } from "@enabling-card/sdk/node";

/** Noble, and what ends it. */
export type StoppableNoble = Noble & { stop(): void };

/** Behind noble's own listener: whoever else listens decides what Ctrl-C does. */
const last = () => undefined;

export function tamed(noble: StoppableNoble): StoppableNoble {
  let isAsked = false;
  let isBegun = false;
  const stop = noble.stop.bind(noble);
  // noble begins in the next turn, once somebody asks for its state.
  noble.on("newListener", (event: string) => {
    if (event !== "stateChange" || isAsked) return;
    isAsked = true;
    process.nextTick(() => {
      isBegun = true;
      process.on("SIGINT", last);
    });
  });
  noble.stop = () => {
    if (!isBegun) return;
    process.removeListener("SIGINT", last);
    stop();
  };
  return noble;
}
