// What an owner should see of a card, from what the card says: sent or not sent, for how long it is armed, what to do next.

import { type CardInfo, Phase } from "@enabling-card/wire";
import type { CardNotice } from "./answers.js";
import type { Card } from "./card.js";

export type WalletStatus = "idle" | "ready" | "asking" | "armed" | "sending" | "sent" | "not-sent" | "unknown";

export interface WalletView {
  readonly status: WalletStatus;
  /** Passes of the last grant on the coil. */
  readonly passesSent: number;
  /** When an armed card disarms itself, milliseconds since 1970; undefined while it is not armed. */
  readonly armedUntilMs: number | undefined;
  readonly batteryPercent: number;
  readonly batteryLow: boolean;
  readonly connected: boolean;
  /** One sentence: what to do now. */
  readonly next: string;
}

const NEXT: Readonly<Record<WalletStatus, string>> = {
  idle: "Choose what to pay with",
  ready: "Press the card's button twice when you are asked",
  asking: "Press the card's button twice now",
  armed: "Swipe at the reader, or hand the card over",
  sending: "Hold the card at the reader",
  sent: "Wait for the answer; if it is no, fetch a new grant and try again",
  "not-sent": "Nothing was sent: fetch a new grant to try again",
  unknown: "The card is out of reach: bring it near to see whether it has sent",
};

/** Follows a card. `onChange` hears each new view; `stop` ends it. */
export interface WalletFollower {
  readonly view: WalletView;
  stop(): void;
}

/** @param now - Milliseconds since 1970; the phone's clock unless told. */
export function followCard(
  card: Card,
  onChange: (view: WalletView) => void = () => undefined,
  now: () => number = Date.now,
): WalletFollower {
  let view = viewOf(card.info, statusOf(card.info), { connected: card.connected });
  const stop = card.subscribe((notice) => {
    view = next(view, notice, card.info, now());
    onChange(view);
  });
  return {
    get view() {
      return view;
    },
    stop,
  };
}

/** The view after `notice`. */
function next(view: WalletView, notice: CardNotice, info: CardInfo, nowMs: number): WalletView {
  const { batteryLow } = view;
  switch (notice.type) {
    case "asking":
      return viewOf(info, "asking", { batteryLow });
    case "armed":
      return viewOf(notice.info, "armed", { batteryLow, armedUntilMs: nowMs + notice.secondsLeft * 1000 });
    case "pass-sent": {
      const status = notice.info.phase === Phase.Armed ? "armed" : "sending";
      return viewOf(notice.info, status, { batteryLow, armedUntilMs: view.armedUntilMs });
    }
    case "done":
      return viewOf(notice.info, "sent", { batteryLow });
    case "disarmed":
      return viewOf(notice.info, notice.info.passesSent > 0 ? "sent" : "not-sent", { batteryLow });
    case "battery-low":
      return { ...view, batteryLow: true, batteryPercent: notice.percent };
    case "disconnected": {
      // An armed card goes on without the phone; only the card knows what became of it.
      const open = ["asking", "armed", "sending"].includes(view.status);
      return { ...view, connected: false, ...(open && { status: "unknown" as const, next: NEXT.unknown }) };
    }
    default:
      return viewOf(notice.info, statusOf(notice.info), { batteryLow, armedUntilMs: view.armedUntilMs });
  }
}

function viewOf(
  info: CardInfo,
  status: WalletStatus,
  more: { readonly batteryLow?: boolean; readonly armedUntilMs?: number | undefined; readonly connected?: boolean },
): WalletView {
  return {
    status,
    passesSent: info.passesSent,
    armedUntilMs: status === "armed" ? more.armedUntilMs : undefined,
    batteryPercent: info.batteryPercent,
    batteryLow: more.batteryLow ?? false,
    connected: more.connected ?? true,
    next: NEXT[status],
  };
}

function statusOf(info: CardInfo): WalletStatus {
  switch (info.phase) {
    case Phase.Loaded:
      return "ready";
    case Phase.Asking:
      return "asking";
    case Phase.Armed:
      return "armed";
    case Phase.Sending:
      return "sending";
    case Phase.Done:
      return "sent"; // also without a pass: the cryptogram of a remote grant was told
    default:
      return "idle";
  }
}
