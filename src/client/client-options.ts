import {
  type ConnectionOptions,
  checkSeconds,
  connectionOptionNames,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
} from '../connection/connection-options.ts';
import { HttpHeaders, type HttpHeadersInit } from '../protocol/http1/headers.ts';
import { checkUpgradeHeaders } from '../protocol/websocket/handshake-client.ts';
import { checkSubprotocols } from '../protocol/websocket/subprotocols.ts';
import type { LookupFunction } from '../transport/tcp-connect.ts';
import { checkTLSOptions, type SocketTLSOptions } from '../transport/tls-options.ts';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkOneOf,
  checkString,
  rejectUnknownOptions,
} from '../util/options.ts';

/** The options of a client. Each has a setter as well, as in the seed library. */
export interface WebSocketOptions extends ConnectionOptions {
  /** Where to connect to: `ws://host:port/path?query`. It may also be set later, before `start()`. */
  url?: string | undefined;
  /**
   * More headers for the opening handshake; `Host`, `Origin` and `User-Agent` replace the library's own.
   * @default none
   */
  extraHeaders?: HttpHeadersInit | undefined;
  /**
   * The subprotocols to offer, most wanted first.
   * @default none
   */
  subprotocols?: readonly string[] | undefined;
  /**
   * Seconds an attempt may take, from the lookup of the name to the end of the opening handshake.
   * @default 20
   */
  handshakeTimeoutSecs?: number | undefined;
  /**
   * Whether a lost connection is made again, and a failed attempt repeated.
   * @default true
   */
  automaticReconnection?: boolean | undefined;
  /**
   * Milliseconds that are waited at the most between two attempts.
   * @default 10000
   */
  maxWaitBetweenReconnectionRetries?: number | undefined;
  /**
   * Milliseconds that are waited at the least between two attempts.
   * @default 1
   */
  minWaitBetweenReconnectionRetries?: number | undefined;
  /**
   * The local address to connect from.
   * @default the system's choice
   */
  localAddress?: string | undefined;
  /**
   * 4 or 6 for addresses of one family only; 0 for both, tried as Happy Eyeballs does (RFC 8305).
   * @default 0
   */
  family?: 0 | 4 | 6 | undefined;
  /**
   * Resolves host names in place of the system.
   * @default dns.lookup
   */
  lookup?: LookupFunction | undefined;
  /**
   * How connections to `wss://` are secured. See {@link SocketTLSOptions}.
   * @default the authorities of the system are trusted, and the certificate must be for the host of the URL
   */
  tlsOptions?: SocketTLSOptions | undefined;
}

/** Checked options with all defaults filled in; the setters replace single ones. */
export interface ResolvedClientOptions extends ResolvedConnectionOptions {
  url: string;
  extraHeaders: HttpHeaders;
  subprotocols: readonly string[];
  handshakeTimeoutSecs: number;
  automaticReconnection: boolean;
  maxWaitBetweenReconnectionRetries: number;
  minWaitBetweenReconnectionRetries: number;
  localAddress: string | undefined;
  family: 0 | 4 | 6;
  lookup: LookupFunction | undefined;
  tlsOptions: SocketTLSOptions | undefined;
}

const defaults = Object.freeze({
  url: '',
  handshakeTimeoutSecs: 20,
  automaticReconnection: true,
  maxWaitBetweenReconnectionRetries: 10_000,
  minWaitBetweenReconnectionRetries: 1,
  family: 0,
});

const KNOWN: readonly string[] = [
  ...connectionOptionNames,
  ...Object.keys(defaults),
  'extraHeaders',
  'subprotocols',
  'localAddress',
  'lookup',
  'tlsOptions',
];

const MAX_TIMER_MS = 2 ** 31 - 1;

/** Checks the options of a client; throws {@link UsageError} naming the first that is wrong. */
export function resolveClientOptions(options: WebSocketOptions): ResolvedClientOptions {
  rejectUnknownOptions('a WebSocket', options, KNOWN);
  const given = <K extends keyof typeof defaults>(key: K): unknown => options[key] ?? defaults[key];
  const { localAddress, lookup, tlsOptions } = options;
  return {
    ...resolveConnectionOptions('client', options),
    url: checkString('url', given('url')),
    extraHeaders: checkExtraHeaders(options.extraHeaders),
    subprotocols: checkOfferedSubprotocols(options.subprotocols ?? []),
    handshakeTimeoutSecs: checkSeconds('handshakeTimeoutSecs', given('handshakeTimeoutSecs')),
    automaticReconnection: checkBoolean('automaticReconnection', given('automaticReconnection')),
    maxWaitBetweenReconnectionRetries: checkWait(
      'maxWaitBetweenReconnectionRetries',
      given('maxWaitBetweenReconnectionRetries'),
    ),
    minWaitBetweenReconnectionRetries: checkWait(
      'minWaitBetweenReconnectionRetries',
      given('minWaitBetweenReconnectionRetries'),
    ),
    localAddress: localAddress === undefined ? undefined : checkString('localAddress', localAddress),
    family: checkOneOf('family', given('family'), [0, 4, 6] as const),
    lookup: lookup && checkFunction('lookup', lookup),
    tlsOptions: tlsOptions && checkTLSOptions(tlsOptions),
  };
}

export function checkExtraHeaders(init: HttpHeadersInit | undefined): HttpHeaders {
  const headers = HttpHeaders.from(init, 'extraHeaders');
  checkUpgradeHeaders(headers);
  return headers;
}

export function checkOfferedSubprotocols(subprotocols: readonly string[]): readonly string[] {
  checkSubprotocols(subprotocols);
  return [...subprotocols];
}

export function checkWait(name: string, value: unknown): number {
  return checkInteger(name, value, { min: 0, max: MAX_TIMER_MS });
}
