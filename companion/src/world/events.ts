// What the emulated table's server and these pages say to each other.

export interface Bill {
  /** In cents. */
  readonly amount: number;
  /** As DE 43 has it, up to 40 characters. */
  readonly merchant: string;
}

/** The table as it is seen: the card's lights, whether it has power and a phone, and what the till asks for. */
export interface TableView {
  readonly lights: "off" | "pairing" | "ask" | "armed" | "sending" | "done" | "refused" | `means ${number}`;
  readonly on: boolean;
  readonly lineUp: boolean;
  readonly batteryPercent: number;
  readonly near: boolean;
  /** Its loader has its serial line, and no image runs. */
  readonly loaderListens: boolean;
  readonly bill: Bill;
  readonly cashier: Cashier;
}

/** How the cashier swipes: as he should; once more before the answer is there; the stripe the wrong way; its back to the head; asks when it is too late; or has no line to the network. */
export const CASHIERS = ["well", "twice", "backwards", "turned", "late", "cut"] as const;
export type Cashier = (typeof CASHIERS)[number];

/** A swipe as the head heard it, for a picture: lowest and highest of each slice, -1 to 1 of the loudest. */
export interface Heard {
  readonly seconds: number;
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** With how often the card's coil played it. */
export interface HeardSwipe extends Heard {
  readonly passes: number;
}

/** The emulated battery, as `emulator/src/ports/battery.ts` counts it. */
export interface SeenBattery {
  readonly chargeMj: number;
  readonly capacityMj: number;
  /** What no emission may touch. */
  readonly reserveMj: number;
  /** Drawn while the coil plays, and always, milliwatts. */
  readonly coilMw: number;
  readonly idleMw: number;
}

/** One pass of an emission: nanoseconds from its first edge. */
export interface SeenPass {
  readonly startNs: number;
  readonly endNs: number;
  readonly edges: number;
  /** False where it was stopped, or the battery ended. */
  readonly isWhole: boolean;
}

/** What the coil played for one swipe, and what that took. */
export interface SeenEmission {
  /** When it was over, by the server's clock. */
  readonly atMs: number;
  readonly durationNs: number;
  readonly energyMj: number;
  readonly passes: readonly SeenPass[];
  /** Of each pass, nanoseconds from the emission's first edge; none where what was played may not be shown. */
  readonly edgesNs?: readonly (readonly number[])[];
  readonly battery: SeenBattery;
}

/** What the cashier's screen shows of a swipe. */
export type TillAnswer =
  | {
      readonly kind: "answered";
      readonly approved: boolean;
      readonly responseCode: string;
      readonly ourCode?: string;
      readonly receipt: string;
      readonly isBackwards: boolean;
    }
  /** "silent": the head heard nothing at all. */
  | { readonly kind: "refused" | "unread" | "failed" | "silent"; readonly code: string; readonly sentence: string };

/** A line of `/world/events`. */
export type WorldEvent =
  | ({ readonly kind: "table" } & TableView)
  | ({ readonly kind: "heard" } & HeardSwipe)
  | ({ readonly kind: "emission" } & SeenEmission)
  | { readonly kind: "answer"; readonly bill: Bill; readonly answer: TillAnswer };

/** Of `/world/table`. */
export interface TableFacts {
  readonly table: TableView;
  readonly pairingCode: string;
  /** Hexadecimal. */
  readonly makerRoot: string;
}

/** What hands do: with the card's button, with the card, with its power. */
export const HANDS = ["press", "press-twice", "hold", "swipe", "away", "near", "power-off", "power-on"] as const;
export type Hand = (typeof HANDS)[number];
