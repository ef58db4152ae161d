import { describe, expect, test } from 'vitest';
import { MAX_REFUSAL_BYTES, RefusalBody } from '../../src/client/attempt/refusal-body.ts';
import { HttpHeaders } from '../../src/protocol/http1/headers.ts';

function body(fields: Record<string, string>, status = 403): RefusalBody {
  return new RefusalBody({ version: '1.1', status, statusText: '', headers: HttpHeaders.from(fields) });
}

/** Feeds the text whole, and byte by byte; both must agree. */
function fed(fields: Record<string, string>, text: string): RefusalBody {
  const whole = body(fields);
  const bytes = Buffer.from(text);
  whole.add(bytes, 0, bytes.length);
  const single = body(fields);
  for (let at = 0; at < bytes.length; at++) single.add(bytes, at, at + 1);
  expect(single.bytes.toString()).toBe(whole.bytes.toString());
  expect(single.isComplete).toBe(whole.isComplete);
  return whole;
}

const chunked = { 'Transfer-Encoding': 'chunked' };

describe('the body of a refusal', () => {
  test.each([
    ['of a known length', { 'Content-Length': '5' }, 'hello', 'hello', true],
    ['of a known length, with more behind', { 'Content-Length': '5' }, 'hello HTTP/1.1', 'hello', true],
    ['that is shorter than announced', { 'Content-Length': '6' }, 'hello', 'hello', false],
    ['that is empty', { 'Content-Length': '0' }, '', '', true],
    ['without a length', {}, 'hello', 'hello', false],
    ['with a length that is none', { 'Content-Length': '5, 5' }, 'hello', 'hello', false],
    ['in chunks', chunked, '5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n', 'hello, world', true],
    ['in chunks, cut', chunked, '5\r\nhello\r\n7\r\n, wo', 'hello, wo', false],
    ['in chunks, with garbage for a size', chunked, '5\r\nhello\r\nnonsense\r\n', 'hello', true],
    ['that is announced in chunks, and has none', chunked, 'no entry', 'no entry', false],
    [
      'that is announced in chunks, and begins like a size',
      chunked,
      'bad request\r\nmore',
      'bad request\r\nmore',
      false,
    ],
    ['in chunks, with an endless size', chunked, `5;${'x'.repeat(500)}`, '', true],
  ])('%s', (_name, fields, text, expected, isComplete) => {
    const result = fed(fields, text);
    expect(result.bytes.toString()).toBe(expected);
    expect(result.isComplete).toBe(isComplete);
  });

  test('without a length is complete at the end of the stream', () => {
    const open = fed({}, 'hello');
    open.end();
    expect(open.isComplete).toBe(true);
    const cut = fed({ 'Content-Length': '9' }, 'hello');
    cut.end();
    expect(cut.isComplete).toBe(false);
  });

  test('is kept up to 64 KiB', () => {
    const endless = body({});
    const piece = Buffer.alloc(10_000, 'x');
    for (let i = 0; i < 100; i++) endless.add(piece, 0, piece.length);
    expect(endless.bytes).toHaveLength(MAX_REFUSAL_BYTES);
    expect(endless).toMatchObject({ isFull: true, isComplete: false });
  });

  test.each([204, 304, 101])('is not waited for with status %i', (status) => {
    expect(body({}, status).isFull).toBe(true);
  });
});
