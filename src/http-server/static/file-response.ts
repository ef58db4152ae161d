import type { Stats } from 'node:fs';
import { type EncodableCoding, isCompressible } from '../../http/coding/content-coding.ts';
import { formatHttpDate } from '../../http/http-date.ts';
import { HttpErrorCode } from '../../http/http-error-code.ts';
import { HttpResponse } from '../../http/http-response.ts';
import { reasonPhrase } from '../../protocol/http1/head/head-writer.ts';
import { HttpHeaders } from '../../protocol/http1/headers.ts';
import { formatContentRange, parseRanges } from './byte-ranges.ts';
import { evaluateConditions, rangeApplies, type Validators } from './conditional-request.ts';
import type { CachedFile } from './file-cache.ts';
import {
  contentsOf,
  multipartContents,
  readContents,
  type StaticContents,
  type StaticSource,
} from './file-contents.ts';
import type { OpenedFile } from './static-root.ts';

/** The part of a request that decides how a file is served. */
export interface StaticRequest {
  readonly method: string;
  /** The target as it was sent. */
  readonly uri: string;
  readonly headers: HttpHeaders;
}

/** A file that was opened to answer a request. */
export interface Representation {
  readonly file: OpenedFile | CachedFile;
  /** Its path below the root. */
  readonly segments: readonly string[];
  readonly contentType: string;
  /** The coding of a file that was compressed beforehand. */
  readonly coding: EncodableCoding | undefined;
  /** True when another client would have got another file. */
  readonly isNegotiated: boolean;
}

/** For GET or HEAD: the file, parts of it, or that there is no need to send it. */
export async function respondWithFile(
  request: StaticRequest,
  representation: Representation,
  source: StaticSource,
  cacheControl: string,
): Promise<HttpResponse> {
  const { contentType, coding, isNegotiated, file } = representation;
  const { size } = file.stats;
  const now = Date.now();
  const validators = validatorsOf(file.stats, coding, now);
  const headers = new HttpHeaders();
  headers.append('ETag', validators.etag);
  headers.append('Last-Modified', formatHttpDate(validators.lastModifiedMs));
  headers.append('Cache-Control', cacheControl);
  if (isNegotiated) headers.append('Vary', 'Accept-Encoding');

  const outcome = evaluateConditions(request.headers, validators);
  if (outcome === 304) return respond(304, headers);
  if (outcome === 412) return plainResponse(412);

  headers.append('Accept-Ranges', 'bytes');
  if (coding !== undefined) headers.append('Content-Encoding', coding);
  const isGet = request.method === 'GET';
  // The server may encode what is compressible, and then has sent other bytes under the same date.
  const trustsDate = !isCompressible(contentType) && now - validators.lastModifiedMs >= 1000;
  const range =
    isGet && rangeApplies(request.headers, validators, trustsDate) ? request.headers.get('Range') : undefined;
  const ranges = parseRanges(range, size);
  if (ranges === 'unsatisfiable') {
    const response = plainResponse(416);
    response.headers.append('Content-Range', `bytes */${size}`);
    return response;
  }
  let contents: StaticContents;
  let status = 206;
  const first = ranges === 'whole' ? undefined : ranges[0];
  if (ranges === 'whole' || first === undefined) {
    status = 200;
    contents = contentsOf([{ start: 0, end: size }]);
    headers.append('Content-Type', contentType);
  } else if (ranges.length === 1) {
    contents = contentsOf(ranges);
    headers.append('Content-Type', contentType);
    headers.append('Content-Range', formatContentRange(first, size));
  } else {
    const multipart = multipartContents(ranges, size, contentType);
    contents = multipart.contents;
    headers.append('Content-Type', multipart.contentType);
  }
  headers.append('X-Content-Type-Options', 'nosniff');
  headers.append('Content-Length', String(contents.length));
  if (!isGet) return respond(status, headers);
  return respond(status, headers, await readContents(contents, file, representation.segments, source));
}

function respond(
  status: number,
  headers: HttpHeaders,
  body: Buffer | AsyncIterable<Buffer> | string = '',
): HttpResponse {
  return new HttpResponse<HttpResponse['body']>(status, '', HttpErrorCode.Ok, headers, body);
}

/** A response that says what its status means. */
export function plainResponse(status: number): HttpResponse {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' };
  return new HttpResponse<HttpResponse['body']>(status, '', HttpErrorCode.Ok, headers, `${reasonPhrase(status)}\n`);
}

/** Two versions that are written within so short a time may look the same; longer where only whole seconds are kept. */
const TIME_STEP_MS = 20;
const COARSE_TIME_STEP_MS = 2000;

function validatorsOf(stats: Stats, coding: EncodableCoding | undefined, now: number): Validators {
  const { size, mtimeMs } = stats;
  const isUnsure = now - mtimeMs < (mtimeMs % 1000 === 0 ? COARSE_TIME_STEP_MS : TIME_STEP_MS);
  const version = `${size.toString(16)}-${Math.round(mtimeMs * 1000).toString(16)}`;
  return {
    etag: `${isUnsure ? 'W/' : ''}"${version}${coding === undefined ? '' : `-${coding}`}"`,
    // RFC 9110 8.8.2.1: never later than the response itself.
    lastModifiedMs: Math.floor(Math.min(mtimeMs, now) / 1000) * 1000,
  };
}
