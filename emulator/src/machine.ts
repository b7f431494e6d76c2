// The machine under the modules: one scheduler, run to completion, one call at a time. Mail first, then what the last step has led to, then what
// comes from outside in its order, then what is due. Same modules, same events, same random source: same run.

import { Indicator, MAIL_SIZE, ModuleId } from "@enabling-card/wire";
import { autoNs } from "./auto-play.js";
import { EmulatorError, PowerCut } from "./errors.js";
import { AirUpdate } from "./loader/air-update.js";
import type { EmulatedLoader } from "./loader/emulated-loader.js";
import { MailRoom } from "./mail-room.js";
import {
  type CompiledFirmware,
  MODULE_NAMES,
  MODULES,
  type ModuleExports,
  type ModuleName,
  moduleNameOf,
} from "./modules.js";
import { type Battery, batteryPort } from "./ports/battery.js";
import { Button } from "./ports/button.js";
import { Alarm, NS_PER_MS, Timeline } from "./ports/clock.js";
import { Coil } from "./ports/coil.js";
import { cryptoPort } from "./ports/crypto.js";
import { flashPort } from "./ports/flash.js";
import { HeadSensor } from "./ports/head.js";
import { INDICATOR_NAMES, Indicators } from "./ports/indicators.js";
import { Line } from "./ports/line.js";
import { type Letter, mailboxPort } from "./ports/mailbox.js";
import { type HciController, Radio } from "./ports/radio.js";
import { type RandomSource, randomPort } from "./ports/random.js";
import { vaultPort } from "./ports/vault.js";
import { memoryUse, type Ports, type RunningModule, runningModule, type Trap } from "./running-module.js";
import type { Store } from "./store/store.js";
import { Trace } from "./trace.js";

export interface MachineOptions {
  readonly firmware: CompiledFirmware;
  readonly battery: Battery;
  readonly random: RandomSource;
  /** `real` follows the wall clock; `virtual` moves only when told, and by itself while the coil plays if `autoPlay`. */
  readonly clock: "virtual" | "real";
  readonly autoPlay: boolean;
  readonly onSecret?: ((secret: Uint8Array) => void) | undefined;
  /** The card's Bluetooth controller; without one its radio is absent. */
  readonly radio?: HciController | undefined;
  /** The loader that serves updates over the air, ready to hear; without one they are refused. */
  readonly loader?: (() => EmulatedLoader) | undefined;
  /** The card is to start again, from its loader. */
  readonly onReset?: (() => void) | undefined;
}

export class Machine {
  readonly timeline = new Timeline();
  readonly trace = new Trace(() => this.timeline.nowNs);
  readonly head = new HeadSensor();
  readonly button = new Button();
  readonly indicators = new Indicators();
  readonly coil: Coil;
  readonly line: Line;
  readonly #radio: Radio;
  readonly traps: Trap[] = [];
  /** Times the machine saw a module break a port's contract without trapping. */
  readonly violations: string[] = [];
  readonly mail = new MailRoom(this.timeline, this.trace);

