import type { ConnectAttempt } from '../../connection/messages/connect-attempt.ts';
import { describeTarget, dial } from '../../dial/connect.ts';
import { parseWebSocketUrl, type WebSocketUrl } from '../../dial/url.ts';
import { ConnectError } from '../../errors.ts';
import { deflateEngines } from '../../platform/deflate-engines.ts';
import type { ProtocolPorts } from '../../protocol/ports.ts';
import type { PerMessageDeflate } from '../../protocol/websocket/deflate/per-message-deflate.ts';
import type { PerMessageDeflateSettings } from '../../protocol/websocket/deflate/per-message-deflate-options.ts';
import {
  type PerMessageDeflateHandshake,
  PerMessageDeflateSource,
} from '../../protocol/websocket/deflate/per-message-deflate-source.ts';
import type { Transport } from '../../transport/transport.ts';
import type { Clock } from '../../util/clock.ts';
import type { ResolvedClientOptions } from '../client-options.ts';
import { AttemptRecorder } from './attempt-recorder.ts';
import { OpeningHandshake, type OpeningHandshakeOutcome, type OpeningHandshakeResult } from './opening-handshake.ts';
import { decideRedirect, type HandshakeTarget, type RedirectHistory } from './redirect.ts';

/** A connection on which the opening handshake has succeeded. */
export interface OpenedConnection extends OpeningHandshakeResult {
  readonly transport: Transport;
  /** Path and query that were asked for. */
  readonly uri: string;
  /** The compression of messages, when that was agreed on. */
  readonly deflate: PerMessageDeflate | undefined;
  readonly record: ConnectAttempt;
}

export interface AttemptOptions {
  readonly options: ResolvedClientOptions;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly ports: ProtocolPorts;
  /** Ends the attempt, which then rejects with the code `cancelled`. */
  readonly signal: AbortSignal;
}

/** The progress of an attempt, for whoever ends it. */
interface Progress {
  readonly recorder: AttemptRecorder;
  transport: Transport | undefined;
  handshake: OpeningHandshake | undefined;
}

/** One attempt to connect, within its time. Rejects with a {@link ConnectError}, and leaves nothing behind then. */
export async function attemptConnection(attempt: AttemptOptions): Promise<OpenedConnection> {
  const recorder = new AttemptRecorder(attempt.clock);
  try {
    const parsed = parseWebSocketUrl(attempt.options.url, attempt.options.pathAsIs);
    if (!parsed.ok) throw new ConnectError('invalidUrl', 'url', parsed.reason);
    return await openWithin(parsed.url, attempt, recorder);
  } catch (error) {
    if (error instanceof ConnectError) recorder.fail(error);
    throw error;
  }
}

async function openWithin(
  url: WebSocketUrl,
  attempt: AttemptOptions,
  recorder: AttemptRecorder,
): Promise<OpenedConnection> {
  const { clock, timeoutMs, signal } = attempt;
  const progress: Progress = { recorder, transport: undefined, handshake: undefined };
  const ender = new AbortController();
  const end = (code: 'cancelled' | 'timeout', message: string): void => {
    ender.abort(new ConnectError(code, recorder.phase, message));
    progress.transport?.destroy();
  };
  const onAbort = (): void => end('cancelled', `Cancelled connecting to ${url.href}`);
  const timer = clock.setTimer(timeoutMs, () => {
    // A server that has refused is the better reason; only the rest of its explanation came too late.
    progress.handshake?.settleRefusal();
    end('timeout', `Unable to connect to ${describeTarget(url)}, error: timed out after ${timeoutMs} ms`);
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) onAbort();
    return await open(url, attempt, progress, ender.signal);
  } catch (error) {
    progress.transport?.destroy();
    if (error instanceof ConnectError && error.code === 'badStatus' && !signal.aborted) throw error;
    // An error that an ended attempt stumbles over is a consequence; the reason is the one that ended it.
    if (ender.signal.aborted) throw ender.signal.reason;
    throw error;
  } finally {
    timer.cancel();
    progress.handshake?.dispose();
    signal.removeEventListener('abort', onAbort);
  }
}

