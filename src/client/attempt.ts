import { describeTarget, dial } from '../dial/connect.ts';
import { parseWebSocketUrl, type WebSocketUrl } from '../dial/url.ts';
import { ConnectError, type ConnectPhase } from '../errors.ts';
import { deflateEngines } from '../platform/deflate-engines.ts';
import type { ProtocolPorts } from '../protocol/ports.ts';
import type { PerMessageDeflate } from '../protocol/websocket/per-message-deflate.ts';
import type { PerMessageDeflateSettings } from '../protocol/websocket/per-message-deflate-options.ts';
import {
  type PerMessageDeflateHandshake,
  PerMessageDeflateSource,
} from '../protocol/websocket/per-message-deflate-source.ts';
import type { Transport } from '../transport/transport.ts';
import type { Clock } from '../util/clock.ts';
import type { ResolvedClientOptions } from './client-options.ts';
import { OpeningHandshake, type OpeningHandshakeResult } from './opening-handshake.ts';

/** A connection on which the opening handshake has succeeded. */
export interface OpenedConnection extends OpeningHandshakeResult {
  readonly transport: Transport;
  /** Path and query that were asked for. */
  readonly uri: string;
  /** What messages are compressed with, when that was agreed on. */
  readonly deflate: PerMessageDeflate | undefined;
}

export interface AttemptOptions {
  readonly options: ResolvedClientOptions;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly ports: ProtocolPorts;
  /** Ends the attempt, which then rejects with the code `cancelled`. */
  readonly signal: AbortSignal;
}

/** How far an attempt has come, for whoever ends it. */
interface Progress {
  phase: ConnectPhase;
  transport: Transport | undefined;
}

/** One attempt to connect, within its time. Rejects with a {@link ConnectError}, and leaves nothing behind then. */
export async function attemptConnection(attempt: AttemptOptions): Promise<OpenedConnection> {
  const { options, clock, timeoutMs, signal } = attempt;
  const parsed = parseWebSocketUrl(options.url);
  if (!parsed.ok) throw new ConnectError('invalidUrl', 'url', parsed.reason);
  const { url } = parsed;
  const progress: Progress = { phase: 'connect', transport: undefined };
  const ender = new AbortController();
  const end = (error: ConnectError): void => {
    ender.abort(error);
    progress.transport?.destroy();
  };
  const onAbort = (): void => end(new ConnectError('cancelled', progress.phase, `Cancelled connecting to ${url.href}`));
  const timer = clock.setTimer(timeoutMs, () => {
    const message = `Unable to connect to ${describeTarget(url)}, error: timed out after ${timeoutMs} ms`;
    end(new ConnectError('timeout', progress.phase, message));
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) onAbort();
    return await open(url, attempt, progress, ender.signal);
  } catch (error) {
    progress.transport?.destroy();
    // What an ended attempt stumbles over is a consequence; the reason is the one that ended it.
    if (ender.signal.aborted) throw ender.signal.reason;
    throw error;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
  }
}

async function open(
  url: WebSocketUrl,
  { options, ports }: AttemptOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<OpenedConnection> {
  const { family, localAddress, lookup, tlsOptions, extraHeaders, subprotocols, perMessageDeflate } = options;
  const { proxy, proxyTlsOptions, addressAttemptTimeoutMs: attemptTimeoutMs } = options;
  const way = { family, localAddress, lookup, attemptTimeoutMs, tlsOptions, proxy, proxyTlsOptions };
  let deflate: PerMessageDeflateHandshake | undefined;
  if (perMessageDeflate.enabled) {
    deflate = new PerMessageDeflateSource('client', perMessageDeflate, deflateEngines).begin();
  }
  const onPhase = (phase: ConnectPhase): void => {
    progress.phase = phase;
  };
  for (;;) {
    const transport = await dial(url, { ...way, signal, onPhase });
    progress.transport = transport;
    progress.phase = 'handshake';
    signal.throwIfAborted();
    try {
      const handshake = new OpeningHandshake(transport, { url, extraHeaders, subprotocols, ports, deflate });
      const result = await handshake.run();
      return { ...result, deflate: deflate?.deflate, transport, uri: url.path };
    } catch (error) {
      if (deflate === undefined || !mayRetryWithout(error, perMessageDeflate)) throw error;
      transport.destroy();
      deflate = undefined;
    }
  }
}

/** Whether the offer of compression was what the server could not answer properly, and may be left out. */
function mayRetryWithout(error: unknown, { onBadNegotiation }: PerMessageDeflateSettings): boolean {
  return onBadNegotiation === 'retry-without' && error instanceof ConnectError && error.code === 'invalidExtensions';
}
