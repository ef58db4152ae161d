import type { RequestHead } from '../head/request-head.ts';
import type { ResponseHead } from '../head/response-head.ts';
import { equalsIgnoringCase, listIncludes } from '../tokens.ts';

/**
 * Tells whether the sender of `head` lets the connection live on after this message (RFC 9112 9.3). A response that
 * ends with the connection ends it all the same.
 */
export function keepsAlive(head: RequestHead | ResponseHead): boolean {
  const options = head.headers.get('Connection');
  if (options === undefined) return head.version === '1.1';
  // Nearly every client sends this.
  if (equalsIgnoringCase(options, 'keep-alive')) return true;
  if (listIncludes(options, 'close')) return false;
  return head.version === '1.1' || listIncludes(options, 'keep-alive');
}
