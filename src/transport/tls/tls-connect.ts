import net, { type OnReadOpts } from 'node:net';
import tls, { type ConnectionOptions, type PeerCertificate, type TLSSocket } from 'node:tls';
import { isForAddress, readCertificate } from '../../platform/certificates.ts';
import { connectSocket } from '../tcp/socket-connect.ts';
import { type TcpConnectOptions, toNetOptions } from '../tcp/tcp-connect.ts';
import type { SecureContext } from './tls-context.ts';
import type { TLSConnectionInfo } from './tls-info.ts';
import { TlsTransport } from './tls-transport.ts';

/** The proof that the other end has to give of its identity. */
export interface TlsPeer {
  readonly secureContext: SecureContext;
  /** Sent to the server (RFC 6066 section 3, which knows no addresses); none is sent when it is empty. */
  readonly serverName: string;
  /** The name or address that the certificate must be for; `undefined` accepts any. */
  readonly expectedName: string | undefined;
  /** True when the certificate must lead to an authority that is trusted. */
  readonly verifies: boolean;
}

/** The result of a TLS handshake, before anybody has judged the certificate. */
export type TLSAgreement = Pick<TLSConnectionInfo, 'version' | 'cipher' | 'certificate'>;

/** Called with what the handshake agreed on, whether or not the certificate is going to be accepted. */
export type OnTlsAgreed = (agreed: TLSAgreement) => void;

export interface TlsConnectOptions extends TcpConnectOptions, TlsPeer {
  readonly onAgreed?: OnTlsAgreed | undefined;
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
  const { onConnected } = options;
  let transport: TlsTransport | undefined;
  let socket: TLSSocket;
  return connectSocket({
    event: 'secureConnect',
    signal: options.signal,
    onLookup: options.onLookup,
    create: () => {
      const tlsOptions: ConnectionOptions & { readonly onread: OnReadOpts } = {
        ...toNetOptions(options),
        ...verificationOf(options),
        onread: {
          buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
          callback: (length, buffer) => transport?.onRead(length, buffer) ?? false,
        },
      };
      socket = tls.connect(tlsOptions);
      announce(socket, options.onAgreed);
      socket.once('connect', () => {
        socket.setNoDelay(true);
        onConnected?.();
      });
      return socket;
    },
    finish: () => (transport = new TlsTransport(socket, true)),
  });
}

export interface TlsOverOptions extends TlsPeer {
  /** Ends the handshake, and destroys the socket. */
  readonly signal?: AbortSignal | undefined;
  readonly onAgreed?: OnTlsAgreed | undefined;
}

/**
 * Completes a TLS handshake over a socket that is connected already, by the same rules as {@link connectTls}. The
 * socket belongs to the new one from then on.
 */
export function secureSocket(socket: net.Socket, options: TlsOverOptions): Promise<TLSSocket> {
  let secured: TLSSocket;
  return connectSocket({
    event: 'secureConnect',
    signal: options.signal,
    onLookup: undefined,
    create: () => {
      secured = tls.connect({ socket, ...verificationOf(options) });
      announce(secured, options.onAgreed);
      return secured;
    },
    finish: () => secured,
  });
}

/** The part of the options that decides whom to trust: one place for direct connections and those through a tunnel. */
function verificationOf({ secureContext, serverName, expectedName, verifies }: TlsPeer): ConnectionOptions {
  return {
    secureContext,
    servername: serverName,
    rejectUnauthorized: verifies,
    checkServerIdentity: (_name, certificate) =>
      expectedName === undefined ? undefined : checkIdentity(expectedName, certificate),
  };
}

/**
 * Node judges the certificate in a listener of the same event, and afterwards a refused one is gone. Asking here for
 * the certificate as an `X509Certificate` would leave that listener with an empty one (Node 20.20), which then fails.
 */
function announce(socket: TLSSocket, onAgreed: OnTlsAgreed | undefined): void {
  if (onAgreed === undefined) return;
  socket.prependOnceListener('secure', () => {
    const { raw }: { readonly raw?: Buffer } = socket.getPeerCertificate();
    const version = socket.getProtocol() ?? '';
    const { name: cipher } = socket.getCipher();
    onAgreed({ version, cipher, certificate: raw === undefined ? undefined : readCertificate(raw) });
  });
}

/** The fault of a certificate that is trusted. Node 22.23 takes an IPv6 address for a name, hence our own way. */
function checkIdentity(name: string, certificate: PeerCertificate): Error | undefined {
  if (net.isIP(name) === 0) return tls.checkServerIdentity(name, certificate);
  if (isForAddress(certificate.raw, name)) return undefined;
  const found = certificate.subjectaltname ?? 'no names at all';
  return Object.assign(new Error(`the address ${name} is not in the certificate, but ${found}`), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
}
