import { describe, expect, test } from 'vitest';
import { isAuthority, isIpv6, parseAuthority } from '../../../src/protocol/http1/authority.ts';

describe('host and port (RFC 9110 7.2)', () => {
  test.each<[string, string, number | undefined]>([
    ['A.Example', 'a.example', undefined],
    ['a.example:80', 'a.example', 80],
    ['a.example:0080', 'a.example', 80],
    ['a.example:0', 'a.example', 0],
    ['a.example:', 'a.example', undefined],
    ['[::FFFF]:1', '[::ffff]', 1],
    ['[::1]', '[::1]', undefined],
    ['127.0.0.1:65535', '127.0.0.1', 65535],
  ])('%s', (text, host, port) => {
    expect(parseAuthority(text)).toEqual({ host, port });
  });

  test.each([
    '',
    ':1',
    'a:b',
    'a:65536',
    'a:-1',
    'a:99999999999999999999',
    'a\r\n',
    'a\0',
    'a?b',
    'a#b',
    'a\\b',
    'a@b',
    '[',
    ']',
  ])('%j is refused', (text) => {
    expect(isAuthority(text)).toBe(false);
    expect(parseAuthority(text)).toBeUndefined();
  });
});

describe('IPv6 addresses (RFC 3986 3.2.2)', () => {
  test.each([
    '::',
    '::1',
    '1::',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
    'fe80::a',
    '::ffff:1.2.3.4',
    '1:2:3:4:5:6:1.2.3.4',
  ])('%s is one', (text) => {
    expect(isIpv6(text)).toBe(true);
  });

  test.each([
    '',
    ':',
    ':::',
    '1',
    '1:2',
    '1:::2',
    ':1::',
    '1::2:',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1.2.3.4',
    '::1.2.3',
    '::01.2.3.4',
    '::1.2.3.4:5',
    '1.2.3.4::',
    '::g',
    '::12345',
    'fe80::1%eth0',
    '::1 ',
  ])('%j is none', (text) => {
    expect(isIpv6(text)).toBe(false);
  });
});
