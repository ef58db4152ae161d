import {
  type ConnectionOptions,
  checkSeconds,
  connectionOptionNames,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
} from '../connection/connection-options.ts';
import { ListenError, UsageError } from '../errors.ts';
import { checkTLSOptions, type SocketTLSOptions } from '../transport/tls/tls-options.ts';
import { checkFunction, checkInteger, checkOneOf, checkString, rejectUnknownOptions } from '../util/options.ts';
import {
  type AdmissionOptions,
  admissionOptionNames,
  type ResolvedAdmissionOptions,
  resolveAdmissionOptions,
} from './admission-options.ts';
import { type ConnectionInfo, ConnectionState } from './connection-state.ts';
import type { LogCallback } from './core/server-log.ts';
import {
  type ResolvedSendingOptions,
  resolveSendingOptions,
  type SendingOptions,
  sendingOptionNames,
} from './sending-options.ts';

/** The options of a server. All of them have a default that is safe. */
export interface SocketServerOptions<S extends ConnectionState = ConnectionState, D = unknown>
  extends ConnectionOptions,
    AdmissionOptions<D>,
    SendingOptions {
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
   * The absolute path of a unix socket to listen on, in place of a host and a port. Only its owner may connect; change
   * the mode of the file after `listen()` to let others in. `stop()` removes it, and one that a dead server left is
   * taken over.
   * @default none
   */
  socketPath?: string | undefined;
  /**
   * Certificate, key and more, to speak TLS; `tls: true` is required among them. See {@link SocketTLSOptions}.
   * @default plain text
   */
  tlsOptions?: SocketTLSOptions | undefined;
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
   * Seconds from accepting a connection to the end of its request; then it is answered with 408. A TLS handshake has
   * as many seconds to itself before.
   * @default 10
   */
  handshakeTimeoutSecs?: number | undefined;
  /**
   * Bytes of memory for the unfinished messages of all connections together; a message that would pass it closes its
   * connection with 1013.
   * @default 268435456 (256 MiB)
   */
  maxUnfinishedBytes?: number | undefined;
  /**
   * Makes the state of a connection.
   * @default a plain {@link ConnectionState}
   */
  connectionStateFactory?: ((info: ConnectionInfo<D>) => S) | undefined;
  /**
   * Gets a line for each connection that failed before there was a callback to hear of it.
   * @default nothing is logged
   */
  logCallback?: LogCallback | undefined;
}

/** Checked options with all defaults filled in. */
export interface ResolvedServerOptions<S extends ConnectionState, D = unknown>
  extends ResolvedConnectionOptions,
    ResolvedAdmissionOptions<D>,
    ResolvedSendingOptions {
  readonly port: number;
  readonly host: string;
  readonly addressFamily: 4 | 6 | 'dual';
  readonly socketPath: string | undefined;
  readonly tlsOptions: SocketTLSOptions | undefined;
  readonly logCallback: LogCallback | undefined;
  readonly backlog: number;
  readonly maxConnections: number;
  readonly maxPendingConnections: number;
  readonly handshakeTimeoutSecs: number;
  readonly maxUnfinishedBytes: number;
  readonly connectionStateFactory: ((info: ConnectionInfo<D>) => S) | undefined;
}

const defaults = Object.freeze({
  port: 8080,
  addressFamily: 4,
  backlog: 511,
  maxConnections: 10_000,
  maxPendingConnections: 4096,
  handshakeTimeoutSecs: 10,
  maxUnfinishedBytes: 256 * 1024 * 1024,
});

/** The names of all {@link SocketServerOptions}. */
export const serverOptionNames: readonly string[] = [
  ...connectionOptionNames,
  ...admissionOptionNames,
  ...sendingOptionNames,
  ...Object.keys(defaults),
  'host',
  'socketPath',
  'tlsOptions',
  'logCallback',
  'connectionStateFactory',
];

const defaultHosts = { 4: '127.0.0.1', 6: '::1', dual: '::' } as const;

/** Checks the options of a server; throws {@link UsageError} naming the first that is wrong. */
export function resolveServerOptions<S extends ConnectionState, D>(
  options: SocketServerOptions<S, D>,
): ResolvedServerOptions<S, D> {
  rejectUnknownOptions('a server', options, serverOptionNames);
  const given = <K extends keyof typeof defaults>(key: K): unknown => options[key] ?? defaults[key];
  const positive = (key: keyof typeof defaults, max = Number.MAX_SAFE_INTEGER): number =>
    checkInteger(key, given(key), { min: 1, max });
  const addressFamily = checkOneOf('addressFamily', given('addressFamily'), [4, 6, 'dual'] as const);
  const { connectionStateFactory, tlsOptions, logCallback } = options;
  return {
    ...resolveConnectionOptions('server', options),
    ...resolveAdmissionOptions(options),
    ...resolveSendingOptions(options),
    port: checkInteger('port', given('port'), { min: 0, max: 65_535 }),
    host: checkString('host', options.host ?? defaultHosts[addressFamily]),
    addressFamily,
    socketPath: checkSocketPath(options),
    tlsOptions: tlsOptions && checkTLSOptions(tlsOptions),
    logCallback: logCallback && checkFunction('logCallback', logCallback),
    backlog: positive('backlog', 2 ** 31 - 1),
    maxConnections: positive('maxConnections'),
    maxPendingConnections: positive('maxPendingConnections'),
    handshakeTimeoutSecs: checkSeconds('handshakeTimeoutSecs', given('handshakeTimeoutSecs')),
    maxUnfinishedBytes: positive('maxUnfinishedBytes'),
    connectionStateFactory: connectionStateFactory && checkFunction('connectionStateFactory', connectionStateFactory),
  };
}

function checkSocketPath(
  options: Pick<SocketServerOptions, 'socketPath' | 'port' | 'host' | 'addressFamily'>,
): string | undefined {
  if (options.socketPath === undefined) return undefined;
  const socketPath = checkString('socketPath', options.socketPath);
  if (!/^[/\\]|^[A-Za-z]:[/\\]/.test(socketPath) || socketPath.includes('\0')) {
    throw new UsageError('socketPath', 'must be an absolute path');
  }
  for (const other of ['port', 'host', 'addressFamily'] as const) {
    if (options[other] !== undefined) throw new UsageError('socketPath', `cannot be combined with ${other}`);
  }
  return socketPath;
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
  const address = where.host.includes('/') ? where.host : `${where.host}:${where.port}`;
  const message = `SocketServer::listen() error calling bind at address ${address} : ${why}`;
  return new ListenError(code, message, where, error);
}

export function createDefaultState(info: ConnectionInfo): ConnectionState {
  return new ConnectionState(info);
}