  readonly #options: MachineOptions;
  readonly #update: AirUpdate;
  readonly #outside: (() => void)[] = [];
  /** What a step has led to outside, such as a button's press that was due: it belongs to that step's time. */
  readonly #caused: (() => void)[] = [];
  readonly #alarms: Record<ModuleName, Alarm>;
  #modules: Partial<Record<ModuleName, RunningModule>> = {};
  #store: Store | undefined;
  #on = false;
  #pumping = false;
  #untilNs = 0;
  #originMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.coil = new Coil(this.timeline, options.battery, {
      done: () => this.#call("wallet", (wallet) => wallet.onCoilDone!()),
      exhausted: () => this.powerOff(),
      disturbed: () => this.#violation("The wallet changed intervals while the coil played them"),
      passed: ({ edgesNs, startNs, endNs, complete }, emission) =>
        this.trace.add({ kind: "pass", emission, edges: edgesNs.length, durationNs: endNs - startNs, complete }),
    });
    this.line = new Line({
      up: () => this.post(() => this.#lineChanged(true)),
      down: () => this.post(() => this.#lineChanged(false)),
      ready: () => this.post(() => this.#call("link", (link) => link.onLineReady!())),
      received: (chunk) => this.post(() => this.#chunk(chunk)),
      sent: (chunk) => this.trace.add({ kind: "chunk", direction: "to-phone", length: chunk.length }),
    });
    this.#radio = new Radio(options.radio, (packet) => this.post(() => this.#packet(packet)));
    const alarm = (name: ModuleName) => new Alarm(this.timeline, () => this.#call(name, (module) => module.onAlarm()));
    this.#alarms = { wallet: alarm("wallet"), authenticator: alarm("authenticator"), link: alarm("link") };
    this.#update = new AirUpdate({
      timeline: this.timeline,
      post: (letter) => void this.mail.send(letter),
      stopModules: () => this.#stopTrusted(),
      loader: () => options.loader?.(),
      reset: () => options.onReset?.(),
    });
    this.indicators.onShow = (indicator) => this.trace.add({ kind: "indicator", name: INDICATOR_NAMES[indicator] });
  }

  get on(): boolean {
    return this.#on;
  }

  get nowMs(): number {
    return this.timeline.nowNs / NS_PER_MS;
  }

  /**
   * Starts all modules on what `store` holds.
   *
   * @param onTrial - the loader has booted an image that nobody has confirmed
   * @throws {EmulatorError} `IMPORT_REFUSED`, `BUDGET_EXCEEDED`, `MODULE_DEAD`
   */
  powerOn(store: Store, onTrial = false): void {
    if (this.#on) return;
    this.#store = store;
    this.timeline.restart();
    this.coil.rewind();
    this.#options.battery.rewind();
    this.#untilNs = 0;
    this.#originMs = performance.now();
    this.#on = true;
    this.#update.start(onTrial);
    this.trace.add({ kind: "start" });
    this.#pumping = true; // what the modules send while they start waits until all have
    try {
      for (const name of MODULE_NAMES) if (this.#on) this.#boot(name);
    } catch (error) {
      this.powerOff();
      throw error;
    } finally {
      this.#pumping = false;
    }
    this.#pump();
  }

  /** The power goes: nothing more runs, memory is gone, the line is down. */
  powerOff(): void {
    if (!this.#on) return;
    this.#on = false;
    this.coil.stop();
    this.head.sleep();
    this.line.drop(false);
    this.line.forgetAdvertised();
    this.#radio.powerOff();
    this.mail.forget();
    this.#outside.length = this.#caused.length = 0;
    for (const name of MODULE_NAMES) this.#alarms[name].cancel();
    this.#modules = {};
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.indicators.now !== Indicator.Off) this.indicators.show(Indicator.Off, this.timeline.nowNs);
    this.trace.add({ kind: "power-lost" });
  }

  /** Something outside happens to the card: it runs until it is at rest again. */
  post(event: () => void): void {
    if (!this.#on) return;
    (this.#pumping ? this.#caused : this.#outside).push(event);
    this.#pump();
  }

  /** The virtual clock moves on; all that is due on the way happens at its time. A real one is ahead of the wall's by that much from then on. */
  advance(ms: number): void {
    if (this.#options.clock === "real") this.#originMs -= ms;
    this.#advanceTo(this.timeline.nowNs + ms * NS_PER_MS);
  }

  /** Presses and releases in turn, `at` milliseconds from now; the virtual clock goes to the last of them unless `auto`. */
  gesture(at: readonly number[], auto = false): void {
    const start = this.timeline.nowNs;
    at.forEach((ms, i) => {
      this.timeline.schedule(start + ms * NS_PER_MS, () => this.setButton(i % 2 === 0), auto);
    });
    if (!auto && this.#options.clock === "virtual") this.#advanceTo(start + at.at(-1)! * NS_PER_MS);
    else this.#wait();
  }

  setButton(pressed: boolean): void {
    if (!this.button.set(pressed)) return;
    this.trace.add({ kind: "button", pressed });
    this.post(() => this.#call("authenticator", (authenticator) => authenticator.onButton!()));
  }

  touchHead(): void {
    this.coil.contact();
    this.trace.add({ kind: "head-contact", noticed: this.head.awake });
    if (this.head.awake) this.post(() => this.#call("wallet", (wallet) => wallet.onHeadContact!()));
  }

  /** A copy of a module's memory; empty while the power is off. */
  memory(name: ModuleName): Uint8Array {
    return this.#modules[name]?.memory.dump() ?? new Uint8Array(0);
  }

  /** A module's memory use: where its static data ends, and whether anything lies above its budget. */
  budget(name: ModuleName): { readonly heapBase: number; readonly budget: number; readonly touchedAbove: boolean } {
    return { heapBase: this.#modules[name]?.exports.heapBase() ?? 0, ...memoryUse(name, this.memory(name)) };
  }

  #boot(name: ModuleName): void {
    this.#modules[name] = runningModule(name, this.#options.firmware[name], this.#ports(name));
    this.#call(name, (module) => module.start(), true);
  }

  #ports(name: ModuleName): Ports {
    const { battery, random, onSecret } = this.#options;
    const nowNs = () => this.timeline.nowNs;
    const store = this.#store!;
    return {
      coil: (memory) => this.coil.port(memory),
      head: () => this.head.port(),
      crypto: (memory) => cryptoPort(memory, onSecret),
      random: (memory) => randomPort(memory, random),
      vault: (memory) => vaultPort(memory, name, store),
      flash: (memory) => flashPort(memory, name, store),
      clock: () => this.#alarms[name].port(),
      battery: () => batteryPort(battery, nowNs),
      button: () => this.button.port(),
      indicators: () => this.indicators.port(nowNs),
      line: (memory) => this.line.port(memory),
      radio: (memory) => this.#radio.port(memory),
      mailbox: (memory) => mailboxPort(memory, MODULES[name].id, (letter) => this.mail.send(letter)),
    };
  }

  #deliver(letter: Letter): void {
    if (letter.to === ModuleId.Loader) {
      this.#served(() => this.#update.take(letter));
      return;
    }
    this.#update.watch(letter);
    const name = moduleNameOf(letter.to)!;
    this.#call(name, (exports) => {
      const { memory, mailSlot } = this.#modules[name]!;
      const slot = memory.demand(mailSlot, MAIL_SIZE);
      slot.fill(0);
      slot.set(letter.bytes);
      const length = letter.bytes.length;
      letter.bytes.fill(0);
      exports.onMail(letter.from, length);
    });
  }

  #chunk(chunk: Uint8Array): void {
    this.trace.add({ kind: "chunk", direction: "to-card", length: chunk.length });
    this.#call("link", (link) => {
      this.#modules.link!.memory.demand(link.chunkSlot!(), chunk.length).set(chunk);
      link.onChunk!(chunk.length);
    });
  }

  #packet(packet: Uint8Array): void {
    this.#call("link", (link) => {
      this.#modules.link!.memory.demand(link.packetSlot!(), packet.length).set(packet);
      link.onPacket!(packet.length);
    });
  }

  #lineChanged(up: boolean): void {
    this.trace.add({ kind: "line", up });
    if (up && this.#update.isOn) this.line.drop();
    this.#call("link", (link) => (up ? link.onLineUp!() : link.onLineDown!()));
  }

  /** The one way into a module. A trap ends the module, a power cut ends everything. */
  #call(name: ModuleName, call: (exports: ModuleExports) => void, starting = false): void {
    const module = this.#modules[name];
    if (!this.#on || module === undefined) return;
    try {
      call(module.exports);
    } catch (error) {
      if (error instanceof PowerCut) this.powerOff();
      else this.#trapped(name, error, starting);
    }
  }

  #trapped(name: ModuleName, error: unknown, starting: boolean): void {
    const message = error instanceof Error ? error.message : String(error);
    this.traps.push({ module: name, message, atNs: this.timeline.nowNs });
    this.trace.add({ kind: "trap", module: name, message });
    if (starting) {
      this.powerOff();
      throw new EmulatorError("MODULE_DEAD", `The ${name} stops while it starts: ${message}`, { cause: error });
    }
    this.#alarms[name].cancel();
    this.mail.forget(MODULES[name].id);
    if (name === "wallet") {
      this.coil.stop();
      this.head.sleep();
    }
    this.#boot(name);
    if (name !== "authenticator") this.line.drop();
    // A session that the wallet lost must not go on: link, started anew, resets the controller and with it every connection.
    if (name === "wallet" && this.#options.radio !== undefined) {
      this.#alarms.link.cancel();
      this.#boot("link");
    }
  }

  /** An update goes on without wallet and authenticator: they are not called any more, and what they held is gone. */
  #stopTrusted(): void {
    this.coil.stop();
    this.head.sleep();
    for (const name of ["wallet", "authenticator"] as const) {
      this.mail.forget(MODULES[name].id);
      this.#alarms[name].cancel();
      delete this.#modules[name];
    }
    this.trace.add({ kind: "update" });
  }

  /** The loader's work for an update: a power cut ends everything; a fault of its own is a reset. */
  #served(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof PowerCut) this.powerOff();
      else {
        this.#violation(`The loader stops in an update: ${error instanceof Error ? error.message : String(error)}`);
        this.#options.onReset?.();
      }
    }
  }

  #violation(message: string): void {
    this.violations.push(message);
    this.trace.add({ kind: "violation", message });
  }

  #pump(): void {
    if (this.#pumping || !this.#on) return;
    if (this.#options.clock === "real") this.#untilNs = Math.floor((performance.now() - this.#originMs) * NS_PER_MS);
    this.#untilNs = Math.max(this.#untilNs, this.timeline.nowNs);
    this.#pumping = true;
    try {
      while (this.#on && this.#step()) {}
    } finally {
      this.#pumping = false;
    }
    if (this.#on) this.timeline.moveTo(this.#untilNs);
    this.#wait();
  }

  /** One step of the card; false where it is at rest. */
  #step(): boolean {
    const letter = this.mail.take();
    const next = letter ? () => this.#deliver(letter) : (this.#caused.shift() ?? this.#fromOutside());
    next?.();
    return next !== undefined;
  }

  /** By the wall's clock, what happens outside happens now: behind all that was due before. */
  #fromOutside(): (() => void) | undefined {
    if (this.#options.clock === "real" && this.#outside.length > 0) {
      const due = this.timeline.take(this.#untilNs);
      if (due !== undefined) return due.fire;
      this.timeline.moveTo(this.#untilNs);
    }
    return this.#outside.shift() ?? this.timeline.take(this.#untilNs)?.fire;
  }

  #advanceTo(ns: number): void {
    if (!this.#on || this.#pumping) return;
    this.#untilNs = ns;
    this.#pump();
  }

  /** At rest: when to go on by itself. */
  #wait(): void {
    if (!this.#on || this.#pumping) return;
    const real = this.#options.clock === "real";
    const next = real ? this.timeline.nextNs() : this.#autoNs();
    if (this.#timer !== undefined && (real || next === undefined)) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    if (next === undefined || this.#timer !== undefined) return;
    const ms = real ? Math.max(0, next / NS_PER_MS - (performance.now() - this.#originMs)) : 0;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (real) this.#pump();
      else this.#advanceTo(Math.max(this.#autoNs() ?? 0, this.timeline.nowNs));
    }, Math.ceil(ms));
  }

  #autoNs(): number | undefined {
    return this.#options.autoPlay ? autoNs(this.timeline, this.coil, this.#alarms.wallet.atNs) : undefined;
  }
}
