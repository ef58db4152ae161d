import { parseHttpDate } from '../http/http-date.ts';
import type { HttpHeaders } from '../protocol/http1/headers.ts';

/** The part of the whole that a response holds (RFC 9110 section 14.4). */
export interface ContentRange {
  readonly first: number;
  readonly last: number;
  /** `undefined` when the server does not know. */
  readonly total: number | undefined;
}

/** The only range of a response; `undefined` when it says something else, or something impossible. */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(value ?? '');
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2]);
  const total = match[3] === '*' ? undefined : Number(match[3]);
  return last < first || (total !== undefined && last >= total) ? undefined : { first, last, total };
}

/**
 * The validator that a later request may name to get the rest of the same version, and of no other: an `ETag` that is
 * strong, or a date that is old enough to be (RFC 9110 sections 8.8.2.2 and 13.1.5).
 */
export function validatorOf(headers: HttpHeaders): string | undefined {
  const tag = headers.get('ETag');
  if (tag !== undefined) return /^"[^"]*"$/.test(tag) ? tag : undefined;
  const modified = headers.get('Last-Modified');
  const modifiedMs = parseHttpDate(modified ?? '');
  const sentMs = parseHttpDate(headers.get('Date') ?? '');
  if (modifiedMs === undefined || sentMs === undefined || sentMs - modifiedMs < 1000) return undefined;
  return modified;
}
