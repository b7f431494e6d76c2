// The fields of each line that --json writes.

import { expect } from "chai";

export type Kind = "string" | "number" | "boolean" | "object" | "array";
export type Shape = Readonly<Record<string, Kind>>;

const kindOf = (value: unknown): Kind => (Array.isArray(value) ? "array" : (typeof value as Kind));

/** Every field of `line` is in `shape` and of its kind; those without ? are there. */
export function check(line: Record<string, unknown>, shape: Shape): void {
  const bare = Object.fromEntries(Object.entries(shape).map(([name, kind]) => [name.replace("?", ""), kind]));
  for (const [name, value] of Object.entries(line))
    expect(kindOf(value), `${name} in ${JSON.stringify(line)}`).to.equal(bare[name]);
  expect(line).to.include.keys(Object.keys(shape).filter((name) => !name.endsWith("?")));
}

export const STEP: Shape = {
  step: "string",
  detail: "string",
  outcome: "string",
  "code?": "string",
  ms: "number",
  "roundTrips?": "number",
};
export const JOURNEY: Shape = {
  ok: "boolean",
  steps: "array",
  tracks: "array",
  receipt: "string",
  exchange: "object",
  files: "array",
  emission: "object",
};
export const PLAYED: Shape = { index: "number", step: "string", outcome: "string", "message?": "string" };
export const SCENARIO: Shape = {
  scenario: "string",
  ok: "boolean",
  steps: "number",
  present: "string",
  phone: "string",
};
export const LISTENING: Shape = {
  event: "string",
  host: "string",
  port: "number",
  cardId: "string",
  "makerRoot?": "string",
  "pairingCode?": "string",
  "hci?": "string",
};
export const TRACE: Shape = { trace: "object" };
export const CARD: Shape = {
  cardId: "string",
  cardClass: "string",
  makerRoot: "string",
  files: "array",
  "pairingCode?": "string",
};
export const PHONE_STEP: Shape = { step: "string", detail: "string" };
export const PAIRED: Shape = { card: "string", batteryPercent: "number", "issuer?": "string", "token?": "string" };
export const OWN_CARD: Shape = {
  card: "string",
  phoneName: "string",
  confirmed: "boolean",
  "issuer?": "string",
  "token?": "string",
};
export const NEAR_CARD: Shape = { id: "string", "card?": "string", "name?": "string", "rssi?": "number" };
export const MEANS: Shape = {
  ...{ card: "string", token: "string", indication: "string", heldBy: "array", cardKnows: "boolean" },
  ...{ inReach: "boolean", inputs: "array", "link?": "string", "url?": "string", "why?": "string" },
};
export const PAID: Shape = { merchant: "string", cap: "number", passesSent: "number" };
export const SUSPENDED: Shape = { state: "string", cardKnows: "boolean" };
export const BOUGHT: Shape = {
  ...{ approved: "boolean", responseCode: "string", "ourCode?": "string", "authCode?": "string" },
};
export const RIGHT: Shape = { id: "string", delegation: "string" };
export const SEEN_RIGHT: Shape = { id: "string", lines: "array", left: "object" };
export const LENT: Shape = {
  ...{ id: "string", lines: "array", madeAt: "number", isRevoked: "boolean", left: "object", uses: "array" },
};
export const REVOKED: Shape = { id: "string", isRevoked: "boolean" };
export const STANDING_TOKEN: Shape = {
  ...{ tokenRef: "string", last4: "string", state: "string", heldBy: "array", version: "number" },
};
export const DISARMED: Shape = { takenBack: "boolean", passesSent: "number" };
export const UNPAIRED: Shape = { card: "string", forgotten: "boolean", cardKnows: "boolean" };
export const ISSUER: Shape = { event: "string", url: "string", iso: "object" };
export const COMPANION: Shape = { event: "string", url: "string", cardId: "string" };
export const STARTED: Shape = {
  ...{ event: "string", issuer: "string", processor: "string", acs: "string", watch: "string", iso: "object" },
};
export const STARTED_APART: Shape = {
  ...{ event: "string", service: "string", url: "string", "iso?": "object", "line?": "object", "watch?": "string" },
};
export const SERVICE_KEYS: Shape = { keys: "array" };
export const WATCHED: Shape = {
  ...{ event: "string", at: "number", from: "string", to: "string", mti: "string", fields: "object" },
};
export const CHARGED: Shape = {
  ...{ approved: "boolean", "responseCode?": "string", "ourCode?": "string", "authCode?": "string", "stan?": "string" },
  ...{ "rrn?": "string", "refusal?": "object", receipt: "string" },
};
export const COPIED: Shape = { copied: "string", stores: "array" };
export const RESTORED: Shape = {
  ...{
    restored: "string",
    stores: "array",
    copiedAt: "number",
    tokens: "number",
    grantsEnded: "number",
    rightsEnded: "number",
    codesEnded: "number",
  },
};
export const AIR: Shape = { bench: "string", intervalMs: "number", steps: "array", toFirstEdge: "object" };
export const NETWORK: Shape = {
  ...{ bench: "string", engine: "string", tokens: "number", authorisationsPerSecond: "number", p50Ms: "number" },
  ...{
    grantsPerSecond: "number",
    p99Ms: "number",
    approved: "number",
    asked: "number",
    group: "number",
    mostPerSecond: "number",
  },
  ...{ mostGroup: "number", insertsPerSecond: "number", mostInsertsPerSecond: "number", ratioToBareInserts: "number" },
  // Of more than a thousand tokens.
  ...{ "thousandP50Ms?": "number", "thousandP99Ms?": "number", "thousandMostPerSecond?": "number" },
  "ratioToThousand?": "number",
};
export const UPLOAD: Shape = { upload: "object" };
export const CYCLES: Shape = { cycles: "number", early: "number", late: "number", violations: "number" };
export const CHECK: Shape = { name: "string", ok: "boolean", needed: "boolean", detail: "string", "fix?": "string" };
export const PAYMENT: Shape = { bench: "string", mtu: "number", runs: "number", steps: "array", modules: "array" };
export const READER: Shape = {
  bench: "string",
  kind: "string",
  samples: "number",
  reads: "number",
  samplesPerSecond: "number",
  "asked?": "number",
};

