import {
  isRedirect,
  isSameOrigin,
  resolveLocation,
  unsafeRedirect,
  withCredentialsOf,
  withoutPrivateHeaders,
} from '../../dial/location.ts';
import { type HttpUrl, parseHttpUrl } from '../../dial/url.ts';
import type { ResponseHead } from '../../protocol/http1/head/response-head.ts';
import { HttpHeaders } from '../../protocol/http1/headers.ts';
import { HttpFailure } from '../http-failure.ts';

/** The request as it is made at one URL. */
export interface RequestTarget {
  readonly url: HttpUrl;
  readonly method: string;
  readonly extraHeaders: HttpHeaders;
  /** True when the body goes along. */
  readonly hasBody: boolean;
  /** True for another origin than the caller's: it does not get our certificate. */
  readonly isForeign: boolean;
}

/** The decision about a response that may be a redirect. */
export type HttpRedirectDecision =
  | { readonly kind: 'none' }
  | { readonly kind: 'follow'; readonly target: RequestTarget }
  | { readonly kind: 'fail'; readonly failure: HttpFailure };

export interface RedirectRules {
  readonly followed: number;
  readonly maxRedirects: number;
  /** True when the body can be sent once more. */
  readonly isReplayable: boolean;
}

const none: HttpRedirectDecision = Object.freeze({ kind: 'none' });

const fail = (code: HttpFailure['errorCode'], message: string): HttpRedirectDecision => ({
  kind: 'fail',
  failure: new HttpFailure(code, message),
});

/** Decides what becomes of a response (RFC 9110 section 15.4). */
export function decideHttpRedirect(
  head: ResponseHead,
  target: RequestTarget,
  { followed, maxRedirects, isReplayable }: RedirectRules,
): HttpRedirectDecision {
  if (!isRedirect(head.status)) return none;
  const [location, ...others] = new Set(head.headers.getAll('Location'));
  // It may say in its body what to do; there is nowhere to go.
  if (location === undefined) return none;
  if (followed >= maxRedirects) return fail('TooManyRedirects', `Too many redirects: ${followed}`);
  const found = others.length > 0 ? undefined : resolveLocation(location, target.url, parseHttpUrl);
  if (found === undefined)
    return fail('UrlMalformed', `Cannot parse url: the Location of a redirect of ${target.url.href}`);
  if (typeof found === 'string') {
    return fail('UrlMalformed', `Cannot parse url: a redirect of ${target.url.href} leads to the scheme ${found}`);
  }
  const unsafe = unsafeRedirect(target.url, found);
  if (unsafe !== undefined) return fail('Invalid', `Not following the redirect from ${target.url.href} to ${unsafe}`);
  const next = redirected(target, found, head.status);
  if (next.hasBody && !isReplayable) {
    return fail(
      'SendError',
      'Cannot send request: the redirect asks for the body once more, and it can be read only once',
    );
  }
  return { kind: 'follow', target: next };
}

/** Fields that describe a body, which is not sent along. */
const BODY_HEADERS: readonly string[] = [
  'Content-Type',
  'Content-Length',
  'Content-Encoding',
  'Content-Language',
  'Content-Location',
  'Content-Disposition',
];

function redirected(target: RequestTarget, found: HttpUrl, status: number): RequestTarget {
  const isSame = isSameOrigin(target.url, found);
  const url = isSame ? withCredentialsOf(target.url, found) : found;
  const isForeign = target.isForeign || !isSame;
  const extraHeaders = isSame ? target.extraHeaders : withoutPrivateHeaders(target.extraHeaders);
  if (!becomesGet(target.method, status)) return { ...target, url, extraHeaders, isForeign };
  const headers = HttpHeaders.from(extraHeaders);
  for (const name of BODY_HEADERS) headers.delete(name);
  return { url, method: 'GET', extraHeaders: headers, hasBody: false, isForeign };
}

/** RFC 9110 section 15.4.4 for 303; for 301 and 302, what everybody has always done with POST. */
function becomesGet(method: string, status: number): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}
