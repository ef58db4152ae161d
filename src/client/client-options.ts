import {
  type ConnectionOptions,
  checkConnectionOptions,
  connectionLines,
  type ResolvedConnectionOptions,
} from '../connection/connection-options.ts';
import { type DialOptions, dialLines, type ResolvedDialOptions } from '../dial/dial-options.ts';
import { HttpHeaders, type HttpHeadersInit } from '../protocol/http1/headers.ts';
import { checkUpgradeHeaders } from '../protocol/websocket/handshake/handshake-client.ts';
import { checkSubprotocols } from '../protocol/websocket/handshake/subprotocols.ts';
import { count, type Option, option, seconds, signal } from '../util/option-kinds.ts';
import { checkOptions, type OptionTable, optionTable, type Resolved, resolveOptions } from '../util/option-table.ts';
import { checkString } from '../util/options.ts';
import { foreignClientNames } from './foreign-client-options.ts';
import { type OutboxOptions, type ResolvedOutboxOptions, resolveOutboxOptions } from './outbox.ts';
import type { Provider } from './provider.ts';
import {
  type ReconnectionOptions,
  type ResolvedReconnectionOptions,
  reconnectionLines,
} from './reconnection-options.ts';

/**
 * The options of a client. Most have a setter as well, as in IXWebSocket. `url`, `extraHeaders` and
 * `subprotocols` may be functions, which are called for each attempt to connect; one that fails is a failed attempt.
 *
 * @example
 * new WebSocket({ url: 'wss://example.com', extraHeaders: async () => ({ Authorization: `Bearer ${await getToken()}` }) });
 */
export interface WebSocketOptions extends ConnectionOptions, ReconnectionOptions, DialOptions {
  /** The address to connect to: `ws://host:port/path?query`. It may also be set later, before `start()`. */
  url?: string | Provider<string> | undefined;
  /**
   * More headers for the opening handshake; `Host`, `Origin` and `User-Agent` replace the library's own.
   * @default none
   */
  extraHeaders?: HttpHeadersInit | Provider<HttpHeadersInit> | undefined;
  /**
   * The subprotocols to offer, most wanted first.
   * @default none
   */
  subprotocols?: readonly string[] | Provider<readonly string[]> | undefined;
  /**
   * Seconds an attempt may take, from the lookup of the name to the end of the opening handshake.
   * @default 20
   */
  handshakeTimeoutSecs?: number | undefined;
  /**
   * Keeps what is sent while a started client is not connected, in order, and sends it behind `open`. See
   * {@link OutboxOptions}.
   * @default off: such a send fails with `closed`
   */
  outbox?: OutboxOptions | undefined;
  /**
   * The redirects that an attempt follows; 0 for none. No header that holds credentials goes to another origin.
   * @default 10
   */
  maxRedirects?: number | undefined;
  /**
   * Stops the client, as `stop()` does, when it is aborted; such a client does not start again.
   * @default none
   */
  signal?: AbortSignal | undefined;
}

interface ReadOptions extends ResolvedConnectionOptions, ResolvedReconnectionOptions, ResolvedDialOptions {
  url: string;
  extraHeaders: HttpHeaders;
  subprotocols: readonly string[];
  outbox: ResolvedOutboxOptions | undefined;
}

/** Checked options with all defaults filled in, as they are for one attempt. */
export type ResolvedClientOptions = Resolved<WebSocketOptions, 'signal', ReadOptions>;

/** The same before functions were called for their values; the setters replace single ones. */
export interface ClientSettings extends Omit<ResolvedClientOptions, 'url' | 'extraHeaders' | 'subprotocols'> {
  url: string | Provider<string>;
  extraHeaders: HttpHeaders | Provider<HttpHeadersInit>;
  subprotocols: readonly string[] | Provider<readonly string[]>;
}

export const clientOptions: OptionTable<ClientSettings> = optionTable(
  'a WebSocket',
  {
    ...connectionLines('client'),
    ...reconnectionLines,
    ...dialLines,
    url: provided<string, string>('', checkString),
    extraHeaders: provided<HttpHeadersInit, HttpHeaders>(new HttpHeaders(), checkExtraHeaders),
    subprotocols: provided<readonly string[], readonly string[]>([], checkOfferedSubprotocols),
    handshakeTimeoutSecs: seconds(20),
    outbox: option<ResolvedOutboxOptions | undefined>(undefined, resolveOutboxOptions),
    maxRedirects: count(10, { min: 0, max: 100 }),
    signal: signal(),
  },
  { foreign: foreignClientNames, example: '{ url: … }' },
);

/** Checks the options of a client; throws {@link UsageError} naming the first that is wrong. */
export function resolveClientOptions(options: WebSocketOptions): ClientSettings {
  const resolved = resolveOptions(clientOptions, options);
  checkConnectionOptions(options, resolved);
  return resolved;
}

/** Of the same, those that are given, to be set on top of others. */
export function checkClientOptions(options: WebSocketOptions): Partial<ClientSettings> {
  return checkOptions(clientOptions, options);
}

/** An option that may also be a function that provides its value for each attempt. */
function provided<T, R>(fallback: R, check: (name: string, value: unknown) => R): Option<R | Provider<T>> {
  return option<R | Provider<T>>(fallback, (name, value) =>
    typeof value === 'function' ? (value as Provider<T>) : check(name, value),
  );
}

export function checkExtraHeaders(name: string, init: unknown): HttpHeaders {
  const headers = HttpHeaders.from(init as HttpHeadersInit, name);
  checkUpgradeHeaders(headers);
  return headers;
}

export function checkOfferedSubprotocols(name: string, subprotocols: unknown): readonly string[] {
  checkSubprotocols(subprotocols as readonly string[], name);
  return [...(subprotocols as readonly string[])];
}
