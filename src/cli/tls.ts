import type { SocketTLSOptions } from '../index.ts';
import type { TlsValues } from './tables/tls.ts';

/** What was asked for of TLS; `undefined` when nothing was. */
export function planTls(values: TlsValues): SocketTLSOptions | undefined {
  const options = {
    certFile: values.certFile,
    keyFile: values.keyFile,
    caFile: values.withoutVerification ? 'NONE' : values.caFile,
    ciphers: values.ciphers,
    tls: values.isTls || undefined,
    disableHostnameValidation: values.withoutHostnameValidation || undefined,
  };
  const given = Object.entries(options).filter(([, option]) => option !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** What to type, for an error whose code begins with `tls`. */
export function tlsHintFor(code: string): string | undefined {
  switch (code) {
    case 'tlsOptionsDisabled':
      return 'Add --tls.';
    case 'tlsOptionsIncomplete':
      return 'Give both --cert-file and --key-file.';
    case 'tlsSelfSigned':
    case 'tlsUnknownAuthority':
      return 'Name who signed it with --ca-file, or try with --verify_none.';
    case 'tlsHostnameMismatch':
      return 'Connect by a name of the certificate, or try with --disable-hostname-validation.';
    case 'tlsClientCertificateRefused':
      return 'Present another certificate with --cert-file and --key-file.';
    default:
      return undefined;
  }
}
