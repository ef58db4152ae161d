import type { LookupFunction } from 'node:net';
import { type ConnectAttempt, ConnectError, type SocketTLSOptions } from '../../index.ts';
import { adviceFor } from '../peers/attempt-advice.ts';
import { describeAttempt } from '../peers/attempt-text.ts';
import { createClient } from '../peers/create-client.ts';
import type { Environment } from '../terminal/environment.ts';
import { CurlExitCode, ExitCode } from '../terminal/exit-codes.ts';
import { printable, reportError, writeLine } from '../terminal/output.ts';
import { COMMAND, CurlFailure, exitCodeOfConnecting, hintOfConnecting } from './failure.ts';
import type { CurlPlan, UrlPlan } from './plan.ts';
import { describeTls } from './trace.ts';

export interface HandshakeContext {
  readonly plan: CurlPlan;
  readonly environment: Environment;
  readonly headers: readonly (readonly [string, string])[];
  readonly proxy: string | undefined;
  readonly tlsOptions: SocketTLSOptions | undefined;
  readonly lookup: LookupFunction | undefined;
  readonly signal: AbortSignal;
}

/** For how long the closing of the connection is waited for. */
const CLOSE_SECS = 2;
const DEFAULT_SECS = 60;

/** Makes a WebSocket connection, shows what was said and agreed on, and closes it. */
export async function showHandshake({ url }: UrlPlan, context: HandshakeContext): Promise<ExitCode> {
  const { plan, environment, signal } = context;
  const { request, client } = plan;
  const limits = [request.connectTimeout, request.transferTimeout].filter((seconds) => seconds > 0);
  const webSocket = createClient(COMMAND, {
    url,
    ...client,
    tlsOptions: context.tlsOptions,
    ...splitSubprotocols(context.headers),
    proxy: context.proxy,
    ...(context.lookup !== undefined && { lookup: context.lookup }),
    maxRedirects: request.follows ? request.maxRedirects : 0,
    handshakeTimeoutSecs: Math.min(...limits, limits.length === 0 ? DEFAULT_SECS : Number.POSITIVE_INFINITY),
    closeTimeoutSecs: CLOSE_SECS,
  });
  const result = await webSocket.connect({ signal });
  const attempt = result.success ? result.openInfo.attempt : result.errorInfo.attempt;
  const lines = attempt === undefined ? [] : describeWay(attempt);
  if (result.success) {
    const { headers, protocol } = result.openInfo;
    lines.push(`Extensions: ${headers.get('Sec-WebSocket-Extensions') ?? 'none'}`);
    lines.push(`Subprotocol: ${protocol === '' ? 'none' : protocol}`);
    await webSocket.stop();
  }
  for (const line of lines) writeLine(environment.stdout, printable(line));
  if (result.success) return ExitCode.Done;
  const { errorInfo } = result;
  const { cause, reason, code } = errorInfo;
  const exitCode = cause instanceof ConnectError ? exitCodeOfConnecting(cause) : CurlExitCode.CouldNotConnect;
  const failure = new CurlFailure(exitCode, reason, hintOfConnecting(code) ?? adviceFor(errorInfo), cause);
  if (plan.output.showsErrors && !signal.aborted) reportError(environment, failure);
  return exitCode;
}

/** The library offers subprotocols itself, so that it can check the answer. */
function splitSubprotocols(headers: HandshakeContext['headers']): {
  readonly extraHeaders: HandshakeContext['headers'];
  readonly subprotocols: readonly string[];
} {
  const isOffer = ([name]: readonly [string, string]): boolean => name.toLowerCase() === 'sec-websocket-protocol';
  const offers = headers.filter(isOffer).flatMap(([, value]) => value.split(','));
  return {
    extraHeaders: headers.filter((header) => !isOffer(header)),
    subprotocols: offers.map((name) => name.trim()).filter((name) => name !== ''),
  };
}

/** The words of a handshake, its way, and the outcome of TLS. */
function describeWay(attempt: ConnectAttempt): string[] {
  const { remoteAddress, tls, phases, proxy } = attempt;
  const lines = [...describeAttempt(attempt)];
  if (proxy !== undefined) lines.push(`Proxy: ${proxy}`);
  if (remoteAddress !== undefined) lines.push(`Address: ${remoteAddress}`);
  if (tls !== undefined) lines.push(...describeTls(tls));
  const times = phases.filter(({ phase }) => phase !== 'url' && phase !== 'open');
  if (times.length > 0) {
    lines.push(`Times: ${times.map(({ phase, durationMs }) => `${phase} ${durationMs.toFixed(1)} ms`).join(', ')}`);
  }
  return lines;
}
