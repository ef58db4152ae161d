import { UsageError } from '../../errors.ts';
import type { Refusal } from '../../protocol/http1/head/refusal.ts';
import { HttpHeaders } from '../../protocol/http1/headers.ts';
import { originRefusal } from '../../protocol/websocket/handshake/origin-policy.ts';
import { isThenable } from '../../util/call-safely.ts';
import { text, unchecked } from '../../util/option-kinds.ts';
import { checkOptions, type OptionTable, optionTable, type Resolved, resolveOptions } from '../../util/option-table.ts';
import { checkInteger } from '../../util/options.ts';
import type { Applicant } from './applicant.ts';
import type { UpgradeRules } from './server-upgrade.ts';
import {
  createUpgradeRequest,
  type UpgradeAcceptanceFields,
  type UpgradeRefusal,
  type UpgradeRequest,
} from './upgrade-request.ts';

/** An acceptance, of whatever kind the answer was. */
export interface Acceptance extends UpgradeAcceptanceFields {
  readonly data?: unknown;
}

/** The outcome of asking. */
export type Decision = { readonly acceptance: Acceptance } | { readonly refusal: Refusal };

/**
 * Asks the user's functions about an opening handshake, each when the one before has answered: `allowedOrigins`, the
 * chooser of `subprotocols`, and `onUpgrade`. When none of them answers with a promise, this does not either.
 *
 * @throws what they throw
 */
export function decideUpgrade(
  {
    allowedOrigins,
    subprotocols,
    onUpgrade,
  }: UpgradeRules & { readonly onUpgrade: ((request: UpgradeRequest) => unknown) | undefined },
  applicant: Applicant,
  offered: readonly string[],
  signal: AbortSignal,
): Decision | PromiseLike<Decision> {
  const { head, client, transport } = applicant;
  const origin = head.headers.get('Origin');
  const isAllowed = typeof allowedOrigins === 'function' ? allowedOrigins(origin, head) : true;
  return after(isAllowed, (allowed) => {
    // Not merely truthy.
    if (allowed !== true) return { refusal: originRefusal(origin, client.host) };
    signal.throwIfAborted();
    const isAsked = typeof subprotocols === 'function' && offered.length > 0;
    return after(isAsked ? subprotocols(offered, head) : undefined, (chosen) => {
      signal.throwIfAborted();
      const answer = onUpgrade?.(createUpgradeRequest(head, client, transport.tls, signal));
      return after(answer, (given) =>
        withProtocol(readAnswer(given), isAsked ? checkChosen(chosen, offered) : undefined),
      );
    });
  });
}

/** Goes on with a value, at once when it is no promise. */
function after<T, R>(value: T | PromiseLike<T>, next: (value: T) => R | PromiseLike<R>): R | PromiseLike<R> {
  return isThenable(value) ? goOn(value, next) : next(value);
}

async function goOn<T, R>(promise: PromiseLike<T>, next: (value: T) => R | PromiseLike<R>): Promise<R> {
  return next(await promise);
}

/** RFC 6455 4.2.2: a client fails the connection when it gets one it did not ask for. */
function checkChosen(chosen: string | undefined, offered: readonly string[]): string {
  if (chosen === undefined || chosen === '') return '';
  if (!offered.includes(chosen)) throw new UsageError('subprotocols', 'the chooser picked one that was not offered');
  return chosen;
}

function withProtocol(decision: Decision, chosen: string | undefined): Decision {
  if ('refusal' in decision || chosen === undefined || decision.acceptance.protocol !== undefined) return decision;
  return { acceptance: { ...decision.acceptance, protocol: chosen } };
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
function readAnswer(answer: unknown): Decision {
  if (answer === undefined || answer === true) return { acceptance: {} };
  if (answer === false) return { refusal: forbidden };
  if (typeof answer !== 'object' || answer === null) {
    throw new UsageError('onUpgrade', 'must answer with nothing, a boolean, or an object');
  }
  if ('status' in answer) return { refusal: readRefusal(answer) };
  checkOptions(acceptanceTable, answer);
  return { acceptance: answer };
}

function readRefusal(answer: object): Refusal {
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
