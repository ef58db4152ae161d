import { ConnectError, type ConnectPhase } from '../errors.ts';
import { reasonOf } from '../transport/tls/tls-problem.ts';
import { TunnelError } from '../transport/tunnel/tunnel-error.ts';
import { parseRetryAfter } from './retry-after.ts';
import { explainTlsError } from './tls-errors.ts';

/** The phases of making a connection. */
export type DialPhase = Extract<ConnectPhase, 'lookup' | 'connect' | 'proxy' | 'tls'>;

/** The target that was to be reached, for messages. */
export interface DialNames {
  readonly target: string;
  /** The URL of the proxy, without credentials. */
  readonly proxy: string | undefined;
}

const lookupCodes: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);

/** The outcome of a connection; `error` is of the system, of TLS, or of a tunnel. */
export function toDialError(error: unknown, phase: DialPhase, { target, proxy }: DialNames): ConnectError {
  const unable = `Unable to connect to ${target}${proxy === undefined ? '' : ` through the proxy ${proxy}`}, error:`;
  if (error instanceof TunnelError) return ofTunnel(error, unable);
  if (phase === 'tls') {
    const { code, reason } = explainTlsError(error);
    return new ConnectError(code, 'tls', `${unable} ${reason}`, { cause: error });
  }
  if (phase === 'proxy' && proxy?.startsWith('https:') === true) {
    const { reason } = explainTlsError(error);
    return new ConnectError('proxyUnreachable', 'proxy', `${unable} ${reason}`, { cause: error });
  }
  if (phase === 'proxy')
    return new ConnectError('proxyFailed', 'proxy', `${unable} ${reasonOf(error)}`, { cause: error });
  const systemCode = systemCodeOf(error);
  const why = systemCode === 'ECONNREFUSED' ? 'Connection refused' : reasonOf(error);
  const message = `${unable} ${why}`;
  const isLookup = systemCode !== undefined && lookupCodes.has(systemCode);
  // An address in the URL is not looked up.
  const reached = isLookup ? 'lookup' : systemCode === undefined ? phase : 'connect';
  if (proxy !== undefined) return new ConnectError('proxyUnreachable', reached, message, { cause: error });
  if (isLookup) return new ConnectError('lookupFailed', 'lookup', message, { cause: error });
  const code = systemCode === 'ECONNREFUSED' ? 'connectionRefused' : 'connectFailed';
  return new ConnectError(code, reached, message, { cause: error });
}

function ofTunnel(error: TunnelError, unable: string): ConnectError {
  const { httpStatus, retryAfter, isRefusal } = error;
  return new ConnectError(isRefusal ? 'proxyRefused' : 'proxyFailed', 'proxy', `${unable} ${error.message}`, {
    httpStatus,
    retryAfterMs: retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, Date.now()),
    cause: error,
  });
}

/** Several addresses that all failed arrive as one error; the first of them speaks for all. */
function systemCodeOf(error: unknown): string | undefined {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error && 'code' in first && typeof first.code === 'string' ? first.code : undefined;
}
