import fs from 'node:fs';
import tls from 'node:tls';
import { environmentVariable } from '../../platform/environment.ts';
import { certificateBlocks, readPem } from './pem-file.ts';
import { TlsProblem } from './tls-problem.ts';

/** Files in which systems keep the authorities they trust. */
const BUNDLES: readonly string[] = [
  // Debian, Ubuntu, Arch
  '/etc/ssl/certs/ca-certificates.crt',
  // Fedora, RHEL
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  // openSUSE
  '/etc/ssl/ca-bundle.pem',
  // Alpine, the BSDs, macOS
  '/etc/ssl/cert.pem',
];

/** Node 22.15 asks the system itself. */
interface StoreReader {
  getCACertificates?(kind: 'system'): readonly string[];
}

let known: { readonly authorities: string | undefined } | undefined;

/**
 * The authorities that the operating system trusts, as PEM text; `undefined` stands for Node's own roots, where the
 * system has none that can be found. Looked up once.
 */
export function systemAuthorities(): string | undefined {
  known ??= { authorities: fromNode() ?? fromEnvironment() ?? fromBundle() };
  return known.authorities;
}

/** @internal Looks them up anew the next time. */
export function forgetSystemAuthorities(): void {
  known = undefined;
}

function fromNode(): string | undefined {
  const certificates = (tls as StoreReader).getCACertificates?.('system') ?? [];
  return certificates.length === 0 ? undefined : certificates.join('\n');
}

/** A file that was named and is not there, or holds none, is an error: to trust others in its place would be worse. */
function fromEnvironment(): string | undefined {
  const path = environmentVariable('SSL_CERT_FILE');
  if (path === undefined) return undefined;
  try {
    return certificateBlocks(readPem('caFile', path)).join('');
  } catch (error) {
    throw error instanceof TlsProblem ? error.within('SSL_CERT_FILE') : error;
  }
}

function fromBundle(): string | undefined {
  const path = BUNDLES.find((candidate) => fs.existsSync(candidate));
  return path === undefined ? undefined : readPem('caFile', path).text;
}
