import { UsageError } from '../../../errors.ts';
import { isToken, parseTokenList } from '../../http1/tokens.ts';

/**
 * The subprotocols in a `Sec-WebSocket-Protocol` value of a request, most wanted first, or `undefined` when it is
 * malformed: RFC 6455 4.1 wants no two alike. They are compared in their exact case. It wants one at least as well, but an
 * empty list is what the client of tcllib sends when it has none to offer, and can mean nothing else.
 */
export function parseOfferedSubprotocols(value: string): readonly string[] | undefined {
  const offered = parseTokenList(value);
  if (offered === undefined) return undefined;
  return new Set(offered).size === offered.length ? offered : undefined;
}

/**
 * Checks a list of subprotocols that the user gave.
 *
 * @throws UsageError (`invalidOption`) when one is no token, or repeated
 */
export function checkSubprotocols(subprotocols: readonly string[], option = 'subprotocols'): void {
  if (!Array.isArray(subprotocols)) throw new UsageError(option, 'must be an array of strings');
  for (const subprotocol of subprotocols) {
    if (typeof subprotocol !== 'string' || !isToken(subprotocol)) {
      throw new UsageError(option, 'every subprotocol must be a token: letters, digits and some punctuation');
    }
  }
  if (new Set(subprotocols).size !== subprotocols.length) throw new UsageError(option, 'holds the same one twice');
}
