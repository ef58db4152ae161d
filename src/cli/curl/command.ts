import { readFileSync } from 'node:fs';
import { HttpClient, type HttpClientOptions, UsageError } from '../../index.ts';
import type { Command } from '../line/command.ts';
import { revealAccess } from '../peers/client-access.ts';
import { withPassphrase } from '../peers/tls-plan.ts';
import { WrongUsage } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import { CurlExitCode, ExitCode } from '../terminal/exit-codes.ts';
import { revealSecret } from '../terminal/files/secrets.ts';
import { toOctets } from '../terminal/octets.ts';
import { reasonOf, reportError } from '../terminal/output.ts';
import { exitCodeOf, withStopSignal } from '../terminal/stop-signal.ts';
import { type LoadedBody, loadBody } from './body.ts';
import { COMMAND, CurlFailure } from './failure.ts';
import { showHandshake } from './handshake.ts';
import { createLookup } from './lookup.ts';
import { FileSink, type Sink, standardOutput } from './output.ts';
import { type CurlPlan, type OutputPlan, planCurl, type UrlPlan } from './plan.ts';
import type { CurlValues } from './table.ts';
import { Transfer } from './transfer.ts';

export const curl: Command<CurlValues, CurlPlan> = {
  plan: planCurl,

  execute: (plan, environment) =>
    withStopSignal(environment, async (stopped) => {
      const ender = new AbortController();
      const interrupted = stopped.then((signal) => {
        ender.abort();
        return exitCodeOf(signal);
      });
      try {
        const exitCode = await runAll(plan, environment, ender.signal);
        return ender.signal.aborted ? await interrupted : exitCode;
      } catch (error) {
        if (!(error instanceof CurlFailure)) throw error;
        if (plan.output.showsErrors) reportError(environment, error);
        return error.exitCode;
      }
    }),
};

/** One URL after the other; the code of the last that failed is that of all. */
async function runAll(plan: CurlPlan, environment: Environment, signal: AbortSignal): Promise<ExitCode> {
  const { access, request, addresses, output } = plan;
  const { extraHeaders, proxy: givenProxy } = revealAccess(COMMAND, access, environment);
  const headers = withDefaults(extraHeaders, request.headers, cookieHeader(plan, environment));
  const proxy = givenProxy === undefined ? undefined : withScheme(givenProxy);
  let port = 0;
  const lookup = createLookup(addresses, () => port);
  const tlsOptions = withPassphrase(plan.client.tlsOptions, access.keyPassphrase, COMMAND, environment);
  const client = createHttpClient({
    ...plan.client,
    tlsOptions,
    ...(proxy !== undefined && { proxy }),
    ...(lookup && { lookup }),
  });
  const headerSink = createHeaderSink(output, environment);
  const writeOutFormat = await loadFormat(output.writeOut, environment);
  const body: LoadedBody = request.putsDataIntoUrl ? { kind: 'none' } : await loadBody(request.body, environment);
  let exitCode: ExitCode = ExitCode.Done;
  try {
    for (const [index, url] of plan.urls.entries()) {
      port = portOf(url);
      const transfer = { plan, environment, client, body, headers, headerSink, writeOutFormat, signal };
      const handshake = { plan, environment, headers, proxy, tlsOptions, lookup, signal };
      const code = await runOne(
        url,
        () => new Transfer(transfer, url, index).run(),
        () => showHandshake(url, handshake),
      );
      if (signal.aborted) break;
      if (code !== ExitCode.Done) exitCode = code;
    }
  } finally {
    await headerSink?.end(false);
    await client.stop();
  }
  return exitCode;

  function runOne(
    url: UrlPlan,
    transfer: () => Promise<ExitCode>,
    handshake: () => Promise<ExitCode>,
  ): Promise<ExitCode> | ExitCode {
    if (url.kind === 'http') return transfer();
    if (url.kind === 'websocket') return handshake();
    const scheme = url.url.replace(/:.*$/s, '');
    const failure = new CurlFailure(
      CurlExitCode.UnsupportedProtocol,
      `the protocol ${scheme} is not supported`,
      'The protocols are http, https, ws and wss.',
    );
    if (output.showsErrors) reportError(environment, failure);
    return failure.exitCode;
  }
}

/** The user's words come first; fields of other options are added where there is none. */
function withDefaults(
  given: readonly (readonly [string, string])[],
  ...more: readonly (readonly (readonly [string, string])[])[]
): readonly (readonly [string, string])[] {
  const names = new Set(given.map(([name]) => name.toLowerCase()));
  return [...given, ...more.flat().filter(([name]) => !names.has(name.toLowerCase()))];
}

function cookieHeader({ request }: CurlPlan, environment: Environment): readonly (readonly [string, string])[] {
  if (request.cookies.length === 0) return [];
  const cookies = request.cookies.map((secret) => revealSecret(secret, COMMAND, '--cookie', environment));
  if (cookies.some((cookie) => !cookie.includes('='))) {
    throw new WrongUsage(COMMAND, '--cookie must look like NAME=VALUE', 'Cookies are not kept in files here.');
  }
  return [['Cookie', toOctets(cookies.join('; '))]];
}

/** As curl does, `host:port` is taken for an HTTP proxy. */
function withScheme(proxy: string): string {
  if (proxy === 'env' || /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy)) return proxy.replace(/^socks5h:/i, 'socks5:');
  return `http://${proxy}`;
}

function createHttpClient(options: HttpClientOptions): HttpClient {
  try {
    return new HttpClient(options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (error.option !== 'proxy') throw new WrongUsage(COMMAND, error.message, undefined, { cause: error });
    throw new CurlFailure(CurlExitCode.ProxyNotResolved, error.message, undefined, error);
  }
}

function createHeaderSink({ headerFile, isRaw }: OutputPlan, environment: Environment): Sink | undefined {
  if (headerFile === undefined) return undefined;
  return headerFile === '-' ? standardOutput(environment, isRaw) : new FileSink(headerFile, 'replace', true);
}

async function loadFormat(format: string | undefined, environment: Environment): Promise<string | undefined> {
  if (format?.startsWith('@') !== true) return format;
  try {
    if (format !== '@-') return readFileSync(format.slice(1), 'utf8');
    let text = '';
    for await (const chunk of environment.stdin) text += String(chunk);
    return text;
  } catch (error) {
    throw new CurlFailure(CurlExitCode.ReadError, reasonOf(error), undefined, error);
  }
}

function portOf({ url }: UrlPlan): number {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) return 0;
  if (parsed.port !== '') return Number(parsed.port);
  return parsed.protocol === 'https:' || parsed.protocol === 'wss:' ? 443 : 80;
}
