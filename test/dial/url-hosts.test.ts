import { describe, expect, test } from 'vitest';
import { resolveLocation } from '../../src/dial/location.ts';
import { parseProxyUrl } from '../../src/dial/proxy-server.ts';
import { parseHttpUrl, parseWebSocketUrl } from '../../src/dial/url.ts';
import { disagreementsOnHosts } from '../support/url-hosts.ts';

describe('a backslash before the path, which some readers take for the end of the host, is refused in', () => {
  const authorities = [
    'good.example\\@127.0.0.1',
    'good.example\\',
    'good.example\\.evil.example',
    '\\good.example',
    '\\\\good.example',
    'u\\p@good.example',
    'u:p\\@good.example',
    'good.example:80\\@127.0.0.1',
    '[::1]\\@good.example',
  ];
  test.each(authorities)('//%s', (authority) => {
    for (const scheme of ['http', 'https', 'HTTP']) expect(parseHttpUrl(`${scheme}://${authority}/`).ok).toBe(false);
    for (const scheme of ['ws', 'wss', 'http', 'https']) {
      expect(parseWebSocketUrl(`${scheme}://${authority}/`).ok).toBe(false);
    }
    for (const scheme of ['http', 'https', 'socks5', 'socks5h', 'socks4a']) {
      expect(parseProxyUrl(`${scheme}://${authority}`).ok).toBe(false);
    }
  });

  test('and is part of the path behind it', () => {
    const result = parseHttpUrl('http://good.example/a\\@127.0.0.1');
    expect(result).toMatchObject({ ok: true, url: { host: 'good.example', path: '/a%5C@127.0.0.1' } });
  });
});

test.each([
  ['http://good.example\\@127.0.0.1/', 'good.example'],
  ['\\\\good.example\\@127.0.0.1/', 'good.example'],
  ['/\\good.example/', 'good.example'],
  ['\\@127.0.0.1', 'origin.example'],
])('a Location %j leads where a browser would go', (location, host) => {
  const from = parseHttpUrl('http://origin.example/');
  if (!from.ok) throw new Error(from.reason);
  expect(resolveLocation(location, from.url, parseHttpUrl)).toMatchObject({ host });
});

test('20 000 generated URLs have the host, the port and the brackets that WHATWG finds', () => {
  const { parsed, disagreements } = disagreementsOnHosts(20_000, 1);
  expect(disagreements).toEqual([]);
  expect(parsed).toBeGreaterThan(1000);
});

test('a host beyond ASCII is understood however often it is asked for', () => {
  // In Node 20, URL.canParse says no from the moment its caller is optimized.
  let refused = 0;
  for (let i = 0; i < 20_000; i++) if (!parseHttpUrl(`http://é${i % 10}.example/`.normalize()).ok) refused++;
  expect(refused).toBe(0);
});
