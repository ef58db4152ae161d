import { expect, test } from 'vitest';
import { isSendableCloseCode } from '../../../src/protocol/websocket/closing/close-codes.ts';
import { frame } from '../../support/frames.ts';
import { parseOnce } from '../../support/parse-every-way.ts';

/** Section 7.4.1 and the IANA registry: what a close frame may carry below 3000. */
const DEFINED = new Set([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]);

/** Section 7.4.2: 3000 to 3999 are for libraries and frameworks, 4000 to 4999 for private use. */
function mayBeSent(code: number): boolean {
  return DEFINED.has(code) || (code >= 3000 && code < 5000);
}

function payloadOf(code: number): Buffer {
  return Buffer.from([code >> 8, code & 0xff]);
}

test('every close code from 0 to 65535 is classified as section 7.4 says', () => {
  const wrong = Array.from({ length: 65_536 }, (_, code) => code).filter(
    (code) => isSendableCloseCode(code) !== mayBeSent(code),
  );
  expect(wrong).toEqual([]);
});

test('every close code from 0 to 5000 is accepted or refused by the parser accordingly', () => {
  for (let code = 0; code <= 5000; code++) {
    expect(parseOnce('client', frame({ opcode: 8, payload: payloadOf(code) }))).toEqual([
      mayBeSent(code) ? ['close', code, '', 4] : ['violation', 'invalidCloseCode', 1002, `Invalid close code: ${code}`],
    ]);
  }
});

test.each([1000.5, Number.NaN, Number.POSITIVE_INFINITY, -1000, 65_536 + 1000, 2 ** 32 + 1000])(
  '%d is no close code',
  (code) => {
    expect(isSendableCloseCode(code)).toBe(false);
  },
);
