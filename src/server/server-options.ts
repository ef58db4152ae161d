import { defaultLimits, MAX_MESSAGE_SIZE } from '../connection/limits.ts';
import type { OnCallbackError } from '../connection/message-hub.ts';
import { ListenError } from '../errors.ts';
import type { SubprotocolChooser } from '../protocol/websocket/handshake-server.ts';
import { checkOriginPolicy, type OriginPolicy } from '../protocol/websocket/origin-policy.ts';
import { checkSubprotocols } from '../protocol/websocket/subprotocols.ts';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkString,
  rejectUnknownOptions,
} from '../util/options.ts';
import { type ConnectionInfo, ConnectionState } from './connection-state.ts';

/** The options of a server. All of them have a default that is safe. */
export interface SocketServerOptions<S extends ConnectionState = ConnectionState> {
  /**
   * The port to listen on; 0 picks a free one, which `getPort()` tells.
   * @default 8080
   */
  port?: number | undefined;
  /**
   * The address to listen on: loopback only, unless told otherwise. `'0.0.0.0'` is every address of the machine.
   * @default '127.0.0.1', or '::1' when `addressFamily` is 6, or '::' when it is 'dual'
   */
  host?: string | undefined;
  /**
   * IPv4, IPv6, or both on one socket, for which the host must be an IPv6 address.
   * @default 4
   */
  addressFamily?: 4 | 6 | 'dual' | undefined;
  /**
   * Connections that the system may hold before they are accepted.
   * @default 511
   */
  backlog?: number | undefined;
  /**
   * Open connections at a time; the next one is refused with 503.
   * @default 10000
   */
  maxConnections?: number | undefined;
  /**
   * Connections at a time that have not completed the opening handshake. When it is passed, the oldest one that has
   * sent nothing is dropped.
   * @default 4096
   */
  maxPendingConnections?: number | undefined;
  /**
   * Seconds from accepting a connection to the end of its request; then it is answered with 408.
   * @default 10
   */
  handshakeTimeoutSecs?: number | undefined;
  /**
   * Seconds without progress after which a closing handshake is given up.
   * @default 5
   */
  closeTimeoutSecs?: number | undefined;
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
   * Bytes of memory for the unfinished messages of all connections together; a message that would pass it closes its
   * connection with 1013.
   * @default 268435456 (256 MiB)
   */
  maxUnfinishedBytes?: number | undefined;
  /**
   * Bytes that may wait to be sent on one connection; a send that would pass it fails with `bufferFull`.
   * @default 16777216 (16 MiB)
   */
  maxBufferedBytes?: number | undefined;
  /**
   * The subprotocols spoken here, most wanted first, or a function that picks one of those offered.
   * @default none is selected
   */
  subprotocols?: readonly string[] | SubprotocolChooser | undefined;
  /**
   * Which web pages may connect: `'*'` for all, a list of origins, or a function.
   * @default the page must come from the host and port of this server; loopback pages may connect to loopback
   */
  allowedOrigins?: OriginPolicy;
  /**
   * Makes the state of a connection.
   * @default a plain {@link ConnectionState}
   */
  connectionStateFactory?: ((info: ConnectionInfo) => S) | undefined;
  /**
   * Gets what callbacks and listeners throw or reject with.
   * @default it is thrown again as an uncaught exception
   */
  onCallbackError?: OnCallbackError | undefined;
}

/** Checked options with all defaults filled in. */
export interface ResolvedServerOptions<S extends ConnectionState> {
  readonly port: number;
  readonly host: string;
  readonly addressFamily: 4 | 6 | 'dual';
  readonly backlog: number;
  readonly maxConnections: number;
  readonly maxPendingConnections: number;
  readonly handshakeTimeoutSecs: number;
  readonly closeTimeoutSecs: number;
  readonly enablePong: boolean;
  readonly maxMessageSize: number;
  readonly maxFragments: number;
  readonly maxUnfinishedBytes: number;
  readonly maxBufferedBytes: number;
  readonly subprotocols: readonly string[] | SubprotocolChooser | undefined;
  readonly allowedOrigins: OriginPolicy;
  readonly connectionStateFactory: ((info: ConnectionInfo) => S) | undefined;
  readonly onCallbackError: OnCallbackError | undefined;
}

