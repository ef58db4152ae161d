import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type ProxyServer, parseProxyUrl } from '../../src/dial/proxy-server.ts';

function parsed(text: string): ProxyServer {
  const result = parseProxyUrl(text);
  if (!result.ok) throw new Error(result.reason);
  return result.proxy;
}

describe('the URL of a proxy', () => {
  test.each([
    ['http://proxy.test', 'http', 'proxy.test', 80],
    ['http://proxy.test:3128/', 'http', 'proxy.test', 3128],
    ['HTTP://PROXY.test:80', 'http', 'proxy.test', 80],
    ['https://proxy.test', 'https', 'proxy.test', 443],
    ['socks5://proxy.test', 'socks5', 'proxy.test', 1080],
    ['socks5h://proxy.test:80', 'socks5', 'proxy.test', 80],
    ['socks4a://10.0.0.1', 'socks4a', '10.0.0.1', 1080],
    ['http://[::1]:8080', 'http', '::1', 8080],
  ])('%s', (text, protocol, host, port) => {
    expect(parsed(text)).toMatchObject({ protocol, host, port });
  });

  test('has its credentials decoded', () => {
    expect(parsed('http://us%40er:p%3Aa%20ss@proxy.test').credentials()).toEqual({
      username: 'us@er',
      password: 'p:a ss',
    });
    expect(parsed('http://user:pa@ss@proxy.test').credentials()).toEqual({ username: 'user', password: 'pa@ss' });
    expect(parsed('http://user@proxy.test').credentials()).toEqual({ username: 'user', password: '' });
    expect(parsed('http://proxy.test').credentials()).toBeUndefined();
  });

  test('shows its credentials nowhere', () => {
    const proxy = parsed('http://user:hunter2@proxy.test:3128');
    const shown = [String(proxy), JSON.stringify(proxy), inspect(proxy, { showHidden: true, depth: 9 }), proxy.href];
    expect(shown.join('\n')).not.toMatch(/user|hunter2/);
    expect(proxy.href).toBe('http://proxy.test:3128');
  });

  test.each([
    ['', 'it must start with'],
    ['proxy.test:3128', 'it must start with'],
    ['socks4://hunter2', 'it must start with'],
    ['ftp://hunter2', 'it must start with'],
    ['http://', 'host or port'],
    ['http://:3128', 'host or port'],
    ['http://hunter2:port', 'host or port'],
    ['http://hunter2:0', 'between 1 and 65535'],
    ['http://hunter2:99999', 'between 1 and 65535'],
    ['http://proxy.test/hunter2', 'something behind'],
    ['http://proxy.test?hunter2', 'something behind'],
    ['http://user:hunter%ZZ@proxy.test', 'percent-encoded'],
    ['http://user:hunter2%0d%0aX@proxy.test', 'control character'],
    ['http://us%3Aer:hunter2@proxy.test', 'colon'],
    ['socks4a://user:hunter2@proxy.test', 'no passwords'],
    ['socks5://user@proxy.test', 'both'],
    [`socks5://user:${'hunter2'.repeat(50)}@proxy.test`, 'too long'],
    [`socks5://${'hunter2'.repeat(50)}:x@proxy.test`, 'too long'],
    ['http://ex%61mple', 'host or port'],
    ['http://a b', 'host or port'],
  ])('%j is refused, and not quoted', (text, reason) => {
    const result = parseProxyUrl(text);
    expect(result).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
    expect(JSON.stringify(result)).not.toContain('hunter');
  });
});
