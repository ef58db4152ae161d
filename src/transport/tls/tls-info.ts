import type { TLSSocket } from 'node:tls';

/** A certificate as Node's `node:crypto` shows it, an `X509Certificate`. */
export type TLSCertificate = NonNullable<ReturnType<TLSSocket['getPeerX509Certificate']>>;

/** The result of a TLS handshake. */
export interface TLSConnectionInfo {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  /** The name of the cipher in OpenSSL's spelling. */
  readonly cipher: string;
  /** The certificate that the peer presented. */
  readonly certificate: TLSCertificate | undefined;
  /** True when that certificate was verified and is trusted. */
  readonly isAuthorized: boolean;
  /** The name that the client asked for; empty without one. */
  readonly serverName: string;
}

/** The same for people, on one line, with the name of the certificate alone. */
export function describeTls(info: TLSConnectionInfo | undefined): string | undefined {
  if (info === undefined) return undefined;
  const { version, cipher, certificate, isAuthorized } = info;
  const name = certificate === undefined ? '' : `, ${certificate.subject.replace(/\s+/g, ' ').slice(0, 100)}`;
  return `${version} ${cipher}${name}${isAuthorized ? ', authorized' : ''}`;
}

/** @internal */
export function readTlsInfo(socket: TLSSocket): TLSConnectionInfo {
  // An empty object once the socket is gone.
  const cipher: { readonly name?: string } | undefined = socket.getCipher();
  const name: unknown = socket.servername;
  return Object.freeze({
    version: socket.getProtocol() ?? '',
    cipher: cipher?.name ?? '',
    certificate: socket.getPeerX509Certificate(),
    isAuthorized: socket.authorized,
    serverName: typeof name === 'string' ? name : '',
  });
}
