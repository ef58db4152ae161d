import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeadReader } from '../../../src/protocol/http1/head/head-reader.ts';
import { HttpHeaders } from '../../../src/protocol/http1/headers.ts';
import { fieldValue, token } from './arbitraries.ts';

const name = fc.oneof(fc.constantFrom('a', 'A', 'b', 'Ab', 'aB'), token);
const pairs = fc.array(fc.tuple(name, fieldValue), { maxLength: 8 });

/** Headers as the head reader leaves them: looked up in the text of the head. */
function parse(fields: readonly (readonly [string, string])[]): HttpHeaders {
  const reader = new HeadReader('response');
  const lines = fields.map(([field, value]) => `${field}: ${value}\r\n`);
  const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${lines.join('')}\r\n`, 'latin1');
  reader.read(bytes, 0, bytes.length);
  bytes.fill(0);
  if (reader.head === undefined) throw new Error(reader.failure?.code);
  return reader.head.headers;
}

/** Everything that can be asked. */
function answers(headers: HttpHeaders, asked: string): unknown {
  return {
    size: headers.size,
    get: headers.get(asked),
    getAll: headers.getAll(asked),
    has: headers.has(asked),
    count: headers.count(asked),
  };
}

const change = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), name, value: fieldValue }),
  fc.record({ kind: fc.constant('set' as const), name, value: fieldValue }),
  fc.record({ kind: fc.constant('delete' as const), name, value: fieldValue }),
);

describe('received headers', () => {
  test('answer like headers that were built of the same fields', () => {
    const property = fc.property(pairs, name, (fields, asked) => {
      const parsed = parse(fields);
      const built = HttpHeaders.from(fields);
      expect(answers(parsed, asked)).toEqual(answers(built, asked));
      for (const [field] of fields) expect(answers(parsed, field)).toEqual(answers(built, field));
      expect([...parsed]).toEqual([...built]);
      expect([...parsed.keys()]).toEqual([...built.keys()]);
      expect([...parsed.values()]).toEqual([...built.values()]);
      for (const [field] of fields) expect(answers(parsed, field)).toEqual(answers(built, field));
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('change like them, and a copy is not changed along', () => {
    const property = fc.property(pairs, fc.array(change, { maxLength: 4 }), (fields, changes) => {
      const parsed = parse(fields);
      const copy = HttpHeaders.from(parsed);
      const built = HttpHeaders.from(fields);
      for (const { kind, name: field, value } of changes) {
        if (kind === 'delete') expect(parsed.delete(field)).toBe(built.delete(field));
        else {
          parsed[kind](field, value);
          built[kind](field, value);
        }
        expect(answers(parsed, field)).toEqual(answers(built, field));
      }
      expect([...parsed]).toEqual([...built]);
      expect([...copy]).toEqual([...HttpHeaders.from(fields)]);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test.each(['constructor', '__proto__', 'hasOwnProperty', 'toString'])('%s is a name like any other', (field) => {
    expect(parse([]).get(field)).toBeUndefined();
    expect(parse([[field, '1']]).get(field.toUpperCase())).toBe('1');
  });

  test('a name is never found inside of another, or in a value', () => {
    const headers = parse([
      ['X-Host', 'Host: evil'],
      ['Host-X', 'Host:evil'],
      ['Hos', 't'],
    ]);
    expect(headers.has('Host')).toBe(false);
    expect(headers.has('')).toBe(false);
  });
});
