import type { RequestHead } from '../head/request-head.ts';
import { equalsIgnoringCase } from '../tokens.ts';
import { type MessageFailure, messageFailure } from './message-failure.ts';

/**
 * Tells whether the client waits for `100 Continue` before it sends the body (RFC 9110 10.1.1), or the failure (417)
 * when it expects anything else. One that speaks HTTP/1.0 expects nothing: the field is ignored. A server need not
 * answer 100 when there is no body, or when bytes of it have arrived.
 */
export function expectsContinue(head: RequestHead): boolean | MessageFailure {
  if (head.version === '1.0') return false;
  const value = head.headers.get('Expect');
  if (value === undefined || value === '') return false;
  return equalsIgnoringCase(value, '100-continue') || messageFailure('unsupportedExpectation');
}
