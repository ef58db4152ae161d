import { ConnectError } from '../errors.ts';
import type { HttpHeaders, HttpHeadersInit } from '../protocol/http1/headers.ts';
import { callWithin } from '../util/call-within.ts';
import type { Clock } from '../util/clock.ts';
import { checkString } from '../util/options.ts';
import {
  type ClientSettings,
  checkExtraHeaders,
  checkOfferedSubprotocols,
  type ResolvedClientOptions,
} from './client-options.ts';
import type { Provider } from './provider.ts';

/** The options of one attempt. Rejects with a {@link ConnectError}. */
export async function provideOptions(
  settings: ClientSettings,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<ResolvedClientOptions> {
  const { url, extraHeaders, subprotocols } = settings;
  if (typeof url !== 'function' && typeof extraHeaders !== 'function' && typeof subprotocols !== 'function') {
    return { ...settings, url, extraHeaders, subprotocols };
  }
  const outcome = await callWithin(
    async (inTime): Promise<ResolvedClientOptions> => {
      const [givenUrl, givenHeaders, givenSubprotocols] = await Promise.all([
        ask<string, string>('url', url, inTime, checkString),
        ask<HttpHeadersInit, HttpHeaders>('extraHeaders', extraHeaders, inTime, checkExtraHeaders),
        ask<readonly string[], readonly string[]>('subprotocols', subprotocols, inTime, checkOfferedSubprotocols),
      ]);
      return { ...settings, url: givenUrl, extraHeaders: givenHeaders, subprotocols: givenSubprotocols };
    },
    timeoutMs,
    clock,
    signal,
  );
  switch (outcome.kind) {
    case 'done':
      return outcome.value;
    case 'aborted':
      throw new ConnectError('cancelled', 'url', 'Cancelled before connecting');
    case 'late':
      throw new ConnectError('providerFailed', 'url', `Getting the options took longer than ${timeoutMs} ms`);
  }
}

async function ask<T, R>(
  name: string,
  value: R | Provider<T>,
  signal: AbortSignal,
  check: (name: string, value: unknown) => R,
): Promise<R> {
  if (!isProvider<T, R>(value)) return value;
  try {
    return check(name, await value({ signal }));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConnectError('providerFailed', 'url', `The function given as ${name} failed: ${why}`, { cause });
  }
}

function isProvider<T, R>(value: R | Provider<T>): value is Provider<T> {
  return typeof value === 'function';
}
