import { describe, expect, test } from 'vitest';
import { HttpHeaders } from '../../../src/protocol/http1/headers.ts';
import { MessageReader } from '../../../src/protocol/http1/message/message-reader.ts';
import { bodyOf, failureOf, RecordingMessageHandler, readMessages, readMessagesEveryWay } from './read-messages.ts';

const GET = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED = 'PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nT: u\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';

function requestReader(): [MessageReader<'request'>, RecordingMessageHandler<'request'>] {
  const handler = new RecordingMessageHandler<'request'>();
  return [new MessageReader('request', handler), handler];
}

function responseReader(method: string | undefined): [MessageReader<'response'>, RecordingMessageHandler<'response'>] {
  const handler = new RecordingMessageHandler<'response'>();
  const reader = new MessageReader('response', handler);
  if (method !== undefined) reader.expectResponse(method);
  return [reader, handler];
}

function feed(reader: MessageReader<'request'> | MessageReader<'response'>, text: string): number {
  const buffer = Buffer.from(text, 'latin1');
  return reader.receive(buffer, 0, buffer.length);
}

const kinds = (events: readonly (readonly unknown[])[]): unknown[] => events.map(([kind]) => kind);

describe('requests on one connection', () => {
  test('are read one after the other, however they are pipelined (RFC 9112 9.3.2)', () => {
    expect(readMessagesEveryWay('request', GET + POST + CHUNKED + GET)).toEqual([
      ['head', 'GET /a 1.1', [['Host', 'a']], { kind: 'none' }],
      ['complete', undefined],
      [
        'head',
        'POST /b 1.1',
        [
          ['Host', 'a'],
          ['Content-Length', '5'],
        ],
        { kind: 'length', length: 5 },
      ],
      ['body', 'hello'],
      ['complete', undefined],
      [
        'head',
        'PUT /c 1.1',
        [
          ['Host', 'a'],
          ['Transfer-Encoding', 'chunked'],
        ],
        { kind: 'chunked' },
      ],
      ['body', 'hi'],
      ['complete', [['T', 'u']]],
      ['head', 'GET /a 1.1', [['Host', 'a']], { kind: 'none' }],
      ['complete', undefined],
    ]);
  });

  test('may have one empty line between them (RFC 9112 2.2), and not two', () => {
    expect(kinds(readMessagesEveryWay('request', `\r\n${POST}\r\n${GET}`))).toEqual([
      'head',
      'body',
      'complete',
      'head',
      'complete',
    ]);
    expect(readMessagesEveryWay('request', `${GET}\r\n\r\n${GET}`).at(-1)).toEqual([
      'failure',
      '400 invalidRequestLine',
    ]);
  });

  test('are read up to the first that is wrong, and no further', () => {
    const events = readMessagesEveryWay('request', `${GET}${POST}X${GET}\0`);
    expect(kinds(events)).toEqual(['head', 'complete', 'head', 'body', 'complete', 'head', 'complete', 'failure']);
    expect(kinds(readMessagesEveryWay('request', `${GET}GET / HTTP/1.1\r\n\r\n${GET}`))).toEqual([
      'head',
      'complete',
      'failure',
    ]);
  });

  test('a body is given where it lies in the bytes that were fed', () => {
    const pieces: [Buffer, number, number][] = [];
    const buffer = Buffer.from(`--${POST}${CHUNKED}`);
    const reader = new MessageReader('request', {
      onInterim() {},
      onHead() {},
      onBody: (bytes, start, end) => void pieces.push([bytes, start, end]),
      onComplete() {},
      onFailure() {},
    });
    expect(reader.receive(buffer, 2, buffer.length)).toBe(buffer.length);
    expect(pieces.map(([bytes, start, end]) => [bytes === buffer, bytes.toString('latin1', start, end)])).toEqual([
      [true, 'hello'],
      [true, 'hi'],
    ]);
  });

  test('bytes behind the end are not looked at', () => {
    const requests = Buffer.from(`${GET}${POST}${CHUNKED}`);
    for (let cut = 1; cut < requests.length; cut++) {
      const [reader, handler] = requestReader();
      expect(reader.receive(requests, 0, cut)).toBe(cut);
      expect(handler.events).toEqual(readMessages('request', requests.subarray(0, cut)));
      reader.receive(requests, cut, requests.length);
      expect(handler.events).toEqual(readMessages('request', requests));
    }
    const response = Buffer.from(OK);
    for (let cut = 1; cut < response.length; cut++) {
      const [reader, handler] = responseReader('GET');
      expect(reader.receive(response, 0, cut)).toBe(cut);
      reader.receive(response, cut, response.length);
      expect(handler.events).toEqual(readMessages('response', response));
    }
  });

  test('trailers, headers and heads stay valid when the next message is read', () => {
    const heads: unknown[] = [];
    const all: HttpHeaders[] = [];
    const reader = new MessageReader('request', {
      onInterim() {},
      onHead: (head) => {
        heads.push(head.target);
        all.push(head.headers);
      },
      onBody() {},
      onComplete: (trailers) => {
        if (trailers !== undefined) all.push(trailers);
      },
      onFailure() {},
    });
    const buffer = Buffer.from(GET + CHUNKED + CHUNKED.replace('T: u', 'V: wx'));
    reader.receive(buffer, 0, buffer.length);
    buffer.fill(0);
    expect(all.map((headers) => [...headers])).toEqual([
      [['Host', 'a']],
      [
        ['Host', 'a'],
        ['Transfer-Encoding', 'chunked'],
      ],
      [['T', 'u']],
      [
        ['Host', 'a'],
        ['Transfer-Encoding', 'chunked'],
      ],
      [['V', 'wx']],
    ]);
  });
});

