import { describe, expect, it } from 'vitest';
import { forbiddenHostOf, isForbiddenAddress } from '../../../src/cli/proxy-server/addresses.ts';
import {
  findRoute,
  hasDotSegments,
  isHostKnown,
  parseRoutes,
  urlBehind,
} from '../../../src/cli/proxy-server/routes.ts';

describe('routes', () => {
  it('are read from lines', () => {
    const text = '# comment\n\nA.example=ws://a # behind\r\nb.example:81/Chat/ = wss://b:2/x?y=1\n';
    expect(parseRoutes(text)).toEqual([
      { host: 'a.example', path: '', url: 'ws://a' },
      { host: 'b.example:81', path: '/Chat', url: 'wss://b:2/x?y=1' },
    ]);
  });

  it('are read from JSON', () => {
    const routes = [{ host: 'a', path: '/b', url: 'ws://c' }];
    expect(parseRoutes('{"a/b":"ws://c"}')).toEqual(routes);
    expect(parseRoutes(' {"remote_urls":{"a/b":"ws://c"}}')).toEqual(routes);
  });

  it.each([
    ['a', 'line 1 is not HOST=URL'],
    ['\n=ws://a', 'line 2 is not HOST=URL'],
    ['/x=ws://a', 'line 1 names no host'],
    ['a=b', 'line 1: b is no URL'],
    ['a=http://b', 'line 1: http://b does not begin with ws:// or wss://'],
    ['a=ws://b#c', 'line 1: ws://b#c has a fragment'],
    ['{"a":', 'it begins as JSON, and is none'],
    ['{"a":1}', 'the URL of a must be a string'],
    ['{"remote_urls":[]}', 'it must be an object of hosts and URLs'],
  ])('are refused: %j', (text, message) => {
    expect(() => parseRoutes(text)).toThrow(message);
  });

  const routes = parseRoutes('h=ws://host\nh:81=ws://port\nh/a=ws://path\nh/a/b=ws://longer\n');
  it.each([
    ['h', '/', 'ws://host'],
    ['H:80', '/x', 'ws://host'],
    ['h:81', '/x', 'ws://port'],
    ['h', '/a', 'ws://path'],
    ['h', '/a?b', 'ws://path'],
    ['h', '/ab', 'ws://host'],
    ['h', '/a/b/c', 'ws://longer'],
    ['i', '/a', undefined],
    ['', '/', undefined],
  ])('for %j and %j is %j', (host, uri, url) => {
    expect(findRoute(routes, host, uri)?.url).toBe(url);
  });

  it.each([
    ['h', true],
    ['H:80', true],
    ['i', false],
    ['', false],
  ])('know of the host %j: %j', (host, isKnown) => {
    expect(isHostKnown(routes, host)).toBe(isKnown);
  });

  it.each([
    ['/a/../b', true],
    ['/..', true],
    ['/./a', true],
    ['/a/%2E.?b', true],
    ['/a\\..\\b', true],
    ['/a..b/...', false],
    ['/a?b=/../', false],
    ['/', false],
  ])('%j has dot segments: %j', (uri, hasThem) => {
    expect(hasDotSegments(uri)).toBe(hasThem);
  });

  it.each([
    ['ws://a', '/b?c', 'ws://a/b?c'],
    ['ws://a/', '/b', 'ws://a/b'],
    ['ws://a/x?k=1', '/b?c=2', 'ws://a/x/b?k=1&c=2'],
    ['ws://a?k=1', '/', 'ws://a/?k=1'],
    ['ws://a', '//evil.example/', 'ws://a//evil.example/'],
    ['ws://a', '/@evil.example/?q=/?', 'ws://a/@evil.example/?q=/?'],
  ])('from %s with %s lead to %s', (base, uri, url) => {
    expect(urlBehind(base, uri)).toBe(url);
  });
});

describe('addresses of the surroundings', () => {
  it.each([
    '169.254.0.1',
    '169.254.169.254',
    '100.100.100.200',
    'fe80::1',
    'fd00:ec2::254',
    '224.0.0.1',
    'ff02::1',
    '::ffff:169.254.169.254',
  ])('%s is one', (address) => expect(isForbiddenAddress(address)).toBe(true));

  it.each(['127.0.0.1', '10.0.0.1', '192.168.1.1', '::1', 'fd00::1', '2001:db8::1', 'localhost'])(
    '%s is none',
    (address) => expect(isForbiddenAddress(address)).toBe(false),
  );

  it('are found in every notation of a URL', () => {
    expect(forbiddenHostOf('ws://0xa9fea9fe/')).toBe('169.254.169.254');
    expect(forbiddenHostOf('wss://[::ffff:a9fe:a9fe]/')).toBe('::ffff:a9fe:a9fe');
    expect(forbiddenHostOf('ws://localhost/')).toBeUndefined();
  });
});
