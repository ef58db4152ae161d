import { readFileSync } from 'node:fs';
import type { Environment } from './environment.ts';

/**
 * The name of the library in `User-Agent`, and what it runs on. The library would have to be loaded to say it, which
 * takes longer than everything else that `--version` does; a test compares the two.
 */
export function describeVersion({ platform, versions }: Environment): string {
  return `ixwebsocket/${packageVersion()} ${platform} ssl/OpenSSL ${versions['openssl'] ?? ''} zlib ${versions['zlib'] ?? ''}`;
}

export function packageVersion(): string {
  const description: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  const isKnown = typeof description === 'object' && description !== null && 'version' in description;
  return isKnown ? String(description.version) : 'unknown';
}
