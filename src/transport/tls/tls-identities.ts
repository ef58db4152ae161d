import { UsageError } from '../../errors.ts';
import { readTlsMaterial, type SecureContext, secureContextFor, type TlsMaterial } from './tls-context.ts';
import { checkIdentity, type SocketTLSOptions, type TLSIdentity, type TLSIdentityChooser } from './tls-options.ts';
import { TlsProblem } from './tls-problem.ts';

/** Finds the context for a server name; `undefined` is the server's own. */
export type ContextFinder = (serverName: string) => Promise<SecureContext | undefined>;

/** Server options, read and checked. */
export interface TlsServerSettings {
  readonly material: TlsMaterial;
  /** True when clients must present a certificate that leads to a trusted authority. */
  readonly requiresCertificate: boolean;
  readonly findContext: ContextFinder | undefined;
}

/**
 * Reads everything that the options of a server name; `undefined` when they do not speak of TLS.
 *
 * @throws TlsProblem naming what is wrong
 */
export function readTlsServerSettings(options: SocketTLSOptions | undefined): TlsServerSettings | undefined {
  if (options === undefined) return undefined;
  const { certFile, keyFile, caFile = 'NONE', serverNames } = options;
  if (options.tls !== true) {
    if (certFile === undefined && keyFile === undefined && caFile === 'NONE' && serverNames === undefined) {
      return undefined;
    }
    // Whoever names a certificate does not mean plain text.
    throw new TlsProblem('tlsOptionsDisabled', 'a server with a certificate or authorities needs tls: true');
  }
  if (certFile === undefined && keyFile === undefined) {
    throw new TlsProblem('tlsOptionsIncomplete', 'tls: true on a server needs certFile and keyFile');
  }
  const material = readTlsMaterial(options, 'NONE');
  secureContextFor(material);
  return {
    material,
    requiresCertificate: caFile !== 'NONE',
    findContext: serverNames === undefined ? undefined : contextFinder(serverNames, options),
  };
}

/** The rest of the options holds for every name: a context brings its own authorities to verify clients with. */
function contextOf(identity: TLSIdentity, options: SocketTLSOptions): SecureContext {
  const { certFile, keyFile, passphrase } = identity;
  return secureContextFor(readTlsMaterial({ ...options, certFile, keyFile, passphrase }, 'NONE'));
}

function contextFinder(
  serverNames: Readonly<Record<string, TLSIdentity>> | TLSIdentityChooser,
  options: SocketTLSOptions,
): ContextFinder {
  if (typeof serverNames === 'function') return finderByFunction(serverNames, options);
  const contexts = new Map<string, SecureContext>();
  for (const [name, identity] of Object.entries(serverNames)) {
    try {
      contexts.set(name.toLowerCase(), contextOf(identity, options));
    } catch (error) {
      throw error instanceof TlsProblem ? error.within(`serverNames['${name}']`) : error;
    }
  }
  return (serverName) => {
    const dot = serverName.indexOf('.');
    return Promise.resolve(
      contexts.get(serverName) ?? (dot < 0 ? undefined : contexts.get(`*${serverName.slice(dot)}`)),
    );
  };
}

function finderByFunction(choose: TLSIdentityChooser, options: SocketTLSOptions): ContextFinder {
  return async (serverName) => {
    const identity: unknown = await choose(serverName);
    if (identity === undefined || identity === null) return undefined;
    if (typeof identity !== 'object') throw new UsageError('tlsOptions.serverNames', 'must return an identity');
    return contextOf(checkIdentity('tlsOptions.serverNames', identity), options);
  };
}
