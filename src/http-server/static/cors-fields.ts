import { HttpErrorCode } from '../../http/http-error-code.ts';
import { HttpResponse } from '../../http/http-response.ts';
import type { HttpHeaders } from '../../protocol/http1/headers.ts';
import type { StaticSettings } from './static-options.ts';

/** Request fields that pages of other origins may send. */
const ALLOWED_HEADERS = 'Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range';
/** Response fields that they may read beside the few that are always readable. */
const EXPOSED_HEADERS = 'ETag, Content-Range, Accept-Ranges, Content-Encoding';
const PREFLIGHT_SECS = 86_400;

/** Tells a browser which page may read the response (WHATWG Fetch 3.3.3). */
export function addCorsHeaders(headers: HttpHeaders, request: HttpHeaders, cors: StaticSettings['cors']): void {
  if (cors === undefined) return;
  if (cors !== true) {
    headers.append('Vary', 'Origin');
    const origin = request.get('Origin');
    if (origin === undefined || !cors.has(origin)) return;
    headers.append('Access-Control-Allow-Origin', origin);
  } else headers.append('Access-Control-Allow-Origin', '*');
  headers.append('Access-Control-Expose-Headers', EXPOSED_HEADERS);
}

/** The answer to OPTIONS, from a browser that asks before it sends (WHATWG Fetch 4.8), or from anybody. */
export function answerOptions(request: HttpHeaders, allow: string, cors: StaticSettings['cors']): HttpResponse {
  const response = new HttpResponse(204, '', HttpErrorCode.Ok, { Allow: allow });
  addCorsHeaders(response.headers, request, cors);
  if (response.headers.has('Access-Control-Allow-Origin') && request.has('Access-Control-Request-Method')) {
    response.headers.delete('Access-Control-Expose-Headers');
    response.headers.append('Access-Control-Allow-Methods', allow);
    response.headers.append('Access-Control-Allow-Headers', ALLOWED_HEADERS);
    response.headers.append('Access-Control-Max-Age', String(PREFLIGHT_SECS));
  }
  return response;
}
