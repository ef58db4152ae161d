import { isAuthority, parseAuthority } from '../authority.ts';
import type { HttpHeaders } from '../headers.ts';
import { type HeadMarks, hidesFraming, sliceHeaders } from './field-section.ts';
import { type HeadFailure, type HeadFailureCode, headFailure } from './head-failure.ts';

/** The first part of an HTTP/1.x request (RFC 9112 3). */
export interface RequestHead {
  /** As sent: methods are case-sensitive. */
  readonly method: string;
  /** As sent: origin-form, absolute-form, authority-form (CONNECT only) or `*` (OPTIONS only). */
  readonly target: string;
  /** The version spoken with this peer: a minor version above 1 counts as 1.1 (RFC 9110 2.5). */
  readonly version: '1.1' | '1.0';
  readonly headers: HttpHeaders;
}

const DIGIT_0 = 0x30;

/** The request in a head whose bytes the reader has checked and marked, or what is still wrong with it. */
export function sliceRequestHead(text: string, marks: HeadMarks, count: number): RequestHead | HeadFailure {
  const methodEnd = marks[1] as number;
  const targetEnd = marks[2] as number;
  const lineEnd = marks[3] as number;
  const method = text.slice(marks[0], methodEnd);
  const target = text.slice(methodEnd + 1, targetEnd);
  const version = text.charCodeAt(lineEnd - 1) === DIGIT_0 ? '1.0' : '1.1';
  const headers = sliceHeaders(text, marks, count);
  const problem = checkTarget(method, target) ?? checkHost(target, version, headers);
  if (problem === undefined && hidesFraming(text, marks, count)) return headFailure('hiddenFraming');
  return problem === undefined ? { method, target, version, headers } : headFailure(problem);
}

/** RFC 9112 3.2: which form of target goes with which method. */
function checkTarget(method: string, target: string): HeadFailureCode | undefined {
  if (method === 'CONNECT') {
    const authority = parseAuthority(target);
    return authority?.port === undefined ? 'invalidTarget' : undefined;
  }
  if (target.charCodeAt(0) === 0x2f) return undefined;
  if (target === '*') return method === 'OPTIONS' ? undefined : 'invalidTarget';
  const authority = absoluteFormAuthority(target);
  return authority !== undefined && isAuthority(authority) ? undefined : 'invalidTarget';
}

/** RFC 9112 3.2 and RFC 9110 7.2: HTTP/1.1 needs exactly one valid Host; HTTP/1.0 may do without. */
function checkHost(target: string, version: '1.1' | '1.0', headers: HttpHeaders): HeadFailureCode | undefined {
  const host = headers.get('Host');
  if (host === undefined) return version === '1.1' ? 'missingHost' : undefined;
  // Several values are joined with a comma, which no authority holds.
  if (!isAuthority(host)) return headers.count('Host') > 1 ? 'repeatedHost' : 'invalidHost';
  if (target.charCodeAt(0) === 0x2f) return undefined;
  // A client must send the same in both (RFC 9112 3.2). Which of two different ones counts is read differently by
  // different programs, so such a request is refused.
  const authority = absoluteFormAuthority(target);
  if (authority === undefined || namesSameServer(authority, host, defaultPort(target))) return undefined;
  return 'hostMismatch';
}

/** The authority of `scheme://authority…`, or `undefined` when the target is not of that form. */
function absoluteFormAuthority(target: string): string | undefined {
  const colon = target.indexOf('://');
  if (colon <= 0) return undefined;
  for (let i = 0; i < colon; i++) {
    if (!isSchemeCode(target.charCodeAt(i), i === 0)) return undefined;
  }
  const start = colon + 3;
  let end = start;
  while (end < target.length && target.charCodeAt(end) !== 0x2f && target.charCodeAt(end) !== 0x3f) end++;
  return target.slice(start, end);
}

/** RFC 3986 3.1: a letter, then letters, digits, `+`, `-` and `.`. */
function isSchemeCode(code: number, isFirst: boolean): boolean {
  const lower = code | 0x20;
  if (lower >= 0x61 && lower <= 0x7a) return true;
  if (isFirst) return false;
  return (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d || code === 0x2e;
}

function defaultPort(target: string): number {
  const scheme = target.slice(0, target.indexOf(':')).toLowerCase();
  return scheme === 'https' || scheme === 'wss' ? 443 : 80;
}

function namesSameServer(a: string, b: string, portByDefault: number): boolean {
  const first = parseAuthority(a);
  const second = parseAuthority(b);
  if (first === undefined || second === undefined || first.host !== second.host) return false;
  return (first.port ?? portByDefault) === (second.port ?? portByDefault);
}
