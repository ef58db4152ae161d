import { ConnectError } from '../errors.ts';
import type { LookupFunction } from '../transport/tcp-connect.ts';
import { connectTcp } from '../transport/tcp-connect.ts';
import type { Transport } from '../transport/transport.ts';
import type { WebSocketUrl } from './url.ts';

export interface DialOptions {
  readonly family?: 0 | 4 | 6 | undefined;
  readonly localAddress?: string | undefined;
  readonly lookup?: LookupFunction | undefined;
  readonly signal: AbortSignal;
}

/** Makes the connection that a URL asks for. Rejects with a {@link ConnectError} that says how far it came. */
export async function dial(url: WebSocketUrl, options: DialOptions): Promise<Transport> {
  if (url.protocol !== 'ws') {
    const message = `Unable to connect to ${url.href}: only ws:// can be dialled in this version`;
    throw new ConnectError('invalidUrl', 'url', message);
  }
  const { host, port } = url;
  let phase: 'lookup' | 'connect' = 'lookup';
  try {
    return await connectTcp({ ...options, host, port, onLookup: () => (phase = 'connect') });
  } catch (error) {
    if (error instanceof ConnectError) throw error;
    throw toConnectError(error, phase, host, port);
  }
}

const lookupCodes: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);

function toConnectError(error: unknown, phase: 'lookup' | 'connect', host: string, port: number): ConnectError {
  const systemCode = systemCodeOf(error);
  const why =
    systemCode === 'ECONNREFUSED' ? 'Connection refused' : error instanceof Error ? error.message : String(error);
  const message = `Unable to connect to ${host} on port ${port}, error: ${why}`;
  if (systemCode !== undefined && lookupCodes.has(systemCode)) {
    return new ConnectError('lookupFailed', 'lookup', message, { cause: error });
  }
  const code = systemCode === 'ECONNREFUSED' ? 'connectionRefused' : 'connectFailed';
  // An address in the URL is not looked up.
  return new ConnectError(code, systemCode === undefined ? phase : 'connect', message, { cause: error });
}

/** Several addresses that all failed arrive as one error; the first of them speaks for all. */
function systemCodeOf(error: unknown): string | undefined {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error && 'code' in first && typeof first.code === 'string' ? first.code : undefined;
}
