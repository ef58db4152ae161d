import { CurlExitCode } from '../terminal/exit-codes.ts';
import { baseNameOf, safeSegments } from '../terminal/files/safe-names.ts';
import { CurlFailure } from './failure.ts';

/** For `-O`: what stands behind the last slash of a URL, without query, as it is written there. */
export function nameFromUrl(url: string, platform: string): string {
  const path = url.replace(/[?#].*$/s, '').replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '');
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === '') {
    const hint = 'Name the file with --output.';
    throw new CurlFailure(CurlExitCode.WriteError, `${url} does not end in the name of a file`, hint);
  }
  return checked(name, platform);
}

/**
 * For `-J`: the name in `Content-Disposition` (RFC 6266); `undefined` when there is none. It comes from the network:
 * folders in front of it are cut off, and a name that could mean something else than a file is refused.
 */
export function nameFromHeader(header: string | undefined, platform: string): string | undefined {
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, token = ''] of (header ?? '').matchAll(parameter)) {
    const key = name.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, quoted?.replace(/\\(.)/g, '$1') ?? token);
  }
  const name = extendedName(parameters.get('filename*')) ?? plainName(parameters.get('filename'));
  return name === undefined ? undefined : checked(baseNameOf(name), platform);
}

const parameter = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))/g;

/** `filename*=UTF-8''…` (RFC 8187), which comes first where both are. */
function extendedName(value: string | undefined): string | undefined {
  const encoded = /^utf-8'[^']*'(.+)$/i.exec(value ?? '')?.[1];
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/** Servers send UTF-8 as it is, which reads as latin1. */
function plainName(value: string | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value, 'latin1').toString('utf8');
}

function checked(name: string, platform: string): string {
  const safe = safeSegments(name, platform);
  if (safe.ok && safe.segments.length === 1) return name;
  const why = safe.ok ? 'has folders' : safe.why;
  const hint = 'Name the file with --output.';
  throw new CurlFailure(CurlExitCode.WriteError, `the name of the file ${why}: ${name}`, hint);
}
