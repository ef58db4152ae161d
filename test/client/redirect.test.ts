import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { decideRedirect, type HandshakeTarget, type RedirectDecision } from '../../src/client/attempt/redirect.ts';
import { parseWebSocketUrl, type WebSocketUrl } from '../../src/dial/url.ts';
import type { WebSocketErrorInfo, WebSocketOptions } from '../../src/index.ts';
import { HttpHeaders } from '../../src/protocol/http1/headers.ts';
import { listenAndAnswer, type RawServer, switchingProtocols } from '../support/raw-server.ts';
import { createClient, startServer } from '../support/running.ts';
import { authority, identity, startSecureServer, trusting } from '../support/secure.ts';

function url(text: string): WebSocketUrl {
  const parsed = parseWebSocketUrl(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.url;
}

const tlsOptions = { caFile: 'SYSTEM', certFile: 'cert', keyFile: 'key', passphrase: 'x', serverName: 'a.test' };

function decide(
  from: string,
  location: string | readonly string[] | undefined,
  {
    status = 302,
    maxRedirects = 10,
    visited = [from],
  }: { status?: number; maxRedirects?: number; visited?: string[] } = {},
): RedirectDecision {
  const headers = new HttpHeaders();
  for (const value of location === undefined ? [] : [location].flat()) headers.append('Location', value);
  const extraHeaders = HttpHeaders.from({
    Authorization: 'a',
    Cookie: 'b',
    'Proxy-Authorization': 'c',
    Host: 'd',
    'X-E': 'e',
  });
  const target: HandshakeTarget = { url: url(from), extraHeaders, tlsOptions };
  const history = { visited: new Set(visited.map((text) => url(text).href)), maxRedirects };
  return decideRedirect({ version: '1.1', status, statusText: '', headers }, target, history);
}

function followed(from: string, location: string): HandshakeTarget {
  const decision = decide(from, location);
  if (decision.kind !== 'follow') throw new Error(`${decision.kind}: ${location}`);
  return decision.target;
}

describe('a Location leads', () => {
  test.each([
    ['ws://a.test/x/y?z', '/b', 'ws://a.test/b'],
    ['ws://a.test/x/y?z', 'b?c', 'ws://a.test/x/b?c'],
    ['ws://a.test/x/y', '?q', 'ws://a.test/x/y?q'],
    ['ws://a.test/x/y', '../b', 'ws://a.test/b'],
    ['ws://a.test/x', '//b.test/c', 'ws://b.test/c'],
    ['wss://a.test/x', '//b.test/c', 'wss://b.test/c'],
    ['ws://a.test/', 'http://b.test:81/c#d', 'ws://b.test:81/c'],
    ['ws://a.test/', 'https://a.test/', 'wss://a.test/'],
    ['ws://a.test/', 'WSS://B.test/', 'wss://b.test/'],
    ['wss://a.test/', 'wss://b.test:444/c', 'wss://b.test:444/c'],
    ['ws://[::1]:8080/', '/b', 'ws://[::1]:8080/b'],
    ['ws://a.test/', '/b\u00c3\u00a4', 'ws://a.test/b%C3%A4'],
    ['ws+unix:/run/a.sock:/x', '/b?c', 'ws+unix:/run/a.sock:/b?c'],
    ['ws+unix:/run/a.sock:/x', 'http://localhost/b', 'ws+unix:/run/a.sock:/b'],
  ])('from %s with %j to %s', (from, location, expected) => {
    expect(followed(from, location).url.href).toBe(expected);
  });

  test('to the same unix socket', () => {
    expect(followed('ws+unix:/run/a.sock:/x', '/b').url).toMatchObject({ socketPath: '/run/a.sock', path: '/b' });
  });

  test.each([301, 302, 303, 307, 308])('with status %i', (status) => {
    expect(decide('ws://a.test/', '/b', { status }).kind).toBe('follow');
  });

  test.each([200, 300, 304, 305, 306, 400, 426])('nowhere with status %i', (status) => {
    expect(decide('ws://a.test/', '/b', { status }).kind).toBe('none');
  });

  test.each([
    ['when there is none', undefined],
    ['when there are two', ['/b', '/c']],
    ['when it is no URL', 'http://['],
    ['when it has no valid port', 'http://b.test:99999/'],
  ])('nowhere %s', (_name, location) => {
    expect(decide('ws://a.test/', location).kind).toBe('none');
  });

  test('nowhere when redirects are switched off', () => {
    expect(decide('ws://a.test/', '/b', { maxRedirects: 0 }).kind).toBe('none');
  });
});

describe('a redirect is refused', () => {
  test.each([
    ['wss://a.test/', 'http://a.test/', 'redirectRefused'],
    ['wss://a.test/', 'ws://b.test/', 'redirectRefused'],
    ['ws://a.test/', 'ftp://a.test/', 'redirectRefused'],
    ['ws://a.test/', 'file:///etc/passwd', 'redirectRefused'],
    ['ws://a.test/', 'javascript:alert(1)', 'redirectRefused'],
    ['ws://a.test/', 'ws+unix:/run/a.sock:/', 'redirectRefused'],
    ['ws+unix:/run/a.sock:/', 'http://b.test/', 'redirectRefused'],
    ['ws://a.test/b', '/b', 'redirectLoop'],
    ['ws://a.test/b', 'ws://A.test:80/b#x', 'redirectLoop'],
  ])('from %s to %s with %s', (from, location, code) => {
    expect(decide(from, location)).toMatchObject({ kind: 'refuse', code });
  });

  test('when there were too many', () => {
    const visited = ['ws://a.test/', 'ws://a.test/1', 'ws://a.test/2'];
    expect(decide('ws://a.test/2', '/3', { visited, maxRedirects: 3 }).kind).toBe('follow');
    expect(decide('ws://a.test/2', '/3', { visited, maxRedirects: 2 })).toMatchObject({ code: 'tooManyRedirects' });
  });
});

describe('credentials', () => {
  test('stay with the origin', () => {
    const { url: next, extraHeaders, tlsOptions: tls } = followed('ws://u:p@a.test/', '/b');
    expect(next).toMatchObject({ username: 'u', password: 'p' });
    expect([...extraHeaders.keys()]).toEqual(['Authorization', 'Cookie', 'Proxy-Authorization', 'Host', 'X-E']);
    expect(tls).toBe(tlsOptions);
  });

  test.each(['ws://b.test/', 'wss://a.test/', 'ws://a.test:81/', 'ws://sub.a.test/'])('do not go to %s', (location) => {
    const { url: next, extraHeaders, tlsOptions: tls } = followed('ws://u:p@a.test/', location);
    expect(next.username).toBeUndefined();
    expect(next.password).toBeUndefined();
    expect([...extraHeaders.keys()]).toEqual(['X-E']);
    expect(tls).toEqual({ caFile: 'SYSTEM' });
  });

  test('of the Location are not taken', () => {
    expect(followed('ws://a.test/', 'ws://x:y@b.test/').url.username).toBeUndefined();
    expect(followed('ws://u:p@a.test/', 'ws://x:y@a.test/b').url).toMatchObject({ username: 'u', password: 'p' });
  });
});

/** A server that redirects everything to where `to` says. */
function redirecting(to: (request: string) => string, status = '302 Found'): Promise<RawServer> {
  return listenAndAnswer((request) => `HTTP/1.1 ${status}\r\nLocation: ${to(request)}\r\nContent-Length: 0\r\n\r\n`);
}

async function failure(options: WebSocketOptions): Promise<WebSocketErrorInfo> {
  const { client } = createClient(options);
  const result = await client.connect();
  if (result.success) throw new Error('it connected');
  return result.errorInfo;
}

describe('a client', () => {
  test('follows a redirect to another server, without what was meant for the first', async () => {
    const requests: string[] = [];
    const last = await listenAndAnswer((request) => {
      requests.push(request);
      return switchingProtocols(request);
    });
    const first = await redirecting((request) => {
      requests.push(request);
      return `${last.url}there?x`;
    });
    const { client } = createClient({
      url: first.url.replace('ws://', 'ws://user:hunter2@'),
      extraHeaders: { Cookie: 'hunter2', 'X-More': 'y' },
    });
    const result = await client.connect();
    expect(result).toMatchObject({ success: true, openInfo: { uri: '/there?x' } });
    expect(requests).toHaveLength(2);
    expect(requests[0]).toMatch(/authorization: basic/i);
    expect(requests[0]).toMatch(/cookie: hunter2/i);
    expect(requests[1]).not.toMatch(/authorization|cookie/i);
    expect(requests[1]).toMatch(/x-more: y/i);
    expect(requests[1]).toContain(`Host: 127.0.0.1:${last.port}`);
  });

  test('follows relative redirects on the same server, and offers compression anew', async () => {
    const server = await listenAndAnswer((request) =>
      request.startsWith('GET /b ')
        ? switchingProtocols(request, { 'Sec-WebSocket-Extensions': 'permessage-deflate' })
        : 'HTTP/1.1 308 Permanent Redirect\r\nLocation: b\r\n\r\n',
    );
    const { client } = createClient({ url: server.url, perMessageDeflate: true });
    expect(await client.connect()).toMatchObject({ success: true, openInfo: { uri: '/b' } });
  });

  test('goes from ws to wss, and checks the certificate of the new server', async () => {
    const secure = await startSecureServer();
    const server = await redirecting(() => secure.url);
    const { client } = createClient({ url: server.url, tlsOptions: trusting });
    expect(await client.connect()).toMatchObject({ success: true });
    expect(await failure({ url: server.url })).toMatchObject({ code: 'tlsUnknownAuthority' });
    const byName = await startSecureServer(authority.issue({ names: ['localhost'] }));
    const address = await redirecting(() => byName.url.replace('localhost', '127.0.0.1'));
    // The name that was set is the first server's.
    const named = { ...trusting, serverName: 'localhost' };
    expect(await failure({ url: address.url, tlsOptions: named })).toMatchObject({ code: 'tlsHostnameMismatch' });
  });

  test('shows its certificate to no other server', async () => {
    const strict = await startSecureServer({ ...identity, caFile: authority.certificate });
    const server = await redirecting(() => strict.url);
    const info = await failure({ url: server.url, tlsOptions: { ...trusting, ...authority.issue() } });
    expect(info.code).toBe('tlsClientCertificateRefused');
  });

  test('ends after maxRedirects', async () => {
    let count = 0;
    const server = await redirecting(() => `/${++count}`);
    expect(await failure({ url: server.url, maxRedirects: 3 })).toMatchObject({ code: 'tooManyRedirects' });
    expect(count).toBe(4);
  });

  test('ends when it is sent in circles', async () => {
    const server = await redirecting((request) => (request.startsWith('GET /a ') ? '/b' : '/a'));
    const info = await failure({ url: server.url });
    expect(info).toMatchObject({ code: 'redirectLoop', httpStatus: 302 });
    expect(server.peers).toHaveLength(3);
  });

  test('does not give up the encryption', async () => {
    const plain = await startServer();
    const info = await failure({ url: (await startSecureRedirect(plain.url)).url, tlsOptions: trusting });
    expect(info.code).toBe('redirectRefused');
  });

  test('reports a redirect without a usable Location in the words of IXWebSocket', async () => {
    const server = await listenAndAnswer(() => 'HTTP/1.1 301 Moved Permanently\r\nContent-Length: 0\r\n\r\n');
    expect(await failure({ url: server.url })).toMatchObject({
      code: 'badStatus',
      httpStatus: 301,
      reason: 'Got bad status connecting to 127.0.0.1, status: 301, HTTP Status line: HTTP/1.1 301 Moved Permanently',
    });
    const off = await redirecting(() => '/b', '301 Moved Permanently');
    expect(await failure({ url: off.url, maxRedirects: 0 })).toMatchObject({ code: 'badStatus', httpStatus: 301 });
  });
});

async function startSecureRedirect(location: string): Promise<{ url: string }> {
  const server = createServer({ cert: identity.certFile, key: identity.keyFile }, (_request, response) => {
    response.writeHead(302, { Location: location }).end();
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `wss://localhost:${port}/` };
}
