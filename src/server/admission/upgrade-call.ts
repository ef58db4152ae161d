import type { Refusal } from '../../protocol/http1/head/refusal.ts';
import type { Applicant, ApplicantHolder } from './applicant.ts';
import { internalError, upgradeTimeout } from './server-refusals.ts';
import type { Acceptance, Decision } from './upgrade-decision.ts';

/** The outcomes of asking the user; one of them is called, once. */
export interface UpgradeCallOwner {
  onAccepted(acceptance: Acceptance): void;
  onRefused(refusal: Refusal): void;
  /** The client has left. */
  onLeft(): void;
  /** Gets what the callback throws or rejects with, also when it comes too late. */
  onError(error: unknown): void;
}

/** The user's functions being asked about an opening handshake, until they have answered, its time is over, or the client has left. */
export class UpgradeCall implements ApplicantHolder {
  readonly #owner: UpgradeCallOwner;
  readonly #ender = new AbortController();
  #isOver = false;

  constructor(owner: UpgradeCallOwner) {
    this.#owner = owner;
  }

  get signal(): AbortSignal {
    return this.#ender.signal;
  }

  /** Makes the call; a decision that is no promise counts before this returns. */
  start(decide: () => Decision | PromiseLike<Decision>, applicant: Applicant, timeoutMs: number): void {
    applicant.hold(this, timeoutMs);
    let decision: Decision | PromiseLike<Decision>;
    try {
      decision = decide();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if ('then' in decision) {
      decision.then(
        (value) => this.#settle(value),
        (error: unknown) => this.#fail(error),
      );
    } else this.#settle(decision);
  }

  onHeldTimeout(): void {
    this.#isOver = true;
    this.#owner.onRefused(upgradeTimeout);
    this.#ender.abort(new Error('the time for an answer is over'));
  }

  onHeldClosed(): void {
    this.#isOver = true;
    this.#owner.onLeft();
    this.#ender.abort(new Error('the client has left'));
  }

  #settle(decision: Decision): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if ('refusal' in decision) this.#owner.onRefused(decision.refusal);
    else this.#owner.onAccepted(decision.acceptance);
  }

  #fail(error: unknown): void {
    if (this.#isOver) {
      // To end because of the signal is what a callback should do then.
      if (error !== this.signal.reason && !isAbortError(error)) this.#owner.onError(error);
      return;
    }
    this.#isOver = true;
    this.#owner.onRefused(internalError);
    this.#owner.onError(error);
  }
}

function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
