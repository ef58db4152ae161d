import { basicAuthorization } from '../../dial/proxy-tunnel-plan.ts';
import type { HttpUrl } from '../../dial/url.ts';
import { UsageError } from '../../errors.ts';
import { decodableCodings } from '../../http/coding/content-coding.ts';
import { isAuthority } from '../../protocol/http1/authority.ts';
import { formatFields, formatRequestLine } from '../../protocol/http1/head/head-writer.ts';
import { HttpHeaders } from '../../protocol/http1/headers.ts';
import { equalsIgnoringCase } from '../../protocol/http1/tokens.ts';
import type { PoolTarget } from '../pool/pool-place.ts';
import type { RequestBody } from './prepared-body.ts';

/** The parts that a request head is made of. */
export interface RequestHeadParts {
  readonly method: string;
  readonly url: HttpUrl;
  readonly poolTarget: PoolTarget;
  readonly extraHeaders: HttpHeaders;
  /** Names of fields that are not sent, in lower case. */
  readonly omitted: readonly string[] | undefined;
  readonly asksForCompression: boolean;
  readonly body: RequestBody | undefined;
  /** Empty to send none. */
  readonly userAgent: string;
  /** True when a length of 0 is said where there is no body. */
  readonly saysLength: boolean;
  readonly expectsContinue: boolean;
}

export const noHeaders: HttpHeaders = new HttpHeaders();

/** Fields that decide where a message ends, or what becomes of the connection: not for the caller to set. */
const RESERVED: readonly string[] = ['Transfer-Encoding', 'Upgrade', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer'];

/**
 * Checks headers that a caller gave.
 *
 * @throws UsageError for those that could not be sent, or that would contradict the rest of the message
 */
export function checkRequestHeaders(headers: HttpHeaders): HttpHeaders {
  for (const name of RESERVED) {
    if (headers.has(name)) throw new UsageError('extraHeaders', `${name} is not for the caller to set`);
  }
  if (headers.has('Expect')) throw new UsageError('extraHeaders', 'Expect is set by the option expectContinue');
  const connection = headers.get('Connection');
  const isKnown = (value: string): boolean =>
    equalsIgnoringCase(value, 'close') || equalsIgnoringCase(value, 'keep-alive');
  if (connection !== undefined && !isKnown(connection)) {
    throw new UsageError('extraHeaders', 'Connection may be close or keep-alive');
  }
  if (headers.count('Host') > 1 || !isAuthority(headers.get('Host') ?? 'x')) {
    throw new UsageError('extraHeaders', 'Host must be one host, with or without a port');
  }
  return headers;
}

/**
 * The head of a request, in which every character is one octet.
 *
 * @throws UsageError when the method is no token, or headers contradict the body
 */
export function formatHead(parts: RequestHeadParts): string {
  const { method, url, poolTarget, extraHeaders: extra, body, userAgent, omitted } = parts;
  const isPlain = extra.size === 0;
  const lacks = (name: string): boolean =>
    (isPlain || !extra.has(name)) && omitted?.includes(name.toLowerCase()) !== true;
  const target = poolTarget.isForward ? `http://${url.hostHeader}${url.path}` : url.path;
  let head = formatRequestLine(method, target);
  if (lacks('Host')) head += `Host: ${url.hostHeader}\r\n`;
  if (lacks('Accept-Encoding')) {
    // Parts of a coded body could neither be decoded nor put together (RFC 9110 section 14.2).
    if (extra.has('Range')) head += 'Accept-Encoding: identity\r\n';
    else if (parts.asksForCompression) head += `Accept-Encoding: ${decodableCodings}\r\n`;
  }
  if (!isPlain) head += formatFields(extra);
  if (lacks('Accept')) head += 'Accept: */*\r\n';
  if (userAgent !== '' && lacks('User-Agent')) head += `User-Agent: ${userAgent}\r\n`;
  if ((url.username !== undefined || url.password !== undefined) && lacks('Authorization')) {
    head += `Authorization: ${basicAuthorization(url.username ?? '', url.password ?? '')}\r\n`;
  }
  if (poolTarget.isForward) head += forwardFields(poolTarget, lacks);
  return `${head}${bodyFields(parts, body, lacks)}\r\n`;
}

function forwardFields({ proxy }: PoolTarget, lacks: (name: string) => boolean): string {
  const credentials = proxy?.credentials();
  if (credentials === undefined || !lacks('Proxy-Authorization')) return '';
  return `Proxy-Authorization: ${basicAuthorization(credentials.username, credentials.password)}\r\n`;
}

function bodyFields(
  { saysLength, expectsContinue, extraHeaders }: RequestHeadParts,
  body: RequestBody | undefined,
  lacks: (name: string) => boolean,
): string {
  const length = body === undefined ? 0 : body.length;
  if (!lacks('Content-Length') && extraHeaders.get('Content-Length') !== String(length)) {
    throw new UsageError('extraHeaders', 'Content-Length is not the length of the body');
  }
  if (body === undefined) return saysLength && lacks('Content-Length') ? 'Content-Length: 0\r\n' : '';
  let fields = '';
  if (body.isGzip) {
    if (!lacks('Content-Encoding'))
      throw new UsageError('extraHeaders', 'Content-Encoding contradicts compressRequest');
    fields += 'Content-Encoding: gzip\r\n';
  }
  if (length === undefined) fields += 'Transfer-Encoding: chunked\r\n';
  else if (lacks('Content-Length')) fields += `Content-Length: ${length}\r\n`;
  if (body.contentType !== undefined && lacks('Content-Type')) fields += `Content-Type: ${body.contentType}\r\n`;
  if (expectsContinue) fields += 'Expect: 100-continue\r\n';
  return fields;
}

/** A head for logs: who we are is not in it. */
export function withoutSecrets(head: string): string {
  return head.replace(/^((?:Proxy-)?Authorization|Cookie):.*$/gim, '$1: ***');
}
