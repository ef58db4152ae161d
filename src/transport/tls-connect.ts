import net, { type OnReadOpts } from 'node:net';
import tls, { type ConnectionOptions, type PeerCertificate, type TLSSocket } from 'node:tls';
import { isForAddress } from '../platform/certificates.ts';
import { connectSocket } from './socket-connect.ts';
import { type TcpConnectOptions, toNetOptions } from './tcp-connect.ts';
import type { SecureContext } from './tls-context.ts';
import { TlsTransport } from './tls-transport.ts';

export interface TlsConnectOptions extends TcpConnectOptions {
  readonly secureContext: SecureContext;
  /** Sent to the server (RFC 6066 section 3, which knows no addresses); none is sent when it is empty. */
  readonly serverName: string;
  /** The name or address that the certificate must be for; `undefined` accepts any. */
  readonly expectedName: string | undefined;
  /** Whether the certificate must lead to an authority that is trusted. */
  readonly verifies: boolean;
  /** Called when the connection is made and the TLS handshake begins. */
  readonly onConnected?: (() => void) | undefined;
}

/**
 * One record has 16 KiB at the most. A buffer of its own for each socket, read into again and again, took 14 % less
 * CPU for 100-byte messages and 20 % less for 1 MB than the chunks of a stream, and two thirds of the memory.
 */
const READ_BUFFER_BYTES = 16 * 1024;

/**
 * Connects by TCP and completes a TLS handshake. Rejects with the error of the system, of OpenSSL or of the
 * verification. No session is ever used again, so that every connection is verified by its own rules.
 */
export function connectTls(options: TlsConnectOptions): Promise<TlsTransport> {
  const { expectedName, onConnected } = options;
  let transport: TlsTransport | undefined;
  let socket: TLSSocket;
  return connectSocket({
    event: 'secureConnect',
    signal: options.signal,
    onLookup: options.onLookup,
    create: () => {
      const tlsOptions: ConnectionOptions & { readonly onread: OnReadOpts } = {
        ...toNetOptions(options),
        secureContext: options.secureContext,
        servername: options.serverName,
        rejectUnauthorized: options.verifies,
        checkServerIdentity: (_name, certificate) =>
          expectedName === undefined ? undefined : checkIdentity(expectedName, certificate),
        onread: {
          buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
          callback: (length, buffer) => transport?.onRead(length, buffer) ?? false,
        },
      };
      socket = tls.connect(tlsOptions);
      socket.once('connect', () => {
        socket.setNoDelay(true);
        onConnected?.();
      });
      return socket;
    },
    finish: () => (transport = new TlsTransport(socket, true)),
  });
}

/** What is wrong with a certificate that is trusted. Node 22.23 takes an IPv6 address for a name, hence our own way. */
function checkIdentity(name: string, certificate: PeerCertificate): Error | undefined {
  if (net.isIP(name) === 0) return tls.checkServerIdentity(name, certificate);
  if (isForAddress(certificate.raw, name)) return undefined;
  const found = certificate.subjectaltname ?? 'no names at all';
  return Object.assign(new Error(`the address ${name} is not in the certificate, but ${found}`), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
}
