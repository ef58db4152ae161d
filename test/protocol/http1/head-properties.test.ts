import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFieldValue, isTarget, isToken } from '../../../src/protocol/http1/tokens.ts';
import { nearlyHead } from './arbitraries.ts';
import { readPieces } from './read-head.ts';

const role = fc.constantFrom<'request' | 'response'>('request', 'response');
const limits = { maxHeadBytes: 60, maxHeaders: 3 };

test('how the bytes are cut never changes what is read', () => {
  fc.assert(
    fc.property(role, nearlyHead, fc.array(fc.nat(120)), fc.boolean(), (kind, text, cuts, isLimited) => {
      const bytes = Buffer.from(text, 'latin1');
      const sorted = cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b);
      const some = isLimited ? limits : {};
      expect(readPieces(kind, bytes, sorted, some)).toEqual(readPieces(kind, bytes, [], some));
    }),
    { numRuns: 1000 },
  );
});

test('arbitrary bytes end in a head, a failure or a wait, and never in a throw', () => {
  fc.assert(
    fc.property(role, fc.uint8Array({ maxLength: 200 }), (kind, bytes) => {
      const outcome = readPieces(kind, Buffer.from(bytes), []);
      expect(outcome.state === 'failed').toBe(outcome.failure !== undefined);
    }),
    { numRuns: 500 },
  );
});

test('whatever is accepted holds nothing that could split it again', () => {
  fc.assert(
    fc.property(nearlyHead, (text) => {
      const { start, headers } = readPieces('request', Buffer.from(text, 'latin1'), []);
      if (start === undefined || headers === undefined) return;
      expect(isToken(String(start.method)) && isTarget(String(start.target))).toBe(true);
      for (const [name, value] of headers) expect(isToken(name) && isFieldValue(value)).toBe(true);
      // One line for each header, the request line, the end, and the empty line that may stand before all of it.
      const lines = text
        .slice(0, text.indexOf('\r\n\r\n') + 4)
        .replace(/^\r\n/, '')
        .split('\r\n');
      expect(headers).toHaveLength(lines.length - 3);
    }),
    { numRuns: 1000 },
  );
});
