import type { ConnectAttemptResponse } from '../../connection/messages/connect-attempt.ts';
import type { WebSocketErrorInfo } from '../../connection/messages/messages.ts';
import { reasonPhrase } from '../../protocol/http1/head/head-writer.ts';
import { excerpt } from '../../util/excerpt.ts';
import { ended } from './phrases.ts';

/** Characters of a body that are quoted. */
const LONGEST_QUOTE = 200;

/** A sentence with what the server said about its refusal, in its own words; empty when it said nothing. */
export function saidWith({ attempt }: WebSocketErrorInfo): string {
  const response = attempt?.response;
  if (response === undefined) return '';
  const text = bodyText(response) || (response.headers.get('X-WebSocket-Reject-Reason') ?? phraseOf(response));
  return text === '' ? '' : ` It said: ${ended(excerpt(text, LONGEST_QUOTE))}`;
}

/** The first line of a text, or the title of a page. */
function bodyText(response: ConnectAttemptResponse): string {
  const { body, headers } = response;
  // Compressed by a server that was not asked to.
  if (body.length === 0 || headers.has('Content-Encoding')) return '';
  const text = body.toString('utf8');
  // A cut may go through the last character.
  if (/\0|\ufffd(?!$)/.test(text)) return '';
  const isPage = /^\s*</.test(text) || /html/i.test(headers.get('Content-Type') ?? '');
  const line = isPage ? titleOf(text) : (/\S[^\r\n]*/.exec(text)?.[0] ?? '').trimEnd();
  return isStandard(line, response.status) ? '' : line;
}

function titleOf(page: string): string {
  const title = /<title[^>]{0,99}>([^<]{1,999})<\/title>/i.exec(page)?.[1] ?? '';
  return title.replace(/\s+/g, ' ').trim();
}

/** The reason phrase, where the server chose its own. */
function phraseOf({ status, statusText }: ConnectAttemptResponse): string {
  return isStandard(statusText, status) ? '' : statusText;
}

/** Tells whether a text says no more than the status, such as `404 Not Found`. */
function isStandard(text: string, status: number): boolean {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z]+/g, ' ')
    .trim();
  return (
    plain === '' ||
    plain === 'error response' ||
    plain ===
      reasonPhrase(status)
        .toLowerCase()
        .replace(/[^a-z]+/g, ' ')
  );
}
