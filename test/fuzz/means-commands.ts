// What may happen to a payment means: the commands of its model, but for swipes.

import { type MeansInput, MemoryRegistrationStore, PaymentMeans } from "@enabling-card/sdk";
import { CARD_ID_SIZE, PIN_TRIES, PIN_WAIT_MS, type StateActor, TokenState } from "@enabling-card/wire";
import { expect } from "chai";
import fc from "fast-check";
import type { MeansModel } from "./means-model.js";
import { codeOf, command, type MeansCommand } from "./means-step.js";
import { arm, armedAndTold, swipe, touch } from "./means-swipes.js";
import { type MeansWorld, PIN, type Told } from "./means-world.js";

const compare = (withCard: boolean) =>
  command(`compare${withCard ? " with the card" : ""}`, async (model, { means, card }) => {
    const code = await codeOf(means.compare(withCard ? { card } : {}));
    expect(code).to.equal(model.compare(withCard));
  });

export const register = command("register", async (model, { means, card }) => {
  const code = await codeOf(means.register({ card }));
  model.last = "failed";
  if (model.isOff) expect(code).to.equal("ISSUER_UNREACHABLE");
  else if (model.issuer.state === TokenState.Deactivated) expect(code).to.equal("TOKEN_DEACTIVATED");
  else {
    model.isRegistered = true;
    model.isOurs = true;
    expect(code).to.equal(model.compare(true));
  }
});

const otherPhone = command(
  "another phone registers",
  async (model, { client, card, token }) => {
    const store = new MemoryRegistrationStore();
    const other = await PaymentMeans.open({ issuer: client, store, cardId: card.cardId, tokenRef: token.tokenRef });
    const code = await codeOf(other.register());
    if (model.issuer.state === TokenState.Deactivated) expect(code).to.equal("TOKEN_DEACTIVATED");
    else model.isOurs = false;
  },
  ({ isOff, isRegistered }) => !isOff && isRegistered,
);

/** Behind the phone's back: the operator, the requestor, the lock of wrong tries, another of the holder's phones. */
const moves = (by: StateActor, to: TokenState) =>
  command(`${by} asks for ${to}`, async (model, { service, ref }) => {
    expect(await codeOf(service.issuer.setState(ref, to, by))).to.equal(model.move(to, by));
  });

/** What a call of the phone's that moves the state does to the model. @returns the refusal's code */
function asked(model: MeansModel, to: TokenState, by: StateActor, withCard: boolean): string | undefined {
  model.last = "failed";
  if (model.isOff) return "ISSUER_UNREACHABLE";
  const refused = model.move(to, by);
  if (refused !== undefined) return refused;
  if (withCard) model.give(model.issuer);
  return model.isRegistered ? model.compare(withCard) : undefined;
}

const INPUTS: readonly (readonly [MeansInput, TokenState])[] = [
  ["activate", TokenState.Active],
  ["suspend", TokenState.Suspended],
  ["resume", TokenState.Active],
  ["deactivate", TokenState.Deactivated],
];
const input = (wish: MeansInput, to: TokenState, withCard: boolean) =>
  command(`the holder's ${wish}${withCard ? ", card in reach" : ""}`, async (model, { means, card }) => {
    const isOffered = means.view.inputs.includes(wish);
    const before = model.issuer;
    const isCurrent = model.last === "compared" && model.seen?.version === before.version;
    const code = await codeOf(means.input(wish, withCard ? { card } : {}));
    expect(code).to.equal(asked(model, to, "cardholder", withCard));
    // What is offered, the table allows; what is not, does nothing.
    const isMeant = (before.state === TokenState.Inactive) === (wish === "activate") || to !== TokenState.Active;
    if (isCurrent && !model.isOff) expect(isOffered, "offered").to.equal(isMeant && model.issuer !== before);
  });

const bring = command("the state is brought to the card", async (model, { means, card }) => {
  const code = await codeOf(means.bring(card));
  model.last = "failed";
  if (model.isOff) expect(code).to.equal("ISSUER_UNREACHABLE");
  else {
    model.give(model.issuer);
    expect(code).to.equal(model.compare(true));
  }
});