export const READING: Shape = {
  bench: "string",
  row: "string",
  swipes: "number",
  valid: "number",
  first: "number",
  wrong: "number",
  target: "object",
  reached: "boolean",
  "limit?": "object",
  "behindDb?": "object",
  samplesPerSecond: "number",
};
export const LABEL: Shape = {
  file: "string",
  seed: "number",
  track: "number",
  text: "string",
  passes: "array",
  swipes: "array",
};

/** Of a read or a diagnosis, with --verbose. */
export const MEASURED: Shape = {
  signal: "object",
  peakDb: "number",
  swingDb: "number",
  speed: "object",
  cellSamples: "number",
  "jitter?": "object",
  lowestPulsePercent: "number",
  dropouts: "array",
  "levelStep?": "object",
  "leadingZeros?": "number",
  "trailingZeros?": "number",
  clippedPercent: "number",
  "snrDb?": "number",
  pauses: "array",
  cut: "object",
  "humPercent?": "number",
  wanderPercent: "number",
  weaknesses: "array",
};
export const LENGTH: Shape = {
  bench: "string",
  seconds: "number",
  samples: "number",
  reads: "number",
  samplesPerSecond: "number",
  heapOctets: "number",
  externalOctets: "number",
  residentOctets: "number",
};
export const LISTENING_TO: Shape = {
  event: "string",
  source: "string",
  rateHz: "number",
  format: "string",
  channels: "number",
};
export const HEARD: Shape = {
  event: "string",
  track: "number",
  data: "string",
  direction: "string",
  confidence: "number",
  lrc: "boolean",
  channel: "number",
  startS: "number",
  endS: "number",
  masked: "boolean",
};
export const PERHAPS: Shape = { event: "string", startS: "number", candidates: "array" };
/** Of a swipe that was not read. */
export const FAILED: Shape = {
  channel: "number",
  startS: "number",
  endS: "number",
  code: "string",
  sentence: "string",
  "atS?": "number",
  "character?": "number",
};
export const HEARD_FAILED: Shape = { event: "string", ...FAILED };
export const HEARD_ALL: Shape = {
  event: "string",
  reads: "number",
  seconds: "number",
  diagnosis: "object",
  "restOctets?": "number",
};

