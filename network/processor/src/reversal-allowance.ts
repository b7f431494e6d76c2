// How many reversals one peer may bring, each of which an issuer keeps for a day whether it knows the request or not: as many as it had approvals, and some
// beside these, for approvals that it had by another line, or from another processor.

/** Beside those of approvals; one of them is given back a second. */
export const UNEARNED_MAX = 1000;
/** Of approvals that are not reversed, no more than these are remembered. */
const EARNED_MAX = 100_000;
/** Peers at one time: of further ones the one that was heard of first is forgotten. */
const PEERS_MAX = 4096;

interface Account {
  left: number;
  at: number;
}

export class ReversalAllowance {
  readonly #peers = new Map<string, Account>();

  /** @param peer - What it cannot choose: its network. @param now - Seconds */
  earn(peer: string, now: number): void {
    const account = this.#accountOf(peer, now);
    account.left = Math.min(account.left + 1, EARNED_MAX);
  }

  /** False where it has brought too many. */
  spend(peer: string, now: number): boolean {
    const account = this.#accountOf(peer, now);
    if (account.left < 1) return false;
    account.left--;
    return true;
  }

  #accountOf(peer: string, now: number): Account {
    let account = this.#peers.get(peer);
    if (account === undefined) {
      const [first] = this.#peers.keys();
      if (this.#peers.size >= PEERS_MAX) this.#peers.delete(first!);
      account = { left: UNEARNED_MAX, at: now };
      this.#peers.set(peer, account);
    }
    if (account.left < UNEARNED_MAX)
      account.left = Math.min(UNEARNED_MAX, account.left + Math.max(0, now - account.at));
    account.at = Math.max(account.at, now);
    return account;
  }
}
