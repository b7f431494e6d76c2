// How many reversals one peer may bring, each of which an issuer keeps for a day whether it knows the request or not. What was approved here may be reversed
// as often as anybody likes; beside that each peer has some, for approvals that it had from another processor, or before this one began.

/** Beside those of approvals; one of them is given back a second. */
export const UNEARNED_MAX = 1000;
/** Approvals that are remembered, the newest: some 10 MB of names. */
export const APPROVED_MAX = 100_000;
/** Peers at one time: of further ones the one that was heard of first is forgotten. */
const PEERS_MAX = 4096;

interface Account {
  left: number;
  at: number;
}

export class ReversalAllowance {
  readonly #approved = new Set<string>();
  readonly #peers = new Map<string, Account>();

  /** @param request - Name of what was approved */
  approved(request: string): void {
    if (this.#approved.has(request)) return; // a repeat
    const [first] = this.#approved;
    if (this.#approved.size >= APPROVED_MAX) this.#approved.delete(first!);
    this.#approved.add(request);
  }

  /**
   * False where a peer has brought too many.
   *
   * @param peer - What it cannot choose: its network. @param request - Name of what is to be reversed. @param now - Seconds
   */
  spend(peer: string, request: string, now: number): boolean {
    if (this.#approved.has(request)) return true;
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
    account.left = Math.min(UNEARNED_MAX, account.left + Math.max(0, now - account.at));
    account.at = now; // also of a clock that was ahead, and is set back
    return account;
  }
}