describe('what is valid', () => {
  test.each([
    ['a method with a dash', 'M-SEARCH * HTTP/1.1', undefined],
    ['OPTIONS *', 'OPTIONS * HTTP/1.1', 'OPTIONS * 1.1'],
    ['absolute-form', 'GET http://a/b?c HTTP/1.1', 'GET http://a/b?c 1.1'],
    ['a higher minor version', 'GET / HTTP/1.9', 'GET / 1.1'],
    ['a method nobody knows', 'br!ng / HTTP/1.1', 'br!ng / 1.1'],
    [
      'a target with every visible character',
      'GET /!"$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ HTTP/1.1',
      'GET /!"$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ 1.1',
    ],
  ])('%s', (_, line, expected) => {
    const events = readMessagesEveryWay('request', `${line}\r\nHost: a\r\n\r\n`);
    // `*` belongs to OPTIONS alone (RFC 9112 3.2.4).
    if (expected === undefined) expect(events).toEqual([['failure', '400 invalidTarget']]);
    else expect(events[0]?.[1]).toBe(expected);
  });

  test('fields without values, with white space around them, with tabs and octets above 127 in them', () => {
    const fields = 'Host:a\r\nA:\r\nB: \r\nC: \t d e\tf \t\r\nG: \xe9\xff\x80\r\na: again\r\n';
    expect(readMessagesEveryWay('request', `GET / HTTP/1.1\r\n${fields}\r\n`)[0]?.[2]).toEqual([
      ['Host', 'a'],
      ['A', ''],
      ['B', ''],
      ['C', 'd e\tf'],
      ['G', '\xe9\xff\x80'],
      ['a', 'again'],
    ]);
  });

  test.each([
    ['HTTP/1.1 200 OK', '1.1 200 OK'],
    ['HTTP/1.1 200 ', '1.1 200 '],
    ['HTTP/1.1 200', '1.1 200 '],
    ['HTTP/1.1 200 Tr\xe8s bien,\tmerci', '1.1 200 Tr\xe8s bien,\tmerci'],
    ['HTTP/1.0 200 OK', '1.0 200 OK'],
    ['HTTP/1.1 599 ?', '1.1 599 ?'],
  ])('a response that begins with %j', (line, expected) => {
    expect(readMessagesEveryWay('response', `${line}\r\nContent-Length: 0\r\n\r\n`)[0]?.[1]).toBe(expected);
  });
});

