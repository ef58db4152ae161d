import {
  type ConnectionOptions,
  checkConnectionOptions,
  connectionLines,
  type ResolvedConnectionOptions,
} from '../connection/connection-options.ts';
import { UsageError } from '../errors.ts';
import { userAgent } from '../platform/user-agent.ts';
import { checkFieldValue } from '../protocol/http1/field-value.ts';
import { headLines } from '../protocol/http1/head/head-limits.ts';
import { type SocketTLSOptions, tlsOption } from '../transport/tls/tls-options.ts';
import { bytes, callback, choice, count, option, seconds, text } from '../util/option-kinds.ts';
import {
  type OptionLines,
  type OptionTable,
  optionTable,
  type Resolved,
  resolveOptions,
} from '../util/option-table.ts';
import { checkString } from '../util/options.ts';
import { type AdmissionOptions, admissionLines, type ResolvedAdmissionOptions } from './admission/admission-options.ts';
import type { ConnectionInfo, ConnectionState } from './connection-state.ts';
import { foreignServerNames } from './foreign-server-options.ts';
import { type SendingOptions, sendingLines } from './sending-options.ts';

/** The weight of a line of the log. */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** Gets what a server has to say about connections that no callback hears of, such as a TLS handshake that failed. */
export type LogCallback = (level: LogLevel, message: string) => void;

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
   * The value of `Server` in responses, refusals included; empty to send none. One among the headers of a response counts
   * before this.
   * @default 'ixwebsocket/0.1.0'
   */
  serverHeader?: string | undefined;
  /**
   * Bytes of the head of a request, which one line alone may reach. A longer one is refused with 431, or with 414 when
   * the request line is too long by itself.
   * @default 16384
   */
  maxHeadBytes?: number | undefined;
  /**
   * Fields in the head of a request; more are refused with 431.
   * @default 100
   */
  maxHeaders?: number | undefined;
  /**
   * Bytes of memory for the unfinished messages of all connections together; a message that would pass it closes its
   * connection with 1013.
   * @default 268435456 (256 MiB)
   */
  maxUnfinishedBytes?: number | undefined;
  /**
   * Bytes that may wait to be sent on all WebSockets together. When more do, the connection that holds the most is ended,
   * with 1013. Connections on which less than 16 KiB wait do not count.
   * @default 268435456 (256 MiB)
   */
  maxTotalBufferedBytes?: number | undefined;
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

type NoDefault = 'socketPath' | 'tlsOptions' | 'connectionStateFactory' | 'logCallback';
type Parts<D> = ResolvedConnectionOptions & ResolvedAdmissionOptions<D>;

/** Checked options with all defaults filled in. */
export type ResolvedServerOptions<S extends ConnectionState, D = unknown> = Readonly<
  Resolved<SocketServerOptions<S, D>, NoDefault, Parts<D>>
>;

export const serverLines: OptionLines<ResolvedServerOptions<ConnectionState>> = {
  ...connectionLines('server'),
  ...admissionLines,
  ...sendingLines,
  port: count(8080, { min: 0, max: 65_535 }),
  host: text('127.0.0.1'),
  addressFamily: choice(4, [4, 6, 'dual']),
  socketPath: option<string | undefined>(undefined, checkSocketPath),
  tlsOptions: tlsOption(),
  backlog: count(511, { min: 1, max: 2 ** 31 - 1 }),
  maxConnections: count(10_000),
  maxPendingConnections: count(4096),
  handshakeTimeoutSecs: seconds(10),
  serverHeader: option(userAgent, checkFieldValue),
  ...headLines,
  maxUnfinishedBytes: bytes(256 * 1024 * 1024),
  maxTotalBufferedBytes: bytes(256 * 1024 * 1024),
  connectionStateFactory: callback(),
  logCallback: callback(),
};

export const serverOptions: OptionTable<ResolvedServerOptions<ConnectionState>> = optionTable('a server', serverLines, {
  foreign: foreignServerNames,
  example: '{ port: … }',
});

/** Checks the options of a server; throws {@link UsageError} naming the first that is wrong. */
export function resolveServerOptions<S extends ConnectionState, D>(
  options: SocketServerOptions<S, D>,
): ResolvedServerOptions<S, D> {
  // The functions that make states and decide on upgrades are those that were given.
  return completeServerOptions(options, resolveOptions(serverOptions, options)) as ResolvedServerOptions<S, D>;
}

/** Checks what options have to do with each other, and fills in what depends on others. */
export function completeServerOptions<R extends ResolvedServerOptions<ConnectionState>>(
  options: Pick<SocketServerOptions, 'host' | 'port' | 'addressFamily' | 'lowWaterMark'>,
  resolved: R,
): R {
  checkConnectionOptions(options, resolved);
  if (resolved.socketPath !== undefined) checkAlone(options);
  return { ...resolved, host: options.host ?? hostOf(resolved.addressFamily) };
}

function hostOf(family: 4 | 6 | 'dual'): string {
  return family === 4 ? serverLines.host.fallback : family === 6 ? '::1' : '::';
}

function checkAlone(options: Pick<SocketServerOptions, 'port' | 'host' | 'addressFamily'>): void {
  for (const other of ['port', 'host', 'addressFamily'] as const) {
    if (options[other] !== undefined) throw new UsageError('socketPath', `cannot be combined with ${other}`);
  }
}

function checkSocketPath(name: string, value: unknown): string {
  const socketPath = checkString(name, value);
  if (!/^[/\\]|^[A-Za-z]:[/\\]/.test(socketPath) || socketPath.includes('\0')) {
    throw new UsageError(name, 'must be an absolute path');
  }
  return socketPath;
}
