import { UsageError } from '../../errors.ts';
import type { Refusal } from '../../protocol/http1/head/refusal.ts';
import { HttpHeaders } from '../../protocol/http1/headers.ts';
import { text, unchecked } from '../../util/option-kinds.ts';
import { checkOptions, type OptionTable, optionTable, type Resolved, resolveOptions } from '../../util/option-table.ts';
import { checkInteger } from '../../util/options.ts';
import type { Applicant, ApplicantHolder } from './applicant.ts';
import { internalError, upgradeTimeout } from './server-refusals.ts';
import type { UpgradeAcceptanceFields, UpgradeAnswer, UpgradeRefusal } from './upgrade-request.ts';

/** A client is accepted, by whatever kind of answer. */
export interface Acceptance extends UpgradeAcceptanceFields {
  readonly data?: unknown;
}

/** The outcomes of a call of `onUpgrade`; one of them is called, once. */
export interface UpgradeCallOwner {
  onAccepted(acceptance: Acceptance): void;
  onRefused(refusal: Refusal): void;
  /** The client has left. */
  onLeft(): void;
  /** Gets what the callback throws or rejects with, also when it comes too late. */
  onError(error: unknown): void;
}

/** One call of `onUpgrade`, until it has answered, its time is over, or the client has left. */
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

  /** Makes the call; an answer that is no promise counts before this returns. */
  start(
    ask: () => UpgradeAnswer<unknown> | PromiseLike<UpgradeAnswer<unknown>>,
    applicant: Applicant,
    timeoutMs: number,
  ): void {
    applicant.hold(this, timeoutMs);
    let answer: UpgradeAnswer<unknown> | PromiseLike<UpgradeAnswer<unknown>>;
    try {
      answer = ask();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (typeof answer === 'object' && answer !== null && 'then' in answer) {
      Promise.resolve(answer).then(
        (value) => this.#settle(value),
        (error: unknown) => this.#fail(error),
      );
    } else this.#settle(answer);
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

  #settle(answer: UpgradeAnswer<unknown>): void {
    if (this.#isOver) return;
    let read: { readonly acceptance: Acceptance } | { readonly refusal: Refusal };
    try {
      read = readAnswer(answer);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#isOver = true;
    if ('refusal' in read) this.#owner.onRefused(read.refusal);
    else this.#owner.onAccepted(read.acceptance);
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

const forbidden: Refusal = Object.freeze({ status: 403, code: 'upgradeRefused', reason: 'Forbidden' });

const acceptanceTable: OptionTable<Acceptance> = optionTable('an answer of onUpgrade', {
  data: unchecked(),
  protocol: text(undefined),
  headers: unchecked(),
});

interface CheckedRefusal extends Resolved<Omit<UpgradeRefusal, 'status'>, 'headers' | 'body'> {
  readonly status: unknown;
}

const refusalTable: OptionTable<CheckedRefusal> = optionTable('a refusal of onUpgrade', {
  status: unchecked(),
  reason: text('The server refused the connection'),
  headers: unchecked(),
  body: text(undefined),
});

/** Whatever was not meant as a yes must not become one, a mistyped refusal least of all. */
function readAnswer(
  answer: UpgradeAnswer<unknown>,
): { readonly acceptance: Acceptance } | { readonly refusal: Refusal } {
  if (answer === undefined || answer === true) return { acceptance: {} };
  if (answer === false) return { refusal: forbidden };
  if (typeof answer !== 'object' || answer === null) {
    throw new UsageError('onUpgrade', 'must answer with nothing, a boolean, or an object');
  }
  if ('status' in answer) return { refusal: readRefusal(answer) };
  checkOptions(acceptanceTable, answer);
  return { acceptance: answer };
}

function readRefusal(answer: UpgradeRefusal): Refusal {
  const { reason, headers, body, ...given } = resolveOptions(refusalTable, answer);
  const status = checkInteger('status', given.status, { min: 300, max: 599 });
  if (status === 304) throw new UsageError('status', 'cannot be 304, which is no refusal');
  return {
    status,
    code: 'upgradeRefused',
    reason,
    headers: [...HttpHeaders.from(headers)],
    body,
  };
}

function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
