import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHttpUrl, parseWebSocketUrl, type WebSocketUrl } from '../../src/dial/url.ts';
import { patient } from '../support/patience.ts';

function parse(text: string): WebSocketUrl {
  const result = parseWebSocketUrl(text);
  if (!result.ok) throw new Error(result.reason);
  return result.url;
}

function reasonFor(text: string): string {
  const result = parseWebSocketUrl(text);
  if (result.ok) throw new Error(`${text} was accepted as ${result.url.href}`);
  return result.reason;
}

const jwt = `eyJhbGciOiJIUzI1NiJ9.${'QzT3x-_'.repeat(40)}.mVw9-_0aLq`;

describe('what people who come from the C++ library expect', () => {
  test.each([
    ['http://google.com', 'ws', 'google.com', 80, '/', ''],
    ['https://google.com', 'wss', 'google.com', 443, '/', ''],
    ['ws://google.com', 'ws', 'google.com', 80, '/', ''],
    [
      'wss://google.com/ws?arg=value&arg2=value2',
      'wss',
      'google.com',
      443,
      '/ws?arg=value&arg2=value2',
      'arg=value&arg2=value2',
    ],
    [
      'wss://google.com/?arg=value&arg2=value2',
      'wss',
      'google.com',
      443,
      '/?arg=value&arg2=value2',
      'arg=value&arg2=value2',
    ],
    [
      'wss://google.com?arg=value&arg2=value2',
      'wss',
      'google.com',
      443,
      '/?arg=value&arg2=value2',
      'arg=value&arg2=value2',
    ],
    [
      `ws://127.0.0.1:7350/ws?token=${jwt}&status=true&format=protobuf`,
      'ws',
      '127.0.0.1',
      7350,
      `/ws?token=${jwt}&status=true&format=protobuf`,
      `token=${jwt}&status=true&format=protobuf`,
    ],
    ['ws://[::1]:9001/chat', 'ws', '::1', 9001, '/chat', ''],
    ['ws://[::1]/', 'ws', '::1', 80, '/', ''],
  ])('%s', (text, protocol, host, port, path, query) => {
    expect(parse(text)).toMatchObject({ protocol, host, port, path, query });
  });

  test.each([
    'ws://:9001/',
    'ws://127.0.0.1::9001/',
    'ws://127.0.0.1:abc/',
    'ws://127.0.0.1:9001abc/',
    'ws://127.0.0.1:/',
    'ws://[::1/',
    'ws://[::1]x',
    'ws://[]:9001/',
    'ws://[::1]:abc/',
    'ws://[::1]:9001x/',
    'ws://[::1]:/',
    'ws://::1]/',
    'ws://[::1/:9001',
    'ws://::1/',
    'ws://user@@127.0.0.1/',
    'ws://user:pass@@[::1]:9001/',
  ])('%s is refused', (text) => {
    expect(reasonFor(text)).toMatch(/^Could not parse url: '.+' \(.+\)$/);
  });
});

describe('scheme', () => {
  test.each(['WS://h/', 'Ws://h/', 'HTTP://h/'])('%s: case does not matter', (text) => {
    expect(parse(text).href).toBe('ws://h/');
  });

  test.each([
    'h',
    'h:80',
    'localhost/path',
    'ws:h',
    'ws:/h',
    'ws//h',
    '://h',
    '//h',
    '/path',
    '1ws://h',
    'ftp://h/',
    'file:///etc/passwd',
    'ws2://h',
    'javascript://h',
    'wss+unix:/s',
    'constructor://h',
    '__proto__://h',
  ])('%s is refused', (text) => {
    expect(reasonFor(text)).toContain('Could not parse url');
  });
});

