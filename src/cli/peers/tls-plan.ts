import type { SocketTLSOptions } from '../../index.ts';
import { WrongUsage } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import { revealSecret, type Secret } from '../terminal/files/secrets.ts';
import type { TlsValues } from './tls-option-table.ts';

/** The TLS options that were typed, but for the passphrase, which is secret; `undefined` when there were none. */
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

/** Adds the passphrase of the private key, looked up. */
export function withPassphrase(
  options: SocketTLSOptions | undefined,
  passphrase: Secret | undefined,
  command: string,
  environment: Environment,
): SocketTLSOptions | undefined {
  if (passphrase === undefined) return options;
  if (options?.keyFile === undefined) throw new WrongUsage(command, '--key-passphrase is for the key of --key-file');
  return { ...options, passphrase: revealSecret(passphrase, command, '--key-passphrase', environment) };
}

/** A hint on what to type, for an error whose code begins with `tls`. */
export function tlsHintFor(code: string): string | undefined {
  switch (code) {
    case 'tlsOptionsDisabled':
      return 'Add --tls.';
    case 'tlsOptionsIncomplete':
      return 'Give both --cert-file and --key-file.';
    case 'tlsOptionsPassphrase':
      return 'Give the passphrase with --key-passphrase @FILE or @env:NAME.';
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
