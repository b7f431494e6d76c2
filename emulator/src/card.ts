// A card in software: a machine, its flash, its battery, and the hands that hold it.

import { Indicator, LoaderStart, LoaderVerdict, MTU_MAX, StartReason } from "@enabling-card/wire";
import { type Courier, courierFault, type FaultName, type FaultOptions } from "./courier.js";
import { EmulatorError } from "./errors.js";
import { EmulatedLoader, type LoaderOptions } from "./loader/emulated-loader.js";
import { Machine } from "./machine.js";
import { type CompiledFirmware, compileFirmware, type Firmware, MODULE_NAMES, type ModuleName } from "./modules.js";
import { isPersonalised } from "./personalise.js";
import { Battery, type BatteryOptions } from "./ports/battery.js";
import { GESTURES } from "./ports/button.js";
import type { Coil } from "./ports/coil.js";
import { FLASH_NAME } from "./ports/flash.js";
import type { Indicators } from "./ports/indicators.js";
import type { LineEnd } from "./ports/line.js";
import type { HciController } from "./ports/radio.js";
import { type RandomSource, seededRandom, trueRandom } from "./ports/random.js";
import { VAULT_ACCESS } from "./ports/vault.js";
import type { Trap } from "./running-module.js";
import type { Block } from "./store/block.js";
import { Region, Store } from "./store/store.js";
import type { Trace } from "./trace.js";

export interface EmulatedCardOptions {
  /** The built modules, as files or compiled. */
  readonly firmware: Firmware | CompiledFirmware;
  /** The card's flash; personalise it first. */
  readonly block: Block;
  /** `virtual` (default): time moves when told. `real`: with the wall clock. */
  readonly clock?: "virtual" | "real";
  /** The virtual clock goes on by itself while the coil plays (default true). */
  readonly autoPlay?: boolean;
  /** Somebody presses the button twice whenever the lights ask (default false): demonstrations only. */
  readonly autoPress?: boolean;
  /** Makes every random octet of the card repeat: tests and replays only. */
  readonly seed?: string;
  readonly battery?: Partial<BatteryOptions>;
  readonly id?: string;
  /** The card's Bluetooth controller, such as `new Controller(air)`; none unless given. */
  readonly radio?: HciController;
  /** The card's loader and its slots: each start is the loader's, and updates come over the air. Without, none do. What an image holds does not run here: `firmware` does. */
  readonly loader?: LoaderOptions;
  /** Hears each key that a module hands to the crypto port: for the scan that looks for it afterwards, tests only. */
  readonly onSecret?: (secret: Uint8Array) => void;
}

/** A pretended user takes this long to reach the button, ms. */
const REACTION_MS = 200;

export class EmulatedCard {
  readonly id: string;
  readonly battery: Battery;
  /** The card's own longest MTU: a phone that asks for more gets this. */
  mtuLimit = MTU_MAX;
  readonly #machine: Machine;
  readonly #block: Block;
  readonly #loader: LoaderOptions | undefined;
  #starts = 0;
  #startReason: number = StartReason.Unknown;
  #store: Store | undefined;

  /** @throws {EmulatorError} `IMAGE_INVALID`, `IMPORT_REFUSED`, `EXPORT_MISSING` */
  static async create(options: EmulatedCardOptions): Promise<EmulatedCard> {
    const { firmware } = options;
    const compiled = isCompiled(firmware) ? firmware : await compileFirmware(firmware);
    return new EmulatedCard(options, compiled);
  }

