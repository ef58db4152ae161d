import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePdu, encodePdu, encodePduPieces, pduLength, pduText } from '../../../src/cli/peers/pdu.ts';

/** A message of the C++ program, as it was captured: a file of nine bytes. */
const captured = Buffer.from(
  [
    'content 68656c6c6f2000ff0a',
    'djb2_hash 323439383930393132333633393035353730',
    'filename 736d616c6c2e62696e',
    'id 6364646439356265386362343437633139346433333161626166653438346631',
    'kind 73656e64',
    '',
  ].join('\n'),
);
const fields = {
  kind: 'send',
  id: 'cddd95be8cb447c194d331abafe484f1',
  filename: 'small.bin',
  djb2_hash: '249890912363905570',
};
const content = Buffer.from('hello \0\xff\n', 'latin1');

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

describe('the messages of send, receive and chat', () => {
  it('are written byte for byte as the C++ program writes them', () => {
    expect(encodePdu({ ...fields, content })).toEqual(captured);
  });

  it('are the same when a large field comes in pieces', async () => {
    for (const size of [1, 2, 9, 100]) {
      const pieces: Buffer[] = [];
      const streamed = { name: 'content', pieces: inPieces(content, size) };
      for await (const piece of encodePduPieces(fields, streamed)) pieces.push(piece);
      expect(Buffer.concat(pieces)).toEqual(captured);
    }
    expect(pduLength(fields, 'content', content.length)).toBe(captured.length);
  });

  it('are read as they were written', () => {
    const pdu = decodePdu(captured);
    expect(pdu?.get('content')).toEqual(content);
    expect(Object.fromEntries([...(pdu ?? [])].map(([name, value]) => [name, value.toString('latin1')]))).toEqual({
      ...fields,
      content: content.toString('latin1'),
    });
  });

  it.each([
    ['an empty message', '', {}],
    ['no line feed at the end', 'a 62', { a: 'b' }],
    ['empty lines', '\n\na 62\n\nc 64\n\n', { a: 'b', c: 'd' }],
    ['an empty value', 'a \n', { a: '' }],
    ['digits of either case', 'a 4A4b\n', { a: 'JK' }],
    ['a name twice, of which the last one counts', 'a 62\na 63\n', { a: 'c' }],
    ['an empty name', ' 62\n', { '': 'b' }],
  ])('may have %s', (_, text, expected) => {
    const pdu = decodePdu(Buffer.from(text));
    expect(Object.fromEntries([...(pdu ?? [['wrong', Buffer.from('x')]])].map(([k, v]) => [k, v.toString()]))).toEqual(
      expected,
    );
  });

  it.each([
    ['a line without a space', 'a 62\nhello\n'],
    ['an odd number of digits', 'a 6\n'],
    ['something that is no digit', 'a 6g\n'],
    ['a second space', 'a 62 63\n'],
    ['a carriage return', 'a 62\r\n'],
    ['a character beyond ASCII', 'a 6é2\n'],
    ['a wrong digit far behind', `a ${'62'.repeat(100_000)}x2\n`],
  ])('are refused with %s', (_, text) => {
    expect(decodePdu(Buffer.from(text))).toBeUndefined();
  });

  it('give text, empty where a field is missing', () => {
    const pdu = decodePdu(encodePdu({ user: 'zoë' })) ?? new Map();
    expect(pduText(pdu, 'user')).toBe('zoë');
    expect(pduText(pdu, 'text')).toBe('');
  });

  it('come back whatever their values are', () => {
    const name = fc.stringMatching(/^[a-z_0-9]{1,12}$/);
    fc.assert(
      fc.property(fc.dictionary(name, fc.uint8Array({ maxLength: 300 })), (values) => {
        const pdu = decodePdu(encodePdu(values));
        expect([...(pdu ?? [])].map(([key, value]) => [key, [...value]]).toSorted()).toEqual(
          Object.entries(values)
            .map(([key, value]) => [key, [...value]])
            .toSorted(),
        );
      }),
    );
  });

  it('never throw, whatever bytes come', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void decodePdu(bytes)));
  });
});