/** A signed state of before, from whoever kept one: the real signature, and evidence of now. */
const replayState = (back: number) =>
  command(`a signed state of ${back} before is brought`, async (model, { card, service, ref }) => {
    const { issuer } = service;
    const old = signedStates.get(issuer)?.get(Math.max(0, model.issuer.version - back));
    if (old === undefined) return;
    const { signed, version, state } = old;
    const code = await codeOf(card.state({ signed, ...issuer.evidence(card.info.checkpointSize) }));
    expect(code, `a state of version ${version} for ${ref}`).to.equal(model.give({ version, state }));
  });

type Signed = { readonly signed: Uint8Array; readonly version: number; readonly state: TokenState };
/** What each issuer has signed, by version. */
const signedStates = new WeakMap<object, Map<number, Signed>>();

const keepSigned = command("somebody keeps the signed state", async (_model, { service, card, ref }) => {
  const { issuer } = service;
  const kept = signedStates.get(issuer) ?? new Map<number, Signed>();
  signedStates.set(issuer, kept);
  const { signed, version, state } = await issuer.stateObject(card.cardId, ref, 0);
  kept.set(version, { signed, version, state });
});

const flip = (field: string) => (told: Told) => {
  const octets = Buffer.from(told[field] as string, "base64url");
  octets[octets.length - 1]! ^= 1;
  return { ...told, [field]: octets.toString("base64url") };
};
const zeros = Buffer.alloc(CARD_ID_SIZE).toString("base64url");
/** Each with the code that it is refused by. The replay is last: what it says again is what the issuer said to the lie before. */
const LIES: readonly (readonly [string, (told: Told, world: MeansWorld) => Told])[] = [
  ["STATE_INFO_OTHER_CARD", (told) => ({ ...told, cardId: zeros })],
  ["STATE_INFO_OTHER_TOKEN", (told) => ({ ...told, tokenRef: zeros })],
  ["STATE_INFO_OTHER_REGISTRATION", (told) => ({ ...told, registration: zeros })],
  ["STATE_INFO_ALTERED", flip("cryptogram")],
  ["STATE_INFO_ALTERED", flip("nonce")],
  [
    "STATE_INFO_ALTERED",
    (told) => (told.state === "active" ? { ...told, state: "inactive" } : { ...told, state: "active", heldBy: [] }),
  ],
  ["STATE_INFO_ALTERED", (told) => ({ ...told, version: (told.version as number) + 1 })],
  ["STATE_INFO_REPLAYED", (_told, { line }) => line.last!],
];
const lies = command(
  "lies on the line",
  async (model, world) => {
    const { line, means, card, views } = world;
    views.length = 0;
    for (const [wanted, lie] of LIES) {
      line.alter = (told) => lie(told, world);
      expect(await codeOf(means.compare({ card }))).to.equal(wanted);
    }
    line.alter = (told) => told;
    model.last = "failed";
    model.held = model.card;
    expect(views.map(({ indication }) => indication)).not.to.include("synchronous");
  },
  ({ isOff, isOurs }) => !isOff && isOurs,
);

/** An issuer that forgets what it said, as one does that was restored from a copy of the wrong kind; and one that says two things of one version. */
const goBack = command(
  "the issuer goes back",
  async (model, { service, ref, means, card, views }) => {
    const { store } = service.issuer;
    const { state, state_by, version } = (await store.token(ref))!;
    const other = state === TokenState.Active ? TokenState.Suspended : TokenState.Active;
    views.length = 0;
    for (const [told, wanted] of [
      [version - 1, "STATE_INFO_OLD"],
      [version, "STATE_INFO_CONTRADICTS"],
    ] as const) {
      await store.setState(ref, other, "issuer", told);
      const code = await codeOf(means.compare({ card }));
      await store.setState(ref, state, state_by, version);
      expect(code).to.equal(wanted);
    }
    model.last = "failed";
    model.held = model.card;
    expect(views.map(({ indication }) => indication)).not.to.include("synchronous");
  },
  ({ isOff, isOurs, issuer, seen, card }) =>
    !isOff && isOurs && issuer.version > 0 && Math.max(seen?.version ?? 0, card?.version ?? 0) === issuer.version,
);

const offLine = (isOff: boolean) =>
  command(
    isOff ? "the phone is off line" : "the phone is on line",
    async (model, { line }) => {
      const was = model.isListening;
      model.isOff = line.isOff = isOff;
      if (isOff) line.drop();
      lineChanged(model, was);
    },
    (model) => model.isOff !== isOff,
  );

const cut = (isCut: boolean) =>
  command(
    isCut ? "the line of events is lost" : "the line of events may come again",
    async (model, { line }) => {
      const was = model.isListening;
      model.isCut = line.isCut = isCut;
      if (isCut) line.drop();
      lineChanged(model, was);
    },
    (model) => model.isCut !== isCut,
  );