describe('host', () => {
  test.each([
    ['ws://EXAMPLE.com/', 'example.com', 'lower case'],
    ['ws://bücher.example/', 'xn--bcher-kva.example', 'IDN as punycode'],
    ['ws://例え.テスト/', 'xn--r8jz45g.xn--zckzah', 'IDN throughout'],
    ['ws://example。com/', 'example.com', 'an ideographic full stop'],
    ['ws://ｅｘａｍｐｌｅ.com/', 'example.com', 'full width letters'],
    ['ws://example.com./', 'example.com.', 'the root dot stays'],
    ['ws://my_host/', 'my_host', 'underscores are out there'],
    ['ws://0x7f.1/', '127.0.0.1', 'an address in another spelling'],
    ['ws://2130706433/', '127.0.0.1', 'an address as one number'],
  ])('%s connects to %s: %s', (text, host) => {
    expect(parse(text)).toMatchObject({ host, hostHeader: host, href: `ws://${host}/` });
  });

  test.each([
    ['ws://[::1]/', '::1', '[::1]', 'ws://[::1]/'],
    ['ws://[::1]:80/', '::1', '[::1]', 'ws://[::1]/'],
    ['ws://[::1]:81/', '::1', '[::1]:81', 'ws://[::1]:81/'],
    ['ws://[2001:DB8:0:0::1]/', '2001:db8::1', '[2001:db8::1]', 'ws://[2001:db8::1]/'],
    ['ws://[::ffff:1.2.3.4]/', '::ffff:102:304', '[::ffff:102:304]', 'ws://[::ffff:102:304]/'],
    ['ws://[fe80::1%25eth0]/', 'fe80::1%eth0', '[fe80::1]', 'ws://[fe80::1%25eth0]/'],
    ['ws://[fe80::1%25en0.1]:9/', 'fe80::1%en0.1', '[fe80::1]:9', 'ws://[fe80::1%25en0.1]:9/'],
  ])('%s connects to %s with Host: %s', (text, host, hostHeader, href) => {
    expect(parse(text)).toMatchObject({ host, hostHeader, href });
  });

  test.each([
    'ws://',
    'ws:///',
    'ws:///path',
    'ws://?x',
    'ws://@/',
    'ws://u:p@/',
    'ws://.',
    'ws://。/',
    'ws://.h/',
    'ws://a..b/',
    'ws://a b/',
    'ws://h%41/',
    'ws://h%00/',
    'ws://a\\b/',
    'ws://\\h/',
    'ws://h|x/',
    'ws://h<x/',
    'ws://h^x/',
    'ws://\u00ad/',
    'ws://\u3000/',
    'ws://1.2.3.4.5/',
    'ws://256.1.1.1/',
    'ws://1.2.3.0x100000/',
    'ws://xn--/',
    'ws://h：80/',
    'ws://[1.2.3.4]/',
    'ws://[::1::]/',
    'ws://[:::1]/',
    'ws://[g::1]/',
    'ws://[::1]]/',
    'ws://[[::1]]/',
    'ws://x[::1]/',
    'ws://[::1][::2]/',
    'ws://[fe80::1%eth0]/',
    'ws://[fe80::1%25]/',
    'ws://[fe80::1%25a%25b]/',
    'ws://[fe80::1%25a b]/',
    'ws://[%25eth0]/',
    'ws://fe80::1%25eth0/',
  ])('%s is refused', (text) => {
    expect(reasonFor(text)).toContain('Could not parse url');
  });
});

describe('port', () => {
  test.each([
    ['ws://h:1/', 1, 'h:1'],
    ['ws://h:65535/', 65_535, 'h:65535'],
    ['ws://h:80/', 80, 'h'],
    ['wss://h:443/', 443, 'h'],
    ['ws://h:443/', 443, 'h:443'],
    ['wss://h:80/', 80, 'h:80'],
    ['http://h:80/', 80, 'h'],
    ['https://h:443/', 443, 'h'],
    ['ws://h:0080/', 80, 'h'],
    ['ws://h:8080?x', 8080, 'h:8080'],
    ['ws://h:8080', 8080, 'h:8080'],
  ])('%s: %i, Host: %s', (text, port, hostHeader) => {
    expect(parse(text)).toMatchObject({ port, hostHeader });
  });

  test.each([
    '0',
    '00',
    '65536',
    '99999999999999999999',
    '-1',
    '+80',
    '8 0',
    '0x50',
    '8e1',
    '80.0',
    '٨٠',
    '80:80',
    ':80',
  ])('%s is refused as a port', (port) => {
    expect(reasonFor(`ws://h:${port}/`)).toContain('Could not parse url');
  });
});