  private constructor(options: EmulatedCardOptions, firmware: CompiledFirmware) {
    const random: RandomSource = options.seed === undefined ? trueRandom : seededRandom(options.seed);
    this.id = options.id ?? "emulated-card";
    this.#block = options.block;
    this.#loader = options.loader;
    this.battery = new Battery(options.battery);
    this.#machine = new Machine({
      firmware,
      battery: this.battery,
      random,
      clock: options.clock ?? "virtual",
      autoPlay: options.autoPlay ?? true,
      onSecret: options.onSecret,
      radio: options.radio,
      loader: this.#loader && (() => this.#listening()),
      onReset: () => void this.restart(),
    });
    if (options.autoPress) this.#pressWhenAsked();
  }

  /** Power on. @throws {EmulatorError} `NOT_PERSONALISED`, `BUDGET_EXCEEDED`, `MODULE_DEAD`, `LOADER_LISTENS` where its loader finds no image to run */
  start(): this {
    if (this.on) return this;
    const store = new Store(this.#block);
    if (!isPersonalised(store)) {
      throw new EmulatorError("NOT_PERSONALISED", "This card has no keys yet: personalise it first");
    }
    this.#store = store;
    store.onWrite = ({ region, id, length }) => {
      if (region === Region.Vault) {
        this.trace.add({ kind: "vault-write", item: VAULT_ACCESS[id as keyof typeof VAULT_ACCESS].name, length });
      } else if (region === Region.Flash) {
        this.trace.add({ kind: "flash-write", record: FLASH_NAME[id as keyof typeof FLASH_NAME], length });
      }
    };
    this.#machine.powerOn(store, this.#boots());
    this.#starts++;
    return this;
  }

  /** Power off, at once. The flash stays. */
  stop(): void {
    this.#machine.powerOff();
  }

  /** Power loss and return: RAM is gone, flash and battery stay. Also after a power cut. */
  restart(): this {
    this.stop();
    return this.start();
  }

  /** Starts since it was made. */
  get starts(): number {
    return this.#starts;
  }

  /** Why the last start led where it did, as its loader says it; `StartReason.Unknown` of a card without one. */
  get startReason(): number {
    return this.#startReason;
  }

  /** The loader's start; true where the image that it boots is on trial. */
  #boots(): boolean {
    if (this.#loader === undefined) return false;
    const loader = new EmulatedLoader(this.#loader);
    const verdict = loader.start();
    this.#startReason = loader.reason;
    if (verdict !== LoaderVerdict.Boot)
      throw new EmulatorError("LOADER_LISTENS", "The card's loader finds no image that may run: install one in slot 0");
    return loader.onTrial;
  }

  /** The loader as the running image calls it: nothing is begun. */
  #listening(): EmulatedLoader {
    const loader = new EmulatedLoader(this.#loader!);
    loader.start(LoaderStart.Listen);
    return loader;
  }

  get on(): boolean {
    return this.#machine.on;
  }

  /** @throws {EmulatorError} `CARD_OFF` before the first start. */
  get store(): Store {
    if (this.#store === undefined) throw new EmulatorError("CARD_OFF", "The card was never started");
    return this.#store;
  }

  get coil(): Pick<Coil, "emission" | "emissions" | "clear" | "busy"> {
    return this.#machine.coil;
  }

  get indicators(): Pick<Indicators, "now" | "log"> {
    return this.#machine.indicators;
  }

  get trace(): Trace {
    return this.#machine.trace;
  }

  get traps(): readonly Trap[] {
    return this.#machine.traps;
  }

  /** Contracts of ports that modules broke without a trap; empty for good firmware. */
  get violations(): readonly string[] {
    return this.#machine.violations;
  }

  /** Milliseconds on the machine's clock since it started. */
  get nowMs(): number {
    return this.#machine.nowMs;
  }

  /** What a scanner sees: 16 octets once paired, else undefined. */
  advertised(): Uint8Array | undefined {
    return this.on ? this.#machine.line.advertised : undefined;
  }

  /** @throws {EmulatorError} `CARD_OFF`, `LINE_BUSY`, `LINE_MTU_INVALID` */
  connectLine(options: { readonly mtu?: number } = {}): LineEnd {
    if (!this.on) throw new EmulatorError("CARD_OFF", "The card has no power: start it");
    return this.#machine.line.connect(Math.min(options.mtu ?? 247, this.mtuLimit));
  }

  get lineUp(): boolean {
    return this.#machine.line.up;
  }

  /** Longest chunk of the phone on the line, octets; 0 where none is there. */
  get lineChunk(): number {
    return this.#machine.line.maxWrite;
  }

  /** The phone is out of reach, all at once. */
  dropLine(): void {
    this.#machine.line.drop();
  }

  /** One short press of the button. */
  press(): void {
    this.#machine.gesture(GESTURES.press);
  }

  /** The user-presence pattern: two presses. */
  pressTwice(): void {
    this.#machine.gesture(GESTURES.twice);
  }

  /** Holds the button for `ms` milliseconds. */
  hold(ms: number): void {
    this.#machine.gesture([0, ms]);
  }

  /** A reader's head touches the card. */
  touchHead(): void {
    this.#machine.touchHead();
  }

  /** The virtual clock moves on by `ms` milliseconds; a real one jumps ahead by as much. */
  advance(ms: number): void {
    this.#machine.advance(ms);
  }

  /** Resolves when the lights show `indicator` next, or at once where they do. */
  shows(indicator: Indicator): Promise<void> {
    if (this.indicators.now === indicator) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.trace.subscribe((event) => {
        if (event.kind !== "indicator" || this.indicators.now !== indicator) return;
        stop();
        resolve();
      });
    });
  }

  /** Who carries the sealed mail: a fault by name, or a courier of one's own. */
  setCourier(courier: Courier | FaultName, options?: FaultOptions): void {
    this.#machine.mail.courier = typeof courier === "string" ? courierFault(courier, options) : courier;
  }

  /** A copy of a module's memory, for the scan after a completion. Empty while the power is off. */
  memory(module: ModuleName): Uint8Array {
    return this.#machine.memory(module);
  }

  /** Memory use of each module: end of static data, budget, and whether anything above the budget was touched. */
  budgets(): Readonly<Record<ModuleName, ReturnType<Machine["budget"]>>> {
    const entries = MODULE_NAMES.map((name) => [name, this.#machine.budget(name)]);
    return Object.fromEntries(entries) as Record<ModuleName, ReturnType<Machine["budget"]>>;
  }

  /** Somebody reaches for the button whenever the lights ask. */
  #pressWhenAsked(): void {
    this.trace.subscribe((event) => {
      if (event.kind !== "indicator" || this.indicators.now !== Indicator.Ask) return;
      this.#machine.gesture(
        GESTURES.twice.map((ms) => ms + REACTION_MS),
        true,
      );
    });
  }
}

function isCompiled(firmware: Firmware | CompiledFirmware): firmware is CompiledFirmware {
  return firmware.wallet instanceof WebAssembly.Module;
}
