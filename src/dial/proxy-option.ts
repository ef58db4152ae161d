import { UsageError } from '../errors.ts';
import { type Option, option } from '../util/option-kinds.ts';
import { checkString } from '../util/options.ts';
import { type ProxyServer, parseProxyUrl } from './proxy-server.ts';

/** An option that takes the URL of a proxy, or `'env'`. What it refuses is not quoted. */
export function proxyOption(): Option<ProxyServer | 'env' | undefined> {
  return option<ProxyServer | 'env' | undefined>(undefined, checkProxy);
}

function checkProxy(name: string, value: unknown): ProxyServer | 'env' {
  const text = checkString(name, value);
  if (text === 'env') return 'env';
  const parsed = parseProxyUrl(text);
  if (!parsed.ok) throw new UsageError(name, `must be the URL of a proxy, or 'env': ${parsed.reason}`);
  return parsed.proxy;
}
