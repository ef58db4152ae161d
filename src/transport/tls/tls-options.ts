import { UsageError } from '../../errors.ts';
import { checkBoolean, checkFunction, checkOneOf, checkString, rejectUnknownOptions } from '../../util/options.ts';

/** A certificate and its private key, each as the path of a PEM file or as PEM text. */
export interface TLSIdentity {
  readonly certFile: string;
  readonly keyFile: string;
  /** Of the private key, when that is encrypted. */
  readonly passphrase?: string | undefined;
}

/** Finds the identity for a server name, in lower case; without one the server's own is used. */
export type TLSIdentityChooser = (serverName: string) => TLSIdentity | undefined | Promise<TLSIdentity | undefined>;

/** How a connection is secured, on either side. Files are PEM; every one of them may also be given as PEM text. */
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

const KNOWN: readonly string[] = [
  'certFile',
  'keyFile',
  'caFile',
  'ciphers',
  'tls',
  'disableHostnameValidation',
  'passphrase',
  'minVersion',
  'serverName',
  'serverNames',
];

const KNOWN_OF_IDENTITY: readonly string[] = ['certFile', 'keyFile', 'passphrase'];

/**
 * Checks the types of TLS options; throws {@link UsageError} naming the first that is wrong. Whether they make sense
 * together, and what is in the files, is found out when they are used.
 */
export function checkTLSOptions(options: SocketTLSOptions): SocketTLSOptions {
  rejectUnknownOptions('tlsOptions', options, KNOWN);
  const text = (
    key: 'certFile' | 'keyFile' | 'caFile' | 'ciphers' | 'passphrase' | 'serverName',
  ): string | undefined =>
    // The seed's defaults are empty strings.
    options[key] === undefined ? undefined : checkString(`tlsOptions.${key}`, options[key]) || undefined;
  const { tls, disableHostnameValidation, minVersion, serverNames } = options;
  return Object.freeze({
    certFile: text('certFile'),
    keyFile: text('keyFile'),
    caFile: text('caFile'),
    ciphers: text('ciphers'),
    tls: checkBoolean('tlsOptions.tls', tls ?? false),
    disableHostnameValidation: checkBoolean('tlsOptions.disableHostnameValidation', disableHostnameValidation ?? false),
    passphrase: text('passphrase'),
    minVersion: checkOneOf('tlsOptions.minVersion', minVersion ?? 'TLSv1.2', ['TLSv1.2', 'TLSv1.3']),
    serverName: text('serverName'),
    serverNames: serverNames === undefined ? undefined : checkServerNames(serverNames),
  });
}

/** Also checks what a {@link TLSIdentityChooser} has found. */
export function checkIdentity(name: string, identity: TLSIdentity): TLSIdentity {
  if (typeof identity !== 'object' || identity === null) {
    throw new UsageError(name, 'must be an object with certFile and keyFile');
  }
  rejectUnknownOptions(name, identity, KNOWN_OF_IDENTITY);
  const { certFile, keyFile, passphrase } = identity;
  return Object.freeze({
    certFile: checkString(`${name}.certFile`, certFile),
    keyFile: checkString(`${name}.keyFile`, keyFile),
    passphrase: passphrase === undefined ? undefined : checkString(`${name}.passphrase`, passphrase),
  });
}

function checkServerNames(
  serverNames: Readonly<Record<string, TLSIdentity>> | TLSIdentityChooser,
): Readonly<Record<string, TLSIdentity>> | TLSIdentityChooser {
  const option = 'tlsOptions.serverNames';
  if (typeof serverNames !== 'object') return checkFunction(option, serverNames);
  if (serverNames === null || Array.isArray(serverNames)) {
    throw new UsageError(option, 'must be an object of identities, or a function');
  }
  return Object.freeze(
    Object.fromEntries(
      Object.entries(serverNames).map(([name, identity]) => [name, checkIdentity(`${option}['${name}']`, identity)]),
    ),
  );
}