const follow = command(
  "the phone listens",
  async (model, world) => {
    world.follow();
    model.isFollowing = true;
    lineChanged(model, false);
  },
  ({ isFollowing }) => !isFollowing,
);

/** A line that is lost ends a comparison; one that is there again begins with one. */
function lineChanged(model: MeansModel, was: boolean): void {
  if (model.isListening && !was) model.compare(true);
  else if (was && !model.isListening) model.last = "failed";
}

/** Waits until the card's PIN lock lets another one be tried; nothing waits for a swipe for so long. */
async function waitForPin(model: MeansModel, { card, pass }: MeansWorld): Promise<void> {
  await card.disarm();
  model.isArmed = false;
  if (model.wrongPins >= PIN_TRIES) pass((PIN_WAIT_MS / 1000) * 2 ** (model.wrongPins - PIN_TRIES) + 1);
}

const lockPin = command(
  "wrong PINs lock the card, and the phone tells of it",
  async (model, { means, card }) => {
    await card.disarm();
    model.isArmed = false;
    do {
      const code = await codeOf(card.setPin("9753", "1111"));
      if (model.wrongPins < PIN_TRIES) model.wrongPins++;
      expect(code).to.equal(model.wrongPins < PIN_TRIES ? "PIN_WRONG" : "PIN_LOCKED");
    } while (model.wrongPins < PIN_TRIES);
    expect(await codeOf(means.pinLocked({ card }))).to.equal(asked(model, TokenState.Suspended, "PIN lock", true));
  },
  ({ wrongPins }) => wrongPins <= PIN_TRIES,
);

const verifyPin = (isRight: boolean) =>
  command(
    isRight ? "the right PIN" : "a wrong PIN",
    async (model, world) => {
      await waitForPin(model, world);
      const code = await codeOf(world.means.verifyPin(world.card, isRight ? PIN : "1357"));
      if (isRight) {
        model.wrongPins = 0;
        expect(code).to.equal(asked(model, TokenState.Active, "PIN lock", true));
      } else {
        model.wrongPins++;
        model.last = "failed";
        expect(code).to.equal(model.wrongPins < PIN_TRIES ? "PIN_WRONG" : "PIN_LOCKED");
      }
    },
    ({ wrongPins }) => wrongPins < PIN_TRIES + 4,
  );

const restart = command("the card starts again", async (model, { emulator, card }) => {
  emulator.restart();
  model.isArmed = false;
  await card.refresh();
});

const STATES = [TokenState.Inactive, TokenState.Active, TokenState.Suspended, TokenState.Deactivated] as const;
const ENDS = TokenState.Deactivated;

/** Each as often as it stands here; what ends a token seldom, or little would come behind it. */
export const COMMANDS: readonly fc.Arbitrary<MeansCommand>[] = [
  ...[register, register, bring, bring, compare(true), compare(false), lies, lies, goBack, goBack, otherPhone],
  ...[keepSigned, keepSigned],
  ...[offLine(true), offLine(false), offLine(false), cut(true), cut(false), follow],
  ...[swipe, swipe, swipe, arm, arm, armedAndTold, touch, touch, lockPin, verifyPin(true), verifyPin(false), restart],
]
  .map((one) => fc.constant(one))
  .concat(
    fc.nat({ max: 3 }).map(replayState),
    fc.nat({ max: 3 }).map(replayState),
    ...Array.from({ length: 6 }, () =>
      fc
        .tuple(
          fc.constantFrom<StateActor>("cardholder", "issuer", "requestor", "failure lock", "PIN lock"),
          fc.constantFrom(TokenState.Suspended, TokenState.Active, TokenState.Suspended, TokenState.Active),
        )
        .map(([by, to]) => moves(by, to)),
    ),
    fc
      .tuple(fc.constantFrom<StateActor>("cardholder", "requestor", "PIN lock"), fc.constantFrom(...STATES))
      .map(([by, to]) => moves(by, to)),
    ...Array.from({ length: 4 }, () =>
      fc
        .tuple(fc.constantFrom(...INPUTS.filter(([, to]) => to !== ENDS)), fc.boolean())
        .map(([[wish, to], withCard]) => input(wish, to, withCard)),
    ),
    fc.boolean().map((withCard) => input("deactivate", ENDS, withCard)),
  );
