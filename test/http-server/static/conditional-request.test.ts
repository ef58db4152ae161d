import { describe, expect, test } from 'vitest';
import {
  evaluateConditions,
  rangeApplies,
  type Validators,
} from '../../../src/http-server/static/conditional-request.ts';
import { HttpHeaders } from '../../../src/protocol/http1/headers.ts';
import { patient } from '../../support/patience.ts';

const lastModifiedMs = Date.UTC(2026, 0, 15, 12);
const date = 'Thu, 15 Jan 2026 12:00:00 GMT';
const earlier = 'Thu, 15 Jan 2026 11:59:59 GMT';
const later = 'Thu, 15 Jan 2026 12:00:01 GMT';
const strong: Validators = { etag: '"abc"', lastModifiedMs };
const weak: Validators = { etag: 'W/"abc"', lastModifiedMs };

describe('conditions', () => {
  test.each<[Record<string, string>, 'serve' | 304 | 412, Validators?]>([
    [{}, 'serve'],
    [{ 'If-None-Match': '"abc"' }, 304],
    [{ 'If-None-Match': 'W/"abc"' }, 304],
    [{ 'If-None-Match': '"abc"' }, 304, weak],
    [{ 'If-None-Match': '*' }, 304],
    [{ 'If-None-Match': '"x", "abc"' }, 304],
    [{ 'If-None-Match': ',, "x","abc" ,' }, 304],
    [{ 'If-None-Match': '"a,b", W/"abc"' }, 304],
    [{ 'If-None-Match': '"x"' }, 'serve'],
    [{ 'If-None-Match': 'abc' }, 'serve'],
    [{ 'If-None-Match': '"abc' }, 'serve'],
    [{ 'If-None-Match': '' }, 'serve'],
    [{ 'If-None-Match': 'w/"abc"' }, 'serve'],
    [{ 'If-None-Match': '"*"' }, 'serve'],
    [{ 'If-Modified-Since': date }, 304],
    [{ 'If-Modified-Since': later }, 304],
    [{ 'If-Modified-Since': earlier }, 'serve'],
    [{ 'If-Modified-Since': 'Thursday, 15-Jan-26 12:00:00 GMT' }, 304],
    [{ 'If-Modified-Since': 'yesterday' }, 'serve'],
    [{ 'If-Match': '"abc"' }, 'serve'],
    [{ 'If-Match': '*' }, 'serve'],
    [{ 'If-Match': '"x", "abc"' }, 'serve'],
    [{ 'If-Match': '"x"' }, 412],
    [{ 'If-Match': 'W/"abc"' }, 412],
    [{ 'If-Match': '"abc"' }, 412, weak],
    [{ 'If-Match': '' }, 412],
    [{ 'If-Unmodified-Since': date }, 'serve'],
    [{ 'If-Unmodified-Since': later }, 'serve'],
    [{ 'If-Unmodified-Since': earlier }, 412],
    [{ 'If-Unmodified-Since': 'soon' }, 'serve'],
    // RFC 9110 13.2.2: a tag goes before a date, and what forbids before what spares.
    [{ 'If-Match': '"abc"', 'If-Unmodified-Since': earlier }, 'serve'],
    [{ 'If-Match': '"x"', 'If-None-Match': '"abc"' }, 412],
    [{ 'If-Match': '"abc"', 'If-None-Match': '"abc"' }, 304],
    [{ 'If-None-Match': '"x"', 'If-Modified-Since': later }, 'serve'],
    [{ 'If-None-Match': '"abc"', 'If-Modified-Since': earlier }, 304],
    [{ 'If-Unmodified-Since': earlier, 'If-Modified-Since': later }, 412],
  ])('%j lead to %s', (headers, expected, validators = strong) => {
    expect(evaluateConditions(HttpHeaders.from(headers), validators)).toBe(expected);
  });

  test('in a header that is as long as it may be are read in no time', () => {
    const headers = HttpHeaders.from({ 'If-None-Match': `${' ,'.repeat(30_000)}"x"`, 'If-Match': '"'.repeat(60_000) });
    const begun = performance.now();
    evaluateConditions(headers, strong);
    expect(performance.now() - begun).toBeLessThan(patient(500));
  });
});

describe('If-Range', () => {
  test.each<[string | undefined, boolean, Validators?]>([
    [undefined, true],
    ['"abc"', true],
    ['"x"', false],
    ['W/"abc"', false],
    ['W/"abc"', false, weak],
    ['"abc"', false, weak],
    [date, true],
    [earlier, false],
    [later, false],
    ['nonsense', false],
    ['*', false],
  ])('%j lets a range apply: %s', (value, expected, validators = strong) => {
    const headers = HttpHeaders.from(value === undefined ? {} : { 'If-Range': value });
    expect(rangeApplies(headers, validators, true)).toBe(expected);
  });

  test('with a date does not, where a date does not stand for the bytes', () => {
    expect(rangeApplies(HttpHeaders.from({ 'If-Range': date }), strong, false)).toBe(false);
    expect(rangeApplies(HttpHeaders.from({ 'If-Range': '"abc"' }), strong, false)).toBe(true);
  });
});
