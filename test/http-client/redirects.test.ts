import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { type HttpUrl, parseHttpUrl } from '../../src/dial/url.ts';
import {
  decideHttpRedirect,
  type HttpRedirectDecision,
  type RequestTarget,
} from '../../src/http-client/response/http-redirects.ts';
import { HttpHeaders } from '../../src/protocol/http1/headers.ts';
import { createHttpClient, type JudgeServer, type Mirrored, startJudge, startMirror } from '../support/http-server.ts';
import { identity, trusting } from '../support/secure.ts';

function url(text: string): HttpUrl {
  const parsed = parseHttpUrl(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.url;
}

const secrets = {
  Authorization: 'a',
  Cookie: 'b',
  'Proxy-Authorization': 'c',
  Host: 'd',
  'X-E': 'e',
  'Content-Type': 'f',
};

interface Asked {
  readonly status?: number;
  readonly method?: string;
  readonly followed?: number;
  readonly isReplayable?: boolean;
}

function decide(
  from: string,
  location: string | readonly string[] | undefined,
  asked: Asked = {},
): HttpRedirectDecision {
  const { status = 302, method = 'GET', followed = 0, isReplayable = true } = asked;
  const headers = new HttpHeaders();
  for (const value of location === undefined ? [] : [location].flat()) headers.append('Location', value);
  const target: RequestTarget = {
    url: url(from),
    method,
    extraHeaders: HttpHeaders.from(secrets),
    hasBody: method !== 'GET',
    isForeign: false,
  };
  return decideHttpRedirect({ version: '1.1', status, statusText: '', headers }, target, {
    followed,
    maxRedirects: 5,
    isReplayable,
  });
}

function followed(from: string, location: string, asked: Asked = {}): RequestTarget {
  const decision = decide(from, location, asked);
  if (decision.kind !== 'follow') throw new Error(decision.kind);
  return decision.target;
}

describe('a Location leads', () => {
  test.each([
    ['http://a.test/x/y?z', '/b', 'http://a.test/b'],
    ['http://a.test/x/y?z', 'b?c', 'http://a.test/x/b?c'],
    ['http://a.test/x/y', '?q', 'http://a.test/x/y?q'],
    ['http://a.test/x/y', '../b', 'http://a.test/b'],
    ['http://a.test/x', '//b.test/c', 'http://b.test/c'],
    ['https://a.test/x', '//b.test/c', 'https://b.test/c'],
    ['http://a.test/', 'https://b.test:81/c#d', 'https://b.test:81/c'],
    ['http://a.test/', 'http://user:password@b.test/', 'http://b.test/'],
    ['http://a.test/', '/\u00c3\u00bc', 'http://a.test/%C3%BC'],
    ['http+unix:/s:/x', '/y', 'http+unix:/s:/y'],
  ])('%s + %s = %s', (from, location, to) => {
    const target = followed(from, location);
    expect(target.url.href).toBe(to);
    expect(target.url.password).toBeUndefined();
  });
});

test.each([
  [200, 'none'],
  [300, 'none'],
  [301, 'follow'],
  [302, 'follow'],
  [303, 'follow'],
  [304, 'none'],
  [305, 'none'],
  [307, 'follow'],
  [308, 'follow'],
  [400, 'none'],
])('a status of %i: %s', (status, kind) => {
  expect(decide('http://a.test/', '/b', { status }).kind).toBe(kind);
});

describe('the method and the body', () => {
  test.each([
    ['POST', 301, 'GET', false],
    ['POST', 302, 'GET', false],
    ['POST', 303, 'GET', false],
    ['POST', 307, 'POST', true],
    ['POST', 308, 'POST', true],
    ['PUT', 301, 'PUT', true],
    ['PUT', 303, 'GET', false],
    ['DELETE', 302, 'DELETE', true],
    ['HEAD', 303, 'HEAD', true],
  ])('of %s after %i: %s, body %s', (method, status, next, hasBody) => {
    const target = followed('http://a.test/', '/b', { method, status });
    expect(target).toMatchObject({ method: next, hasBody });
    expect(target.extraHeaders.has('Content-Type')).toBe(hasBody);
  });

  test('that can be read only once are not sent twice', () => {
    const asked = { method: 'POST', status: 307, isReplayable: false };
    expect(decide('http://a.test/', '/b', asked)).toMatchObject({ failure: { errorCode: 'SendError' } });
  });
});

describe('it is not followed', () => {
  test.each([
    ['https://a.test/', 'http://a.test/', 'Invalid', 'give up the encryption'],
    ['http+unix:/s:/', 'http://a.test/', 'Invalid', 'unix socket'],
    ['http://a.test/', 'ftp://a.test/', 'UrlMalformed', 'ftp'],
    ['http://a.test/', 'file:///etc/passwd', 'UrlMalformed', 'file'],
    ['http://a.test/', 'javascript:alert(1)', 'UrlMalformed', 'javascript'],
    ['http://a.test/', 'http://', 'UrlMalformed', 'Location'],
    ['http://a.test/', ['/b', '/c'], 'UrlMalformed', 'Location'],
  ])('from %s to %j: %s', (from, location, errorCode, text) => {
    const decision = decide(from, location);
    expect(decision).toMatchObject({ kind: 'fail', failure: { errorCode } });
    expect(decision.kind === 'fail' ? decision.failure.message : '').toContain(text);
  });

  test('two Locations that are equal are one', () => {
    expect(decide('http://a.test/', ['/b', '/b'])).toMatchObject({ kind: 'follow' });
  });

  test('without a Location, nor too often', () => {
    expect(decide('http://a.test/', undefined)).toEqual({ kind: 'none' });
    expect(decide('http://a.test/', '/b', { followed: 5 })).toMatchObject({
      failure: { errorCode: 'TooManyRedirects', message: 'Too many redirects: 5' },
    });
  });
});

test.each([
  ['http://a.test/', 'http://a.test:80/b', true],
  ['http://a.test/', 'http://b.test/', false],
  ['http://a.test/', 'http://a.test:81/', false],
  ['http://a.test/', 'https://a.test/', false],
  ['http://a.test/', 'http://sub.a.test/', false],
  ['http://a.test/', 'http://a.test./', false],
])('from %s to %s secrets are kept: %s', (from, to, kept) => {
  const { extraHeaders, isForeign, url: found } = followed(from.replace('//', '//me:pw@'), to);
  for (const name of ['Authorization', 'Cookie', 'Proxy-Authorization', 'Host'])
    expect(extraHeaders.has(name)).toBe(kept);
  expect(extraHeaders.get('X-E')).toBe('e');
  expect(isForeign).toBe(!kept);
  expect(found.password).toBe(kept ? 'pw' : undefined);
});

/** Redirects what is asked for at `/from…`, and says what else is asked. */
function startRedirecting(to: () => string, status = 302): Promise<JudgeServer> {
  return startJudge((request, answer, body) => {
    if (request.url?.startsWith('/from') === true) {
      answer.writeHead(status, { Location: to() });
      answer.end('moved');
      return;
    }
    const { method, url: path, headers } = request;
    answer.end(JSON.stringify({ method, url: path, headers, body: body.toString() }));
  });
}

describe('over real connections', () => {
  test('a redirect is followed on the same connection, and the result is that of the last', async () => {
    const judge = await startRedirecting(() => '/to?x');
    const out = await createHttpClient().get(`${judge.url}from`);
    expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 200 });
    expect(out.json<Mirrored>().url).toBe('/to?x');
    expect(judge.connections.count).toBe(1);
  });

  test('it is the result when none are to be followed', async () => {
    const judge = await startRedirecting(() => '/to');
    const client = createHttpClient();
    const out = await client.get(`${judge.url}from`, { followRedirects: false });
    expect(out).toMatchObject({ errorCode: 'Ok', statusCode: 302 });
    expect(out.text()).toBe('moved');
    expect(await client.get(`${judge.url}from`, { maxRedirects: 0 })).toMatchObject({ errorCode: 'TooManyRedirects' });
  });

  test.each([
    [307, 'PUT', 'contents'],
    [308, 'PUT', 'contents'],
    [303, 'GET', ''],
  ])('%i sends %s with %j', async (status, method, body) => {
    const judge = await startRedirecting(() => '/to', status);
    const out = await createHttpClient().put(`${judge.url}from`, 'contents');
    expect(out.json<Mirrored>()).toMatchObject({ method, body });
  });

  test('a form is sent once more, and a stream is not', async () => {
    const judge = await startRedirecting(() => '/to', 307);
    const client = createHttpClient();
    const out = await client.post(`${judge.url}from`, {}, { file: 'contents' }, undefined);
    expect(out.json<Mirrored>().body).toContain('contents');
    expect(await client.post(`${judge.url}from`, Readable.from(['x']))).toMatchObject({ errorCode: 'SendError' });
  });

  test('a large body of a redirect is not waited for', async () => {
    const judge = await startJudge((request, answer) => {
      if (request.url !== '/from') {
        answer.end('there');
        return;
      }
      answer.writeHead(302, { Location: '/to', 'Content-Length': 1e12 });
      answer.write(Buffer.alloc(200_000));
    });
    expect((await createHttpClient().get(`${judge.url}from`)).text()).toBe('there');
  });

  test('another origin gets neither credentials nor our certificate', async () => {
    const other = await startMirror({ isSecure: true, tls: { requestCert: true, rejectUnauthorized: false } });
    const first = await startJudge(
      (_request, answer) => {
        answer.writeHead(302, { Location: other.url });
        answer.end();
      },
      { isSecure: true, tls: { requestCert: true, rejectUnauthorized: false } },
    );
    const client = createHttpClient({
      tlsOptions: { ...trusting, certFile: identity.certFile, keyFile: identity.keyFile },
    });
    const out = await client.get(first.url.replace('//', '//me:secret@'), {
      extraHeaders: { Cookie: 'a', 'Proxy-Authorization': 'b', 'X-Mine': 'c' },
    });
    const { headers } = out.json<Mirrored>();
    expect(headers).toMatchObject({ 'x-mine': 'c' });
    for (const name of ['authorization', 'cookie', 'proxy-authorization']) expect(headers).not.toHaveProperty(name);
    const subjectOf = (request: IncomingMessage | undefined): object => {
      if (!(request?.socket instanceof TLSSocket)) throw new Error('not asked over TLS');
      return request.socket.getPeerCertificate();
    };
    expect(Object.keys(subjectOf(first.requests[0]))).not.toEqual([]);
    expect(Object.keys(subjectOf(other.requests[0]))).toEqual([]);
  });
});