export const KEY: Shape = { file: "string", publicFile: "string", root: "string", keyHash: "string" };
export const BUILT: Shape = {
  file: "string",
  board: "string",
  version: "string",
  counter: "number",
  programOctets: "number",
  octets: "number",
  slotOctets: "number",
  digest: "string",
};
export const SIGNED: Shape = { file: "string", root: "string", keyHash: "string", digest: "string", octets: "number" };
export const VERIFIED: Shape = {
  file: "string",
  version: "string",
  board: "string",
  counter: "number",
  digest: "string",
  keyHash: "string",
  "root?": "string",
};
export const INSPECTED: Shape = {
  ...BUILT,
  "slotOctets?": "number",
  loadAddress: "number",
  headerOctets: "number",
  digestMatches: "boolean",
  signed: "boolean",
  "keyHash?": "string",
  tlvs: "array",
  "key?": "object",
};
export const TLV: Shape = {
  area: "string",
  type: "number",
  name: "string",
  at: "number",
  octets: "number",
  value: "string",
};
/** Figures of the card on a microcontroller. */
export const MCU: Shape = {
  bench: "string",
  board: "string",
  size: "object",
  parts: "array",
  loader: "object",
  bootInstructions: "number",
  update: "object",
  steps: "array",
  edgeInstructions: "number",
  edges: "object",
  edgeErrorTicks: "number",
  driftTicks: "number",
  writeInstructions: "number",
  stack: "object",
};
export const FLASHING: Shape = { step: "string", detail: "string" };
export const FLASH_PROGRESS: Shape = { progress: "object" };
export const FLASHED: Shape = {
  board: "string",
  version: "string",
  hash: "string",
  octets: "number",
  sentOctets: "number",
  seconds: "number",
  confirmed: "boolean",
};
export const PAGE: Shape = { file: "string", octets: "number" };
export const SERIAL_PORT: Shape = {
  path: "string",
  "manufacturer?": "string",
  "serialNumber?": "string",
  "usbVendorId?": "number",
  "usbProductId?": "number",
};
export const LOGGED: Shape = { ms: "number", number: "number", level: "string", event: "string", detail: "string" };
export const LOG_FRAME: Shape = { frame: "object" };
export const DEBUGGED: Shape = {
  event: "string",
  gdb: "string",
  host: "string",
  port: "number",
  cardId: "string",
  makerRoot: "string",
  "pairingCode?": "string",
};

/** What the help of each verb must name. */
export const FIELDS_OF_VERBS: readonly (readonly [verb: string, shape: Readonly<Record<string, unknown>>])[] = [
  ["demo", { ...STEP, ...JOURNEY, ...TRACE }],
  ["emulate", { ...PLAYED, ...SCENARIO, ...LISTENING, ...TRACE }],
  ["personalise", CARD],
  ["doctor", CHECK],
  ["bench", { ...PAYMENT, ...READER }],
  ["bench reader", READING],
  ["pos read", { ...MEASURED, ...FAILED, failed: "array", noisePercent: "number" }],
  ["pos inspect", { svg: "string", html: "string" }],
  ["bench length", LENGTH],
  ["bench mcu", MCU],
  ["bench network", NETWORK],
  ["bench bluetooth", { ...AIR, ...UPLOAD, ...CYCLES }],
  ["debug", DEBUGGED],
  ["flash", { ...FLASHING, ...FLASH_PROGRESS, ...FLASHED }],
  ["flasher", PAGE],
  ["serial", SERIAL_PORT],
  ["logs", { ...LOGGED, ...LOG_FRAME }],
  ["issuer", ISSUER],
  ["companion", COMPANION],
  ["network start", { ...STARTED, ...STARTED_APART }],
  ["network keys", SERVICE_KEYS],
  ["network watch", WATCHED],
  ["network tokens", STANDING_TOKEN],
  ["network backup", COPIED],
  ["network restore", RESTORED],
  ["pair", { ...PHONE_STEP, ...PAIRED }],
  ["cards", { ...OWN_CARD, ...NEAR_CARD, ...MEANS }],
  ["pay", { ...PHONE_STEP, ...PAID }],
  ["checkout", { ...PHONE_STEP, ...BOUGHT }],
  ["code", { ...PHONE_STEP, ...BOUGHT }],
  ["delegate make", RIGHT],
  ["delegate narrow", RIGHT],
  ["delegate show", { ...SEEN_RIGHT, ...LENT }],
  ["delegate revoke", REVOKED],
  ["suspend", { ...PHONE_STEP, ...SUSPENDED }],
  ["disarm", { ...PHONE_STEP, ...DISARMED }],
  ["unpair", UNPAIRED],
  ["pos charge", CHARGED],
  ["pos listen", { ...LISTENING_TO, ...HEARD, ...PERHAPS, ...FAILED, ...HEARD_ALL }],
  ["pos synth", LABEL],
  ["image key", KEY],
  ["image build", BUILT],
  ["image sign", SIGNED],
  ["image verify", VERIFIED],
  ["image inspect", { ...INSPECTED, ...TLV }],
];
