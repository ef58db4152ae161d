import { describe, expect, it } from 'vitest';
import { HttpErrorCode, HttpResponse } from '../../src/index.ts';
import { answerBystander, HttpBystander } from '../support/http-bystander.ts';
import { startHttpServer } from '../support/http-running.ts';
import { connectRaw } from '../support/raw-peer.ts';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n';

function request(...lines: string[]): string {
  return `POST /first HTTP/1.1\r\nHost: h\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
}

/** Everything that two readers might understand differently. Each is followed by a request to smuggle. */
const ambiguous: [string, string][] = [
  ['a length and chunks', `${request('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
  ['chunks and a length', `${request('Transfer-Encoding: chunked', 'Content-Length: 5')}0\r\n\r\n`],
  ['two lengths', `${request('Content-Length: 0', 'Content-Length: 40')}`],
  ['two equal lengths', `${request('Content-Length: 0', 'Content-Length: 0')}`],
  ['a list of lengths', `${request('Content-Length: 0, 0')}`],
  ['a length with a sign', `${request('Content-Length: +0')}`],
  ['a negative length', `${request('Content-Length: -1')}`],
  ['a length in hex', `${request('Content-Length: 0x0')}`],
  ['a length with a space inside', `${request('Content-Length: 0 0')}`],
  ['an empty length', `${request('Content-Length:')}`],
  ['a huge length', `${request('Content-Length: 99999999999999999999')}`],
  ['identity', `${request('Transfer-Encoding: identity', 'Content-Length: 0')}`],
  ['chunked that is not last', `${request('Transfer-Encoding: chunked, identity')}0\r\n\r\n`],
  ['chunked twice', `${request('Transfer-Encoding: chunked, chunked')}0\r\n\r\n`],
  ['chunked in two fields', `${request('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
  ['almost chunked', `${request('Transfer-Encoding: xchunked')}0\r\n\r\n`],
  ['quoted chunked', `${request('Transfer-Encoding: "chunked"')}0\r\n\r\n`],
  ['chunked with a vertical tab', `${request('Transfer-Encoding: \x0bchunked')}0\r\n\r\n`],
  ['chunked in HTTP/1.0', `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['a space before the colon', `${request('Transfer-Encoding : chunked')}0\r\n\r\n`],
  ['a folded line', `${request('Transfer-Encoding:', ' chunked')}0\r\n\r\n`],
  ['a folded first line', `POST / HTTP/1.1\r\n Host: h\r\n\r\n`],
  ['a NUL', `${request('X: a\0b')}`],
  ['a bare CR', `${request('X: a\rContent-Length: 40')}`],
  ['a bare LF', `${request('X: a\nContent-Length: 40')}`],
  ['lines that end with LF', `GET / HTTP/1.1\nHost: h\n\n`],
  ['a chunk size with a sign', `${request('Transfer-Encoding: chunked')}+0\r\n\r\n`],
  ['a chunk size in 0x', `${request('Transfer-Encoding: chunked')}0x0\r\n\r\n`],
  ['a chunk size with a space', `${request('Transfer-Encoding: chunked')}0 0\r\n\r\n`],
  ['a chunk size that wraps', `${request('Transfer-Encoding: chunked')}100000000000000000\r\n\r\n`],
  ['a chunk line that ends with LF', `${request('Transfer-Encoding: chunked')}0\n\r\n`],
  ['a chunk extension with a LF', `${request('Transfer-Encoding: chunked')}0;a\nb\r\n\r\n`],
  ['a chunk without its end', `${request('Transfer-Encoding: chunked')}1\r\nab\r\n0\r\n\r\n`],
  ['a trailer that frames', `${request('Transfer-Encoding: chunked')}0\r\nContent-Length: 5\r\n\r\n`],
  ['no host', 'GET / HTTP/1.1\r\n\r\n'],
  ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['another host in the target', 'GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n'],
  ['a target with a space', 'GET /a b HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['HTTP/0.9', 'GET /\r\n\r\n'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  [
    'an upgrade with a body',
    `GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n`,
  ],
];

describe('a request that could be understood in two ways', () => {
  it.each(ambiguous)('because of %s is refused, and nothing behind it is answered', async (_name, text) => {
    const seen: string[] = [];
    const { port } = await startHttpServer(
      (asked) => {
        seen.push(asked.uri);
        return answerBystander(asked) ?? new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, asked.uri);
      },
      {},
      (server) => server.setOnClientMessageCallback(() => undefined),
    );
    for (const before of ['', 'GET /before HTTP/1.1\r\nHost: h\r\n\r\n']) {
      for (const isSplit of [false, true]) {
        const peer = await connectRaw(port, { send: before });
        peer.socket.on('error', () => undefined);
        if (before !== '') await peer.until('a response', () => peer.text.endsWith('/before'));
        if (isSplit) for (const byte of text) peer.write(byte);
        else peer.write(text + SMUGGLED);
        if (isSplit) peer.write(SMUGGLED);
        await peer.ended();
        const statuses = [...peer.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => match[1]);
        expect(statuses.slice(before === '' ? 0 : 1)).toEqual([expect.stringMatching(/^(400|501|505)$/)]);
        expect(peer.text).toMatch(/Connection: close\r\n/);
      }
    }
    expect(seen.filter((uri) => uri !== '/before')).toEqual([]);
    const bystander = new HttpBystander(port);
    await bystander.stillServed();
  });
});

describe('text of a stranger in a response', () => {
  const hostile = ['a\r\nSet-Cookie: x=1', 'a\nb', 'a\rb', 'a\0b', 'a\r\n\r\n<html>', '\u010a', '\u560d\u560aX: y'];

  it.each(hostile)('cannot split it: %j', async (text) => {
    const { port, errors } = await startHttpServer((asked) => {
      switch (asked.uri) {
        case '/value':
          return new HttpResponse(200, 'OK', HttpErrorCode.Ok, { 'X-Echo': text });
        case '/name':
          return new HttpResponse(200, 'OK', HttpErrorCode.Ok, { [text]: 'x' });
        case '/set': {
          const response = new HttpResponse(200);
          response.headers.set('X-Echo', text);
          return response;
        }
        case '/description':
          return new HttpResponse(200, text);
        default: {
          const response = new HttpResponse(200);
          response.description = text;
          return response;
        }
      }
    });
    for (const uri of ['/value', '/name', '/set', '/description', '/later']) {
      const peer = await connectRaw(port, { send: `GET ${uri} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n` });
      await peer.ended();
      expect(peer.text).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
      expect(peer.text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
      expect(peer.text).not.toMatch(/Set-Cookie|<html>|X: y/);
    }
    expect(errors).toHaveLength(5);
  });
});
