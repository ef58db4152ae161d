import { parseHttpDate } from '../../http/http-date.ts';
import type { HttpHeaders } from '../../protocol/http1/headers.ts';

/** The validators of one version of a file (RFC 9110 8.8). */
export interface Validators {
  /** With its quotes, and `W/` when two versions may have the same. */
  readonly etag: string;
  /** In whole seconds, as ms since 1970. */
  readonly lastModifiedMs: number;
}

/** The decision of a request's conditions: serve it, `304 Not Modified`, or `412 Precondition Failed`. */
export type ConditionOutcome = 'serve' | 304 | 412;

/** The conditions of a GET or HEAD request, in the order of RFC 9110 13.2.2. */
export function evaluateConditions(headers: HttpHeaders, validators: Validators): ConditionOutcome {
  const ifMatch = headers.get('If-Match');
  if (ifMatch !== undefined) {
    if (!matchesEtag(ifMatch, validators.etag, true)) return 412;
  } else if (isModifiedSince(headers.get('If-Unmodified-Since'), validators) === true) return 412;
  const ifNoneMatch = headers.get('If-None-Match');
  if (ifNoneMatch !== undefined) return matchesEtag(ifNoneMatch, validators.etag, false) ? 304 : 'serve';
  return isModifiedSince(headers.get('If-Modified-Since'), validators) === false ? 304 : 'serve';
}

/**
 * Tells whether the `Range` of a request counts (RFC 9110 13.1.5): without `If-Range`, or when that names exactly this
 * version.
 *
 * @param trustsDate whether the date of the file can stand for its bytes. It cannot when the same file is also sent
 * encoded, or when it changed within the last second
 */
export function rangeApplies(headers: HttpHeaders, validators: Validators, trustsDate: boolean): boolean {
  const ifRange = headers.get('If-Range');
  if (ifRange === undefined) return true;
  if (ifRange.endsWith('"')) return !ifRange.startsWith('W/') && ifRange === validators.etag;
  return trustsDate && parseHttpDate(ifRange) === validators.lastModifiedMs;
}

/** `undefined` when the date is absent, or none. */
function isModifiedSince(date: string | undefined, validators: Validators): boolean | undefined {
  if (date === undefined) return undefined;
  const since = parseHttpDate(date);
  return since === undefined ? undefined : validators.lastModifiedMs > since;
}

/** RFC 9110 8.8.3: an optional W/, then characters in quotes, none of them a quote or a control. */
const entityTag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/y;
const separators = /[ \t]*(?:,[ \t]*)*/y;

/**
 * Tells whether a list of tags, or `*`, holds `etag`. Strong comparison (RFC 9110 8.8.3.2) takes weak ones for
 * different.
 */
function matchesEtag(list: string, etag: string, isStrong: boolean): boolean {
  if (list === '*') return true;
  if (isStrong && etag.startsWith('W/')) return false;
  const wanted = opaque(etag);
  let at = 0;
  while (at < list.length) {
    separators.lastIndex = at;
    separators.exec(list);
    entityTag.lastIndex = separators.lastIndex;
    const match = entityTag.exec(list);
    // Anything but a list of tags matches nothing more.
    if (match === null) return false;
    const tag = match[0];
    if (opaque(tag) === wanted && !(isStrong && tag.startsWith('W/'))) return true;
    at = entityTag.lastIndex;
  }
  return false;
}

function opaque(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag;
}
