import { ConnectError } from '../errors.ts';
import { readTlsMaterial, type SecureContext, secureContextFor } from '../transport/tls/tls-context.ts';
import type { SocketTLSOptions } from '../transport/tls/tls-options.ts';
import { TlsProblem } from '../transport/tls/tls-problem.ts';

/** The security of a client's connection to one host. */
export interface ClientTls {
  readonly secureContext: SecureContext;
  readonly serverName: string;
  readonly expectedName: string | undefined;
  readonly verifies: boolean;
}

const plain: SocketTLSOptions = Object.freeze({});

/**
 * Reads what the options of a client name. The name asked for and the one looked for in the certificate are made of
 * the same string.
 *
 * Throws a {@link ConnectError} whose code begins with `tlsOptions`.
 */
export function resolveClientTls(host: string, options: SocketTLSOptions = plain): ClientTls {
  const { caFile, serverName, disableHostnameValidation } = options;
  // Neither a zone (RFC 4007) nor the dot of the root is part of a name in a certificate.
  const name = (serverName ?? host).replace(/%.*$/s, '').replace(/\.$/, '').toLowerCase();
  try {
    return {
      secureContext: secureContextFor(readTlsMaterial(options, 'SYSTEM')),
      serverName: isAddress(name) ? '' : name,
      expectedName: disableHostnameValidation === true ? undefined : name,
      verifies: caFile !== 'NONE',
    };
  } catch (error) {
    if (!(error instanceof TlsProblem)) throw error;
    throw new ConnectError(error.code, 'tls', error.message, { cause: error.cause });
  }
}

/** True for a host that is an address. The URL parser has left one spelling of each address: no name ends in a label of digits. */
export function isAddress(name: string): boolean {
  return name.includes(':') || /(^|\.)\d+$/.test(name);
}
