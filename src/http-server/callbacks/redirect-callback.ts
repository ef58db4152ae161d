import { UsageError } from '../../errors.ts';
import { HttpErrorCode } from '../../http/http-error-code.ts';
import { HttpResponse } from '../../http/http-response.ts';
import { isFieldValue, trimOws } from '../../protocol/http1/tokens.ts';
import type { HttpRequest } from '../request/http-request.ts';

/**
 * Answers every request with a redirect to `url`, but for POST, whose body a redirect would lose: that gets 200.
 *
 * @throws UsageError (`invalidOption`) for a URL that cannot be sent
 */
export function redirectTo(url: string): (request: HttpRequest) => HttpResponse {
  if (typeof url !== 'string' || trimOws(url) === '' || !isFieldValue(url)) {
    throw new UsageError('url', 'must be a URL without spaces around it and control characters');
  }
  return (request) =>
    request.method === 'POST'
      ? new HttpResponse(200, 'OK')
      : new HttpResponse(301, 'Moved Permanently', HttpErrorCode.Ok, { Location: url });
}
