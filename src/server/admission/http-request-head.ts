import type { IncomingMessage } from 'node:http';
import type { HeadFailure } from '../../protocol/http1/head/head-failure.ts';
import { headFailure } from '../../protocol/http1/head/head-failure.ts';
import type { HeadLimits } from '../../protocol/http1/head/head-limits.ts';
import { HeadReader } from '../../protocol/http1/head/head-reader.ts';
import type { RequestHead } from '../../protocol/http1/head/request-head.ts';

/**
 * The head of a request that Node has parsed. It is written out and read again, so that what Node lets pass, and what
 * others may have made of it since, is held to the same rules and limits as a request of our own.
 */
export function headOfRequest(request: IncomingMessage, limits: HeadLimits): RequestHead | HeadFailure {
  const { method = '', url = '', httpVersion, rawHeaders } = request;
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const field = `${rawHeaders[i]}: ${rawHeaders[i + 1]}`;
    // Written as Latin-1, a character above U+00FF could turn into a line break.
    if (!isFieldLine(field)) return headFailure('invalidHeaderValue');
    text += `${field}\r\n`;
  }
  if (!isFieldLine(url)) return headFailure('invalidTarget');
  const bytes = Buffer.from(`${text}\r\n`, 'latin1');
  const reader = new HeadReader('request', limits);
  const at = reader.read(bytes, 0, bytes.length);
  if (reader.head !== undefined && at === bytes.length) return reader.head;
  return reader.failure ?? headFailure('invalidTarget');
}

function isFieldLine(text: string): boolean {
  return /^[^\r\n\u0100-\uffff]*$/.test(text);
}