describe('interim responses (RFC 9110 15.2)', () => {
  test('come before the response, as many as 32 of them', () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    const events = readMessagesEveryWay('response', `HTTP/1.1 100 Continue\r\n\r\n${interim}${OK}`);
    expect(events).toEqual([
      ['interim', '1.1 100 Continue', []],
      ['interim', '1.1 103 Early Hints', [['Link', '</a>']]],
      ['head', '1.1 200 OK', [['Content-Length', '2']], { kind: 'length', length: 2 }],
      ['body', 'hi'],
      ['complete', undefined],
    ]);
    expect(readMessages('response', Buffer.from(`${interim.repeat(32)}${OK}`)).at(-1)?.[0]).toBe('complete');
    expect(readMessages('response', Buffer.from(`${interim.repeat(33)}${OK}`)).at(-1)).toEqual([
      'failure',
      '400 tooManyInterimResponses',
    ]);
  });

  test('have no body, whatever they say', () => {
    const interim = 'HTTP/1.1 100 Continue\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(kinds(readMessagesEveryWay('response', interim + OK))).toEqual(['interim', 'head', 'body', 'complete']);
  });

  test('are counted for each response anew', () => {
    const one = `HTTP/1.1 102 P\r\n\r\n${OK}`;
    const events = readMessagesEveryWay('response', one.repeat(3), {
      methods: ['GET', 'GET', 'GET'],
      limits: { maxInterimResponses: 1 },
    });
    expect(events.filter(([kind]) => kind === 'complete')).toHaveLength(3);
  });

  test('come before a response to HEAD and CONNECT, too', () => {
    const head = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';
    expect(kinds(readMessagesEveryWay('response', head, { methods: ['HEAD'] }))).toEqual([
      'interim',
      'head',
      'complete',
    ]);
    expect(kinds(readMessagesEveryWay('response', head, { methods: ['CONNECT'] }))).toEqual([
      'interim',
      'head',
      'complete',
      'tunnel',
    ]);
  });

  test('leave the reader within a message: the peer has begun to answer', () => {
    const [reader, handler] = responseReader('GET');
    feed(reader, 'HTTP/1.1 100 Continue\r\n\r\n');
    expect(reader.state).toBe('head');
    reader.end();
    expect(handler.events.at(-1)).toEqual(['failure', '400 incompleteHead']);
  });
});

describe('bytes that belong to no response (a prepared answer to the next request)', () => {
  test('are not consumed before anything is expected', () => {
    const [reader, handler] = responseReader(undefined);
    expect(feed(reader, OK)).toBe(0);
    expect(reader.state).toBe('idle');
    expect(handler.events).toEqual([]);
  });

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n'],
    ['GET', OK],
    ['GET', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n'],
  ])('are not consumed behind a response to %s: %j', (method, response) => {
    const [reader, handler] = responseReader(method);
    expect(feed(reader, `${response}hi`)).toBe(response.length);
    expect(reader.state).toBe('idle');
    expect(handler.events.at(-1)?.[0]).toBe('complete');
    expect(feed(reader, 'hi')).toBe(0);
  });

  test('are not taken for the answer to a request that is made as soon as the last one is answered', () => {
    const [reader, handler] = responseReader('GET');
    handler.afterEach = () => {
      if (handler.events.at(-1)?.[0] === 'complete') reader.expectResponse('GET');
    };
    expect(feed(reader, OK + OK)).toBe(OK.length);
    expect(kinds(handler.events)).toEqual(['head', 'body', 'complete']);
    expect(reader.state).toBe('idle');
  });

  test('a response is read when it is expected in time', () => {
    const [reader, handler] = responseReader('GET');
    expect(feed(reader, OK)).toBe(OK.length);
    reader.expectResponse('HEAD');
    expect(feed(reader, OK.slice(0, -2))).toBe(OK.length - 2);
    expect(kinds(handler.events)).toEqual(['head', 'body', 'complete', 'head', 'complete']);
  });
});

