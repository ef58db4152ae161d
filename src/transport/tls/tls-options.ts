import { UsageError } from '../../errors.ts';
import { choice, flag, type Option, option, text } from '../../util/option-kinds.ts';
import { foreignNames, type OptionTable, optionTable, resolveOptions, under } from '../../util/option-table.ts';
import { checkFunction, checkString } from '../../util/options.ts';

/** A certificate and its private key, each as the path of a PEM file or as PEM text. */
export interface TLSIdentity {
  readonly certFile: string;
  readonly keyFile: string;
  /** Of the private key, when that is encrypted. */
  readonly passphrase?: string | undefined;
}

/** Finds the identity for a server name, in lower case; without one the server's own is used. */
export type TLSIdentityChooser = (serverName: string) => TLSIdentity | undefined | Promise<TLSIdentity | undefined>;

/** TLS of a connection, on either side. Files are PEM; every one of them may also be given as PEM text. */
export interface SocketTLSOptions {
  /**
   * The certificate to present, followed by those that lead to its authority. A server needs one; a client only where
   * the server asks for it.
   * @default none
   */
  readonly certFile?: string | undefined;
  /**
   * The private key of {@link certFile}. Both are present, or neither.
   * @default none
   */
  readonly keyFile?: string | undefined;
  /**
   * The authorities that are trusted: a file, PEM text, `'SYSTEM'` for those of the operating system, or `'NONE'` to
   * verify nothing, which leaves the connection open to whoever sits in between. On a server, giving it requires
   * every client to present a certificate that one of them has signed.
   * @default 'SYSTEM' on a client; a server asks for no certificate
   */
  readonly caFile?: string | undefined;
  /**
   * The ciphers allowed, in OpenSSL's notation; `'DEFAULT'` is Node's list.
   * @default 'DEFAULT'
   */
  readonly ciphers?: string | undefined;
  /**
   * Required of a server that is to speak TLS. A client goes by its URL.
   * @default false
   */
  readonly tls?: boolean | undefined;
  /**
   * Accept a trusted certificate whatever name it was made for. For clients.
   * @default false
   */
  readonly disableHostnameValidation?: boolean | undefined;
  /**
   * Of the private key, when that is encrypted.
   * @default none
   */
  readonly passphrase?: string | undefined;
  /**
   * The oldest version of TLS that is spoken.
   * @default 'TLSv1.2'
   */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  /**
   * The name to ask the server for, and to look for in its certificate. For clients.
   * @default the host of the URL
   */
  readonly serverName?: string | undefined;
  /**
   * Identities by the name that a client asks for, `'*.example.com'` for one label more; or a function that finds
   * one. Whatever that throws or rejects with fails the handshake it was called for, and no other. For servers.
   * @default every client is shown `certFile`
   */
  readonly serverNames?: Readonly<Record<string, TLSIdentity>> | TLSIdentityChooser | undefined;
}

/** IXWebSocket's defaults are empty strings. */
const textUnlessEmpty: Option<string | undefined> = option<string | undefined>(
  undefined,
  (name, value) => checkString(name, value) || undefined,
);

const identityTable: OptionTable<Record<keyof TLSIdentity, string | undefined>> = optionTable('an identity', {
  certFile: text(undefined),
  keyFile: text(undefined),
  passphrase: text(undefined),
});

/** The habits of those who know Node's `tls`, Python's `ssl` or curl. */
const foreign = foreignNames({
  certFile: 'cert certificate certPath chain',
  keyFile: 'key privateKey keyPath',
  caFile: 'ca cacert caPath capath trustedCertificates',
  serverName: 'servername hostname',
  serverNames: 'SNICallback sni',
  minVersion: 'secureProtocol minTlsVersion tlsMin',
  disableHostnameValidation: 'checkServerIdentity checkHostname',
  "'caFile' of tlsOptions is 'NONE' where nothing is to be verified; better name the authority in it":
    'rejectUnauthorized insecure strictSSL verify',
  "a server asks for certificates when 'caFile' of tlsOptions names who signs them": 'requestCert',
  "'certFile' and 'keyFile' of tlsOptions take PEM": 'pfx p12',
});

export const tlsTable: OptionTable<SocketTLSOptions> = optionTable(
  'tlsOptions',
  {
    certFile: textUnlessEmpty,
    keyFile: textUnlessEmpty,
    caFile: textUnlessEmpty,
    ciphers: textUnlessEmpty,
    tls: flag(false),
    disableHostnameValidation: flag(false),
    passphrase: textUnlessEmpty,
    minVersion: choice('TLSv1.2', ['TLSv1.2', 'TLSv1.3']),
    serverName: textUnlessEmpty,
    serverNames: option<SocketTLSOptions['serverNames']>(undefined, checkServerNames),
  },
  { foreign, example: '{ caFile: … }' },
);

/**
 * Checks the types of TLS options; throws {@link UsageError} naming the first that is wrong. Whether they make sense
 * together, and what is in the files, is found out when they are used.
 */
export function checkTLSOptions(options: unknown, name = 'tlsOptions'): SocketTLSOptions {
  return Object.freeze(resolveOptions(under(name, tlsTable), options));
}

/** An option that takes {@link SocketTLSOptions}. */
export function tlsOption(): Option<SocketTLSOptions | undefined> {
  return option<SocketTLSOptions | undefined>(undefined, (name, value) => checkTLSOptions(value, name));
}

/** Also checks what a {@link TLSIdentityChooser} has found. */
export function checkIdentity(name: string, identity: unknown): TLSIdentity {
  if (typeof identity !== 'object' || identity === null) {
    throw new UsageError(name, 'must be an object with certFile and keyFile');
  }
  const { certFile, keyFile, passphrase } = resolveOptions(under(name, identityTable), identity);
  return Object.freeze({
    certFile: checkString(`${name}.certFile`, certFile),
    keyFile: checkString(`${name}.keyFile`, keyFile),
    passphrase,
  });
}

function checkServerNames(name: string, value: unknown): NonNullable<SocketTLSOptions['serverNames']> {
  if (typeof value !== 'object') return checkFunction(name, value as TLSIdentityChooser);
  if (value === null || Array.isArray(value)) {
    throw new UsageError(name, 'must be an object of identities, or a function');
  }
  return Object.freeze(
    Object.fromEntries(
      Object.entries(value).map(([server, identity]) => [server, checkIdentity(`${name}['${server}']`, identity)]),
    ),
  );
}
