import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseClosePayload, writeClosePayload } from '../../../src/protocol/websocket/closing/close-payload.ts';
import { hex } from '../../support/frames.ts';

test.each<[number, string, string]>([
  [1000, '', '03e8'],
  [1000, 'Normal closure', '03e84e6f726d616c20636c6f73757265'],
  [1002, 'é', '03eac3a9'],
  [4999, '😀', '1387f09f9880'],
  [1005, '', ''],
])('%i %j is written as %j', (code, reason, expected) => {
  expect(writeClosePayload(code, reason).toString('hex')).toBe(expected);
});

test('the absence of a code is written as an empty payload, which has no room for a reason', () => {
  expect(writeClosePayload(1005, 'ignored')).toHaveLength(0);
});

test('what is written is read', () => {
  fc.assert(
    fc.property(fc.constantFrom(1000, 1001, 1014, 3000, 4999), fc.string({ unit: 'grapheme' }), (code, reason) => {
      expect(parseClosePayload(writeClosePayload(code, reason), isUtf8)).toEqual({ code, reason });
    }),
  );
  expect(parseClosePayload(writeClosePayload(1005, ''), isUtf8)).toEqual({ code: 1005, reason: '' });
});

test('the reason does not share memory with the payload', () => {
  const payload = hex('03e8 62796520');
  const close = parseClosePayload(payload, isUtf8);
  payload.fill(0xff);
  expect(close).toEqual({ code: 1000, reason: 'bye ' });
});