/** Asks for the url, and for those that it redirects to. */
async function open(
  url: WebSocketUrl,
  attempt: AttemptOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<OpenedConnection> {
  const { extraHeaders, tlsOptions, perMessageDeflate, maxRedirects } = attempt.options;
  const visited = new Set<string>();
  let target: HandshakeTarget = { url, extraHeaders, tlsOptions };
  let deflate = perMessageDeflate.enabled ? offerDeflate(perMessageDeflate) : undefined;
  for (;;) {
    visited.add(target.url.href);
    const history = { visited, maxRedirects };
    let outcome: OpeningHandshakeOutcome;
    try {
      outcome = await shakeHands(target, attempt, { progress, signal, deflate, history });
    } catch (error) {
      if (deflate === undefined || signal.aborted || !mayRetryWithout(error, deflate, perMessageDeflate)) throw error;
      progress.transport?.destroy();
      deflate = undefined;
      continue;
    }
    const { transport } = progress;
    if (outcome.kind === 'open' && transport !== undefined) {
      const record = progress.recorder.end();
      return { ...outcome, deflate: deflate?.deflate, transport, uri: target.url.path, record };
    }
    transport?.destroy();
    if (outcome.kind === 'refuse') {
      const { code, reason, httpStatus } = outcome;
      throw new ConnectError(code, 'handshake', reason, { httpStatus });
    }
    if (outcome.kind === 'follow') target = outcome.target;
    // An offer belongs to one request.
    if (deflate !== undefined) deflate = offerDeflate(perMessageDeflate);
  }
}

interface HandshakeContext {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly deflate: PerMessageDeflateHandshake | undefined;
  readonly history: RedirectHistory;
}

/** Connects to one url and asks it for the upgrade. */
async function shakeHands(
  target: HandshakeTarget,
  { options, clock, ports }: AttemptOptions,
  { progress, signal, deflate, history }: HandshakeContext,
): Promise<OpeningHandshakeOutcome> {
  const { url, extraHeaders, tlsOptions } = target;
  const { family, localAddress, lookup, proxy, proxyTlsOptions, subprotocols, userAgent } = options;
  const { recorder } = progress;
  recorder.onUrl(url.href);
  const transport = await dial(url, {
    family,
    localAddress,
    lookup,
    attemptTimeoutMs: options.addressAttemptTimeoutMs,
    tlsOptions,
    proxy,
    proxyTlsOptions,
    userAgent,
    headLimits: options,
    signal,
    observer: recorder,
  });
  progress.transport = transport;
  recorder.begin('handshake');
  recorder.onAddress(transport.remoteAddress);
  signal.throwIfAborted();
  progress.handshake = new OpeningHandshake(transport, {
    url,
    extraHeaders,
    subprotocols,
    userAgent,
    headLimits: options,
    ports,
    clock,
    deflate,
    decideRedirect: (head) => decideRedirect(head, target, history),
    observer: recorder,
  });
  return progress.handshake.run();
}

function offerDeflate(settings: PerMessageDeflateSettings): PerMessageDeflateHandshake {
  return new PerMessageDeflateSource('client', settings, deflateEngines).begin();
}

/** True when the offer of compression may be what the server could not answer properly. */
function mayRetryWithout(
  error: unknown,
  deflate: PerMessageDeflateHandshake,
  { onBadNegotiation }: PerMessageDeflateSettings,
): boolean {
  if (onBadNegotiation === 'fail' || !(error instanceof ConnectError)) return false;
  if (error.code === 'invalidExtensions') return true;
  // Several libraries refuse an offer that asks for a window, rather than declining it (RFC 7692 7.1.2).
  const isStumble = error.code === 'badStatus' && (error.httpStatus === 400 || error.httpStatus === 500);
  return isStumble && deflate.offer().some(({ params }) => params.some(([name, value]) => isWindow(name, value)));
}

function isWindow(name: string, value: string | true): boolean {
  return value !== true && name.endsWith('_max_window_bits');
}