describe('path and query', () => {
  test.each([
    ['', '/', ''],
    ['/', '/', ''],
    ['?', '/?', ''],
    ['?a', '/?a', 'a'],
    ['/?', '/?', ''],
    ['/a?b?c', '/a?b?c', 'b?c'],
    ['/a/../b/./c', '/b/c', ''],
    ['/../..', '/', ''],
    ['/a/b/..', '/a/', ''],
    ['/a/.', '/a/', ''],
    ['/a//../b', '/a/b', ''],
    ['/%2e%2E/a/.%2e/b', '/b', ''],
    ['/...', '/...', ''],
    ['/.a/..b', '/.a/..b', ''],
    ['/a?/../b', '/a?/../b', '/../b'],
    ['//10', '//10', ''],
    ['/a:b@c', '/a:b@c', ''],
    ['/a%20b%zz%', '/a%20b%zz%', ''],
    ['/a b', '/a%20b', ''],
    ['/é?ü=😀', '/%C3%A9?%C3%BC=%F0%9F%98%80', '%C3%BC=%F0%9F%98%80'],
    ['/\u2028x', '/%E2%80%A8x', ''],
    ['/?a[]=1', '/?a[]=1', 'a[]=1'],
    ['/?q={"a":1}', '/?q=%7B%22a%22:1%7D', 'q=%7B%22a%22:1%7D'],
    ["/-._~!$&'()*+,;=:@", "/-._~!$&'()*+,;=:@", ''],
    ['/<>`\\^|', '/%3C%3E%60%5C%5E%7C', ''],
  ])('%s is requested as %s', (written, path, query) => {
    expect(parse(`ws://h${written}`)).toMatchObject({ path, query, href: `ws://h${path}` });
  });

  test('dot segments are kept where that is asked for', () => {
    for (const path of ['/a/../b/./c', '/../%2e', '/.']) {
      expect(parseWebSocketUrl(`ws://h${path}`, true)).toMatchObject({ ok: true, url: { path } });
    }
  });

  test('dot segments are those that WHATWG removes', () => {
    const segment = fc.constantFrom('.', '..', '%2e', '.%2E', '', 'a', '...', '%2f', '..;');
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
        const url = `http://h/${segments.join('/')}`;
        expect(parseHttpUrl(url)).toMatchObject({ ok: true, url: { path: new URL(url).pathname } });
      }),
      { numRuns: 500 },
    );
  });

  test('whatever the text, the request target is visible ASCII without anything that ends it', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    fc.assert(
      fc.property(text, (target) => {
        const result = parseWebSocketUrl(`ws://h/${target}`);
        if (result.ok) expect(result.url.path).toMatch(/^\/[!-~]*$/);
        else expect(target).toMatch(/[#\p{Cc}\s]/u);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what no URL may contain', () => {
  test.each(['ws://h/#', 'ws://h/#top', 'ws://h#top', 'ws://h?a#b', '#', 'ws+unix:/s:/#x'])('fragment: %s', (text) => {
    expect(reasonFor(text)).toContain('fragment');
  });

  test('an encoded number sign is part of the path', () => {
    expect(parse('ws://h/%23top').path).toBe('/%23top');
  });

  test.each([' ws://h/', 'ws://h/ ', '\u00a0ws://h/', 'ws://h/\ufeff', 'ws://h/\u2029'])(
    'surrounding space: %j',
    (text) => {
      expect(reasonFor(text)).toContain('spaces');
    },
  );

  test.each(['\0', '\t', '\n', '\r', '\x1b', '\x7f', '\x85', '\x9b'])('control character %j, anywhere', (control) => {
    for (const text of [
      `${control}ws://h/`,
      `w${control}s://h/`,
      `ws://h${control}x/`,
      `ws://h/a${control}b`,
      `ws://h/${control}`,
    ]) {
      expect(reasonFor(text)).toContain('control character');
    }
  });

  test.each(['ws://h/\ud800', 'ws://\udc00/', '\ud800'])('a lone surrogate: %j', (text) => {
    expect(reasonFor(text)).toContain('lone surrogate');
  });

  test('nothing at all', () => {
    expect(reasonFor('')).toBe("Could not parse url: '' (it is empty)");
  });
});

describe('user name and password', () => {
  test.each([
    ['u:p', 'u', 'p'],
    ['u', 'u', undefined],
    ['u:', 'u', ''],
    [':p', '', 'p'],
    ['u:p:q', 'u', 'p:q'],
    ['us%40er:p%3A%2F%25', 'us@er', 'p:/%'],
    ['%C3%BC:%E2%82%AC', 'ü', '€'],
    ['ü:€', 'ü', '€'],
    ['', undefined, undefined],
    [':', undefined, undefined],
  ])('%s is kept apart and leaves no trace elsewhere', (userInfo, username, password) => {
    const url = parse(`wss://${userInfo}@h:9/p?q`);
    expect(url.username).toBe(username);
    expect(url.password).toBe(password);
    const { username: _username, password: _password, ...rest } = url;
    expect(rest).toEqual(parse('wss://h:9/p?q'));
    expect('username' in url).toBe(username !== undefined);
    expect('password' in url).toBe(password !== undefined);
  });

  test.each(['u%3Au:p', 'u:%', 'u:%zz', 'u:%ff', 'u%0d%0aX:p', 'u:%00', 'u:%C2%85'])('%s is refused', (userInfo) => {
    expect(reasonFor(`ws://${userInfo}@h/`)).toMatch(
      /^Could not parse url: 'ws:\/\/\*\*\*@h\/' \(its (user name|password) /,
    );
  });

  test('an @ in the path or query is no user info', () => {
    expect(parse('ws://h/a@b?c@d')).toMatchObject({ host: 'h', path: '/a@b?c@d' });
    expect(parse('ws://h?c@d')).toMatchObject({ host: 'h', path: '/?c@d' });
  });

  test.each([
    'ws://bob:hunter2@h:x/',
    'ws://bob:hunter2@@h/',
    'ws://bob:hunter2@h/#f',
    'ws://bob:hunt@er2@h/',
    'ws://bob:a/hunter2@h/',
    'ws://bob:a?hunter2@h/',
    'ws://bob:a#hunter2@h/',
    'ws://bob:hunter2＠h/',
    'ws://bob:hunter2﹫h/',
    'ws://bob:hunter2@',
    ' ws://bob:hunter2@h/',
    'ws:bob:hunter2@h/',
    'ws:\n//bob:hunter2@h/',
    'ftp://bob:hunter2@h/',
    'bob:hunter2@h',
    'ws://bob:%hunter2@h/',
    'ws://bob:hunter2%00@h/',
  ])('%j is refused without telling the password', (text) => {
    const reason = reasonFor(text);
    expect(reason).not.toContain('hunter2');
    expect(reason).not.toContain('bob');
    expect(reason).toContain('***@');
  });

  test('no credentials are ever in what can be logged', () => {
    const secret = fc.constantFrom(
      'S3CRET',
      'S3CRET:x',
      'S3CRET/',
      '?S3CRET',
      'a@S3CRET',
      '%S3CRET',
      'S3CRET\n',
      '[S3CRET',
      '#S3CRET',
    );
    const host = fc.constantFrom('h', 'h:80', 'h:x', '[::1]', '[::1', '', 'a b', 'h\\x');
    const rest = fc.constantFrom('', '/', '?q', '/#f', '/\u0007', ' ');
    const prefix = fc.constantFrom('ws://', 'wss://', 'ftp://', 'ws:', '', ' ws://');
    fc.assert(
      fc.property(prefix, secret, host, rest, (start, userInfo, name, end) => {
        const result = parseWebSocketUrl(`${start}${userInfo}@${name}${end}`);
        // An unencoded ? or / ends the authority, and an @ behind it belongs to the path: that URL has no user info.
        if (!result.ok) expect(result.reason).not.toContain('S3CRET');
        else if (result.url.username !== undefined) expect(result.url.href).not.toContain('S3CRET');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('reasons', () => {
  test.each([
    ['ws://h:/', "Could not parse url: 'ws://h:/' (it has a colon but no port)"],
    ['ws://h:99999/', "Could not parse url: 'ws://h:99999/' (its port is not between 1 and 65535)"],
    ['ws://::1/', "Could not parse url: 'ws://::1/' (it has a colon too many; an IPv6 address needs brackets)"],
    ['localhost:8080', "Could not parse url: 'localhost:8080' (it must start with ws:// or wss://)"],
    ['ftp://h/', "Could not parse url: 'ftp://h/' (its scheme is not ws, wss, http, https or ws+unix)"],
  ])('%s', (text, reason) => {
    expect(reasonFor(text)).toBe(reason);
  });

  test('control and formatting characters are shown escaped, so that they drive no terminal and split no log', () => {
    const reason = reasonFor('ws://h/\x1b[2J\r\n\u202e\u2028');
    expect(reason).toContain('\\u{1b}[2J\\u{d}\\u{a}\\u{202e}\\u{2028}');
  });

  test('a very long URL is cut', () => {
    expect(reasonFor(`ws://h:x/${'a'.repeat(1_000_000)}`).length).toBeLessThan(400);
  });
});

describe('unix sockets', () => {
  test.each([
    ['ws+unix:/run/app.sock:/chat?room=1', '/run/app.sock', '/chat?room=1', 'room=1'],
    ['WS+UNIX:/run/app.sock:/chat', '/run/app.sock', '/chat', ''],
    ['ws+unix:/run/app.sock', '/run/app.sock', '/', ''],
    ['ws+unix:/run/app.sock:', '/run/app.sock', '/', ''],
    ['ws+unix:/run/app.sock:?room=1', '/run/app.sock', '/?room=1', 'room=1'],
    ['ws+unix:///run/app.sock:/chat', '/run/app.sock', '/chat', ''],
    ['ws+unix:/run/a:b:/chat', '/run/a:b', '/chat', ''],
    ['ws+unix:/run/my%20app%3A%2fx%3f:/a b', '/run/my app:/x?', '/a%20b', ''],
    ['ws+unix:/run/my äpp:/a:/b', '/run/my äpp', '/a:/b', ''],
    ['ws+unix:/run/u@h:/x', '/run/u@h', '/x', ''],
  ])('%s', (text, socketPath, path, query) => {
    expect(parse(text)).toMatchObject({
      protocol: 'ws+unix',
      socketPath,
      path,
      query,
      host: 'localhost',
      hostHeader: 'localhost',
      port: 0,
    });
  });

  test('only these have a socket path', () => {
    expect('socketPath' in parse('ws://h/')).toBe(false);
  });

  test.each([
    'ws+unix:',
    'ws+unix::/x',
    'ws+unix:relative:/x',
    'ws+unix://host/run/app.sock:/x',
    'ws+unix:////run/app.sock',
    'ws+unix:/run/app.sock?x',
    'ws+unix:/run/%00:/x',
    'ws+unix:/run/%zz:/x',
    'ws+unix:/run/\n:/x',
  ])('%j is refused', (text) => {
    expect(reasonFor(text)).toContain('Could not parse url');
  });
});

test('the normal form is parsed to the same parts, and is its own normal form', () => {
  const scheme = fc.constantFrom('ws', 'wss', 'http', 'HTTPS', 'Ws');
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((address) => `[${address}]`),
    fc.constantFrom('bücher.example', 'LOCALHOST', '[fe80::1%25eth0]'),
  );
  const port = fc.option(fc.integer({ min: 1, max: 65_535 }));
  const target = fc.oneof(
    fc.webPath(),
    fc.webQueryParameters().map((query) => `?${query}`),
    fc.constantFrom('', '/é b', '?[]|'),
  );
  fc.assert(
    fc.property(scheme, host, port, target, (s, h, p, t) => {
      const url = parse(`${s}://user:pw@${h}${p === null ? '' : `:${p}`}${t}`);
      const { username, password, ...rest } = url;
      expect([username, password]).toEqual(['user', 'pw']);
      expect(parse(url.href)).toEqual(rest);
    }),
  );
});

test.each(['ws+unix:/run/a b:/x y?z', 'ws+unix:///run/a%3a:?q', 'ws+unix:/run/ä'])('so is that of %s', (text) => {
  const url = parse(text);
  expect(parse(url.href)).toEqual(url);
});

test('parsing takes time in proportion to the length, whatever the text', () => {
  const pieces = ['@', ':', '/', '?', '[', ']', '%', '.', ' ', 'a', '%25', ':/', 'é', 'ws://'];
  const prefixes = ['', 'ws://', 'ws+unix:', 'ws+unix:/', 'ws://h:', 'ws://[', 'ws://h/', 'ws://u@'];
  const startMs = performance.now();
  for (const prefix of prefixes) {
    for (const piece of pieces) parseWebSocketUrl(prefix + piece.repeat(50_000));
  }
  // Some 112 parses of 50 to 250 kB: well under a second if linear, minutes if quadratic.
  expect(performance.now() - startMs).toBeLessThan(patient(8000));
});