describe('tunnels', () => {
  test.each([
    ['GET', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\n'],
    ['CONNECT', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['CONNECT', 'HTTP/1.0 299 Fine\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ])('begin behind a response to %s: %j', (method, response) => {
    const [reader, handler] = responseReader(method);
    expect(feed(reader, `${response}\x81\x00`)).toBe(response.length);
    expect(reader.isTunnel).toBe(true);
    expect(reader.state).toBe('idle');
    expect(kinds(handler.events)).toEqual(['head', 'complete']);
    expect(feed(reader, OK)).toBe(0);
    reader.end();
    expect(handler.events).toHaveLength(2);
  });

  test('do not begin behind any other response', () => {
    const [reader] = responseReader('GET');
    feed(reader, OK);
    expect(reader.isTunnel).toBe(false);
  });

  test('an owner that stops at the head of an upgrade request finds the rest untouched', () => {
    const [reader, handler] = requestReader();
    handler.afterEach = () => reader.stop();
    const upgrade = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    expect(feed(reader, `${upgrade}\x81\x05`)).toBe(upgrade.length);
    expect(kinds(handler.events)).toEqual(['head', 'complete']);
  });
});

describe('the end of the connection', () => {
  test('completes a body that lasts until then', () => {
    const events = readMessagesEveryWay('response', 'HTTP/1.0 200 OK\r\n\r\nhello', { end: true });
    expect(events.slice(1)).toEqual([
      ['body', 'hello'],
      ['complete', undefined],
    ]);
    expect(bodyOf('response', 'HTTP/1.1 200 OK\r\n\r\n', { end: true }).body).toBe('');
  });

  test.each([
    ['request', 'G', '400 incompleteHead'],
    ['request', GET.slice(0, -1), '400 incompleteHead'],
    ['request', POST.slice(0, -1), '400 incompleteBody'],
    ['request', POST.slice(0, -5), '400 incompleteBody'],
    ['request', CHUNKED.slice(0, -1), '400 incompleteBody'],
    ['request', CHUNKED.slice(0, -8), '400 incompleteBody'],
    ['response', 'HTTP/1.1 200', '400 incompleteHead'],
    ['response', OK.slice(0, -1), '400 incompleteBody'],
    ['response', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '400 incompleteBody'],
  ] as const)('within a %s is a failure: %j', (role, text, failure) => {
    expect(readMessagesEveryWay(role, text, { end: true }).at(-1)).toEqual(['failure', failure]);
  });

  test.each([
    ['request', ''],
    ['request', GET],
    ['request', `${GET}\r\n`],
    ['request', `${GET}\r`],
    ['response', OK],
    ['response', ''],
  ] as const)('between messages is none: %s %j', (role, text) => {
    const events = readMessagesEveryWay(role, text, { end: true });
    expect(events).toEqual(readMessages(role, Buffer.from(text), []));
    expect(kinds(events)).not.toContain('failure');
  });

  test('is reported once', () => {
    const [reader, handler] = requestReader();
    feed(reader, POST.slice(0, -1));
    reader.end();
    reader.end();
    expect(handler.events.filter(([kind]) => kind === 'failure')).toHaveLength(1);
    expect(reader.state).toBe('failed');
  });
});

describe('the state', () => {
  test('says where in a message the reader is', () => {
    const [reader] = requestReader();
    const states: string[] = [];
    for (const piece of [
      '',
      '\r',
      '\n',
      'GE',
      'T / HTTP/1.1\r\nHost: a\r\n\r\n',
      POST.slice(0, -5),
      'hell',
      'o',
      CHUNKED.slice(0, -2),
      '\r\n',
      '\0',
    ]) {
      feed(reader, piece);
      states.push(reader.state);
    }
    expect(states).toEqual(['idle', 'idle', 'idle', 'head', 'idle', 'body', 'body', 'idle', 'body', 'idle', 'failed']);
  });

  test('is body while a body lasts until the connection ends', () => {
    const [reader] = responseReader('GET');
    feed(reader, 'HTTP/1.1 200 OK\r\n\r\n');
    expect(reader.state).toBe('body');
    reader.end();
    expect(reader.state).toBe('idle');
  });
});

describe('stop() and resume()', () => {
  test('leave what follows unread until it is fed again', () => {
    const [reader, handler] = requestReader();
    handler.afterEach = () => reader.stop();
    const bytes = Buffer.from(POST + GET);
    const offsets: number[] = [];
    for (let at = 0; at < bytes.length; ) {
      at = reader.receive(bytes, at, bytes.length);
      offsets.push(at);
      expect(reader.receive(bytes, at, bytes.length), 'stopped').toBe(at);
      reader.resume();
    }
    expect(offsets).toEqual([POST.length - 5, POST.length, POST.length + GET.length]);
    expect(kinds(handler.events)).toEqual(['head', 'body', 'complete', 'head', 'complete']);
  });

  test('a message whose last byte was seen is completed though its reader is stopped', () => {
    const [reader, handler] = requestReader();
    handler.afterEach = () => reader.stop();
    feed(reader, POST);
    reader.resume();
    feed(reader, 'hello');
    expect(handler.events.at(-1)).toEqual(['complete', undefined]);
  });

  test('a reader may be stopped from outside', () => {
    const [reader, handler] = requestReader();
    reader.stop();
    expect(feed(reader, GET)).toBe(0);
    expect(handler.events).toEqual([]);
  });
});

describe('a head that was read elsewhere', () => {
  const head = (fields: Record<string, string>) =>
    ({ method: 'POST', target: '/b', version: '1.1', headers: HttpHeaders.from({ Host: 'a', ...fields }) }) as const;

  test('is gone on from', () => {
    const [reader, handler] = requestReader();
    reader.adopt(head({ 'Content-Length': '5' }));
    expect(feed(reader, `hello${GET}`)).toBe(5 + GET.length);
    expect(handler.events).toEqual(readMessages('request', Buffer.from(POST + GET)));
  });

  test('completes at once without a body', () => {
    const [reader, handler] = requestReader();
    reader.adopt(head({}));
    expect(kinds(handler.events)).toEqual(['head', 'complete']);
    expect(reader.state).toBe('idle');
  });

  test('fails when its framing is wrong', () => {
    const [reader, handler] = requestReader();
    reader.adopt(head({ 'Content-Length': '+5' }));
    expect(handler.events).toEqual([['failure', '400 invalidContentLength']]);
    expect(feed(reader, GET)).toBe(GET.length);
    expect(handler.events).toHaveLength(1);
  });
});

describe('a failed reader', () => {
  test.each([
    ['request', 'G@T / HTTP/1.1\r\n'],
    ['request', POST.replace('5', '5,5')],
    ['request', CHUNKED.replace('2\r\n', '2x\r\n')],
    ['response', 'HTTP/2.0 200 OK\r\n'],
    ['response', OK.replace('Length: ', 'Length: -')],
  ] as const)('discards everything: %s %j', (role, text) => {
    const handler = new RecordingMessageHandler<'request' | 'response'>();
    const reader = new MessageReader<'request' | 'response'>(role, handler);
    if (role === 'response') reader.expectResponse('GET');
    const bytes = Buffer.from(text + GET);
    expect(reader.receive(bytes, 0, bytes.length)).toBe(bytes.length);
    const count = handler.events.length;
    expect(handler.events.at(-1)?.[0]).toBe('failure');
    expect(reader.receive(bytes, 0, bytes.length)).toBe(bytes.length);
    reader.end();
    expect(handler.events).toHaveLength(count);
    expect(reader.state).toBe('failed');
  });

  test('has an answer that can be shown to the peer', () => {
    const failures: unknown[] = [];
    const reader = new MessageReader('request', {
      onInterim() {},
      onHead() {},
      onBody() {},
      onComplete() {},
      onFailure: (failure) => void failures.push(failure),
    });
    feed(reader, POST.replace('5', 'secret'));
    expect(failures).toEqual([{ status: 400, code: 'invalidContentLength', reason: 'Invalid Content-Length header' }]);
  });

  test('discards the rest also when its owner stops it at the failure', () => {
    const [reader, handler] = requestReader();
    handler.afterEach = () => reader.stop();
    const text = `${GET.replace('Host', 'Content-Length: x\r\nHost')}${GET}`;
    expect(feed(reader, text)).toBe(text.length);
    expect(feed(reader, text)).toBe(text.length);
    expect(handler.events).toHaveLength(1);
  });

  test('the limits of the head are those that were given', () => {
    expect(failureOf('request', 'GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n', { limits: { maxHeaders: 1 } })).toBe(
      '431 tooManyHeaders',
    );
  });
});

describe('misuse', () => {
  test('is a defect of this library, and throws', () => {
    const [requests] = requestReader();
    expect(() => requests.expectResponse('GET')).toThrow('internal error');
    const [responses] = responseReader('GET');
    expect(() => responses.expectResponse('GET')).toThrow('internal error');
    feed(requests, 'G');
    expect(() => requests.adopt({ method: 'GET', target: '/', version: '1.1', headers: new HttpHeaders() })).toThrow(
      'internal error',
    );
  });
});
