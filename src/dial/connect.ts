import { ConnectError, type ConnectPhase } from '../errors.ts';
import type { LookupFunction } from '../transport/tcp-connect.ts';
import { connectTcp, connectUnix } from '../transport/tcp-connect.ts';
import { connectTls } from '../transport/tls-connect.ts';
import type { SocketTLSOptions } from '../transport/tls-options.ts';
import type { Transport } from '../transport/transport.ts';
import { isSocketPathTooLong } from '../transport/unix-listen.ts';
import { explainTlsError } from './tls-errors.ts';
import { resolveClientTls } from './tls-options.ts';
import type { WebSocketUrl } from './url.ts';

/** The phases of making a connection. */
export type DialPhase = Extract<ConnectPhase, 'lookup' | 'connect' | 'tls'>;

export interface DialOptions {
  readonly family?: 0 | 4 | 6 | undefined;
  readonly localAddress?: string | undefined;
  readonly lookup?: LookupFunction | undefined;
  readonly tlsOptions?: SocketTLSOptions | undefined;
  readonly signal: AbortSignal;
  /** Called when a phase begins. */
  readonly onPhase?: ((phase: DialPhase) => void) | undefined;
}

/** Makes the connection that a URL asks for. Rejects with a {@link ConnectError} that says how far it came. */
export async function dial(url: WebSocketUrl, options: DialOptions): Promise<Transport> {
  let phase: DialPhase = 'connect';
  const begin = (next: DialPhase): void => {
    phase = next;
    options.onPhase?.(next);
  };
  try {
    return await connect(url, options, begin);
  } catch (error) {
    if (error instanceof ConnectError || options.signal.aborted) throw error;
    throw toConnectError(error, phase, url);
  }
}

/** What an attempt was made to reach, for messages. */
export function describeTarget(url: WebSocketUrl): string {
  return url.socketPath ?? `${url.host} on port ${url.port}`;
}

async function connect(url: WebSocketUrl, options: DialOptions, begin: (phase: DialPhase) => void): Promise<Transport> {
  const { host, port, socketPath } = url;
  const { signal } = options;
  if (socketPath !== undefined) {
    begin('connect');
    if (isSocketPathTooLong(socketPath)) {
      throw new ConnectError('invalidUrl', 'url', `Unable to connect to ${socketPath}: the path is too long`);
    }
    return connectUnix(socketPath, signal);
  }
  const { family, localAddress, lookup } = options;
  const tcp = { host, port, family, localAddress, lookup, signal, onLookup: () => begin('connect') };
  // What is wrong with the options is said before anything is sent.
  const tls = url.protocol === 'wss' ? resolveClientTls(host, options.tlsOptions) : undefined;
  begin('lookup');
  return tls === undefined ? connectTcp(tcp) : connectTls({ ...tcp, ...tls, onConnected: () => begin('tls') });
}

const lookupCodes: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);

function toConnectError(error: unknown, phase: DialPhase, url: WebSocketUrl): ConnectError {
  const systemCode = systemCodeOf(error);
  const target = describeTarget(url);
  if (phase === 'tls') {
    const { code, reason } = explainTlsError(error);
    return new ConnectError(code, 'tls', `Unable to connect to ${target}, error: ${reason}`, { cause: error });
  }
  const why =
    systemCode === 'ECONNREFUSED' ? 'Connection refused' : error instanceof Error ? error.message : String(error);
  const message = `Unable to connect to ${target}, error: ${why}`;
  if (systemCode !== undefined && lookupCodes.has(systemCode)) {
    return new ConnectError('lookupFailed', 'lookup', message, { cause: error });
  }
  const code = systemCode === 'ECONNREFUSED' ? 'connectionRefused' : 'connectFailed';
  // An address in the URL is not looked up.
  return new ConnectError(code, systemCode === undefined ? phase : 'connect', message, { cause: error });
}

/** Several addresses that all failed arrive as one error; the first of them speaks for all. */
function systemCodeOf(error: unknown): string | undefined {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error && 'code' in first && typeof first.code === 'string' ? first.code : undefined;
}
