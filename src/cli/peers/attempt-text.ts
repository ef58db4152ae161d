import type {
  ConnectAttempt,
  ConnectAttemptInterim,
  ConnectAttemptRequest,
  ConnectAttemptResponse,
} from '../../index.ts';
import { describeHeaders, shownHeaders } from '../terminal/log.ts';
import { fromOctets } from '../terminal/octets.ts';

/** The characters of the body of a refusal that are shown. */
const SHOWN_BODY = 2000;

/** The requests and answers of an attempt to connect, in lines, without what is secret. */
export function describeAttempt({ earlier, url, request, interim, response }: ConnectAttempt): readonly string[] {
  const exchanges = request === undefined ? earlier : [...earlier, { url, request, interim, response }];
  return exchanges.flatMap((exchange) => [
    `Request to ${exchange.url}:`,
    ...indented([`GET ${exchange.request.target} HTTP/1.1`, ...describeHeaders(exchange.request.headers)]),
    ...exchange.interim.flatMap((head) => ['Interim response:', ...indented(describeHead(head))]),
    ...(exchange.response === undefined ? [] : describeResponse(exchange.response)),
  ]);
}

function describeHead({ version, status, statusText, headers }: ConnectAttemptInterim): readonly string[] {
  return [fromOctets(`HTTP/${version} ${status} ${statusText}`.trimEnd()), ...describeHeaders(headers)];
}

function describeResponse(response: ConnectAttemptResponse): readonly string[] {
  const { body, isTruncated } = response;
  const text = body.toString('utf8');
  const isCut = text !== '' && (isTruncated || text.length > SHOWN_BODY);
  const bodyLines = text === '' ? [] : text.slice(0, SHOWN_BODY).trimEnd().split(/\r?\n/);
  return [
    'Response:',
    ...indented(describeHead(response)),
    ...(bodyLines.length === 0 ? [] : ['', ...indented(bodyLines), ...(isCut ? ['  …'] : [])]),
  ];
}

/** The same for programs, but for bodies. */
export function attemptFields(attempt: ConnectAttempt | undefined): Readonly<Record<string, unknown>> {
  if (attempt === undefined) return {};
  const { earlier, request, interim, response } = attempt;
  return {
    ...(request === undefined ? {} : { request: requestFields(request) }),
    ...(interim.length === 0 ? {} : { interim: interim.map(responseFields) }),
    ...(response === undefined ? {} : { response: responseFields(response) }),
    ...(earlier.length === 0 ? {} : { earlier: earlier.map(exchangeFields) }),
  };
}

function exchangeFields({
  url,
  request,
  interim,
  response,
}: ConnectAttempt['earlier'][number]): Readonly<Record<string, unknown>> {
  const heads = interim.length === 0 ? {} : { interim: interim.map(responseFields) };
  return { url, request: requestFields(request), ...heads, response: responseFields(response) };
}

function requestFields({ target, headers }: ConnectAttemptRequest): Readonly<Record<string, unknown>> {
  return { target, headers: shownHeaders(headers) };
}

function responseFields({ status, statusText, headers }: ConnectAttemptInterim): Readonly<Record<string, unknown>> {
  return { status, statusText, headers: shownHeaders(headers) };
}

export function indented(lines: Iterable<string>): string[] {
  return Array.from(lines, (line) => `  ${line}`);
}
