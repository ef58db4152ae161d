import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import {
  checkOriginPolicy,
  isOriginAllowed,
  type OriginPolicy,
  type OriginRule,
  originRefusal,
} from '../../../src/protocol/websocket/handshake/origin-policy.ts';

const allowed = (origin: string | undefined, host: string | undefined, policy?: OriginRule): boolean =>
  isOriginAllowed(origin, host, policy);

describe('by default', () => {
  test.each<[string | undefined, string | undefined]>([
    [undefined, 'example.com'],
    [undefined, undefined],
    ['http://example.com', 'example.com'],
    ['https://example.com', 'example.com'],
    ['ws://example.com', 'example.com'],
    ['wss://example.com', 'example.com'],
    ['HTTP://EXAMPLE.com', 'Example.COM'],
    ['http://example.com', 'example.com:80'],
    ['http://example.com:80', 'example.com'],
    ['https://example.com', 'example.com:443'],
    ['http://example.com:8008', 'example.com:8008'],
    ['https://example.com:8008', 'example.com:8008'],
    ['http://[2001:db8::1]:1', '[2001:DB8::1]:1'],
    // A loopback page may speak to a loopback server on any port.
    ['http://localhost:3000', 'localhost:8008'],
    ['http://localhost:3000', '127.0.0.1:8008'],
    ['https://127.0.0.1', '[::1]:8008'],
    ['http://app.localhost:3000', '127.1.2.3:8008'],
  ])('origin %s may speak to %s', (origin, host) => {
    expect(allowed(origin, host)).toBe(true);
  });

  test.each<[string, string | undefined]>([
    ['null', 'example.com'],
    ['', 'example.com'],
    ['http://evil.com', 'example.com'],
    ['http://sub.example.com', 'example.com'],
    ['http://example.com', 'sub.example.com'],
    ['http://example.com.evil.com', 'example.com'],
    ['http://evilexample.com', 'example.com'],
    ['http://example.com:81', 'example.com'],
    ['http://example.com', 'example.com:8008'],
    ['https://example.com', 'example.com:80'],
    ['http://example.com@evil.com', 'example.com'],
    ['http://evil.com#example.com', 'example.com'],
    ['http://example.com/', 'example.com'],
    ['http://example.com http://evil.com', 'example.com'],
    ['example.com', 'example.com'],
    ['://example.com', 'example.com'],
    ['chrome-extension://example.com', 'example.com'],
    ['capacitor://localhost', 'localhost:8008'],
    ['http://example.com', undefined],
    ['http://example.com', ''],
    ['http://example.com', 'not a host'],
    // DNS rebinding: the page's name points to 127.0.0.1, but it is still that name.
    ['http://evil.com:3000', 'localhost:8008'],
    ['http://localhost:3000', 'evil.com:8008'],
    ['http://127.evil.com:3000', '127.0.0.1:8008'],
    ['http://127.0.0.1.evil.com', '127.0.0.1:8008'],
    ['http://localhost.evil.com', 'localhost:8008'],
    ['http://evillocalhost', 'localhost:8008'],
    ['http://0.0.0.0:3000', '127.0.0.1:8008'],
  ])('origin %j may not speak to %s', (origin, host) => {
    expect(allowed(origin, host)).toBe(false);
  });
});

describe('by policy', () => {
  test("'*' lets everybody in", () => {
    expect(allowed('http://evil.com', 'example.com', '*')).toBe(true);
    expect(allowed('null', undefined, '*')).toBe(true);
  });

  test('a list names origins with their scheme, and nothing else passes but what is no browser', () => {
    const list = ['https://a.com', 'http://b.com:8080'];
    expect(allowed('https://a.com', 'x', list)).toBe(true);
    expect(allowed('HTTPS://A.com:443', 'x', list)).toBe(true);
    expect(allowed('http://b.com:8080', 'x', list)).toBe(true);
    expect(allowed(undefined, 'x', list)).toBe(true);
    for (const origin of [
      'http://a.com',
      'https://a.com:444',
      'https://b.com:8080',
      'http://b.com',
      'http://x',
      'null',
      '',
      'https://sub.a.com',
    ]) {
      expect(allowed(origin, 'x', list), origin).toBe(false);
    }
    expect(allowed('http://x', 'x', [])).toBe(false);
  });

  test('null and origins of other schemes pass when the list names them exactly', () => {
    const list = ['null', 'chrome-extension://abc'];
    expect(allowed('null', 'x', list)).toBe(true);
    expect(allowed('chrome-extension://abc', 'x', list)).toBe(true);
    expect(allowed('chrome-extension://abcd', 'x', list)).toBe(false);
  });

  test('origins that cannot be parsed are never equal to one another', () => {
    expect(allowed('bogus 1', 'x', ['bogus 2'])).toBe(false);
  });
});

describe('the refusal', () => {
  test('names the origin, the host and the option to change', () => {
    const refusal = originRefusal('http://evil.com', 'example.com:8008');
    expect(refusal).toMatchObject({ status: 403, code: 'originNotAllowed' });
    expect(refusal.reason).toMatch(/http:\/\/evil\.com.*example\.com:8008.*allowedOrigins/);
  });

  test('stays short, and complete without origin or host', () => {
    expect(originRefusal('x'.repeat(8000), 'h').reason.length).toBeLessThan(600);
    expect(originRefusal(undefined, undefined).reason).toMatch(/without Origin.*this server/);
  });
});

describe('a policy is checked when it is given', () => {
  test.each<[OriginPolicy]>([
    [undefined],
    ['*'],
    [[]],
    [['https://a.com', 'http://b:1', 'null', 'app://x']],
    [() => true],
  ])('%j is one', (policy) => {
    expect(() => checkOriginPolicy(policy)).not.toThrow();
  });

  test.each<[unknown]>([
    ['https://a.com'],
    [''],
    [null],
    [true],
    [{}],
    [['a.com']],
    [['*']],
    [['https://a.com/']],
    [['https://*.a.com/x']],
    [[5]],
    [[{ toString: () => 'https://a.com' }]],
  ])('%j is none', (policy) => {
    expect(() => checkOriginPolicy(policy as OriginPolicy)).toThrow(UsageError);
    expect(() => checkOriginPolicy(policy as OriginPolicy)).toThrow(/^allowedOrigins: /);
  });
});
