import { defaultLimits, MAX_MESSAGE_SIZE } from '../connection/limits.ts';
import type { OnCallbackError } from '../connection/message-hub.ts';
import { HttpHeaders, type HttpHeadersInit } from '../protocol/http1/headers.ts';
import { checkUpgradeHeaders } from '../protocol/websocket/handshake-client.ts';
import { checkSubprotocols } from '../protocol/websocket/subprotocols.ts';
import type { LookupFunction } from '../transport/tcp-connect.ts';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkString,
  rejectUnknownOptions,
} from '../util/options.ts';

/** The options of a client. Each has a setter as well, as in the seed library. */
export interface WebSocketOptions {
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
   * Seconds without progress after which a closing handshake is given up.
   * @default 5
   */
  closeTimeoutSecs?: number | undefined;
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
   * Whether pings are answered.
   * @default true
   */
  enablePong?: boolean | undefined;
  /**
   * Longest message accepted, in bytes; a longer one closes the connection with 1009.
   * @default 16777216 (16 MiB)
   */
  maxMessageSize?: number | undefined;
  /**
   * Most frames of one message; more close the connection with 1008.
   * @default 131072
   */
  maxFragments?: number | undefined;
  /**
   * Bytes that may wait to be sent; a send that would pass it fails with `bufferFull`.
   * @default 16777216 (16 MiB)
   */
  maxBufferedBytes?: number | undefined;
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
   * Gets what callbacks and listeners throw or reject with.
   * @default it is thrown again as an uncaught exception
   */
  onCallbackError?: OnCallbackError | undefined;
}

/** Checked options with all defaults filled in; the setters replace single ones. */
export interface ResolvedClientOptions {
  url: string;
  extraHeaders: HttpHeaders;
  subprotocols: readonly string[];
  handshakeTimeoutSecs: number;
  closeTimeoutSecs: number;
  automaticReconnection: boolean;
  maxWaitBetweenReconnectionRetries: number;
  minWaitBetweenReconnectionRetries: number;
  enablePong: boolean;
  maxMessageSize: number;
  maxFragments: number;
  maxBufferedBytes: number;
  localAddress: string | undefined;
  family: 0 | 4 | 6;
  lookup: LookupFunction | undefined;
  onCallbackError: OnCallbackError | undefined;
}

const defaults = Object.freeze({
  url: '',
  handshakeTimeoutSecs: 20,
  closeTimeoutSecs: defaultLimits.closeTimeoutMs / 1000,
  automaticReconnection: true,
  maxWaitBetweenReconnectionRetries: 10_000,
  minWaitBetweenReconnectionRetries: 1,
  enablePong: true,
  maxMessageSize: defaultLimits.maxMessageSize,
  maxFragments: defaultLimits.maxFragments,
  maxBufferedBytes: defaultLimits.maxBufferedBytes,
  family: 0,
});

const KNOWN: readonly string[] = [
  ...Object.keys(defaults),
  'extraHeaders',
  'subprotocols',
  'localAddress',
  'lookup',
  'onCallbackError',
];

const MAX_TIMER_MS = 2 ** 31 - 1;

/** Checks the options of a client; throws {@link UsageError} naming the first that is wrong. */
export function resolveClientOptions(options: WebSocketOptions): ResolvedClientOptions {
  rejectUnknownOptions('a WebSocket', options, KNOWN);
  const given = <K extends keyof typeof defaults>(key: K): unknown => options[key] ?? defaults[key];
  const positive = (key: keyof typeof defaults, max = Number.MAX_SAFE_INTEGER): number =>
    checkInteger(key, given(key), { min: 1, max });
  const { localAddress, lookup, onCallbackError } = options;
  return {
    url: checkString('url', given('url')),
    extraHeaders: checkExtraHeaders(options.extraHeaders),
    subprotocols: checkOfferedSubprotocols(options.subprotocols ?? []),
    handshakeTimeoutSecs: checkSeconds('handshakeTimeoutSecs', given('handshakeTimeoutSecs')),
    closeTimeoutSecs: checkSeconds('closeTimeoutSecs', given('closeTimeoutSecs')),
    automaticReconnection: checkBoolean('automaticReconnection', given('automaticReconnection')),
    maxWaitBetweenReconnectionRetries: checkWait(
      'maxWaitBetweenReconnectionRetries',
      given('maxWaitBetweenReconnectionRetries'),
    ),
    minWaitBetweenReconnectionRetries: checkWait(
      'minWaitBetweenReconnectionRetries',
      given('minWaitBetweenReconnectionRetries'),
    ),
    enablePong: checkBoolean('enablePong', given('enablePong')),
    maxMessageSize: positive('maxMessageSize', MAX_MESSAGE_SIZE),
    maxFragments: positive('maxFragments'),
    maxBufferedBytes: positive('maxBufferedBytes'),
    localAddress: localAddress === undefined ? undefined : checkString('localAddress', localAddress),
    family: checkOneOf('family', given('family'), [0, 4, 6] as const),
    lookup: lookup && checkFunction('lookup', lookup),
    onCallbackError: onCallbackError && checkFunction('onCallbackError', onCallbackError),
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

export function checkSeconds(name: string, value: unknown): number {
  return checkNumber(name, value, { min: 0.001, max: MAX_TIMER_MS / 1000 });
}

export function checkWait(name: string, value: unknown): number {
  return checkInteger(name, value, { min: 0, max: MAX_TIMER_MS });
}
