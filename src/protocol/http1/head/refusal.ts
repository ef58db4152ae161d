import { HttpHeaders } from '../headers.ts';
import { formatFields, formatResponseLine } from './head-writer.ts';

/** A request that is answered with an error, and why. A `HeadFailure` is one as it stands. */
export interface Refusal {
  /** The HTTP status to answer with. */
  readonly status: number;
  /** Stable, camelCase: for programs, metrics and tests. */
  readonly code: string;
  /** One sentence for people. */
  readonly reason: string;
  /** More fields for the response, `Content-Type` among them. Those that frame it are written anyway. */
  readonly headers?: readonly (readonly [string, string])[] | undefined;
  /** The body, instead of the reason and a line end. */
  readonly body?: string | undefined;
}

/** Options of a refusal's text. */
export interface RefusalOptions {
  /** Value of the `Server` field. @default none */
  readonly server?: string | undefined;
  /** Value of the `Date` field (RFC 9110 6.6.1). @default none */
  readonly date?: string | undefined;
  /**
   * The request was HEAD: the head says how long the body would be, and none follows (RFC 9110 9.3.2). @default false
   */
  readonly isHead?: boolean | undefined;
}

const WRITTEN_HERE: readonly string[] = ['Connection', 'Content-Type', 'Content-Length', 'Transfer-Encoding'];

/**
 * A complete HTTP/1.1 response that says no and ends the connection, as a string in which every character is one
 * octet: write it as `latin1`.
 *
 * A refusal with an `Upgrade` field (426) also names it in `Connection`, as RFC 9110 7.8 demands.
 *
 * @throws UsageError (`invalidOption`) when a header of the refusal could not be sent
 */
export function writeRefusal(refusal: Refusal, options: RefusalOptions = {}): string {
  const body = Buffer.from(refusal.body ?? `${refusal.reason}\n`, 'utf8');
  const extra = HttpHeaders.from(refusal.headers);
  const contentType = extra.getAll('Content-Type').at(-1);
  for (const name of WRITTEN_HERE) extra.delete(name);
  const headers = new HttpHeaders();
  headers.append('Content-Type', contentType ?? 'text/plain; charset=utf-8');
  headers.append('Content-Length', String(body.length));
  headers.append('Connection', extra.has('Upgrade') ? 'close, Upgrade' : 'close');
  if (options.date !== undefined) headers.append('Date', options.date);
  if (options.server !== undefined && options.server !== '') headers.append('Server', options.server);
  const head = `${formatResponseLine(refusal.status)}${formatFields(headers)}${formatFields(extra)}\r\n`;
  return options.isHead === true ? head : head + body.toString('latin1');
}
