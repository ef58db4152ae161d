import type net from 'node:net';
import { TunnelError } from './tunnel-error.ts';

export interface SocksTunnelOptions {
  readonly version: 4 | 5;
  /** A name is left to the proxy to resolve. */
  readonly host: string;
  readonly port: number;
  /** At most 255 bytes each, as the protocol has one byte for the length. */
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** Opens a tunnel as {@link loadSocksTunnel} promises. */
export type OpenSocksTunnel = (socket: net.Socket, options: SocksTunnelOptions) => Promise<void>;

/**
 * Loads what asks a SOCKS proxy to connect a socket through to a server (RFC 1928, RFC 1929, SOCKS4a). Only programs
 * that have such a proxy pay for the package. The socket is paused when the tunnel is open. Rejects with a
 * {@link TunnelError}; whoever wants to stop it destroys the socket.
 */
export async function loadSocksTunnel(): Promise<OpenSocksTunnel> {
  const { SocksClient } = await import('socks');
  return async (socket, { version, host, port, username = '', password = '' }) => {
    if (socket.destroyed) throw failure('it hung up');
    // The package takes its own listener away before it destroys the socket.
    socket.on('error', ignore);
    // Nor does it notice an end of the stream.
    const onEnd = (): void => void socket.destroy();
    socket.on('end', onEnd);
    try {
      await SocksClient.createConnection({
        command: 'connect',
        destination: { host, port },
        // Neither host nor port is used with a socket that is there already.
        proxy: { host: 'proxy', port: 1, type: version, userId: username, password },
        existing_socket: socket,
      });
      await nothingFollows(socket);
    } catch (error) {
      // The package's error holds the credentials, so it is not passed on as a cause.
      throw error instanceof TunnelError ? error : toTunnelError(error);
    } finally {
      socket.pause();
      socket.off('error', ignore).off('end', onEnd);
    }
  };
}

/** The package hands over what came behind the answer in the next turn. It is not the server's, which speaks second. */
async function nothingFollows(socket: net.Socket): Promise<void> {
  let hasMore = false;
  const onData = (): void => {
    hasMore = true;
  };
  socket.on('data', onData);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  socket.off('data', onData);
  if (hasMore) throw failure('it sent something behind its answer');
  if (socket.destroyed) throw failure('it hung up');
}

/**
 * The answers of a proxy in its one byte (RFC 1928 section 6; the last three are of SOCKS4), after the package's names.
 */
const refusals: ReadonlyMap<string, readonly [reply: number, message: string]> = new Map([
  ['Failure', [1, 'it failed for a reason that it does not give']],
  ['NotAllowed', [2, 'it does not allow this server or port']],
  ['NetworkUnreachable', [3, 'it has no route to the network of the server']],
  ['HostUnreachable', [4, 'it cannot reach the server']],
  ['ConnectionRefused', [5, 'the server refused the connection of the proxy']],
  ['TTLExpired', [6, 'its way to the server is too long']],
  ['CommandNotSupported', [7, 'it makes no connections for its clients']],
  ['AddressNotSupported', [8, 'it does not know this kind of address']],
  ['Failed', [91, 'it rejected the request, or failed']],
  ['Rejected', [92, 'it asks for an identd that it cannot reach']],
  ['RejectedIdent', [93, 'it was told another user by identd']],
]);

function toTunnelError(error: unknown): TunnelError {
  const message = error instanceof Error ? error.message : '';
  if (/auth/i.test(message)) return new TunnelError('it does not accept the credentials', { isRefusal: true });
  const said = /\b([A-Za-z]+)\)?$/.exec(message)?.[1] ?? '';
  const refusal = refusals.get(said);
  if (refusal !== undefined) {
    const [socksReply, reason] = refusal;
    return new TunnelError(reason, { isRefusal: true, socksReply });
  }
  if (/rejected/i.test(message)) return new TunnelError('it rejected the request', { isRefusal: true });
  return failure(/closed/i.test(message) ? 'it hung up' : 'its answer is not SOCKS');
}

function failure(message: string): TunnelError {
  return new TunnelError(message, { isRefusal: false });
}

function ignore(): void {}
