import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeRequestHead, writeResponseHead } from '../../../src/protocol/http1/head/head-writer.ts';
import { HttpHeaders } from '../../../src/protocol/http1/headers.ts';
import { formatChunkHeader, formatLastChunk } from '../../../src/protocol/http1/message/body-writer.ts';
import { MessageReader } from '../../../src/protocol/http1/message/message-reader.ts';
import { isForbiddenTrailer } from '../../../src/protocol/http1/trailers.ts';
import { Random } from '../../support/random.ts';
import { fieldName, fieldValue, methodName, targetPath } from './arbitraries.ts';
import { randomInput } from './random-messages.ts';
import { RecordingMessageHandler, readMessages } from './read-messages.ts';

const role = fc.constantFrom<'request' | 'response'>('request', 'response');
const cutsOf = (cuts: number[], length: number): number[] =>
  cuts.map((cut) => cut % (length + 1)).sort((a, b) => a - b);

test('how the bytes are cut, and stopping anywhere, never change what is read', () => {
  const limits = {
    maxHeadBytes: 150,
    maxTrailerBytes: 20,
    maxChunkLineBytes: 8,
    maxChunkExtensionBytes: 6,
  };
  const property = fc.property(
    role,
    fc.nat(),
    fc.array(fc.nat(), { maxLength: 8 }),
    fc.boolean(),
    fc.boolean(),
    fc.boolean(),
    (kind, seed, cuts, isLimited, isHesitant, end) => {
      const { bytes, method } = randomInput(kind, new Random(seed));
      const options = { methods: [method, 'HEAD', 'GET'], end, limits: isLimited ? limits : {} };
      const whole = readMessages(kind, bytes, [], options);
      expect(readMessages(kind, bytes, cutsOf(cuts, bytes.length), { ...options, isHesitant })).toEqual(whole);
    },
  );
  fc.assert(property, { numRuns: 3000 });
});

test('arbitrary bytes never make a reader throw, and a failure is the last thing it reports', () => {
  const start = fc.constantFrom(
    '',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  const property = fc.property(role, start, fc.uint8Array({ maxLength: 200 }), (kind, text, tail) => {
    const events = readMessages(kind, Buffer.concat([Buffer.from(text), tail]), [], { end: true });
    const failure = events.findIndex(([name]) => name === 'failure');
    expect(failure === -1 || failure === events.length - 1).toBe(true);
  });
  fc.assert(property, { numRuns: 1000 });
});

test('a failed reader ignores whatever comes', () => {
  const property = fc.property(role, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 100 }), (kind, seed, tail) => {
    const { bytes } = randomInput(kind, new Random(seed));
    const handler = new RecordingMessageHandler<'request' | 'response'>();
    const reader = new MessageReader<'request' | 'response'>(kind, handler);
    if (kind === 'response') reader.expectResponse('GET');
    reader.receive(bytes, 0, bytes.length);
    if (reader.state !== 'failed') return;
    const count = handler.events.length;
    expect(reader.receive(Buffer.from(tail), 0, tail.length)).toBe(tail.length);
    reader.stop();
    reader.resume();
    reader.end();
    expect(handler.events).toHaveLength(count);
    expect(reader.state).toBe('failed');
  });
  fc.assert(property, { numRuns: 1000 });
});

describe('what is written is read back as it was', () => {
  const saysNothing = (name: string): boolean =>
    !['content-length', 'transfer-encoding'].includes(name.toLowerCase()) && !isForbiddenTrailer(name);
  const fields = fc.array(fc.tuple(fieldName.filter(saysNothing), fieldValue), { maxLength: 5 });
  const body = fc.array(
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    { maxLength: 4 },
  );
  const content = fc.record({
    fields,
    body,
    isChunked: fc.boolean(),
    trailers: fields,
    cuts: fc.array(fc.nat(), { maxLength: 6 }),
  });
  type Content = typeof content extends fc.Arbitrary<infer T> ? T : never;

  /** The headers of the message, and its body as it is sent. */
  function framed({ fields, body, isChunked, trailers }: Content): [HttpHeaders, string] {
    const headers = HttpHeaders.from([['Host', 'a'], ...fields]);
    if (!isChunked) {
      headers.append('Content-Length', String(body.join('').length));
      return [headers, body.join('')];
    }
    headers.append('Transfer-Encoding', 'chunked');
    const chunks = body.map((chunk) => `${formatChunkHeader(chunk.length)}${chunk}\r\n`);
    return [headers, chunks.join('') + formatLastChunk(HttpHeaders.from(trailers))];
  }

  function check(
    kind: 'request' | 'response',
    text: string,
    start: string,
    headers: HttpHeaders,
    { body, isChunked, trailers, cuts }: Content,
  ): void {
    const bytes = Buffer.from(text + text, 'latin1');
    const events = readMessages(kind, bytes, cutsOf(cuts, bytes.length), { methods: ['GET', 'GET'] });
    const length = body.join('').length;
    const framing = isChunked ? { kind: 'chunked' } : length > 0 ? { kind: 'length', length } : { kind: 'none' };
    const sent = isChunked && trailers.length > 0 ? [...HttpHeaders.from(trailers)] : undefined;
    const message = [
      ['head', start, [...headers], framing],
      ...(length > 0 ? [['body', body.join('')]] : []),
      ['complete', sent],
    ];
    expect(events).toEqual([...message, ...message]);
  }

  test('requests', () => {
    const property = fc.property(methodName, targetPath, content, (method, target, message) => {
      const [headers, sent] = framed(message);
      check(
        'request',
        writeRequestHead({ method, target, headers }) + sent,
        `${method} ${target} 1.1`,
        headers,
        message,
      );
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('responses', () => {
    const statuses = fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304);
    const property = fc.property(statuses, fieldValue, content, (status, statusText, message) => {
      const [headers, sent] = framed(message);
      check(
        'response',
        writeResponseHead({ status, statusText, headers }) + sent,
        `1.1 ${status} ${statusText}`,
        headers,
        message,
      );
    });
    fc.assert(property, { numRuns: 500 });
  });
});
