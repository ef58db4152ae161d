import { UsageError } from '../errors.ts';
import { checkString } from '../util/options.ts';
import { type ProxyServer, parseProxyUrl } from './proxy-server.ts';

/**
 * The option `proxy`: a URL, or `'env'`.
 *
 * @throws UsageError (`invalidOption`), which quotes nothing of the URL
 */
export function checkProxy(value: unknown, name = 'proxy'): ProxyServer | 'env' {
  const text = checkString(name, value);
  if (text === 'env') return 'env';
  const parsed = parseProxyUrl(text);
  if (!parsed.ok) throw new UsageError(name, `must be the URL of a proxy, or 'env': ${parsed.reason}`);
  return parsed.proxy;
}
