// Port head: the sensor that notices a reader's head. Contract: firmware/ports/head.ts.

export class HeadSensor {
  #awake = false;

  /** True while the wallet wants to know of contacts. */
  get awake(): boolean {
    return this.#awake;
  }

  sleep(): void {
    this.#awake = false;
  }

  port() {
    return {
      listen: (on: number): void => {
        this.#awake = on !== 0;
      },
    };
  }
}
