import { flag, type OptionsFor, value } from '../line/command-table.ts';
import { readPath, readSecret, readText } from '../line/value-readers.ts';
import type { Secret } from '../terminal/files/secrets.ts';

/** The options of TLS. The group is the same for servers and clients. */
export interface TlsValues {
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly keyPassphrase: Secret | undefined;
  readonly caFile: string | undefined;
  readonly ciphers: string | undefined;
  readonly isTls: boolean;
  readonly withoutVerification: boolean;
  readonly withoutHostnameValidation: boolean;
}

const common: Omit<OptionsFor<TlsValues>, 'isTls'> = {
  certFile: value<string | undefined>({
    long: 'cert-file',
    placeholder: 'FILE',
    about: 'TLS: certificate to present, in PEM form',
    read: readPath,
    fallback: undefined,
  }),
  keyFile: value<string | undefined>({
    long: 'key-file',
    placeholder: 'FILE',
    about: 'TLS: private key of the certificate',
    read: readPath,
    fallback: undefined,
  }),
  keyPassphrase: value<Secret | undefined>({
    long: 'key-passphrase',
    placeholder: 'PASSPHRASE',
    about: 'TLS: opens a private key that is encrypted; use @FILE or @env:NAME',
    read: readSecret,
    fallback: undefined,
  }),
  caFile: value<string | undefined>({
    long: 'ca-file',
    placeholder: 'FILE',
    about: 'TLS: authorities to trust, SYSTEM for those of this machine; a server then requires client certificates',
    read: readPath,
    fallback: undefined,
  }),
  ciphers: value<string | undefined>({
    long: 'ciphers',
    placeholder: 'LIST',
    about: 'TLS: ciphers allowed, as OpenSSL names them',
    read: readText,
    fallback: undefined,
  }),
  withoutVerification: flag({
    short: 'k',
    long: 'verify_none',
    about: 'TLS: accept any certificate; whoever sits in between can then read along',
  }),
  withoutHostnameValidation: flag({
    long: 'disable-hostname-validation',
    about: 'TLS: accept a trusted certificate whatever host it is for',
  }),
};

export const serverTlsOptions: OptionsFor<TlsValues> = {
  isTls: flag({ long: 'tls', about: 'speak TLS; needs --cert-file and --key-file' }),
  ...common,
};

/** A client goes by its URL; `--tls` is taken from scripts that give one list of options to both sides. */
export const clientTlsOptions: OptionsFor<TlsValues> = {
  isTls: flag({ long: 'tls', about: 'for servers; a client goes by its URL', isHidden: true }),
  ...common,
};
