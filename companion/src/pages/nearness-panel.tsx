// How long this phone may be away from a card, and what is kept of it: its owner's choice, all of it off until he makes it.

import { useTask } from "../parts/use-task.js";
import { placeWords, spanOf, when } from "../parts/words.js";
import type { OwnCard, Phone } from "../phone/phone.js";

/** Seconds. */
const CHOICES = [60, 300, 900, 3600];

export function NearnessPanel({ phone, card }: { readonly phone: Phone; readonly card: OwnCard }) {
  const task = useTask();
  const { nearness, together } = card;
  return (
    <section class="panel" aria-labelledby="nearness">
      <h2 id="nearness">Near this phone</h2>
      {nearness === "none" ? (
        <p>
          This card's firmware knows nothing of nearness: flash it with a newer image (<a href="#/engineer">Engineer</a>
          ).
        </p>
      ) : (
        <>
          <Away phone={phone} card={card} awayS={nearness} task={task} />
          {typeof nearness === "number" && <Allowing phone={phone} task={task} />}
        </>
      )}
      {together !== undefined && (
        <>
          <p>
            Together {card.link === "near" ? "now" : "last"}: {when(together.lastMs)}
            {together.place !== undefined && `, ${placeWords(together.place)}`}.
          </p>
          <button type="button" disabled={task.isBusy} onClick={() => task.start(() => phone.atHand.forget(card.name))}>
            Forget it
          </button>
        </>
      )}
      {task.problem !== undefined && (
        <p class="problem" role="alert">
          {task.problem}
        </p>
      )}
    </section>
  );
}

interface AwayProps {
  readonly phone: Phone;
  readonly card: OwnCard;
  readonly awayS: number | null | undefined;
  readonly task: ReturnType<typeof useTask>;
}

function Away({ phone, card, awayS, task }: AwayProps) {
  const isNear = card.link === "near" && awayS !== undefined;
  // Another phone, or a program, may have chosen another time.
  const choices = typeof awayS === "number" && !CHOICES.includes(awayS) ? [...CHOICES, awayS] : CHOICES;
  return (
    <>
      <label>
        This phone may be away from it for
        <select
          value={awayS ?? "off"}
          disabled={!isNear || task.isBusy}
          onChange={(event) => {
            const { value } = event.currentTarget;
            const chosen = value === "off" ? null : Number(value);
            task.start((signal) => phone.chooseNearness(card.name, chosen, signal));
          }}
        >
          <option value="off">any time (off)</option>
          {choices.map((seconds) => (
            <option key={seconds} value={seconds}>
              {spanOf(seconds)}
            </option>
          ))}
        </select>
      </label>
      <p class="hint">
        {isNear
          ? "Away for longer, the card drops a payment that waits for your yes, and this app tells you. A card that is armed goes on."
          : "The card holds this: bring it near to change it."}
      </p>
    </>
  );
}

function Allowing({ phone, task }: Pick<AwayProps, "phone" | "task">) {
  const { allowed, problem } = phone.atHand;
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={allowed.notices.value}
          disabled={task.isBusy}
          onChange={(event) => {
            const { checked } = event.currentTarget;
            event.currentTarget.checked = allowed.notices.value; // until it is so
            task.start(() => phone.atHand.allow("notices", checked));
          }}
        />{" "}
        Tell me outside of this app, too
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={allowed.place.value}
          disabled={task.isBusy}
          onChange={(event) => {
            const { checked } = event.currentTarget;
            event.currentTarget.checked = allowed.place.value;
            task.start(() => phone.atHand.allow("place", checked));
          }}
        />{" "}
        Keep where both were together last, on this phone alone
      </label>
      {problem.value !== undefined && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
    </>
  );
}
