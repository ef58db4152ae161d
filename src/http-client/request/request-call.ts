import { UsageError } from '../../errors.ts';
import { isBlob } from '../../http/body-bytes.ts';
import { FileSource } from '../../http/files/file-source.ts';
import { formatForm, type HttpParameters } from '../../http/form/form.ts';
import { isFormData, MultipartBody } from '../../http/form/multipart.ts';
import { type HttpFormDataParameters, isContent } from '../../http/form/multipart-part.ts';
import { isSource, SingleUseSource } from '../../http/single-use-source.ts';
import { bytesIn } from '../../util/bytes.ts';
import { checkString } from '../../util/options.ts';
import { HttpRequestArgs, settingsFrom } from './request-args.ts';
import { type HttpRequestOptions, type RequestSettings, requestOptions } from './request-options.ts';

/** The kinds of body there are in the end. */
export type CallBody = string | Buffer | Blob | FileSource | MultipartBody | SingleUseSource;

/** A call of a method of the client. */
export interface RequestCall {
  readonly url: string;
  readonly method: string;
  readonly body: CallBody | undefined;
  readonly settings: RequestSettings;
  /** Arguments whose `cancel` ends it. */
  readonly args: HttpRequestArgs | undefined;
}

/** Settings of a request: arguments of `createRequest()`, or plain options. */
export type HttpRequestInit = HttpRequestArgs | HttpRequestOptions;

/** A call without a body of its own. */
export function callOf(url: string, method: string, given: HttpRequestInit | undefined): RequestCall {
  const settings = settingsFrom(given);
  return makeCall(url, method, bodyIn(settings), settings, given);
}

/**
 * A call with a body.
 *
 * @param given what stands behind the url: `[body, args]`, `[parameters, formData, args]`, or `[args]` with the body in
 *   it; `args` may be missing, also behind form data that cannot be taken for them
 */
export function callWithBody(url: string, method: string, given: readonly unknown[]): RequestCall {
  const [first] = given;
  if (first instanceof HttpRequestArgs && given.length === 1) return callOf(url, method, first);
  if (given.length > 3) throw new UsageError('arguments', 'are at most: parameters, form data, and arguments');
  const hasForm = given.length === 3 || (given.length === 2 && isFormFiles(given[1]));
  const init = (hasForm ? given[2] : given[1]) as HttpRequestInit | undefined;
  const settings = settingsFrom(init);
  const [body, form] = given;
  if (hasForm && form !== undefined) return makeCall(url, method, multipart(body, form, settings), settings, init);
  return makeCall(url, method, bodyFrom(body, settings), settings, init);
}

function makeCall(
  url: string,
  method: string,
  body: RequestCall['body'],
  settings: RequestSettings,
  init: HttpRequestInit | undefined,
): RequestCall {
  return {
    url: checkString('url', url),
    method: checkString('verb', method),
    body,
    settings,
    args: init instanceof HttpRequestArgs ? init : undefined,
  };
}

/**
 * Tells whether it is form data, and no options: pairs, a form, or a record of files none of which is called like an
 * option. Strings are no files here: a mistyped option would be sent as one.
 */
function isFormFiles(given: unknown): boolean {
  if (typeof given !== 'object' || given === null || given instanceof HttpRequestArgs) return false;
  if (Symbol.iterator in given) return true;
  const entries = Object.entries(given);
  const isFile = (value: unknown): boolean =>
    typeof value === 'object' && value !== null && (isContent(value) || 'path' in value || 'content' in value);
  return entries.length > 0 && entries.every(([name, value]) => !(name in requestOptions.lines) && isFile(value));
}

/** The body of the call itself, where a record holds parameters; without one, that of its arguments. */
function bodyFrom(body: unknown, settings: RequestSettings): CallBody | undefined {
  if (body === undefined || body === null) return bodyIn(settings);
  if (body instanceof HttpRequestArgs) throw new UsageError('body', 'must stand before the arguments');
  const known = knownBody(body, settings);
  if (known !== undefined) return known;
  if (typeof body === 'object' && 'pipe' in body) {
    throw new UsageError('body', 'is a stream of an old kind: give body.pipe(new PassThrough()), and its headers');
  }
  if (typeof body === 'object' && isRecord(body)) return formBody(body as HttpParameters);
  const kind = typeof body === 'object' ? Object.prototype.toString.call(body).slice(8, -1) : typeof body;
  throw new UsageError('body', `must be text, bytes, a stream, parameters or a form, got a ${kind}`);
}

/**
 * Tells whether it holds parameters. A promise that was not awaited, a date, or an object that keeps what it has to
 * itself would be sent as an empty form.
 */
function isRecord(body: object): boolean {
  if (Symbol.iterator in body) return true;
  if (Object.prototype.toString.call(body) !== '[object Object]') return false;
  const prototype: unknown = Object.getPrototypeOf(body);
  // A plain object of another realm has a prototype without one, too.
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain || Object.keys(body).length > 0;
}

function formBody(parameters: HttpParameters): string {
  try {
    return formatForm(parameters);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const why = error.message.replace(/^parameters: /, '');
    const hint = "to send JSON, give JSON.stringify(value) as the body, and { 'Content-Type': 'application/json' }";
    throw new UsageError('parameters', `${why}; ${hint} as extraHeaders`, { cause: error });
  }
}

/** The body of the arguments, where a record names a file. */
function bodyIn(settings: RequestSettings): CallBody | undefined {
  const body: unknown = settings.body;
  if (body === undefined || body === null) return undefined;
  const known = knownBody(body, settings);
  if (known !== undefined) return known;
  if (typeof body === 'object' && 'path' in body && typeof body.path === 'string') return new FileSource(body.path);
  throw new UsageError('body', 'must be a string, bytes, a Blob, a stream, a form, an async iterable or { path }');
}

function knownBody(body: unknown, settings: RequestSettings): CallBody | undefined {
  if (typeof body === 'string') return body;
  if (typeof body !== 'object' || body === null) return undefined;
  const bytes = bytesIn(body, 'body');
  if (bytes !== undefined) return bytes;
  if (isBlob(body) || body instanceof MultipartBody) return body;
  if (isFormData(body)) return multipart({}, body, settings);
  if (body instanceof URLSearchParams) return formatForm(body);
  return isSource(body) ? new SingleUseSource(body) : undefined;
}

function multipart(parameters: unknown, formData: unknown, { multipartBoundary }: RequestSettings): MultipartBody {
  return new MultipartBody(parameters as HttpParameters, formData as HttpFormDataParameters, multipartBoundary);
}
