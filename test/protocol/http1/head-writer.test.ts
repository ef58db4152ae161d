import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { reasonPhrase, writeRequestHead, writeResponseHead } from '../../../src/protocol/http1/head/head-writer.ts';
import { HttpHeaders } from '../../../src/protocol/http1/headers.ts';
import { fieldName, fieldValue, methodName, targetPath } from './arbitraries.ts';
import { readEveryWay } from './read-head.ts';

const headers = HttpHeaders.from([
  ['Host', 'a.example'],
  ['X', 'y'],
  ['x', ''],
]);

test('a request head', () => {
  expect(writeRequestHead({ method: 'GET', target: '/a?b', headers })).toBe(
    'GET /a?b HTTP/1.1\r\nHost: a.example\r\nX: y\r\nx: \r\n\r\n',
  );
});

test('a response head, with the registered phrase, a given one, and none', () => {
  const none = new HttpHeaders();
  expect(writeResponseHead({ status: 404, headers: none })).toBe('HTTP/1.1 404 Not Found\r\n\r\n');
  expect(writeResponseHead({ status: 404, statusText: 'Gone fishing', headers: none })).toBe(
    'HTTP/1.1 404 Gone fishing\r\n\r\n',
  );
  expect(writeResponseHead({ status: 299, headers: none })).toBe('HTTP/1.1 299 \r\n\r\n');
});

test('the phrases of common statuses, and an empty one for others', () => {
  expect([101, 200, 400, 426, 503].map(reasonPhrase)).toEqual([
    'Switching Protocols',
    'OK',
    'Bad Request',
    'Upgrade Required',
    'Service Unavailable',
  ]);
  expect(reasonPhrase(299)).toBe('');
});

describe('what could split a message is refused', () => {
  const changing = { toString: () => 'GET' } as unknown as string;

  test.each<[unknown]>([
    [''],
    ['G T'],
    ['GET\r\n'],
    ['GET /x HTTP/1.1\r\n'],
    ['G\0T'],
    ['É'],
    [changing],
    [undefined],
    [['GET']],
  ])('method %j', (method) => {
    expect(() => writeRequestHead({ method: method as string, target: '/', headers })).toThrow(UsageError);
  });

  test.each<[unknown]>([
    [''],
    ['/a b'],
    ['/a\r\nX: y'],
    ['/\n'],
    ['/\0'],
    ['/é'],
    ['/\u010a'],
    ['/a#b'],
    [changing],
    [null],
    [['/']],
  ])('target %j', (target) => {
    expect(() => writeRequestHead({ method: 'GET', target: target as string, headers })).toThrow(UsageError);
  });

  test.each<[unknown]>([['OK\r\nX: y'], ['O\nK'], ['\0'], ['\u010a'], [changing], [null], [5]])(
    'phrase %j',
    (statusText) => {
      expect(() => writeResponseHead({ status: 200, statusText: statusText as string, headers })).toThrow(UsageError);
    },
  );

  test.each<[unknown]>([[99], [600], [-1], [200.5], [Number.NaN], ['200'], ['200 OK\r\n'], [undefined]])(
    'status %j',
    (status) => {
      expect(() => writeResponseHead({ status: status as number, headers })).toThrow(UsageError);
    },
  );
});

describe('what is written is read again as it was', () => {
  const fields = fc.array(fc.tuple(fieldName, fieldValue), { maxLength: 20 });

  test('requests', () => {
    fc.assert(
      fc.property(methodName, targetPath, fields, (method, target, list) => {
        const all = HttpHeaders.from([['Host', 'a.example'], ...list]);
        const outcome = readEveryWay('request', writeRequestHead({ method, target, headers: all }));
        expect(outcome.start).toEqual({ method, target, version: '1.1' });
        expect(outcome.headers).toEqual([...all]);
      }),
    );
  });

  test('responses', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fieldValue, fields, (status, statusText, list) => {
        const all = HttpHeaders.from(list);
        const outcome = readEveryWay('response', writeResponseHead({ status, statusText, headers: all }));
        expect(outcome.start).toEqual({ version: '1.1', status, statusText });
        expect(outcome.headers).toEqual([...all]);
      }),
    );
  });
});
