import { describe, expect, test } from 'vitest';
import { chooseProxy, isExcepted, type ProxyTarget } from '../../src/dial/proxy-choice.ts';

const secure: ProxyTarget = { protocol: 'wss', host: 'chat.example.com', port: 443 };
const plain: ProxyTarget = { protocol: 'ws', host: 'chat.example.com', port: 80 };

const choose = (target: ProxyTarget, variables: Record<string, string>): string | undefined =>
  chooseProxy(target, (name) => variables[name] || undefined)?.url;

describe('the variable is', () => {
  test.each([
    ['HTTPS_PROXY for wss', secure, { HTTPS_PROXY: 'http://a' }, 'http://a'],
    ['HTTP_PROXY for ws', plain, { HTTP_PROXY: 'http://a' }, 'http://a'],
    ['not HTTP_PROXY for wss', secure, { HTTP_PROXY: 'http://a' }, undefined],
    ['not HTTPS_PROXY for ws', plain, { HTTPS_PROXY: 'http://a' }, undefined],
    ['ALL_PROXY when there is no other', secure, { ALL_PROXY: 'socks5://a' }, 'socks5://a'],
    ['the more specific one first', plain, { ALL_PROXY: 'http://a', HTTP_PROXY: 'http://b' }, 'http://b'],
    ['the one in small letters first', secure, { HTTPS_PROXY: 'http://a', https_proxy: 'http://b' }, 'http://b'],
    ['none that is empty', plain, { http_proxy: '', HTTP_PROXY: 'http://a' }, 'http://a'],
    ['not HTTP_PROXY in a CGI program', plain, { HTTP_PROXY: 'http://a', REQUEST_METHOD: 'GET' }, undefined],
    ['http_proxy in a CGI program', plain, { http_proxy: 'http://a', REQUEST_METHOD: 'GET' }, 'http://a'],
    ['none for a unix socket', { ...plain, protocol: 'ws+unix' as const }, { ALL_PROXY: 'http://a' }, undefined],
    ['none when no_proxy names the server', plain, { HTTP_PROXY: 'http://a', no_proxy: 'example.com' }, undefined],
    ['none when NO_PROXY names the server', plain, { HTTP_PROXY: 'http://a', NO_PROXY: '*' }, undefined],
  ])('%s', (_name, target, variables, expected) => {
    expect(choose(target, variables as Record<string, string>)).toBe(expected);
  });

  test('named, for messages', () => {
    expect(chooseProxy(plain, (name) => (name === 'HTTP_PROXY' ? 'http://a' : undefined))?.variable).toBe('HTTP_PROXY');
  });
});

describe('NO_PROXY', () => {
  test.each([
    ['example.com', 'example.com', 443, true],
    ['example.com', 'chat.example.com', 443, true],
    ['.example.com', 'chat.example.com', 443, true],
    ['.example.com', 'example.com', 443, true],
    ['*.example.com', 'chat.example.com', 443, true],
    ['example.com', 'badexample.com', 443, false],
    ['example.com', 'example.com.evil.test', 443, false],
    ['EXAMPLE.com', 'example.COM', 443, true],
    ['example.com.', 'example.com', 443, true],
    ['example.com', 'example.com.', 443, true],
    ['example.com:8443', 'example.com', 8443, true],
    ['example.com:8443', 'example.com', 443, false],
    ['*', 'anything.test', 1, true],
    ['a.test, b.test', 'b.test', 443, true],
    ['a.test b.test', 'b.test', 443, true],
    ['', 'a.test', 443, false],
    [', ,', 'a.test', 443, false],
    ['.', 'a.test', 443, false],
    ['*.', 'a.test', 443, false],
    ['127.0.0.1', '127.0.0.1', 80, true],
    ['127.0.0.1:81', '127.0.0.1', 80, false],
    ['10.0.0.0/8', '10.1.2.3', 80, true],
    ['10.0.0.0/8', '11.1.2.3', 80, false],
    ['10.0.0.0/8', '10.evil.test', 80, false],
    ['10.0.0.0/33', '10.0.0.0', 80, false],
    ['10.0.0.0/x', '10.0.0.0', 80, false],
    ['10.0.0.0/8/9', '10.0.0.0', 80, false],
    ['0.0.0.0/0', '192.0.2.1', 80, true],
    ['::1', '::1', 80, true],
    ['[::1]', '::1', 80, true],
    ['[::1]:80', '::1', 80, true],
    ['[::1]:80', '::1', 81, false],
    ['fd00::/8', 'fd12:3456::1', 80, true],
    ['fd00::/8', 'fe80::1', 80, false],
    ['fe80::/10', 'fe80::1%eth0', 80, true],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1', 80, true],
  ])('%s covers %s on port %d: %s', (list, host, port, expected) => {
    expect(isExcepted({ host, port }, list)).toBe(expected);
  });

  test('takes time in proportion to its length', () => {
    const list = `${'a.test,'.repeat(20_000)}${' '.repeat(50_000)}`;
    expect(isExcepted({ host: 'b.test', port: 1 }, list)).toBe(false);
  });
});
