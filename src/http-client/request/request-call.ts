import { UsageError } from '../../errors.ts';
import { formatForm, type HttpParameters } from '../../http/form/form.ts';
import { MultipartBody } from '../../http/form/multipart.ts';
import type { HttpFormDataParameters } from '../../http/form/multipart-part.ts';
import { checkString } from '../../util/options.ts';
import { HttpRequestArgs, settingsFrom } from './request-args.ts';
import type { HttpRequestBody, HttpRequestOptions, RequestSettings } from './request-options.ts';

/** What a method of the client asks for. */
export interface RequestCall {
  readonly url: string;
  readonly method: string;
  readonly body: HttpRequestBody | MultipartBody | undefined;
  readonly settings: RequestSettings;
  /** Whose `cancel` ends it. */
  readonly args: HttpRequestArgs | undefined;
}

/** How a request is made: arguments of `createRequest()`, or plain options. */
export type HttpRequestInit = HttpRequestArgs | HttpRequestOptions;

/** A call without a body of its own. */
export function callOf(url: string, method: string, given: HttpRequestInit | undefined): RequestCall {
  const settings = settingsFrom(given);
  return makeCall(url, method, settings.body, settings, given);
}

/**
 * A call with a body.
 *
 * @param given what stands behind the url: `[body, args]`, `[parameters, formData, args]`, or `[args]` with the body in it
 */
export function callWithBody(url: string, method: string, given: readonly unknown[]): RequestCall {
  const [first] = given;
  if (first instanceof HttpRequestArgs && given.length === 1) return callOf(url, method, first);
  if (given.length > 3) throw new UsageError('arguments', 'are at most: parameters, form data, and arguments');
  const hasForm = given.length === 3;
  const init = (hasForm ? given[2] : given[1]) as HttpRequestInit | undefined;
  const settings = settingsFrom(init);
  const [body, form] = given;
  if (hasForm && form !== undefined) return makeCall(url, method, multipart(body, form, settings), settings, init);
  return makeCall(url, method, body === undefined ? settings.body : bodyOf(body, settings), settings, init);
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

function bodyOf(body: unknown, settings: RequestSettings): RequestCall['body'] {
  if (typeof body !== 'object' || body === null) {
    if (typeof body === 'string') return body;
    throw new UsageError('body', `must be text, bytes, a stream, parameters or a form, got ${typeof body}`);
  }
  if (body instanceof HttpRequestArgs) throw new UsageError('body', 'must stand before the arguments');
  if (body instanceof FormData) return multipart({}, body, settings);
  return isRawBody(body) ? body : formatForm(body as HttpParameters);
}

/** A record with the key `path` is a record of parameters like any other here. */
function isRawBody(body: object): body is Exclude<HttpRequestBody, string> | MultipartBody {
  return (
    body instanceof Uint8Array ||
    body instanceof ArrayBuffer ||
    body instanceof Blob ||
    body instanceof MultipartBody ||
    Symbol.asyncIterator in body
  );
}

function multipart(parameters: unknown, formData: unknown, { multipartBoundary }: RequestSettings): MultipartBody {
  return new MultipartBody(parameters as HttpParameters, formData as HttpFormDataParameters, multipartBoundary);
}
