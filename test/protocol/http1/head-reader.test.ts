import { describe, expect, test, vi } from 'vitest';
import { defaultHeadLimits } from '../../../src/protocol/http1/head/head-limits.ts';
import { HeadReader } from '../../../src/protocol/http1/head/head-reader.ts';
import { countedBytes } from './count-work.ts';
import { readEveryWay } from './read-head.ts';

const request = 'GET /a HTTP/1.1\r\nHost: a.example\r\nX: y\r\n\r\n';

function feed(reader: HeadReader<'request' | 'response'>, text: string): number {
  const chunk = Buffer.from(text, 'latin1');
  return reader.read(chunk, 0, chunk.length);
}

describe('limits of a head', () => {
  const line = (length: number): string => `GET /${'a'.repeat(length - 14)} HTTP/1.1`;
  const small = { maxHeadBytes: 100, maxHeaders: 3 };
  const read = (text: string) => readEveryWay('request', text, small);

  test('a request line may fill the head; a longer one is 414', () => {
    const rest = '\r\nHost: a\r\n\r\n';
    expect(readEveryWay('request', line(16_384 - rest.length) + rest).state).toBe('complete');
    expect(readEveryWay('request', line(16_384 - rest.length + 1) + rest).failure).toBe('431 headTooLarge');
    expect(readEveryWay('request', line(16_384) + rest).failure).toBe('414 requestLineTooLong');
  });

  test('a header line may fill the head, one byte more is 431', () => {
    const start = 'GET / HTTP/1.1\r\nHost: a\r\nX: ';
    const value = 16_384 - start.length - 4;
    expect(readEveryWay('request', `${start}${'a'.repeat(value)}\r\n\r\n`).state).toBe('complete');
    expect(readEveryWay('request', `${start}${'a'.repeat(value + 1)}\r\n\r\n`).failure).toBe('431 headTooLarge');
  });

  test('a head may have 16 KiB, one byte more is 431', () => {
    const start = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(8000)}\r\nY: ${'a'.repeat(8000)}\r\nZ: `;
    const filler = 16_384 - start.length - 4;
    expect(readEveryWay('request', `${start}${'a'.repeat(filler)}\r\n\r\n`).length).toBe(16_384);
    expect(readEveryWay('request', `${start}${'a'.repeat(filler + 1)}\r\n\r\n`).failure).toBe('431 headTooLarge');
  });

  test('100 headers are read, the 101st is refused at its first byte', () => {
    const start = `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(99)}`;
    expect(readEveryWay('request', `${start}\r\n`).headers).toHaveLength(100);
    expect(readEveryWay('request', `${start}Z`).failure).toBe('431 tooManyHeaders');
  });

  test('an Upgrade behind 2 100 headers never becomes a request without it (CVE-2024-37890)', () => {
    const flood = `GET / HTTP/1.1\r\nHost: a\r\n${'x:\r\n'.repeat(2100)}Upgrade: websocket\r\n\r\n`;
    expect(readEveryWay('request', flood).failure).toBe('431 tooManyHeaders');
  });

  test('lines without an end are refused while they arrive', () => {
    expect(read('G'.repeat(101)).failure).toBe('414 requestLineTooLong');
    expect(read(`GET /${'a'.repeat(100)}`).failure).toBe('414 requestLineTooLong');
    expect(read(`GET / HTTP/1.1\r\n${'X'.repeat(100)}`).failure).toBe('431 headTooLarge');
    expect(read(`GET / HTTP/1.1\r\nX:${' '.repeat(100)}`).failure).toBe('431 headTooLarge');
    expect(readEveryWay('response', `HTTP/1.1 200 ${'a'.repeat(100)}`, small).failure).toBe('431 statusLineTooLong');
  });

  test('a request line that fills the whole head is still 414', () => {
    expect(readEveryWay('request', `GET /${'a'.repeat(99)}`, { maxHeadBytes: 50 }).failure).toBe(
      '414 requestLineTooLong',
    );
  });

  test('which of two limits is passed does not depend on how the bytes come', () => {
    const start = 'GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n';
    const limits = { maxHeadBytes: start.length, maxHeaders: 2 };
    expect(readEveryWay('request', `${start}D: e\r\n\r\n`, limits).failure).toBe('431 headTooLarge');
  });

  test('the limits given hold instead of the defaults', () => {
    expect(read('GET / HTTP/1.1\r\nHost: a\r\nb: c\r\nd: e\r\n\r\n').state).toBe('complete');
    expect(read('GET / HTTP/1.1\r\nHost: a\r\nb: c\r\nd: e\r\nf: g\r\n\r\n').failure).toBe('431 tooManyHeaders');
    const line = `X: ${'a'.repeat(36)}\r\n`;
    expect(read(`GET / HTTP/1.1\r\nHost: a\r\n${line}${line}`).failure).toBe('431 headTooLarge');
  });
});

describe('a reader on a connection', () => {
  test('stops exactly behind the head, so that what follows belongs to the next protocol', () => {
    const reader = new HeadReader('request');
    expect(feed(reader, `${request}\x81\x05hello`)).toBe(request.length);
    expect(reader.state).toBe('complete');
    expect(feed(reader, 'more'), 'nothing is consumed before reset').toBe(0);
  });

  test('reads pipelined heads one after the other', () => {
    const reader = new HeadReader('request');
    const chunk = Buffer.from(request + request.replace('/a', '/b') + request.replace('/a', '/c').slice(0, 20));
    let at = reader.read(chunk, 0, chunk.length);
    expect(reader.head?.target).toBe('/a');
    reader.reset();
    expect(reader.head).toBeUndefined();
    at = reader.read(chunk, at, chunk.length);
    expect(reader.head?.target).toBe('/b');
    reader.reset();
    expect(reader.hasStarted).toBe(false);
    expect(reader.read(chunk, at, chunk.length)).toBe(chunk.length);
    expect(reader.hasStarted).toBe(true);
    feed(reader, request.slice(20));
    expect(reader.head?.target).toBe('/c');
    expect(reader.head?.headers.size).toBe(2);
  });

  test('counts headers for each head anew', () => {
    const reader = new HeadReader('request', { ...defaultHeadLimits, maxHeaders: 2 });
    for (let i = 0; i < 3; i++) {
      feed(reader, request);
      expect(reader.state).toBe('complete');
      reader.reset();
    }
  });

  test('discards everything after a failure, until it is reset', () => {
    const reader = new HeadReader('request');
    expect(feed(reader, 'GET\0')).toBe(4);
    const failure = reader.failure;
    expect(feed(reader, request)).toBe(request.length);
    expect(reader.state).toBe('failed');
    expect(reader.failure).toBe(failure);
    expect(reader.head).toBeUndefined();
    reader.reset();
    feed(reader, request);
    expect(reader.head?.target).toBe('/a');
    expect(reader.failure).toBeUndefined();
  });

  test('a failure has an answer that can be shown to the peer', () => {
    const reader = new HeadReader('request');
    feed(reader, 'GET / HTTP/1.1\r\nHost : a\r\n\r\n');
    expect(reader.failure).toEqual({
      status: 400,
      code: 'spaceBeforeColon',
      reason: 'White space in or after a header name',
    });
  });

  test('an empty chunk changes nothing', () => {
    const reader = new HeadReader('request');
    expect(reader.read(Buffer.alloc(8), 3, 3)).toBe(3);
    expect(reader.hasStarted).toBe(false);
    feed(reader, request);
    expect(reader.state).toBe('complete');
  });
});

describe('the cost of a head', () => {
  const head = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(8000)}\r\nY: ${'b'.repeat(8000)}\r\n\r\n`;

  test('a head in one chunk is not copied', () => {
    const chunk = Buffer.from(head);
    const reader = new HeadReader('request');
    const copy = vi.spyOn(Buffer.prototype, 'copy');
    const alloc = vi.spyOn(Buffer, 'allocUnsafeSlow');
    try {
      reader.read(chunk, 0, chunk.length);
      expect(reader.state).toBe('complete');
      expect(copy).not.toHaveBeenCalled();
      expect(alloc).not.toHaveBeenCalled();
    } finally {
      vi.restoreAllMocks();
    }
  });

  test('byte by byte it stays linear, and never holds more than the limit', () => {
    const copy = vi.spyOn(Buffer.prototype, 'copy');
    const alloc = vi.spyOn(Buffer, 'allocUnsafeSlow');
    const reader = new HeadReader('request');
    const count = { reads: 0 };
    try {
      for (const char of head) reader.read(countedBytes(Buffer.from(char), count), 0, 1);
      expect(reader.state).toBe('complete');
      const copied = copy.mock.results.reduce((sum, { value }) => sum + (value as number), 0);
      expect(copied).toBeLessThan(3 * head.length);
      expect(count.reads).toBeLessThan(4 * head.length);
      expect(Math.max(...alloc.mock.calls.map(([size]) => size))).toBe(16_384);
    } finally {
      vi.restoreAllMocks();
    }
  });

  test.each([' ', ',', '\t', ';', '='])('64 KiB of %j are looked at once at most', (filler) => {
    const count = { reads: 0 };
    const text = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nX:${filler.repeat(65_536)}\r\n\r\n`);
    const reader = new HeadReader('request', { ...defaultHeadLimits, maxHeadBytes: 100_000 });
    reader.read(countedBytes(text, count), 0, text.length);
    expect(reader.state).toBe('complete');
    expect(count.reads).toBeLessThan(1.1 * text.length);
  });
});
