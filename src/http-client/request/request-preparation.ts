import type { HttpUrl } from '../../dial/url.ts';
import { UsageError } from '../../errors.ts';
import { HttpErrorCode } from '../../http/http-error-code.ts';
import { HttpResponse } from '../../http/http-response.ts';
import type { ResponseHead } from '../../protocol/http1/head/response-head.ts';
import { HttpHeaders } from '../../protocol/http1/headers.ts';
import { HttpFailure } from '../http-failure.ts';
import type { KnownUrl } from '../pool/known-urls.ts';
import type { PoolTarget } from '../pool/pool-place.ts';
import type { RequestTarget } from '../response/http-redirects.ts';
import type { ClientServices } from './client-services.ts';
import { checkRequestHeaders, formatHead, noHeaders, withoutSecrets } from './outgoing-head.ts';
import type { RequestBody } from './prepared-body.ts';
import { type RequestSettings, requestOptions } from './request-options.ts';
import type { RequestUpload } from './request-upload.ts';

export interface FirstRequest {
  readonly method: string;
  readonly body: unknown;
  readonly settings: RequestSettings;
}

/**
 * The request that a caller asks for.
 *
 * @throws HttpFailure (`UrlMalformed`), or UsageError for headers that could not be sent
 */
export function firstTarget({ parsed }: KnownUrl, { method, body, settings }: FirstRequest): RequestTarget {
  if (!parsed.ok) throw new HttpFailure('UrlMalformed', parsed.reason.replace(/^Could not parse/, 'Cannot parse'));
  const url = onSocket(parsed.url, settings.socketPath);
  const { extraHeaders: given } = settings;
  const extraHeaders = given === undefined ? noHeaders : checkRequestHeaders(HttpHeaders.from(given, 'extraHeaders'));
  return { url, method, extraHeaders, hasBody: body !== undefined, isForeign: false };
}

function onSocket(url: HttpUrl, socketPath: string | undefined): HttpUrl {
  if (socketPath === undefined) return url;
  if (url.protocol !== 'http') throw new UsageError('socketPath', 'is for URLs that begin with http://');
  return { ...url, protocol: 'http+unix', socketPath };
}

/** Methods whose requests have a body, if only an empty one (RFC 9110 section 8.6). */
const bodyMethods: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

export interface HeadContext {
  readonly settings: RequestSettings;
  readonly body: RequestBody | undefined;
  readonly pooled: PoolTarget;
  readonly known: KnownUrl | undefined;
  readonly services: Pick<ClientServices, 'forcesBody' | 'userAgent'>;
}

/**
 * The head of a request. That of a plain GET is made once for each URL.
 *
 * @throws UsageError when the method is no token, or headers contradict the body
 */
export function headFor(target: RequestTarget, { settings, body, pooled, known, services }: HeadContext): Buffer {
  const { forcesBody, userAgent } = services;
  const isPlain = target.method === 'GET' && body === undefined && settings === requestOptions.defaults && !forcesBody;
  const isKept = isPlain && known?.target === pooled && target.url === pooled.url;
  if (isKept && known.getHead !== undefined) return known.getHead;
  const text = formatHead({
    method: target.method,
    url: target.url,
    poolTarget: pooled,
    extraHeaders: target.extraHeaders,
    omitted: settings.omitHeaders,
    asksForCompression: settings.compress && settings.decompress,
    body,
    userAgent,
    saysLength: forcesBody || bodyMethods.has(target.method),
    expectsContinue: body !== undefined && settings.expectContinue,
  });
  const head = Buffer.from(text, 'latin1');
  if (isKept) known.getHead = head;
  return head;
}

/** The result of a request, but for the sizes. */
export function responseOf(head: ResponseHead | undefined, body: Buffer, failure?: HttpFailure): HttpResponse<Buffer> {
  const { errorCode = HttpErrorCode.Ok, message = '', statusCode = 0 } = failure ?? {};
  const response = new HttpResponse<Buffer>(statusCode, '', errorCode, undefined, body, message);
  response.cause = failure?.cause;
  if (head === undefined) return response;
  response.statusCode = head.status;
  response.description = head.statusText;
  response.headers = head.headers;
  return response;
}

/** The failure of a request whose arguments are refused. */
export function ofArguments(error: unknown): HttpFailure {
  if (error instanceof HttpFailure) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new HttpFailure('Invalid', text, false, error);
}

/** A request for logs, in the words of IXWebSocket. */
export function describeRequest({ method, url }: RequestTarget, { head, totalBytes }: RequestUpload): string {
  const where = url.socketPath ?? `${url.host}:${url.port}`;
  const rule = '=============\n';
  return `Sending ${method} request to ${where}\nrequest size: ${totalBytes} bytes\n${rule}${withoutSecrets(head.toString('latin1'))}${rule}\n`;
}
