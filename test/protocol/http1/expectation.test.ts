import { describe, expect, test } from 'vitest';
import { HttpHeaders } from '../../../src/protocol/http1/headers.ts';
import { expectsContinue } from '../../../src/protocol/http1/message/expectation.ts';

const headWith = (values: string[], version: '1.1' | '1.0' = '1.1') => {
  const headers = new HttpHeaders();
  for (const value of values) headers.append('Expect', value);
  return { method: 'POST', target: '/', version, headers };
};

describe('RFC 9110 10.1.1: what a request expects', () => {
  test.each([
    [[], false],
    [[''], false],
    [['100-continue'], true],
    [['100-Continue'], true],
    [[' 100-CONTINUE '], true],
  ])('Expect: %j', (values, expected) => {
    expect(expectsContinue(headWith(values))).toBe(expected);
  });

  test.each([
    [['200-ok']],
    [['100-continue, x']],
    [['100-continue', '100-continue']],
    [['100-continue;q=1']],
    [['continue']],
  ])('Expect: %j is 417', (values) => {
    expect(expectsContinue(headWith(values))).toMatchObject({ status: 417, code: 'unsupportedExpectation' });
  });

  test.each(['100-continue', 'anything'])('HTTP/1.0 expects nothing: %j', (value) => {
    expect(expectsContinue(headWith([value], '1.0'))).toBe(false);
  });
});