const defaults = Object.freeze({
  port: 8080,
  addressFamily: 4,
  backlog: 511,
  maxConnections: 10_000,
  maxPendingConnections: 4096,
  handshakeTimeoutSecs: 10,
  closeTimeoutSecs: defaultLimits.closeTimeoutMs / 1000,
  enablePong: true,
  maxMessageSize: defaultLimits.maxMessageSize,
  maxFragments: defaultLimits.maxFragments,
  maxUnfinishedBytes: 256 * 1024 * 1024,
  maxBufferedBytes: defaultLimits.maxBufferedBytes,
});

const KNOWN: readonly string[] = [
  ...Object.keys(defaults),
  'host',
  'subprotocols',
  'allowedOrigins',
  'connectionStateFactory',
  'onCallbackError',
];

const MAX_TIMEOUT_SECS = 2 ** 31 / 1000;

const defaultHosts = { 4: '127.0.0.1', 6: '::1', dual: '::' } as const;

/** Checks the options of a server; throws {@link UsageError} naming the first that is wrong. */
export function resolveServerOptions<S extends ConnectionState>(
  options: SocketServerOptions<S>,
): ResolvedServerOptions<S> {
  rejectUnknownOptions('a server', options, KNOWN);
  const given = <K extends keyof typeof defaults>(key: K): unknown => options[key] ?? defaults[key];
  const positive = (key: keyof typeof defaults, max = Number.MAX_SAFE_INTEGER): number =>
    checkInteger(key, given(key), { min: 1, max });
  const seconds = (key: keyof typeof defaults): number =>
    checkNumber(key, given(key), { min: 0.001, max: MAX_TIMEOUT_SECS });
  const addressFamily = checkOneOf('addressFamily', given('addressFamily'), [4, 6, 'dual'] as const);
  const { subprotocols, connectionStateFactory, onCallbackError } = options;
  checkOriginPolicy(options.allowedOrigins);
  if (subprotocols !== undefined && typeof subprotocols !== 'function') checkSubprotocols(subprotocols);
  return {
    port: checkInteger('port', given('port'), { min: 0, max: 65_535 }),
    host: checkString('host', options.host ?? defaultHosts[addressFamily]),
    addressFamily,
    backlog: positive('backlog', 2 ** 31 - 1),
    maxConnections: positive('maxConnections'),
    maxPendingConnections: positive('maxPendingConnections'),
    handshakeTimeoutSecs: seconds('handshakeTimeoutSecs'),
    closeTimeoutSecs: seconds('closeTimeoutSecs'),
    enablePong: checkBoolean('enablePong', given('enablePong')),
    maxMessageSize: positive('maxMessageSize', MAX_MESSAGE_SIZE),
    maxFragments: positive('maxFragments'),
    maxUnfinishedBytes: positive('maxUnfinishedBytes'),
    maxBufferedBytes: positive('maxBufferedBytes'),
    subprotocols,
    allowedOrigins: options.allowedOrigins,
    connectionStateFactory: connectionStateFactory && checkFunction('connectionStateFactory', connectionStateFactory),
    onCallbackError: onCallbackError && checkFunction('onCallbackError', onCallbackError),
  };
}

const listenErrorCodes: ReadonlyMap<string, ListenError['code']> = new Map([
  ['EADDRINUSE', 'addressInUse'],
  ['EADDRNOTAVAIL', 'addressNotAvailable'],
  ['ENOTFOUND', 'invalidHost'],
  ['EAI_AGAIN', 'invalidHost'],
  ['EAI_ADDRFAMILY', 'invalidHost'],
  ['EINVAL', 'invalidHost'],
  ['EAFNOSUPPORT', 'addressNotAvailable'],
  ['EACCES', 'permissionDenied'],
]);

/** What the system said, in the seed library's words and with a code. */
export function toListenError(error: unknown, where: { host: string; port: number }): ListenError {
  const systemCode = error instanceof Error && 'code' in error ? String(error.code) : '';
  const code = listenErrorCodes.get(systemCode) ?? 'listenFailed';
  const why =
    code === 'addressInUse' ? 'Address already in use' : error instanceof Error ? error.message : String(error);
  const message = `SocketServer::listen() error calling bind at address ${where.host}:${where.port} : ${why}`;
  return new ListenError(code, message, where, error);
}

export function createDefaultState(info: ConnectionInfo): ConnectionState {
  return new ConnectionState(info);
}
