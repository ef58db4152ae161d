import { HttpErrorCode } from '../../http/http-error-code.ts';
import { HttpResponse } from '../../http/http-response.ts';
import type { HttpRequest } from '../request/http-request.ts';

/** Prints every request and answers `OK`. */
export function debugRequests(print: (text: string) => void): (request: HttpRequest) => HttpResponse {
  return (request) => {
    print('== Headers == ');
    for (const [name, value] of request.headers) print(`${name}: ${value}`);
    print('');
    print('== Body == ');
    print(request.text());
    print('');
    return new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, 'OK');
  };
}
