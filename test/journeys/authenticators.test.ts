// The phone's own authenticators (system 2), on a real card: a typed PIN, and a finger or a face by a platform of the test's own. Both pass one suite: what is
// shown is what the card holds, what is released goes to the card's authenticator for that grant alone, and each refusal leaves the card as it was.

import {
  type Authenticator,
  type BiometricOutcome,
  type BiometricPlatform,
  biometric,
  CardError,
  type Seen,
  typedPin,
} from "@enabling-card/sdk";
import { expect } from "chai";
import { DOMAIN, type Phone, pairedPhone, type World, world } from "../support/card-with-issuer.js";
import { expectError, expectRefusal } from "../support/expect-refusal.js";

const PIN = "2468";
const SHOWN = { merchant: DOMAIN.merchant, cap: DOMAIN.maxAmount };

/** What a test's user does, whichever way they are asked. */
interface User {
  /** What was on the dialogue. */
  readonly seen: Seen[];
  /** What was handed out, as whoever got it left it. */
  readonly secrets: Uint8Array[];
  pin: string;
  does: "agrees" | "cancels" | "nothing";
  breaks: boolean;
  /** While the dialogue is up. */
  meanwhile: () => Promise<unknown>;
  forgot: number;
}

const newUser = (): User => ({
  ...{ seen: [], secrets: [], pin: PIN, does: "agrees", breaks: false, forgot: 0 },
  meanwhile: async () => undefined,
});

/** Waits as a dialogue does: until its user answers, or the app takes it away. */
function untilTakenAway(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(new Error(`the dialogue with ${PIN} was taken away`)), {
      once: true,
    });
  });
}

function typing(user: User): Authenticator {
  return typedPin(async (seen, { signal }) => {
    user.seen.push(seen);
    await user.meanwhile();
    if (user.breaks) throw new Error(`no window for ${user.pin}`);
    if (user.does === "nothing") return untilTakenAway(signal);
    return user.does === "agrees" ? user.pin : null;
  });
}

function fingerOn(
  user: User,
  change: (outcome: BiometricOutcome) => BiometricOutcome = (outcome) => outcome,
): Authenticator {
  const platform: BiometricPlatform = {
    async verify(seen, { signal }) {
      user.seen.push(seen);
      await user.meanwhile();
      if (user.breaks) throw new Error(`no keystore for ${user.pin}`);
      if (user.does === "nothing") return untilTakenAway(signal);
      if (user.does === "cancels") return change({ outcome: "cancelled" });
      const secret = new TextEncoder().encode(user.pin);
      user.secrets.push(secret);
      return change({ outcome: "verified", secret, seen });
    },
    async forget() {
      user.forgot++;
    },
  };
  return biometric(platform);
}

let w: World;
let phone: Phone;
let user: User;

beforeEach(async () => {
  w = await world();
  phone = await pairedPhone(w);
  await phone.card.setPin(PIN);
  user = newUser();
});
afterEach(async () => {
  for (const secret of user.secrets)
    expect(
      secret.every((octet) => octet === 0),
      "what was released is gone",
    ).to.equal(true);
  await phone.card.close();
  await w.close();
});

