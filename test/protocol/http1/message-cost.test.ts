import { describe, expect, test } from 'vitest';
import { requestFraming } from '../../../src/protocol/http1/message/body-framing.ts';
import { expectsContinue } from '../../../src/protocol/http1/message/expectation.ts';
import { MessageReader } from '../../../src/protocol/http1/message/message-reader.ts';
import { keepsAlive } from '../../../src/protocol/http1/message/persistence.ts';
import { isForbiddenTrailer } from '../../../src/protocol/http1/trailers.ts';
import { countedBytes, countWork } from './count-work.ts';
import { RecordingMessageHandler } from './read-messages.ts';

const SIZE = 16_384;
const unlimited = {
  maxHeadBytes: 1e6,
  maxHeaders: 1e6,
  maxTrailerBytes: 1e6,
  maxTrailers: 1e6,
  maxChunkLineBytes: 1e6,
  maxChunkExtensionBytes: 1e6,
  maxInterimResponses: 32,
};

/** Counts the looks at bytes and characters while `text` is read, and the head judged as a server does. */
function workOf(text: string): number {
  const bytes = Buffer.from(text, 'latin1');
  const count = { reads: 0 };
  const handler = new RecordingMessageHandler<'request'>();
  handler.onHead = (head) => {
    keepsAlive(head);
    expectsContinue(head);
    requestFraming(head);
  };
  const reader = new MessageReader('request', handler, unlimited);
  const inStrings = countWork(() => reader.receive(countedBytes(bytes, count), 0, bytes.length));
  return count.reads + inStrings;
}

const fillers = [' ', '\t', ',', ' ,', ';', '"', '\\', '0', 'a', 'chunked,', '\r\n'];
const places: [name: string, text: (filler: string) => string][] = [
  ['a target', (filler) => `GET /${filler} HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['a name', (filler) => `GET / HTTP/1.1\r\nHost: a\r\n${filler}: b\r\n\r\n`],
  ...['X', 'Host', 'Content-Length', 'Transfer-Encoding', 'Connection', 'Expect'].map(
    (name): [string, (filler: string) => string] => [
      name,
      (filler) => `GET / HTTP/1.1\r\n${name === 'Host' ? '' : 'Host: a\r\n'}${name}: ${filler}x${filler}\r\n\r\n`,
    ],
  ),
  ['a chunk size', (filler) => `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${filler}`],
  [
    'a chunk extension',
    (filler) => `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a="${filler}"\r\nx`,
  ],
  [
    'a trailer',
    (filler) => `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ${filler}\r\n\r\n`,
  ],
];

describe('reading takes time in proportion to the length, whatever it is filled with (CVE-2021-32640)', () => {
  test.each(places)('%s', (_, text) => {
    for (const filler of fillers) {
      const half = workOf(text(filler.repeat(SIZE / 2 / filler.length)));
      const whole = workOf(text(filler.repeat(SIZE / filler.length)));
      expect(whole, JSON.stringify(filler)).toBeLessThan(2.2 * half + 2000);
      expect(whole, JSON.stringify(filler)).toBeLessThan(24 * SIZE);
    }
  });

  test('many fields', () => {
    const work = (count: number): number =>
      workOf(`GET / HTTP/1.1\r\nHost: a\r\n${'Content-Type: b\r\n'.repeat(count)}\r\n`);
    expect(work(4000)).toBeLessThan(2.2 * work(2000));
  });

  test('many chunks, and many small ones cost what their bytes cost', () => {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    const work = (count: number): number => workOf(`${head}${'1\r\nx\r\n'.repeat(count)}0\r\n\r\n`);
    const whole = work(10_000);
    expect(whole).toBeLessThan(2.2 * work(5000));
    expect(whole).toBeLessThan(2 * 60_000);
  });

  test('long names of trailers', () => {
    const work = (length: number): number => countWork(() => isForbiddenTrailer('t'.repeat(length)));
    expect(work(SIZE)).toBeLessThan(100);
  });
});
