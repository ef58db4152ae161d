import type { ConnectionState, HttpBody, HttpRequest, HttpResponse } from '../../index.ts';
import type { Environment } from '../terminal/environment.ts';
import { toJsonLine } from '../terminal/json-text.ts';
import { printable, writeLine } from '../terminal/output.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** One line for each request, in the combined format of web servers, when its response is over. */
export class AccessLog {
  private readonly environment: Environment;
  private readonly isQuiet: boolean;
  private readonly isJson: boolean;

  constructor(environment: Environment, isQuiet: boolean, isJson: boolean) {
    this.environment = environment;
    this.isQuiet = isQuiet;
    this.isJson = isJson;
  }

  /** Answers as `respond` does, and logs what became of it. */
  async watch(
    request: HttpRequest,
    state: ConnectionState,
    respond: () => HttpResponse | Promise<HttpResponse>,
  ): Promise<HttpResponse> {
    if (this.isQuiet) return respond();
    const startMs = this.environment.elapsedMs();
    const write = (status: number, bytes: number): void => {
      this.write(request, state.getRemoteIp(), status, bytes, this.environment.elapsedMs() - startMs);
    };
    let response: HttpResponse;
    try {
      response = await respond();
    } catch (error) {
      write(500, 0);
      throw error;
    }
    const { statusCode, body } = response;
    const hasBody = request.method !== 'HEAD' && statusCode !== 204 && statusCode !== 304;
    if (typeof body === 'string' || body instanceof Uint8Array) {
      write(statusCode, hasBody ? Buffer.byteLength(body) : 0);
    } else response.body = counted(body, (bytes) => write(statusCode, bytes));
    return response;
  }

  private write(request: HttpRequest, ip: string, status: number, bytes: number, elapsedMs: number): void {
    const { environment } = this;
    const { method, uri, version, headers } = request;
    const referer = headers.get('Referer');
    const userAgent = headers.get('User-Agent');
    const time = environment.now();
    const line = this.isJson
      ? toJsonLine({
          time: time.toISOString(),
          event: 'request',
          ip,
          method,
          uri,
          version,
          status,
          bytes,
          milliseconds: Math.round(elapsedMs * 1000) / 1000,
          referer,
          userAgent,
        })
      : `${ip} - - [${clfTime(time)}] "${quotable(`${method} ${uri} ${version}`)}" ${status} ${bytes || '-'} "${quotable(referer ?? '-')}" "${quotable(userAgent ?? '-')}"`;
    writeLine(environment.logfile ?? environment.stdout, line);
  }
}

/** Text as a program that reads the log finds it between quotes. */
function quotable(text: string): string {
  return printable(text.replaceAll('\\', '\\\\').replaceAll('"', '\\"'));
}

/** Local time as web servers log it: `31/Jan/2026:23:59:58 +0100`. */
function clfTime(time: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const offset = -time.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const day = `${two(time.getDate())}/${MONTHS[time.getMonth()] ?? ''}/${time.getFullYear()}`;
  return `${day}:${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())} ${zone}`;
}

/** The same body; `onEnd` hears how much of it was taken. */
async function* counted(body: HttpBody, onEnd: (bytes: number) => void): AsyncGenerator<string | Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<string | Uint8Array>) {
      yield chunk;
      bytes += Buffer.byteLength(chunk);
    }
  } finally {
    onEnd(bytes);
  }
}