for (const [name, port] of [
  ["a typed PIN", typing],
  ["a finger", fingerOn],
] as const) {
  describe(`${name} as the authenticator`, () => {
    const pays = (authenticator = port(user), saw?: Seen) =>
      phone.card.present({ when: "now", authenticator, ...(saw && { saw }) });

    it("is shown what the card holds, and pays without the card's button, each time by the newest nonce", async () => {
      const authenticator = port(user);
      for (let i = 0; i < 2; i++) {
        await phone.card.load(await phone.grant());
        const { pinNonce } = phone.card.info;
        expect((await pays(authenticator, SHOWN)).passesSent).to.be.greaterThan(0);
        expect(phone.card.info.pinNonce).not.to.deep.equal(pinNonce);
      }
      expect(user.seen).to.deep.equal([SHOWN, SHOWN]);
    });

    it("confirms a payment without a swipe", async () => {
      await phone.card.load(await phone.grant({ domain: { ...DOMAIN, channel: 1 } }));
      expect((await phone.card.confirm({ authenticator: port(user), saw: SHOWN })).cryptogram).to.have.length(8);
    });

    it("is not asked where its user saw another merchant, or another amount: SHOWN_DIFFERS", async () => {
      await phone.card.load(await phone.grant());
      for (const saw of [
        { ...SHOWN, merchant: "Other Shop" },
        { ...SHOWN, cap: SHOWN.cap - 1 },
      ]) {
        await expectRefusal(w, () => pays(port(user), saw), "SHOWN_DIFFERS");
      }
      expect(user.seen).to.deep.equal([]);
    });

    it("pays no grant that came while its user looked at another one: SHOWN_DIFFERS", async () => {
      await phone.card.load(await phone.grant());
      const other = await phone.grant({ domain: { ...DOMAIN, maxAmount: 5000 } });
      user.meanwhile = () => phone.card.load(other);
      w.emulator.coil.clear();
      await expectError(() => pays(), "SHOWN_DIFFERS");
      expect(user.seen).to.deep.equal([SHOWN]);
      expect(w.emulator.coil.emission()).to.equal(undefined);
      user.meanwhile = async () => undefined;
      expect((await pays(port(user), { ...SHOWN, cap: 5000 })).passesSent).to.be.greaterThan(0);
    });

    it("is not asked where the card holds no grant: NO_GRANT", async () => {
      await expectRefusal(w, () => pays(), "NO_GRANT");
      await phone.card.load(await phone.grant());
      await phone.card.disarm();
      await expectRefusal(w, () => pays(), "NO_GRANT");
      expect(user.seen).to.deep.equal([]);
    });

    it("whose user says no sends nothing: VERIFICATION_CANCELLED, and the grant is still there", async () => {
      await phone.card.load(await phone.grant());
      user.does = "cancels";
      await expectRefusal(w, () => pays(), "VERIFICATION_CANCELLED");
      user.does = "agrees";
      expect((await pays()).passesSent).to.be.greaterThan(0);
    });

    it("that cannot ask says so, and nothing of what it keeps: VERIFICATION_UNAVAILABLE", async () => {
      await phone.card.load(await phone.grant());
      user.breaks = true;
      const error = await expectError(() => pays(), "VERIFICATION_UNAVAILABLE");
      expect(error.cause).to.equal(undefined);
      expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.to.contain(PIN);
    });

    it("is taken away by the app: ABORTED, before and while it asks, and nothing is sent", async () => {
      await phone.card.load(await phone.grant());
      const gone = AbortSignal.abort();
      await expectRefusal(
        w,
        () => phone.card.present({ when: "now", authenticator: port(user), signal: gone }),
        "ABORTED",
      );
      expect(user.seen).to.deep.equal([]);
      const leaving = new AbortController();
      user.does = "nothing";
      user.meanwhile = async () => setTimeout(() => leaving.abort(), 5);
      const left = () => phone.card.present({ when: "now", authenticator: port(user), signal: leaving.signal });
      await expectRefusal(w, left, "ABORTED");
    });

    it("that says yes when it was taken away already pays nothing: ABORTED", async () => {
      await phone.card.load(await phone.grant());
      const leaving = new AbortController();
      user.meanwhile = async () => leaving.abort();
      const late = () => phone.card.present({ when: "now", authenticator: port(user), signal: leaving.signal });
      await expectRefusal(w, late, "ABORTED");
    });

    it("that releases no PIN is refused before anything is sent: PIN_MALFORMED", async () => {
      await phone.card.load(await phone.grant());
      for (const pin of ["", "12", "1234567890123", "12a4", "１２３４"]) {
        user.pin = pin;
        await expectRefusal(w, () => pays(), "PIN_MALFORMED");
      }
    });

    it("whose PIN is not the card's is told so by the card: PIN_WRONG, and the right one pays by the next nonce", async () => {
      await phone.card.load(await phone.grant());
      user.pin = "1357";
      await expectError(() => pays(), "PIN_WRONG");
      expect(user.forgot).to.equal(port === fingerOn ? 1 : 0);
      user.pin = PIN;
      expect((await pays()).passesSent).to.be.greaterThan(0);
    });

    it("goes with no PIN beside it: ARGUMENT_INVALID", async () => {
      await phone.card.load(await phone.grant());
      const both = () => phone.card.present({ when: "now", authenticator: port(user), pin: PIN });
      await expectRefusal(w, both, "ARGUMENT_INVALID");
      expect(user.seen).to.deep.equal([]);
    });
  });
}

describe("a finger as the authenticator", () => {
  const refused = async (outcome: BiometricOutcome["outcome"] | "no such", code: string) => {
    await phone.card.load(await phone.grant());
    const authenticator = fingerOn({ ...user, secrets: [] }, () => ({ outcome }) as BiometricOutcome);
    await expectRefusal(w, () => phone.card.present({ when: "now", authenticator }), code);
  };
  for (const [outcome, code] of [
    ["not-enrolled", "VERIFICATION_NOT_ENROLLED"],
    ["failed", "VERIFICATION_FAILED"],
    ["cancelled", "VERIFICATION_CANCELLED"],
    ["locked-out", "VERIFICATION_LOCKED_OUT"],
    ["no such", "VERIFICATION_UNAVAILABLE"],
  ] as const) {
    it(`that is ${outcome} sends nothing: ${code}`, () => refused(outcome, code));
  }

  it("whose platform showed something else pays nothing: SHOWN_DIFFERS, and what it released is overwritten", async () => {
    await phone.card.load(await phone.grant());
    for (const seen of [
      { ...SHOWN, merchant: "Other Shop" },
      { ...SHOWN, cap: 1 },
    ]) {
      const authenticator = fingerOn(user, (outcome) => ({ ...outcome, seen }) as BiometricOutcome);
      await expectRefusal(w, () => phone.card.present({ when: "now", authenticator }), "SHOWN_DIFFERS");
    }
    expect(user.secrets).to.have.length(2);
  });

  it("is no way round the card's own count: wrong PINs lock it, and the right one does not help", async () => {
    await phone.card.load(await phone.grant());
    user.pin = "1357";
    let last: unknown;
    for (let i = 0; i < 12 && !(last instanceof CardError && last.code === "PIN_LOCKED"); i++) {
      w.pass(0);
      last = await phone.card.present({ when: "now", authenticator: fingerOn(user) }).catch((error) => error);
      expect((last as CardError).code).to.be.oneOf(["PIN_WRONG", "PIN_LOCKED", "PIN_WAIT", "PIN_NONCE_STALE"]);
    }
    user.pin = PIN;
    await expectError(
      () => phone.card.present({ when: "now", authenticator: fingerOn(user) }),
      (last as CardError).code,
    );
  });
});

describe("what its user saw, without an authenticator", () => {
  it("is held against the card's grant as well: SHOWN_DIFFERS", async () => {
    await phone.card.load(await phone.grant());
    const saw = { ...SHOWN, cap: 1 };
    await expectRefusal(w, () => phone.card.present({ when: "now", pin: PIN, saw }), "SHOWN_DIFFERS");
    expect((await phone.card.present({ when: "now", pin: PIN, saw: SHOWN })).passesSent).to.be.greaterThan(0);
  });
});
