import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { encryptedAlert, plainAlert } from '../../platform/tls-alert.ts';

/** Alerts about certificates (RFC 8446 section 6.2), by what OpenSSL finds wrong. */
const alerts: Readonly<Record<string, number>> = {
  CERT_REVOKED: 44,
  CERT_HAS_EXPIRED: 45,
  CERT_NOT_YET_VALID: 42,
  UNABLE_TO_GET_ISSUER_CERT: 48,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 48,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 48,
  SELF_SIGNED_CERT_IN_CHAIN: 48,
  DEPTH_ZERO_SELF_SIGNED_CERT: 48,
};
const BAD_CERTIFICATE = 42;

const SERVER_SECRET = /^SERVER_TRAFFIC_SECRET_0 [0-9a-f]+ ([0-9a-f]+)\s*$/i;

/** The part of a TLS socket that is used and not documented; without it, there is no alert. */
interface Internals {
  readonly _handle?: { verifyError?(): unknown } | null;
}

/**
 * Tells a client why its certificate was refused. Node lets OpenSSL accept every certificate, judges it when the
 * handshake is complete, and hangs up without a word; nothing of ours has left since. So what is written here is the
 * next record that the client expects: with TLS 1.2 in the clear, with TLS 1.3 under the server's first secret, which
 * the key log has.
 */
export class CertificateAlert {
  private readonly socket: Socket;
  private secret: Buffer | undefined;
  private isWatching = false;

  /** `socket` is the one below TLS. */
  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Takes a line of the key log, the first of which tells the TLS socket. */
  onKeyLog(line: Buffer, secured: TLSSocket): void {
    const [, secret] = SERVER_SECRET.exec(line.toString('latin1')) ?? [];
    if (secret !== undefined) this.secret = Buffer.from(secret, 'hex');
    if (this.isWatching) return;
    this.isWatching = true;
    // Before Node's own listener, which hangs up.
    secured.prependOnceListener('secure', () => this.onSecure(secured));
  }

  private onSecure(secured: TLSSocket): void {
    const error = (secured as Internals)._handle?.verifyError?.();
    const { secret } = this;
    this.secret = undefined;
    if (!(error instanceof Error)) return;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    const description = alerts[code] ?? BAD_CERTIFICATE;
    const alert =
      secured.getProtocol() !== 'TLSv1.3'
        ? plainAlert(description)
        : secret && encryptedAlert(description, secured.getCipher().name, secret);
    if (alert !== undefined) this.socket.write(alert);
  }
}
