import type { HttpResponse } from '../../index.ts';
import { version as libraryVersion } from '../../index.ts';
import type { Environment, Output } from '../terminal/environment.ts';
import type { ExitCode } from '../terminal/exit-codes.ts';
import { toJsonLine } from '../terminal/json-text.ts';
import { fromOctets } from '../terminal/octets.ts';
import { printable } from '../terminal/output.ts';
import type { Observation } from './observation.ts';

/** The figures of a transfer, for `-w`. */
export interface Outcome {
  readonly url: string;
  readonly index: number;
  readonly exitCode: ExitCode;
  readonly errorMessage: string | undefined;
  readonly response: HttpResponse<Buffer> | undefined;
  readonly observation: Observation;
  readonly totalMs: number;
  readonly filename: string | undefined;
}

/** Seconds are shown with six decimals. */
interface Seconds {
  readonly seconds: number;
}

type Value = string | number | Seconds | undefined;

/** Shows the figures of a transfer as `format` says: curl's variables, `\n`, `\t`, `\r` and `%%`. */
export function writeOut(format: string, outcome: Outcome, environment: Environment): void {
  const values = valuesOf(outcome);
  let output: Output = environment.stdout;
  let text = '';
  const flush = (): void => {
    if (text !== '') output.write(text);
    text = '';
  };
  for (const [part] of format.matchAll(/%header\{[^}]*\}|%\{[^}]*\}|%%|\\[nrt]|[^%\\]+|[%\\]/gs)) {
    const name = /^%\{(.*)\}$/s.exec(part)?.[1];
    if (name === 'stdout' || name === 'stderr') {
      flush();
      output = environment[name];
    } else if (part.startsWith('%header{')) text += headerValue(part.slice(8, -1), outcome);
    else if (name !== undefined) text += expand(name, values, outcome, environment);
    else text += escapes.get(part) ?? part;
  }
  flush();
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['%%', '%'],
  ['\\n', '\n'],
  ['\\r', '\r'],
  ['\\t', '\t'],
]);

function expand(name: string, values: ReadonlyMap<string, Value>, outcome: Outcome, { stderr }: Environment): string {
  if (name === 'json') return jsonOf(values);
  if (name === 'header_json') return toJsonLine(headersOf(outcome));
  if (name === 'onerror') return '';
  if (values.has(name)) return shown(name, values.get(name));
  stderr.write(`ws: curl: unknown variable of --write-out: ${printable(name)}\n`);
  return '';
}

function headerValue(name: string, { response }: Outcome): string {
  return printable(fromOctets(response?.headers.get(name) ?? ''));
}

function shown(name: string, value: Value): string {
  if (value === undefined) return '';
  if (typeof value === 'object') return value.seconds.toFixed(6);
  const isStatus = name === 'http_code' || name === 'response_code' || name === 'http_connect';
  return isStatus ? String(value).padStart(3, '0') : printable(String(value));
}

function jsonOf(values: ReadonlyMap<string, Value>): string {
  const entries = Array.from(values, ([name, value]) => [
    name,
    typeof value === 'object' ? Number(value.seconds.toFixed(6)) : (value ?? null),
  ]);
  return toJsonLine({ ...Object.fromEntries(entries), curl_version: `ixwebsocket/${libraryVersion}` });
}

function headersOf({ response }: Outcome): Readonly<Record<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  for (const [name, value] of response?.headers ?? []) {
    const key = name.toLowerCase();
    found.set(key, [...(found.get(key) ?? []), fromOctets(value)]);
  }
  return Object.fromEntries(found);
}

function valuesOf(outcome: Outcome): ReadonlyMap<string, Value> {
  const { observation, response, totalMs } = outcome;
  const { moments, request, redirects } = observation;
  const status = observation.response?.status ?? 0;
  const downloaded = response?.downloadSize ?? 0;
  const uploaded = Math.max(0, (response?.uploadSize ?? 0) - (request?.headSize ?? 0));
  const perSecond = (bytes: number): number => (totalMs > 0 ? Math.round((bytes * 1000) / totalMs) : 0);
  const seconds = (ms: number): Seconds => ({ seconds: ms / 1000 });
  const url = request?.url ?? outcome.url;
  return new Map<string, Value>([
    ['content_type', response?.headers.get('Content-Type')],
    ['errormsg', outcome.errorMessage],
    ['exitcode', outcome.exitCode],
    ['filename_effective', outcome.filename],
    ['http_code', status],
    ['http_connect', 0],
    ['http_version', observation.response?.version ?? '0'],
    ['method', request?.method],
    ['num_connects', observation.connections],
    ['num_headers', response?.headers.size ?? 0],
    ['num_redirects', redirects],
    ['redirect_url', redirectUrl(observation)],
    ['referer', undefined],
    ['remote_ip', request?.remoteAddress ?? ''],
    ['remote_port', request?.remotePort ?? 0],
    ['response_code', status],
    ['scheme', /^[a-z]+/i.exec(url)?.[0].toUpperCase()],
    ['size_download', downloaded],
    ['size_header', observation.headerBytes],
    ['size_request', observation.requestBytes],
    ['size_upload', uploaded],
    ['speed_download', perSecond(downloaded)],
    ['speed_upload', perSecond(uploaded)],
    ['ssl_verify_result', 0],
    ['time_appconnect', seconds(moments.secured)],
    ['time_connect', seconds(moments.connected)],
    ['time_namelookup', seconds(moments.lookedUp)],
    ['time_pretransfer', seconds(moments.sent)],
    ['time_redirect', seconds(moments.redirected)],
    ['time_starttransfer', seconds(moments.answered)],
    ['time_total', seconds(totalMs)],
    ['url', outcome.url],
    ['url_effective', url],
    ['urlnum', outcome.index],
  ]);
}

/** The target of a redirect that was not followed. */
function redirectUrl({ response }: Observation): string | undefined {
  if (response === undefined || response.status < 300 || response.status > 399) return undefined;
  const location = response.headers.get('Location');
  return location !== undefined && URL.canParse(location, response.url)
    ? new URL(location, response.url).href
    : undefined;
}
