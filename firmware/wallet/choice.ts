// Which payment means the card's button has chosen, of those that the card counts and that may pay. The card shows it by its light, and tells its phone,
// which loads the grant: choosing pays nothing and arms nothing.
import * as cbor from "../common/cbor";
import { postShort } from "../common/mailbox";
import { Deadline, setDeadline } from "./deadlines";
import { putInfo } from "./info";
import { answerBegin, answerEnd } from "./messages";
import { sessionLive } from "./session";
import { tokenRefAt, tokenState, tokenUsed } from "./store";
import { CardEvent, TokenState } from "../../wire/labels";
import { CHOICE_SHOWN_MS, TOKENS_MAX, TOKEN_REF_SIZE } from "../../wire/limits";
import { Indicator, Mail, ModuleId } from "../../wire/machine";

/** Its place in the table; -1 where nothing was chosen since the card started. */
let chosen: i32 = -1;
/** The phone has not heard of it. */
let isNews: bool = false;

/** The next one, behind the last the first. Where there is none, nothing is shown. */
export function chooseNext(): void {
  let next = -1;
  let nth = 0;
  let count = 0;
  for (let place = 0; place < TOKENS_MAX; place++) {
    if (!tokenUsed(place) || tokenState(place) != TokenState.Active) continue;
    if (next < 0 || (next <= chosen && place > chosen)) {
      next = place;
      nth = count;
    }
    count++;
  }
  if (next < 0) return;
  chosen = next;
  isNews = true;
  postShort(ModuleId.Link, Mail.Indicate, Indicator.Choice1 + nth);
  setDeadline(Deadline.Choice, CHOICE_SHOWN_MS);
  tellChoice();
}

/** To the phone, once it is there. */
export function tellChoice(): void {
  if (!isNews || !sessionLive()) return;
  isNews = false;
  answerBegin(0, CardEvent.Chosen);
  cbor.putArray(2);
  cbor.putBytes(tokenRefAt(chosen), TOKEN_REF_SIZE);
  putInfo();
  answerEnd();
}
