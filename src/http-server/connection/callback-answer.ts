import { UsageError } from '../../errors.ts';
import { BodyError } from '../../http/body-error.ts';
import { HttpErrorCode } from '../../http/http-error-code.ts';
import { HttpResponse } from '../../http/http-response.ts';
import { reasonPhrase } from '../../protocol/http1/head/head-writer.ts';
import { HttpRequestError } from '../request/request-error.ts';

export function isResponse(value: unknown): value is HttpResponse {
  return isA(HttpResponse, value);
}

/** Tells what `instanceof` does, and no of a proxy that does not let itself be looked at. */
function isA<T>(type: abstract new (...args: never) => T, value: unknown): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

export function noResponse(): UsageError {
  return new UsageError('callback', 'must return an HttpResponse, or a promise of one');
}

export function plainResponse(status: number, body: string = `${reasonPhrase(status)}\n`): HttpResponse {
  return new HttpResponse(status, '', HttpErrorCode.Ok, {}, body);
}

/** Tells if the callback let pass that the client sent something else than JSON. */
export function isNoJson(error: unknown): boolean {
  return isA(HttpRequestError, error) && error.code === 'invalidJson';
}

/** Tells if user code only passes on what we told it: the client is gone, and nobody has to be told. */
export function isOurs(error: unknown): boolean {
  // A file that changed or vanished while it was sent is nobody's mistake either; a body that is none is the user's.
  if (isA(BodyError, error)) return error.code !== 'notBytes' && error.code !== 'bodyUsed';
  if (isA(HttpRequestError, error)) return true;
  return isA(Error, error) && isA(HttpRequestError, error.cause);
}
